// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/ucs2.hpp"

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {

bool is_valid_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  while (!text.empty())
    if (take_code_point(text) == invalid_code_point) return false;
  return true;
}

std::optional<std::u16string> utf16_from_utf8(std::string_view utf8) {
  std::u16string units;
  units.reserve(utf8.size());  // never more units than octets
  while (!utf8.empty()) {
    const char32_t value = take_code_point(utf8);
    if (value == invalid_code_point) return std::nullopt;
    if (value < 0x10000) {
      units.push_back(static_cast<char16_t>(value));
    } else {
      units.push_back(static_cast<char16_t>(0xD800 + ((value - 0x10000) >> 10)));
      units.push_back(static_cast<char16_t>(0xDC00 + ((value - 0x10000) & 0x3FF)));
    }
  }
  return units;
}

std::string utf8_from_utf16be(std::span<const std::uint8_t> octets) {
  const auto unit = [&](std::size_t at) { return static_cast<char32_t>(octets[at] << 8 | octets[at + 1]); };
  std::string out;
  out.reserve(octets.size());
  for (std::size_t at = 0; at + 1 < octets.size(); at += 2) {
    const char32_t first = unit(at);
    if (first < 0xD800 || first > 0xDFFF) {
      append_utf8(out, first);
      continue;
    }
    const char32_t second = at + 3 < octets.size() ? unit(at + 2) : 0;
    if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
      at += 2;
    } else {
      append_utf8(out, 0xFFFD);
    }
  }
  return out;
}

std::string utf8_from_latin1(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (const char octet : octets) append_utf8(out, static_cast<unsigned char>(octet));
  return out;
}

std::string repaired_utf8(std::string text) {
  if (is_valid_utf8(text)) return text;
  std::string out;
  out.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    char32_t value = take_code_point(rest);
    if (value == invalid_code_point) {
      value = static_cast<unsigned char>(rest.front());
      rest.remove_prefix(1);
    }
    append_utf8(out, value);
  }
  return out;
}

std::string_view cut_utf8(std::string_view text, std::size_t octets_max) {
  if (text.size() <= octets_max) return text;
  while (octets_max > 0 && (static_cast<unsigned char>(text[octets_max]) & 0xC0) == 0x80) --octets_max;
  return text.substr(0, octets_max);
}

}  // namespace smsbridge::bridge::text
