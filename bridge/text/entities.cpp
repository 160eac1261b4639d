// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/entities.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

struct Named {
  std::string_view name;
  char16_t character;
};
// Sorted by name. HTML 4.01 section 24.2 and the punctuation of section 24.4; apos is XML's.
constexpr Named named[] = {
    {"AElig", 0xC6},   {"Aacute", 0xC1},   {"Acirc", 0xC2},   {"Agrave", 0xC0},   {"Aring", 0xC5},
    {"Atilde", 0xC3},  {"Auml", 0xC4},     {"Ccedil", 0xC7},  {"Dagger", 0x2021}, {"ETH", 0xD0},
    {"Eacute", 0xC9},  {"Ecirc", 0xCA},    {"Egrave", 0xC8},  {"Euml", 0xCB},     {"Iacute", 0xCD},
    {"Icirc", 0xCE},   {"Igrave", 0xCC},   {"Iuml", 0xCF},    {"Ntilde", 0xD1},   {"OElig", 0x152},
    {"Oacute", 0xD3},  {"Ocirc", 0xD4},    {"Ograve", 0xD2},  {"Oslash", 0xD8},   {"Otilde", 0xD5},
    {"Ouml", 0xD6},    {"Prime", 0x2033},  {"Scaron", 0x160}, {"THORN", 0xDE},    {"Uacute", 0xDA},
    {"Ucirc", 0xDB},   {"Ugrave", 0xD9},   {"Uuml", 0xDC},    {"Yacute", 0xDD},   {"Yuml", 0x178},
    {"aacute", 0xE1},  {"acirc", 0xE2},    {"acute", 0xB4},   {"aelig", 0xE6},    {"agrave", 0xE0},
    {"amp", 0x26},     {"apos", 0x27},     {"aring", 0xE5},   {"atilde", 0xE3},   {"auml", 0xE4},
    {"bdquo", 0x201E}, {"brvbar", 0xA6},   {"bull", 0x2022},  {"ccedil", 0xE7},   {"cedil", 0xB8},
    {"cent", 0xA2},    {"circ", 0x2C6},    {"copy", 0xA9},    {"curren", 0xA4},   {"dagger", 0x2020},
    {"deg", 0xB0},     {"divide", 0xF7},   {"eacute", 0xE9},  {"ecirc", 0xEA},    {"egrave", 0xE8},
    {"emsp", 0x2003},  {"ensp", 0x2002},   {"eth", 0xF0},     {"euml", 0xEB},     {"euro", 0x20AC},
    {"fnof", 0x192},   {"frac12", 0xBD},   {"frac14", 0xBC},  {"frac34", 0xBE},   {"frasl", 0x2044},
    {"gt", 0x3E},      {"hellip", 0x2026}, {"iacute", 0xED},  {"icirc", 0xEE},    {"iexcl", 0xA1},
    {"igrave", 0xEC},  {"iquest", 0xBF},   {"iuml", 0xEF},    {"laquo", 0xAB},    {"ldquo", 0x201C},
    {"lrm", 0x200E},   {"lsaquo", 0x2039}, {"lsquo", 0x2018}, {"lt", 0x3C},       {"macr", 0xAF},
    {"mdash", 0x2014}, {"micro", 0xB5},    {"middot", 0xB7},  {"minus", 0x2212},  {"nbsp", 0xA0},
    {"ndash", 0x2013}, {"not", 0xAC},      {"ntilde", 0xF1},  {"oacute", 0xF3},   {"ocirc", 0xF4},
    {"oelig", 0x153},  {"ograve", 0xF2},   {"oline", 0x203E}, {"ordf", 0xAA},     {"ordm", 0xBA},
    {"oslash", 0xF8},  {"otilde", 0xF5},   {"ouml", 0xF6},    {"para", 0xB6},     {"permil", 0x2030},
    {"plusmn", 0xB1},  {"pound", 0xA3},    {"prime", 0x2032}, {"quot", 0x22},     {"raquo", 0xBB},
    {"rdquo", 0x201D}, {"reg", 0xAE},      {"rlm", 0x200F},   {"rsaquo", 0x203A}, {"rsquo", 0x2019},
    {"sbquo", 0x201A}, {"scaron", 0x161},  {"sect", 0xA7},    {"shy", 0xAD},      {"sup1", 0xB9},
    {"sup2", 0xB2},    {"sup3", 0xB3},     {"szlig", 0xDF},   {"thinsp", 0x2009}, {"thorn", 0xFE},
    {"tilde", 0x2DC},  {"times", 0xD7},    {"trade", 0x2122}, {"uacute", 0xFA},   {"ucirc", 0xFB},
    {"ugrave", 0xF9},  {"uml", 0xA8},      {"uuml", 0xFC},    {"yacute", 0xFD},   {"yen", 0xA5},
    {"yuml", 0xFF},    {"zwj", 0x200D},    {"zwnj", 0x200C}};
static_assert(std::ranges::is_sorted(named, {}, &Named::name));

// The longest name, and room for "#x10FFFF" with leading zeros.
constexpr std::size_t reference_size_max = 12;

// Numeric references 128 to 159 mean Windows-1252 (HTML standard, numeric character reference end state): the C1
// controls they would be otherwise show nothing on a phone.
constexpr std::array<char16_t, 32> windows_1252 = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

std::optional<char32_t> numeric(std::string_view digits) {
  int base = 10;
  if (digits.starts_with('x') || digits.starts_with('X')) {
    base = 16;
    digits.remove_prefix(1);
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (value == 0 || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return std::nullopt;
  if (value >= 0x80 && value < 0xA0) return windows_1252[value - 0x80];
  return value;
}

// The character named between '&' and ';'.
std::optional<char32_t> character_of(std::string_view reference) {
  if (reference.starts_with('#')) return numeric(reference.substr(1));
  const auto* found = std::ranges::lower_bound(named, reference, {}, &Named::name);
  if (found == std::end(named) || found->name != reference) return std::nullopt;
  return found->character;
}

}  // namespace

std::string decode_html_entities(std::string_view text) {
  std::string out;
  std::size_t ampersand = text.find('&');
  if (ampersand == std::string_view::npos) return std::string(text);
  out.reserve(text.size());
  while (ampersand != std::string_view::npos) {
    out.append(text.substr(0, ampersand));
    text.remove_prefix(ampersand);
    // Only a window is searched for the semicolon, so that a text of many ampersands stays linear.
    const std::size_t semicolon = text.substr(0, reference_size_max + 2).find(';');
    const auto character =
        semicolon == std::string_view::npos ? std::nullopt : character_of(text.substr(1, semicolon - 1));
    if (character) {
      append_utf8(out, *character);
      text.remove_prefix(semicolon + 1);
    } else {
      out.push_back('&');
      text.remove_prefix(1);
    }
    ampersand = text.find('&');
  }
  out.append(text);
  return out;
}

std::string with_plain_blanks(std::string text) {
  if (is_ascii(text)) return text;
  std::string out;
  out.reserve(text.size());
  for (std::string_view rest = text; !rest.empty();) {
    const char32_t value = take_code_point(rest);
    if (value == invalid_code_point) {
      out.push_back(rest.front());
      rest.remove_prefix(1);
    } else if (value == 0xA0 || (value >= 0x2000 && value <= 0x200A) || value == 0x202F || value == 0x205F) {
      out.push_back(' ');
    } else if (value != 0xAD && value != 0xFEFF) {
      append_utf8(out, value);
    }
  }
  return out;
}

}  // namespace smsbridge::bridge::text
