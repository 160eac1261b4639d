// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_message.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bridge/text/binary.hpp"
#include "bridge/text/number.hpp"
#include "smpp/gsm7.hpp"

namespace smsbridge::bridge {
namespace {

constexpr AddressType international{1, 1}, national{2, 1};  // SMPP 3.4 sections 5.2.5 and 5.2.6
constexpr std::size_t short_code_digits_max = 8;
constexpr std::uint8_t esm_udhi = 0x40;
constexpr std::uint16_t tag_sar_msg_ref_num = 0x020C, tag_sar_total_segments = 0x020E, tag_sar_segment_seqnum = 0x020F;
constexpr std::uint16_t tag_message_payload = 0x0424, tag_dest_addr_subunit = 0x0005;
constexpr std::array<std::uint8_t, 1> subunit_display{1};  // SMPP 3.4 section 5.3.2.1

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Short codes, international numbers and names each have their own type of number.
void set_source(SmppMessage& out, std::string sender, const AddressSettings& types) {
  if (sender.starts_with('+') && all_digits(std::string_view(sender).substr(1)))
    sender.erase(0, 1);
  else if (sender.starts_with("00") && all_digits(sender))
    sender.erase(0, 2);
  if (all_digits(sender))
    out.source_type = sender.size() <= short_code_digits_max ? types.short_code : types.number;
  else if (!sender.empty())
    out.source_type = types.name;
  out.source = std::move(sender);
}

// Where the national form is asked for, numbers of other countries stay international.
void set_destination(SmppMessage& out, std::string_view to, const AddressSettings& types) {
  using Form = AddressSettings::Form;
  out.destination = text::digits_of(to);
  out.destination_type =
      types.destination_form == Form::national ? international : types.destination.value_or(international);
  if (types.destination_form == Form::plus) out.destination.insert(0, "+");
  if (types.destination_form != Form::national) return;
  auto digits = text::national_digits(to, types.country);
  if (digits.empty()) return;
  out.destination = std::move(digits);
  out.destination_type = types.destination.value_or(national);
}

void put(std::vector<CustomTlv>& tlvs, const std::vector<CustomTlv>& more) {
  for (const auto& tlv : more)
    if (const auto it = std::ranges::find(tlvs, tlv.tag, &CustomTlv::tag); it != tlvs.end())
      *it = tlv;
    else
      tlvs.push_back(tlv);
}

// What the gateway says of all messages, and then of this sender and tenant.
void set_fields(SmppMessage& out, const SubmitFields& fields, store::Lane lane, std::string_view sender,
                std::string_view tenant) {
  out.service_type = fields.service_type;
  out.protocol_id = fields.protocol_id;
  out.priority = fields.lane_priority[static_cast<std::size_t>(lane)].value_or(fields.priority);
  out.replace_if_present = fields.replace_if_present;
  out.tlvs = fields.tlvs;
  for (const auto& row : fields.senders) {
    if (!row.sender.empty() && text::digits_of(row.sender) != text::digits_of(sender)) continue;
    if (!row.tenant.empty() && row.tenant != tenant) continue;
    if (row.type) out.source_type = *row.type;
    if (row.service_type) out.service_type = *row.service_type;
    if (row.protocol_id) out.protocol_id = *row.protocol_id;
    put(out.tlvs, row.tlvs);
  }
}

// The bits of SMPP 3.4 section 5.2.17.
std::uint8_t registered_delivery(const GatewaySettings& gateway) {
  constexpr std::uint8_t intermediate = 0x10;
  if (!gateway.receipts) return 0;
  const auto& fields = gateway.smpp().fields;
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(fields.registered_delivery) |
                                   (fields.intermediate ? intermediate : 0));
}

// SMPP 3.4 section 7.1.1. Relative is independent of both clocks; days up to 28, because months differ in length.
std::string validity(const SmppSettings& way, store::WallMs now, store::WallMs expires) {
  if (way.validity == SmppSettings::Validity::none || expires <= now) return {};
  constexpr long day = 24 * 3600;
  auto left = expires - now;
  if (const auto most = way.fields.validity_max_ms) left = std::min(left, most);
  left = std::max(left, way.fields.validity_min_ms);
  const long seconds = std::min<long>((left + 999) / 1000, 28 * day);
  if (way.validity == SmppSettings::Validity::relative) {
    // By hand: each message has one, and a general formatter takes ten times as long.
    std::string text = "0000DDhhmmss000R";
    std::size_t at = 4;
    for (const long number : {seconds / day, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60}) {
      text[at++] = static_cast<char>('0' + number / 10);
      text[at++] = static_cast<char>('0' + number % 10);
    }
    return text;
  }
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
                                                     store::WallMs now, std::string_view tenant) {
  const auto& way = gateway.smpp();
  // The same for every attempt, so that segments of two attempts fit together; spread, because a counter would repeat
  // after 256 long messages to one phone.
  const auto reference = static_cast<std::uint16_t>((message.id * 0x9E3779B97F4A7C15ull) >> 48);
  auto cut = segments_of(message.content, gateway, reference);
  if (!cut) return tl::unexpected(std::move(cut.error()));
  SmppMessage out;
  const auto& sender = message.content.from.empty() ? gateway.sender : message.content.from;
  set_source(out, sender, way.fields.addresses);
  set_destination(out, message.content.to, way.fields.addresses);
  set_fields(out, way.fields, message.content.lane, sender, tenant);
  put(out.tlvs, message.content.tlvs);
  if (!out.tlvs.empty() && !way.has_tlvs()) return tl::unexpected(std::string("it has TLVs, and SMPP 3.3 has none"));
  out.expires_at = message.expires_at;
  renew_validity(out, way, now);
  out.esm_class = cut->udhi ? esm_udhi : 0;
  out.data_coding = data_coding_of(message.content, cut->encoding, way.dialect);
  out.flash_tlv =
      message.content.flash && (way.dialect.flash == smpp::Flash::tlv || cut->encoding == text::Encoding::latin1);
  if (out.flash_tlv && !way.has_tlvs())
    return tl::unexpected(std::string("a flash message in Latin-1 is marked by a TLV, which SMPP 3.3 does not have"));
  out.registered_delivery = registered_delivery(gateway);
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

void renew_validity(SmppMessage& outgoing, const SmppSettings& way, store::WallMs now) {
  constexpr store::WallMs told_in = 1000;  // it is told in seconds
  if (outgoing.validity_at && now >= outgoing.validity_at && now - outgoing.validity_at < told_in) return;
  outgoing.validity = validity(way, now, outgoing.expires_at);
  outgoing.validity_at = now;
}

smpp::Address source_of(const SmppMessage& outgoing) {
  return {.ton = outgoing.source_type.ton, .npi = outgoing.source_type.npi, .digits = outgoing.source};
}

smpp::Address destination_of(const SmppMessage& outgoing) {
  return {.ton = outgoing.destination_type.ton, .npi = outgoing.destination_type.npi, .digits = outgoing.destination};
}

smpp::Message segment_message(const SmppMessage& outgoing, std::size_t index) {
  const auto& segment = outgoing.segments[index];
  smpp::Message message;
  message.service_type = outgoing.service_type;
  message.source = source_of(outgoing);
  message.destination = destination_of(outgoing);
  message.esm_class = outgoing.esm_class;
  message.protocol_id = outgoing.protocol_id;
  message.priority_flag = outgoing.priority;
  message.replace_if_present = outgoing.replace_if_present ? 1 : 0;
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
  for (const auto& tlv : outgoing.tlvs)
    message.tlvs.push_back(
        {.tag = tlv.tag, .value = {reinterpret_cast<const std::uint8_t*>(tlv.value.data()), tlv.value.size()}});
  return message;
}

}  // namespace smsbridge::bridge
