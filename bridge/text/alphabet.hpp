// SPDX-License-Identifier: MPL-2.0
// An alphabet that a text may go in, and which one a text goes in. Used by segments.hpp, which has the words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bridge/text/clusters.hpp"
#include "bridge/text/segments.hpp"
#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {

struct Alphabet {
  Encoding encoding = Encoding::gsm7;
  Shift shift;  // of gsm7
};

inline constexpr std::uint16_t not_there = 0xFFFF;
// A septet, or 0x1B00 and the septet behind an escape; an octet; or 0 for all of UCS2. not_there: it lacks the
// character.
std::uint16_t code_in(const Alphabet& alphabet, char32_t value);
// Of UTF-16, septets or octets that a character takes; what the alphabet lacks takes one, as '?'.
std::size_t units_in(const Alphabet& alphabet, char32_t value);

// Octets of the header's elements that name the tables, without its length octet.
std::size_t elements_size(const Shift& shift);
// Units that fit into a part behind a user data header of so many octets (with its length octet): 140 octets are on the
// air (TS 23.040 section 9.2.3.24), and septets begin at a multiple of seven bits.
std::size_t room_behind(Encoding encoding, std::size_t header_octets);
// Of a text in one part, and of each of several.
struct Rooms {
  std::size_t single = 0, each = 0;
};
Rooms rooms_of(const Alphabet& alphabet, Concat concat);

// What a charset tries.
constexpr bool takes_gsm7(Charset charset) {
  return charset == Charset::automatic || charset == Charset::gsm7 || charset == Charset::gsm7_latin1;
}
constexpr bool takes_latin1(Charset charset) {
  return charset == Charset::latin1 || charset == Charset::gsm7_latin1 || charset == Charset::latin1_ucs2;
}

// How a text lies in an alphabet.
struct Laid {
  Alphabet alphabet;
  std::string text;  // that lies in it, where it is not the one given: its accents were put on their letters
  std::size_t units = 0, units_per_part = 0, parts = 0;
  std::size_t replaced = 0;
};

// A text of so many units, which the alphabet has.
Laid laid_out(std::string_view utf8, const Alphabet& alphabet, std::size_t units, const TextOptions& options);
// Nothing when the alphabet lacks one of its characters.
std::optional<Laid> lay(std::string_view utf8, const Alphabet& alphabet, const TextOptions& options);
// By the options: of several alphabets that have all of its characters, the one with the fewest parts.
tl::expected<Laid, TextError> choose_alphabet(std::string_view utf8, const TextOptions& options);
// The best of the national tables that have all of the characters; nothing when none has.
std::optional<Laid> lay_national(std::string_view utf8, const TextOptions& options);

// Calls `end(units)` where a part ends and another begins, with the units so far; answers with the number of parts. A
// part never ends within a character: a phone decodes each part by itself, and would show two wrong ones. Nor within a
// cluster, unless that is longer than a part.
template <class End>
std::size_t cut(std::string_view utf8, const Alphabet& alphabet, std::size_t room, bool clusters, End end) {
  std::size_t parts = 1, used = 0, total = 0;
  const auto place = [&](std::size_t units) {
    if (used + units > room) {
      end(total);
      ++parts;
      used = 0;
    }
    used += units;
    total += units;
  };
  const auto place_each = [&](std::string_view characters) {
    while (!characters.empty()) place(units_in(alphabet, take_code_point(characters)));
  };
  if (!clusters) {
    place_each(utf8);
    return parts;
  }
  while (!utf8.empty()) {
    const auto cluster = take_cluster(utf8);
    std::size_t units = 0;
    for (auto rest = cluster; !rest.empty();) units += units_in(alphabet, take_code_point(rest));
    if (units <= room)
      place(units);
    else
      place_each(cluster);
  }
  return parts;
}

}  // namespace smsbridge::bridge::text
