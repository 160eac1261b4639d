// SPDX-License-Identifier: MPL-2.0
// The small regular expressions of numbering plans: digits, \d, [sets], (?:groups), alternatives, {n}, {n,m} and ?.
#pragma once

#include <cstdint>
#include <string_view>

namespace smsbridge::bridge::text {

// A set of positions in a string of digits: bit n stands for "after n digits".
using Positions = std::uint32_t;
inline constexpr std::size_t pattern_digits_max = 31;

// Where a match that starts at the beginning of `digits` can end. All ends are followed at once, so time grows with
// the pattern's length and never with the number of ways to match, as it does in std::regex. The pattern comes from
// our own table and is trusted; `digits` has at most pattern_digits_max characters.
Positions match_ends(std::string_view pattern, std::string_view digits);

inline bool matches_whole(std::string_view pattern, std::string_view digits) {
  return (match_ends(pattern, digits) >> digits.size() & 1) != 0;
}

inline bool matches_start(std::string_view pattern, std::string_view digits) {
  return match_ends(pattern, digits) != 0;
}

}  // namespace smsbridge::bridge::text
