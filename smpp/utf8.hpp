// SPDX-License-Identifier: MPL-2.0
// One code point at a time, in and out of UTF-8 (RFC 3629). Strict: what is invalid is reported, never repaired,
// because a repaired text is not the text the customer was meant to read.
#pragma once

#include <string>
#include <string_view>

namespace smsbridge::smpp {

inline constexpr char32_t invalid_code_point = 0xFFFFFFFF;

// Most texts are: then nothing has to be taken apart. It looks at all of them, many octets at a time.
inline bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

// Takes the first code point off `rest`, or returns invalid_code_point and leaves `rest` as it was. Overlong forms,
// surrogates and values above U+10FFFF are invalid (RFC 3629 section 3). `rest` must not be empty.
inline char32_t take_code_point(std::string_view& rest) {
  const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(rest[at]); };
  const char32_t lead = octet(0);
  if (lead < 0x80) {
    rest.remove_prefix(1);
    return lead;
  }
  std::size_t size = 0;
  char32_t value = 0;
  char32_t smallest = 0;
  if (lead >= 0xC2 && lead < 0xE0) {
    size = 2, value = lead & 0x1F, smallest = 0x80;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    size = 3, value = lead & 0x0F, smallest = 0x800;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    size = 4, value = lead & 0x07, smallest = 0x10000;
  }
  if (size == 0 || rest.size() < size) return invalid_code_point;
  for (std::size_t at = 1; at < size; ++at) {
    if ((octet(at) & 0xC0) != 0x80) return invalid_code_point;
    value = value << 6 | (octet(at) & 0x3F);
  }
  if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return invalid_code_point;
  rest.remove_prefix(size);
  return value;
}

// Appends a valid code point.
inline void append_utf8(std::string& out, char32_t value) {
  const auto octet = [&](char32_t bits) { out.push_back(static_cast<char>(static_cast<unsigned char>(bits))); };
  if (value < 0x80) {
    octet(value);
  } else if (value < 0x800) {
    octet(0xC0 | value >> 6);
    octet(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    octet(0xE0 | value >> 12);
    octet(0x80 | (value >> 6 & 0x3F));
    octet(0x80 | (value & 0x3F));
  } else {
    octet(0xF0 | value >> 18);
    octet(0x80 | (value >> 12 & 0x3F));
    octet(0x80 | (value >> 6 & 0x3F));
    octet(0x80 | (value & 0x3F));
  }
}

}  // namespace smsbridge::smpp
