// SPDX-License-Identifier: MPL-2.0
// A message that a phone sends to whoever is bound, as this centre delivers it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "smpp/pdu.hpp"

namespace smsbridge::bridge::smsc_sim {

struct PhonePart {
  std::string from, to;
  smpp::Buffer octets;  // with the user data header
  std::uint8_t data_coding = 0;
  bool has_header = false;

  // Points into this object.
  smpp::Message message() const;
};

// Cut as phones cut: by the user data header with the low octet of `reference`. Nothing for a text that is no UTF-8.
std::vector<PhonePart> parts_of(std::string_view from, std::string_view to, std::string_view text,
                                std::uint16_t reference);

}  // namespace smsbridge::bridge::smsc_sim
