// SPDX-License-Identifier: MPL-2.0
// What a receiver needs to read the text of a message: the user data header, and UTF-8 out of two-octet characters or
// octets of unknown origin. All of it is lenient: peers send anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smpp/pdu.hpp"

namespace smsbridge::smpp {

struct InformationElement {
  std::uint8_t id = 0;
  Octets data;
};

struct UserData {
  std::vector<InformationElement> elements;  // empty: there is no header
  bool has_header = false;
  Octets body;
};

// Splits off the user data header (3GPP TS 23.040 section 9.2.3.24) when `esm_class` announces one (0x40) and its
// lengths add up. Otherwise all octets are the text: the bit without a header exists.
UserData split_user_data(Octets payload, std::uint8_t esm_class);

// An odd last octet is dropped, a lone surrogate becomes U+FFFD.
std::string utf8_from_ucs2(Octets octets);
std::string utf8_from_latin1(Octets octets);
// The octets themselves when they are UTF-8, otherwise read as Latin-1.
std::string utf8_from_unknown(Octets octets);
bool is_utf8(std::string_view text);

// Without the blanks, tabs, line ends, NULs and quotes around it with which message centres fill up fields.
std::string_view without_padding(std::string_view field);

inline std::string_view as_text(Octets octets) { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }
inline Octets as_octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace smsbridge::smpp
