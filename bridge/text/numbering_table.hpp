// SPDX-License-Identifier: MPL-2.0
// The numbering plans of the world, as far as making a mobile number international needs them. The table is generated
// by generate/numbering.mjs from facts about each country; patterns are those of pattern.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace smsbridge::bridge::text {

struct NumberingPlan {
  std::string_view country;               // ISO 3166 alpha-2; empty for codes of no country, such as satellite networks
  std::string_view calling_code;          // without +
  std::uint32_t lengths;                  // bit n: a national number of a mobile may have n digits
  std::string_view international_prefix;  // pattern: dialled before a calling code, 00 or 011
  std::string_view national_prefix;       // pattern: dialled inside the country and no part of the number, mostly 0
  std::string_view local_pattern;         // such a number is complete after local_area is put before it
  std::string_view local_area;            // may be empty: then the number is complete, and its 0 is no prefix
  std::string_view mobile_area;           // pattern, Argentina only: after such an area 15 marks a mobile
  std::string_view leading_digits;        // pattern: where a calling code is shared, numbers that begin so belong here
  std::string_view pattern;               // what is in use at all; a hint, since plans change faster than releases
  std::string_view mobile;                // pattern of what takes SMS; empty: nothing does
};

// Sorted by calling code as a number; of those who share one, the main country is first.
std::span<const NumberingPlan> numbering_plans();

}  // namespace smsbridge::bridge::text
