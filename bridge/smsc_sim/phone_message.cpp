// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/phone_message.hpp"

#include "bridge/text/segments.hpp"

namespace smsbridge::bridge::smsc_sim {

smpp::Message PhonePart::message() const {
  smpp::Message message;
  message.source = {1, 1, from};
  message.destination = {0, 0, to};
  message.esm_class = has_header ? 0x40 : 0;  // SMPP 3.4 section 5.2.12
  message.data_coding = data_coding;
  message.short_message = octets;
  return message;
}

std::vector<PhonePart> parts_of(std::string_view from, std::string_view to, std::string_view text,
                                std::uint16_t reference) {
  std::vector<PhonePart> parts;
  const auto cut = text::segment(text, {.reference = reference});
  if (!cut) return parts;
  for (const auto& segment : cut->segments) {
    auto& part = parts.emplace_back();
    part.from = from;
    part.to = to;
    part.octets = segment.udh;
    part.octets.insert(part.octets.end(), segment.body.begin(), segment.body.end());
    part.data_coding = cut->data_coding;
    part.has_header = cut->udhi;
  }
  return parts;
}

}  // namespace smsbridge::bridge::smsc_sim
