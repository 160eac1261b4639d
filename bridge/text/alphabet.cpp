// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/alphabet.hpp"

#include <algorithm>
#include <vector>

#include "bridge/text/gsm7.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t air_octets = 140;

constexpr std::size_t tables_have_max = 256;

// What makes a text another one than GSM 7 bit. More of these than any tables have are as good as all.
std::vector<char32_t> outside_of_gsm7(std::string_view utf8) {
  std::vector<char32_t> found;
  while (!utf8.empty() && found.size() <= tables_have_max) {
    const auto value = take_code_point(utf8);
    if (gsm7_code(value) == gsm7_outside && std::ranges::find(found, value) == found.end()) found.push_back(value);
  }
  return found;
}

// What the alphabet lacks takes one, as '?'.
std::size_t units_of(const Alphabet& alphabet, char32_t value, std::uint16_t code) {
  if (alphabet.encoding == Encoding::ucs2) return value > 0xFFFF ? 2 : 1;
  return code != not_there && code > 0x7F && alphabet.encoding == Encoding::gsm7 ? 2 : 1;
}

// `lacking_max`: characters that may become '?'.
std::optional<Laid> measured(std::string_view utf8, const Alphabet& alphabet, const TextOptions& options,
                             std::size_t lacking_max) {
  std::size_t units = 0, replaced = 0;
  for (auto rest = utf8; !rest.empty();) {
    const auto value = take_code_point(rest);
    if (value == invalid_code_point) return std::nullopt;
    const auto code = code_in(alphabet, value);
    units += units_of(alphabet, value, code);
    if (code == not_there && ++replaced > lacking_max) return std::nullopt;
  }
  auto laid = laid_out(utf8, alphabet, units, options);
  laid.replaced = replaced;
  return laid;
}

// With its accents on their letters where the alphabet has it only so: both read the same.
std::optional<Laid> lay_composed(std::string_view utf8, std::string_view together, const Alphabet& alphabet,
                                 const TextOptions& options) {
  if (auto laid = lay(utf8, alphabet, options)) return laid;
  if (together.empty()) return std::nullopt;
  auto laid = lay(together, alphabet, options);
  if (laid) laid->text = together;
  return laid;
}

}  // namespace

std::uint16_t code_in(const Alphabet& alphabet, char32_t value) {
  if (alphabet.encoding == Encoding::ucs2) return value > 0x10FFFF ? not_there : 0;
  if (alphabet.encoding == Encoding::latin1) return value <= 0xFF ? static_cast<std::uint16_t>(value) : not_there;
  return alphabet.shift.is_default() ? gsm7_code(value) : smpp::gsm7_code(value, alphabet.shift);
}

std::size_t units_in(const Alphabet& alphabet, char32_t value) {
  return units_of(alphabet, value, alphabet.encoding == Encoding::gsm7 ? code_in(alphabet, value) : std::uint16_t{0});
}

std::size_t elements_size(const Shift& shift) { return (shift.single != 0 ? 3U : 0U) + (shift.locking != 0 ? 3U : 0U); }

std::size_t room_behind(Encoding encoding, std::size_t header_octets) {
  const auto octets = air_octets - header_octets;
  return encoding == Encoding::gsm7 ? octets * 8 / 7 : encoding == Encoding::latin1 ? octets : octets / 2;
}

Rooms rooms_of(const Alphabet& alphabet, Concat concat) {
  const auto tables = elements_size(alphabet.shift);
  const std::size_t numbering = concat == Concat::udh16 ? 6 : 5;
  return {.single = room_behind(alphabet.encoding, tables == 0 ? 0 : 1 + tables),
          .each = room_behind(alphabet.encoding, 1 + tables + numbering)};
}

Laid laid_out(std::string_view utf8, const Alphabet& alphabet, std::size_t units, const TextOptions& options) {
  Laid laid{.alphabet = alphabet, .text = {}, .units = units};
  const auto rooms = rooms_of(alphabet, options.concat);
  const bool fits = laid.units <= rooms.single;
  laid.units_per_part = fits ? rooms.single : rooms.each;
  laid.parts = fits ? 1 : cut(utf8, alphabet, rooms.each, options.clusters, [](std::size_t) {});
  return laid;
}

