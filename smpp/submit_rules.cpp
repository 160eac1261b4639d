// SPDX-License-Identifier: MPL-2.0
#include "smpp/submit_rules.hpp"

#include <algorithm>

#include "smpp/status.hpp"

namespace smsbridge::smpp {
namespace {

constexpr std::size_t air_octets_max = 140;   // 3GPP TS 23.040 section 9.2.3.16
constexpr std::size_t alphanumeric_max = 11;  // 3GPP TS 23.040 section 9.1.2.5
constexpr std::uint8_t ton_international = 1, ton_alphanumeric = 5;

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Empty, or "YYMMDDhhmmsstnnp" (SMPP 3.4 section 7.1.1).
bool is_time(std::string_view text) {
  if (text.empty()) return true;
  return text.size() == 16 && is_digits(text.substr(0, 15)) && (text[15] == '+' || text[15] == '-' || text[15] == 'R');
}

// Octets on the air with the user data header in front, which text in septets is padded behind.
std::size_t air_size(const smpp::Message& message, const smpp::UserData& data) {
  const auto header = message.payload().size() - data.body.size();
  if (coding_of(message.data_coding) != Coding::gsm7) return header + data.body.size();
  return header + (data.body.size() * 7 + 7) / 8;
}

}  // namespace

Breach breach_of(const smpp::Message& message, const smpp::UserData& data, const Part& part) {
  const auto& source = message.source;
  const auto kind = message.esm_class & 0x3C;
  const bool has_payload = message.find_tlv(tag::message_payload) != nullptr;
  const bool starts_with_plus = source.digits.starts_with('+');
  if (message.destination.digits.empty()) return {status_invalid_destination, "no destination address"};
  if (source.ton == ton_international && !is_digits(source.digits.substr(starts_with_plus ? 1 : 0)))
    return {status_invalid_source, "an international source address has digits only"};
  if (source.ton == ton_alphanumeric && source.digits.size() > alphanumeric_max)
    return {status_invalid_source, "an alphanumeric source address has at most 11 characters"};
  if (kind != 0 && kind != 0x08 && kind != 0x10) return {status_invalid_esm_class, "esm_class is not for a submit"};
  if ((message.esm_class & 0x40) != 0 && !data.has_header)
    return {status_invalid_esm_class, "esm_class announces a user data header and there is none"};
  if (message.priority_flag > 4) return {status_invalid_priority, "priority_flag is above 4"};
  if ((message.registered_delivery & 0xE0) != 0)
    return {status_invalid_registered_delivery, "registered_delivery uses reserved bits"};
  if (message.replace_if_present > 1) return {status_invalid_replace_flag, "replace_if_present_flag is above 1"};
  if (!is_time(message.schedule_delivery_time))
    return {status_invalid_schedule, "schedule_delivery_time is no YYMMDDhhmmsstnnp"};
  if (!is_time(message.validity_period)) return {status_invalid_expiry, "validity_period is no YYMMDDhhmmsstnnp"};
  if (has_payload && !message.short_message.empty())
    return {status_invalid_message_length, "short_message and message_payload together"};
  if (message.data_coding == 8 && data.body.size() % 2 != 0)
    return {status_invalid_message_length, "UCS2 text with an odd number of octets"};
  if (data.has_header && !has_payload && air_size(message, data) > air_octets_max)
    return {status_invalid_message_length, "more than 140 octets with the user data header"};
  if (part.number < 1 || part.number > part.total)
    return {data.has_header ? status_invalid_esm_class : status_invalid_tlv_value, "a part that is not of its whole"};
  if (message.tail_size > 0) return {status_malformed_tlvs, "octets behind the last TLV"};
  return {};
}

}  // namespace smsbridge::smpp
