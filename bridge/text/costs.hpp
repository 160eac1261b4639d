// SPDX-License-Identifier: MPL-2.0
// For people who wonder at the number of parts: which characters cost them, and what each alphabet would cost.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bridge/text/segments.hpp"

namespace smsbridge::bridge::text {

// A character that is not in the GSM alphabet, and so makes all of the text another one.
struct Forcing {
  std::string character, code_point;  // code_point: U+2019
  std::size_t position = 0;           // in code points, from 1
  bool replaceable = false;           // by transliteration, with `replacement`, which may be nothing at all
  std::string replacement;
};
// At most so many, from the beginning. The text is valid UTF-8.
std::vector<Forcing> forcing_ucs2(std::string_view utf8, std::size_t count_max);

// An alphabet that has all of the text.
struct Cost {
  Encoding encoding = Encoding::gsm7;
  Shift shift;
  bool transliterated = false;
  std::size_t parts = 0, units = 0, units_per_part = 0;
};
// By how the options carry long texts, whatever alphabets they allow: GSM 7 bit, of each language its best tables,
// ISO 8859-1, UCS2, and GSM 7 bit after transliteration. In this order; those that lack a character are left out.
std::vector<Cost> costs(std::string_view utf8, TextOptions options);

// What has to be set so that a text goes so; empty: nothing, by these options it may. For people.
std::string how_to_allow(const Cost& cost, const TextOptions& options, bool transliterate);

// "turkish", "default"; the name of the table's language.
std::string_view table_name(std::uint8_t language);

}  // namespace smsbridge::bridge::text
