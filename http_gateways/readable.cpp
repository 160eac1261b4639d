// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/readable.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

unsigned char octet_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// What stands at the beginning of a text that is not empty.
struct Character {
  std::size_t size = 1;  // in octets
  bool whole = true;
};

// The table of RFC 3629 section 4.
Character first_character(std::string_view text) {
  const auto lead = octet_at(text, 0);
  if (lead < 0x80) return {};
  const std::size_t wanted = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : 4;
  if (lead < 0xC2 || lead > 0xF4) return {.size = 1, .whole = false};
  // Half of a surrogate pair that somebody wrote as if it were a character.
  if (lead == 0xED && (octet_at(text, 1) & 0xE0) == 0xA0 && (octet_at(text, 2) & 0xC0) == 0x80)
    return {.size = 3, .whole = false};
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (octet_at(text, 1) < low || octet_at(text, 1) > high) return {.size = 1, .whole = false};
  std::size_t size = 2;
  while (size < wanted && (octet_at(text, size) & 0xC0) == 0x80) ++size;
  return {.size = size, .whole = size == wanted};
}

std::string from_utf16(std::string_view octets, bool big_endian) {
  std::string ordered(octets.substr(0, octets.size() / 2 * 2));
  if (!big_endian)
    for (std::size_t i = 0; i + 1 < ordered.size(); i += 2) std::swap(ordered[i], ordered[i + 1]);
  return from_utf16be(ordered);
}

// "\uD83D" at this place; nothing: no such escape.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  unsigned unit = 0;
  const auto* const end = text.data() + at + 6;
  const auto [stop, ec] = std::from_chars(text.data() + at + 2, end, unit, 16);
  if (ec != std::errc() || stop != end) return std::nullopt;
  return unit;
}

bool is_high(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Copies the escape at this place, mended, and returns how many octets it had.
std::size_t copy_escape(std::string_view text, std::size_t at, std::string& out) {
  if (const auto unit = escaped_unit(text, at)) {
    const auto next = escaped_unit(text, at + 6);
    const bool pair = is_high(*unit) && next && is_low(*next);
    if (!pair && (is_high(*unit) || is_low(*unit))) {
      out += replacement;
      return 6;
    }
    const std::size_t size = pair ? 12 : 6;
    out += text.substr(at, size);
    return size;
  }
  const bool known =
      at + 1 < text.size() && std::string_view("\"\\/bfnrt").find(text[at + 1]) != std::string_view::npos;
  if (!known) return 1;
  out += text.substr(at, 2);
  return 2;
}

}  // namespace

std::string readable(std::string_view octets) {
  if (octets.starts_with("\xFE\xFF") || octets.starts_with("\xFF\xFE"))
    return readable(from_utf16(octets.substr(2), octets.starts_with("\xFE")));
  if (octets.starts_with("\xEF\xBB\xBF")) octets.remove_prefix(3);
  std::string out;
  out.reserve(octets.size());
  while (!octets.empty()) {
    const auto [size, whole] = first_character(octets);
    const auto lead = octet_at(octets, 0);
    if (whole) {
      out += octets.substr(0, size);
    } else if (size == 1 && lead >= 0xA0) {
      out += static_cast<char>(0xC0 | (lead >> 6));
      out += static_cast<char>(0x80 | (lead & 0x3F));
    } else {
      out += replacement;
    }
    octets.remove_prefix(size);
  }
  return out;
}

std::string repaired_json(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 16);
  bool quoted = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (quoted && c == '\\') {
      at += copy_escape(text, at, out);
      continue;
    }
    if (quoted && static_cast<unsigned char>(c) < 0x20) {
      out += std::string("\\u00") + digits[c >> 4] + digits[c & 15];
    } else {
      out += c;
      if (c == '"') quoted = !quoted;
    }
    ++at;
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  static constexpr std::string_view around(" \t\r\n\v\f\0", 7);
  const auto begin = text.find_first_not_of(around);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(around) + 1 - begin);
}

std::string printable(std::string_view octets, std::size_t max_bytes) {
  const auto text = readable(trimmed(octets));
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto size = first_character(rest).size;
    const auto lead = octet_at(rest, 0);
    const bool control = lead < 0x20 || lead == 0x7F || (lead == 0xC2 && octet_at(rest, 1) < 0xA0);
    out += control ? replacement : rest.substr(0, size);
    rest.remove_prefix(size);
  }
  if (out.size() <= max_bytes) return out;
  const auto whole = hex(digest(Hash::sha256, out));
  auto kept = max_bytes - std::min(max_bytes, whole.size() + 1);
  while (kept > 0 && (octet_at(out, kept) & 0xC0) == 0x80) --kept;
  return (out.substr(0, kept) + "~" + whole).substr(0, max_bytes);
}

}  // namespace smsbridge::http_gateways
