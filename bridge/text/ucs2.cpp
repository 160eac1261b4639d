// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/ucs2.hpp"

#include "bridge/text/utf8.hpp"
#include "smpp/text.hpp"

namespace smsbridge::bridge::text {

bool is_valid_utf8(std::string_view text) { return smpp::is_utf8(text); }

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

std::string utf8_from_utf16be(std::span<const std::uint8_t> octets) { return smpp::utf8_from_ucs2(octets); }

std::string utf8_from_latin1(std::string_view octets) { return smpp::utf8_from_latin1(smpp::as_octets(octets)); }

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
