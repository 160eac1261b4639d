// SPDX-License-Identifier: MPL-2.0
// Octets in tests, written as hex or as text.
#pragma once

#include <string>
#include <string_view>

#include "smpp/pdu.hpp"
#include "smpp/text.hpp"

namespace smsbridge::smpp {

inline Buffer octets(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  Buffer out;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ' || c == '\n') continue;
    if (high < 0) {
      high = digit(c);
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit(c)));
      high = -1;
    }
  }
  return out;
}

inline std::string hex(Octets data) {
  std::string out;
  for (const auto octet : data) {
    out += "0123456789abcdef"[octet >> 4];
    out += "0123456789abcdef"[octet & 15];
  }
  return out;
}

inline Header header_of(Command command, std::uint32_t sequence, std::uint32_t status = 0) {
  return {.command_id = static_cast<std::uint32_t>(command), .status = status, .sequence = sequence};
}

// One PDU; the body is appended as it is, so it can be as wrong as the test wants.
inline Buffer raw(Command command, std::uint32_t status, std::uint32_t sequence, Octets body = {}) {
  Buffer out;
  encode(out, header_of(command, sequence, status));
  out.insert(out.end(), body.begin(), body.end());
  for (int i = 0; i < 4; ++i) out[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(out.size() >> (24 - 8 * i));
  return out;
}

template <class P>
Buffer encoded(const Header& header, const P& pdu) {
  Buffer out;
  if (encode(out, header, pdu)) out.clear();
  return out;
}

}  // namespace smsbridge::smpp
