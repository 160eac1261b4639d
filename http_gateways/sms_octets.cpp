// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/sms_octets.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/hex.hpp>
#include <boost/locale/utf.hpp>
#include <iterator>
#include <utility>

namespace smsbridge::http_gateways {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;

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
  const auto* at = utf8.data();
  const auto c = Utf8::decode(at, utf8.data() + utf8.size());
  const bool good = c != boost::locale::utf::illegal && c != boost::locale::utf::incomplete;
  utf8.remove_prefix(good ? static_cast<std::size_t>(at - utf8.data()) : 1);
  return good ? c : replacement;
}

void append(std::string& utf8, char32_t c) { Utf8::encode(c, std::back_inserter(utf8)); }

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
  std::string octets;
  try {
    boost::algorithm::unhex(text.begin(), text.end(), std::back_inserter(octets));
  } catch (const boost::algorithm::hex_decode_error&) {
    return std::nullopt;
  }
  return octets;
}

}  // namespace smsbridge::http_gateways