std::optional<Laid> lay(std::string_view utf8, const Alphabet& alphabet, const TextOptions& options) {
  // Most texts, so without a call for each character.
  if (alphabet.encoding == Encoding::gsm7 && alphabet.shift.is_default()) {
    const auto septets = gsm7_septets(utf8);
    return septets ? std::optional(laid_out(utf8, alphabet, *septets, options)) : std::nullopt;
  }
  return measured(utf8, alphabet, options, 0);
}

// One table behind the escape is readable where it is not known; one instead of the alphabet is not: with as many parts
// the former it is.
std::optional<Laid> lay_national(std::string_view utf8, const TextOptions& options) {
  std::optional<Laid> best;
  const auto outside = outside_of_gsm7(utf8);
  const auto attempt = [&](Shift shift) {
    const Alphabet alphabet{.encoding = Encoding::gsm7, .shift = shift};
    const auto lacks = [&](char32_t value) { return code_in(alphabet, value) == not_there; };
    if (std::ranges::any_of(outside, lacks)) return;
    auto laid = lay(utf8, alphabet, options);
    // Tables stand in a user data header, and a centre that numbers the parts itself would have to write its own as
    // well.
    const bool divided_by_centre = options.concat == Concat::sar || options.concat == Concat::payload;
    if (!laid || (laid->parts > 1 && divided_by_centre)) return;
    if (!best || laid->parts < best->parts) best = std::move(laid);
  };
  const auto& national = options.national;
  const auto each = [&](bool locking, bool single) {
    if ((locking && !national.locking) || (single && !national.single)) return;
    for (const auto& language : smpp::national_languages())
      if ((national.languages >> language.id & 1U) != 0 && (!locking || language.locking != nullptr))
        attempt({.locking = locking ? language.id : std::uint8_t{0}, .single = single ? language.id : std::uint8_t{0}});
  };
  each(false, true);
  each(true, false);
  each(true, true);
  return best;
}

tl::expected<Laid, TextError> choose_alphabet(std::string_view utf8, const TextOptions& options) {
  constexpr Alphabet gsm7{.encoding = Encoding::gsm7, .shift = {}};
  if (utf8.find('\0') != std::string_view::npos) return tl::make_unexpected(TextError::nul_character);
  const auto charset = options.charset;
  // Most texts are GSM 7 bit: try that first and look for the reason only when it fails.
  if (takes_gsm7(charset))
    if (auto laid = lay(utf8, gsm7, options)) return *std::move(laid);
  if (!is_valid_utf8(utf8)) return tl::make_unexpected(TextError::invalid_utf8);
  const auto together = composed(utf8);
  if (takes_gsm7(charset) && !together.empty())
    if (auto laid = lay_composed(utf8, together, gsm7, options)) return *std::move(laid);
  std::optional<Laid> national;
  if (takes_gsm7(charset) && options.national.languages != 0) {
    national = lay_national(utf8, options);
    if (!national && !together.empty() && (national = lay_national(together, options))) national->text = together;
  }
  if (charset == Charset::gsm7 && national) return *std::move(national);
  std::optional<Laid> other;
  if (takes_latin1(charset)) other = lay_composed(utf8, together, {.encoding = Encoding::latin1, .shift = {}}, options);
  if (!other && (charset == Charset::gsm7 || charset == Charset::latin1)) {
    const Alphabet forced{.encoding = charset == Charset::gsm7 ? Encoding::gsm7 : Encoding::latin1, .shift = {}};
    other = measured(together.empty() ? utf8 : together, forced, options, utf8.size());
    other->text = together;
  }
  if (!other) other = lay(utf8, {.encoding = Encoding::ucs2, .shift = {}}, options);
  if (national && national->parts < other->parts) return *std::move(national);
  return *std::move(other);
}

}  // namespace smsbridge::bridge::text
