// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_message.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bridge/text/binary.hpp"
#include "smpp/gsm7.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::uint8_t ton_unknown = 0, ton_international = 1, ton_network_specific = 3, ton_alphanumeric = 5;
constexpr std::uint8_t npi_unknown = 0, npi_isdn = 1;
constexpr std::size_t short_code_digits_max = 8;
constexpr std::uint8_t esm_udhi = 0x40;
constexpr std::uint16_t tag_sar_msg_ref_num = 0x020C, tag_sar_total_segments = 0x020E, tag_sar_segment_seqnum = 0x020F;
constexpr std::uint16_t tag_message_payload = 0x0424, tag_dest_addr_subunit = 0x0005;
constexpr std::array<std::uint8_t, 1> subunit_display{1};  // SMPP 3.4 section 5.3.2.1

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Short codes, international numbers and names each have their own type of number (SMPP 3.4 sections 5.2.5 and 5.2.6).
void set_source(SmppMessage& out, std::string sender) {
  if (sender.starts_with('+') && all_digits(std::string_view(sender).substr(1)))
    sender.erase(0, 1);
  else if (sender.starts_with("00") && all_digits(sender))
    sender.erase(0, 2);
  if (sender.empty()) {
    out.source_ton = ton_unknown;
    out.source_npi = npi_unknown;
  } else if (all_digits(sender)) {
    const bool short_code = sender.size() <= short_code_digits_max;
    out.source_ton = short_code ? ton_network_specific : ton_international;
    out.source_npi = short_code ? npi_unknown : npi_isdn;
  } else {
    out.source_ton = ton_alphanumeric;
    out.source_npi = npi_unknown;
  }
  out.source = std::move(sender);
}

// SMPP 3.4 section 7.1.1. Relative is independent of both clocks; days up to 28, because months differ in length.
std::string validity(SmppSettings::Validity form, store::WallMs now, store::WallMs expires) {
  if (form == SmppSettings::Validity::none || expires <= now) return {};
  constexpr long day = 24 * 3600;
  const long seconds = std::min<long>((expires - now + 999) / 1000, 28 * day);
  if (form == SmppSettings::Validity::relative)
    return fmt::format("0000{:02}{:02}{:02}{:02}000R", seconds / day, seconds / 3600 % 24, seconds / 60 % 60,
                       seconds % 60);
  return fmt::format("{:%y%m%d%H%M%S}000+", fmt::gmtime(static_cast<std::time_t>(now / 1000 + seconds)));
}

// How the carrier is told the alphabet, and that the phone shows the message at once (3GPP TS 23.038 section 4). ISO
// 8859-1 has no such form: then only the TLV says so.
std::uint8_t data_coding_of(const store::Content& content, text::Encoding encoding, const smpp::Dialect& dialect) {
  const bool is_binary = content.encoding == store::Encoding::binary;
  if (is_binary && content.data_coding >= 0) return static_cast<std::uint8_t>(content.data_coding);
  const bool marked = content.flash && dialect.flash != smpp::Flash::tlv;
  const bool classes = dialect.flash == smpp::Flash::classes;
  if (is_binary) return !marked ? dialect.binary_coding : classes ? 0xF4 : 0x14;
  switch (encoding) {
    case text::Encoding::gsm7:
      return !marked ? dialect.gsm7_coding : classes ? 0xF0 : 0x10;
    case text::Encoding::latin1:
      return dialect.latin1_coding;
    case text::Encoding::ucs2:
      break;
  }
  return marked ? 0x18 : 8;
}

tl::expected<text::Segmented, std::string> segments_of(const store::Content& content, const GatewaySettings& gateway,
                                                       std::uint16_t reference) {
  auto options = gateway.text_options();
  options.reference = reference;
  if (content.encoding == store::Encoding::binary) {
    auto cut = text::segment_binary(content.octets, content.header, options);
    if (cut && cut->parts > gateway.segments_max)
      return tl::unexpected(std::string(text::explain(text::TextError::too_many_segments)));
    return cut;
  }
  auto cut = text::segment(content.text, options, gateway.segments_max);
  if (!cut) return tl::unexpected(std::string(text::explain(cut.error())));
  return *std::move(cut);
}

}  // namespace

