// SPDX-License-Identifier: MPL-2.0
#include "smpp/content.hpp"

#include <algorithm>

#include "smpp/gsm7.hpp"
#include "smpp/utf8.hpp"

namespace smsbridge::smpp {
namespace {

int number_in(const smpp::Message& message, std::uint16_t tag, int otherwise) {
  const auto* tlv = message.find_tlv(tag);
  if (tlv == nullptr || tlv->value.empty() || tlv->value.size() > 2) return otherwise;
  int value = 0;
  for (const auto octet : tlv->value) value = value << 8 | octet;
  return value;
}

}  // namespace

Part part_of(const smpp::Message& message, const smpp::UserData& data) {
  for (const auto& element : data.elements) {
    const auto& octets = element.data;
    if (element.id == 0x00 && octets.size() == 3) return {octets[0], octets[2], octets[1]};
    if (element.id == 0x08 && octets.size() == 4)
      return {static_cast<std::uint16_t>(octets[0] << 8 | octets[1]), octets[3], octets[2]};
  }
  if (message.tlvs.empty()) return {};
  return {static_cast<std::uint16_t>(number_in(message, tag::sar_msg_ref_num, 0)),
          number_in(message, tag::sar_segment_seqnum, 1), number_in(message, tag::sar_total_segments, 1)};
}

Coding coding_of(std::uint8_t data_coding) {
  if (data_coding == 8) return Coding::ucs2;
  if (data_coding <= 1) return Coding::gsm7;
  const int group = data_coding & 0xF0, alphabet = data_coding & 0x0C;
  if (group == 0x10) return alphabet == 0 ? Coding::gsm7 : alphabet == 8 ? Coding::ucs2 : Coding::octets;
  if (group == 0xC0 || group == 0xD0) return Coding::gsm7;
  if (group == 0xF0) return (data_coding & 4) == 0 ? Coding::gsm7 : Coding::octets;
  return Coding::octets;
}

std::string utf8_of(smpp::Octets body, std::uint8_t data_coding) {
  if (data_coding == 1) return utf8_from_latin1(body);  // ASCII: the same for what is ASCII
  switch (coding_of(data_coding)) {
    case Coding::gsm7:
      return gsm7_decode(body);
    case Coding::ucs2:
      return utf8_from_ucs2(body);
    case Coding::octets:
      break;
  }
  return utf8_from_latin1(body);
}

Shift shift_of(const UserData& data) {
  Shift shift;
  for (const auto& element : data.elements) {
    if (element.data.size() != 1) continue;
    if (element.id == element_single_shift) shift.single = element.data[0];
    if (element.id == element_locking_shift) shift.locking = element.data[0];
  }
  return shift;
}

std::string utf8_of(const UserData& data, std::uint8_t data_coding, const Dialect& dialect) {
  const bool is_gsm7 = data_coding == 0   ? dialect.latin1_coding != 0
                       : data_coding == 1 ? dialect.gsm7_coding == 1
                                          : coding_of(data_coding) == Coding::gsm7;
  if (!is_gsm7) return data_coding == 0 ? utf8_from_latin1(data.body) : utf8_of(data.body, data_coding);
  if (!dialect.gsm7_packed) return gsm7_decode(data.body, shift_of(data));
  std::size_t header_octets = data.has_header ? 1 : 0;
  for (const auto& element : data.elements) header_octets += 2 + element.data.size();
  return gsm7_decode(gsm7_unpack(data.body, header_octets), shift_of(data));
}

void append_quote(std::string& out, smpp::Octets body, std::uint8_t data_coding, std::size_t size) {
  const bool plain = data_coding != 1 && coding_of(data_coding) == Coding::gsm7;
  if (plain) {
    auto count = std::min(size, body.size());
    if (count > 0 && body[count - 1] == gsm7_escape) --count;  // its other half is cut off
    for (const auto octet : body.first(count)) out.push_back(static_cast<char>(octet & 0x7F));
    return;
  }
  const auto text = utf8_of(body.first(std::min(body.size(), 4 * size)), data_coding);
  std::string_view rest = text;
  for (; size > 0 && !rest.empty(); --size) {
    const auto value = take_code_point(rest);
    if (value == invalid_code_point) return;
    const auto code = gsm7_code(value);
    out.push_back(code < 0x80 ? static_cast<char>(code) : '?');
  }
}

}  // namespace smsbridge::smpp
