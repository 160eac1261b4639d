// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/sms_octets.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace smsbridge::http_gateways {
namespace {

constexpr char32_t replacement = U'\uFFFD';
constexpr char gsm_escape = 0x1B;

// 3GPP TS 23.038 section 6.2.1; the index is the septet.
constexpr std::u32string_view gsm_alphabet =
    U"@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    U"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
static_assert(gsm_alphabet.size() == 128);

// Section 6.2.1.1: characters behind an escape.
constexpr std::array<std::pair<char32_t, char>, 10> gsm_extension = {{{U'\f', 0x0A},
                                                                      {U'^', 0x14},
                                                                      {U'{', 0x28},
                                                                      {U'}', 0x29},
                                                                      {U'\\', 0x2F},
                                                                      {U'[', 0x3C},
                                                                      {U'~', 0x3D},
                                                                      {U']', 0x3E},
                                                                      {U'|', 0x40},
                                                                      {U'€', 0x65}}};

bool is_surrogate(char32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

// Takes one code point from the front.
char32_t next(std::string_view& utf8) {
  const auto first = static_cast<unsigned char>(utf8.front());
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  static constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  char32_t c = length == 1 ? first : first & (0x7Fu >> length);
  bool good = length > 0 && length <= utf8.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto octet = static_cast<unsigned char>(utf8[i]);
    good = (octet & 0xC0) == 0x80;
    c = (c << 6) | (octet & 0x3F);
  }
  good = good && c >= smallest[length] && c <= 0x10FFFF && !is_surrogate(c);
  utf8.remove_prefix(good ? length : 1);
  return good ? c : replacement;
}

void append(std::string& utf8, char32_t c) {
  const auto octet = [&](char32_t value) { utf8 += static_cast<char>(value); };
  if (c < 0x80) {
    octet(c);
  } else if (c < 0x800) {
    octet(0xC0 | (c >> 6));
    octet(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    octet(0xE0 | (c >> 12));
    octet(0x80 | ((c >> 6) & 0x3F));
    octet(0x80 | (c & 0x3F));
  } else {
    octet(0xF0 | (c >> 18));
    octet(0x80 | ((c >> 12) & 0x3F));
    octet(0x80 | ((c >> 6) & 0x3F));
    octet(0x80 | (c & 0x3F));
  }
}

}  // namespace

std::optional<std::string> to_gsm(std::string_view utf8) {
  std::string octets;
  while (!utf8.empty()) {
    const auto c = next(utf8);
    const auto septet = gsm_alphabet.find(c);
    if (septet != std::u32string_view::npos && c != U'\x1b') {
      octets += static_cast<char>(septet);
      continue;
    }
    const auto it = std::ranges::find(gsm_extension, c, &std::pair<char32_t, char>::first);
    if (it == gsm_extension.end()) return std::nullopt;
    octets += gsm_escape;
    octets += it->second;
  }
  return octets;
}

std::string from_gsm(std::string_view octets) {
  std::string utf8;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    auto septet = static_cast<char>(octets[i] & 0x7F);
    if (septet == gsm_escape) {
      if (i + 1 == octets.size()) break;
      septet = static_cast<char>(octets[++i] & 0x7F);
      const auto it = std::ranges::find(gsm_extension, septet, &std::pair<char32_t, char>::second);
      if (it != gsm_extension.end()) {
        append(utf8, it->first);
        continue;
      }
      if (septet == gsm_escape) septet = ' ';  // section 6.2.1.1 note 1: reserved, shown as a space
    }
    append(utf8, gsm_alphabet[static_cast<std::size_t>(septet)]);
  }
  return utf8;
}

std::string to_utf16be(std::string_view utf8) {
  std::string octets;
  const auto unit = [&](char32_t value) {
    octets += static_cast<char>(value >> 8);
    octets += static_cast<char>(value & 0xFF);
  };
  while (!utf8.empty()) {
    const auto c = next(utf8);
    if (c < 0x10000) {
      unit(c);
    } else {
      unit(0xD800 + ((c - 0x10000) >> 10));
      unit(0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return octets;
}

std::string from_utf16be(std::string_view octets) {
  std::string utf8;
  const auto unit = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(octets[i]) << 8 |
                                 static_cast<unsigned char>(octets[i + 1]));
  };
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2) {
    auto c = unit(i);
    if (c >= 0xD800 && c < 0xDC00 && i + 3 < octets.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    }
    append(utf8, is_surrogate(c) ? replacement : c);
  }
  return utf8;
}

std::string from_latin1(std::string_view octets) {
  std::string utf8;
  for (const char c : octets) append(utf8, static_cast<unsigned char>(c));
  return utf8;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto* end = text.data() + i + 2;
    const auto [stopped, ec] = std::from_chars(text.data() + i, end, value, 16);
    if (ec != std::errc() || stopped != end) return std::nullopt;
    octets += static_cast<char>(value);
  }
  return octets;
}

}  // namespace smsbridge::http_gateways