tl::expected<SmppMessage, std::string> make_outgoing(const store::Claimed& message, const GatewaySettings& gateway,
                                                     store::WallMs now) {
  const auto& way = gateway.smpp();
  // The same for every attempt, so that segments of two attempts fit together; spread, because a counter would repeat
  // after 256 long messages to one phone.
  const auto reference = static_cast<std::uint16_t>((message.id * 0x9E3779B97F4A7C15ull) >> 48);
  auto cut = segments_of(message.content, gateway, reference);
  if (!cut) return tl::unexpected(std::move(cut.error()));
  SmppMessage out;
  set_source(out, message.content.from.empty() ? gateway.sender : message.content.from);
  out.destination = message.content.to.starts_with('+') ? message.content.to.substr(1) : message.content.to;
  out.validity = validity(way.validity, now, message.expires_at);
  out.esm_class = cut->udhi ? esm_udhi : 0;
  out.data_coding = data_coding_of(message.content, cut->encoding, way.dialect);
  out.flash_tlv =
      message.content.flash && (way.dialect.flash == smpp::Flash::tlv || cut->encoding == text::Encoding::latin1);
  out.registered_delivery = gateway.receipts ? 1 : 0;
  const bool is_binary = message.content.encoding == store::Encoding::binary;
  const bool packed = way.dialect.gsm7_packed && !is_binary && cut->encoding == text::Encoding::gsm7;
  // Octets with a header of their own are numbered in it, part by part.
  const bool by_header = is_binary && !message.content.header.empty();
  out.payload = way.concat == text::Concat::payload && !by_header;
  const auto total = static_cast<std::uint8_t>(cut->segments.size());
  for (auto& segment : cut->segments) {
    if (packed) segment.body = smpp::gsm7_pack(segment.body, segment.udh.size());
    SegmentPdu pdu;
    pdu.user_data = std::move(segment.udh);
    if (pdu.user_data.empty())
      pdu.user_data = std::move(segment.body);
    else
      pdu.user_data.insert(pdu.user_data.end(), segment.body.begin(), segment.body.end());
    if (way.concat == text::Concat::sar && total > 1 && !by_header)
      pdu.sar = {static_cast<std::uint8_t>(reference >> 8), static_cast<std::uint8_t>(reference), total,
                 static_cast<std::uint8_t>(segment.number)};
    out.segments.push_back(std::move(pdu));
  }
  out.parts = out.segments.size();
  return out;
}

smpp::Message segment_message(const SmppMessage& outgoing, std::size_t index) {
  const auto& segment = outgoing.segments[index];
  smpp::Message message;
  message.source = {.ton = outgoing.source_ton, .npi = outgoing.source_npi, .digits = outgoing.source};
  message.destination = {.ton = ton_international, .npi = npi_isdn, .digits = outgoing.destination};
  message.esm_class = outgoing.esm_class;
  message.validity_period = outgoing.validity;
  message.registered_delivery = outgoing.registered_delivery;
  message.data_coding = outgoing.data_coding;
  const std::span<const std::uint8_t> data(segment.user_data);
  if (outgoing.payload)
    message.tlvs.push_back({.tag = tag_message_payload, .value = data});
  else
    message.short_message = data;
  if (!segment.sar.empty()) {
    const std::span<const std::uint8_t> sar(segment.sar);
    message.tlvs.push_back({.tag = tag_sar_msg_ref_num, .value = sar.first(2)});
    message.tlvs.push_back({.tag = tag_sar_total_segments, .value = sar.subspan(2, 1)});
    message.tlvs.push_back({.tag = tag_sar_segment_seqnum, .value = sar.subspan(3, 1)});
  }
  if (outgoing.flash_tlv) message.tlvs.push_back({.tag = tag_dest_addr_subunit, .value = subunit_display});
  return message;
}

}  // namespace smsbridge::bridge
