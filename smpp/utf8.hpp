// SPDX-License-Identifier: MPL-2.0
// One code point at a time, in and out of UTF-8 (RFC 3629). Strict: what is invalid is reported, never repaired,
// because a repaired text is not the text the customer was meant to read.
#pragma once

#include <boost/locale/utf.hpp>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

namespace smsbridge::smpp {

inline constexpr char32_t invalid_code_point = 0xFFFFFFFF;

// Most texts are: then nothing has to be taken apart. It looks at all of them, eight octets at a time.
inline bool is_ascii(std::string_view text) {
  std::uint64_t all = 0, octets = 0;
  for (; text.size() >= sizeof octets; text.remove_prefix(sizeof octets)) {
    std::memcpy(&octets, text.data(), sizeof octets);
    all |= octets;
  }
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return (all & 0x8080808080808080) == 0;
}

// Takes the first code point off `rest`, or returns invalid_code_point and leaves `rest` as it was. Overlong forms,
// surrogates and values above U+10FFFF are invalid (RFC 3629 section 3). `rest` must not be empty.
inline char32_t take_code_point(std::string_view& rest) {
  if (const auto first = static_cast<unsigned char>(rest.front()); first < 0x80) {
    rest.remove_prefix(1);
    return first;
  }
  const auto* at = rest.data();
  const char32_t value = boost::locale::utf::utf_traits<char>::decode(at, rest.data() + rest.size());
  if (value == boost::locale::utf::illegal || value == boost::locale::utf::incomplete) return invalid_code_point;
  rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));
  return value;
}

// Appends a valid code point.
inline void append_utf8(std::string& out, char32_t value) {
  boost::locale::utf::utf_traits<char>::encode(value, std::back_inserter(out));
}

}  // namespace smsbridge::smpp
