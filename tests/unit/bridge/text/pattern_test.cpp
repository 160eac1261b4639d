// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/pattern.hpp"

#include <gtest/gtest.h>
#include <regex.h>

#include <string>

#include "bridge/text/numbering_table.hpp"

namespace smsbridge::bridge::text {
namespace {

TEST(Pattern, MatchesWhole) {
  const struct {
    const char* pattern;
    const char* digits;
    bool want;
  } cases[] = {
      {"", "", true},
      {"", "1", false},
      {"12", "12", true},
      {"12", "123", false},
      {"\\d{3}", "123", true},
      {"\\d{3}", "12", false},
      {"\\d{2,4}", "1234", true},
      {"\\d{2,4}", "12345", false},
      {"[2-46]", "3", true},
      {"[2-46]", "5", false},
      {"1|2|", "", true},
      {"1(?:2|34)5", "1345", true},
      {"1(?:2|34)5", "135", false},
      {"(?:12?){2}3", "1123", true},
      {"0(?:0|11)?7", "07", true},
      {"(?:1|12)(?:3|23)4", "1234", true},
  };
  for (const auto& c : cases) EXPECT_EQ(matches_whole(c.pattern, c.digits), c.want) << c.pattern << " on " << c.digits;
}

TEST(Pattern, TellsEveryEnd) {
  EXPECT_EQ(match_ends("0|00|000", "0007"), Positions{0b1110});
  EXPECT_EQ(match_ends("00", "1"), Positions{0});
  EXPECT_TRUE(matches_start("8[024]9", "8095551234"));
}

// POSIX has neither \d nor (?:, and needs neither.
std::string posix(std::string_view pattern) {
  std::string out = "^(";
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern.substr(at).starts_with("\\d")) {
      out += "[0-9]";
      ++at;
    } else if (pattern.substr(at).starts_with("(?:")) {
      out += "(";
      at += 2;
    } else {
      out += pattern[at];
    }
  }
  return out + ")$";
}

// The C library's matcher on every pattern of the table, with numbers that nearly match.
TEST(Pattern, AgreesWithTheCLibrary) {
  std::uint32_t state = 1;
  const auto random = [&](std::uint32_t limit) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % limit;
  };
  std::size_t matched = 0;
  for (const auto& plan : numbering_plans()) {
    regex_t regex;
    ASSERT_EQ(regcomp(&regex, posix(plan.pattern).c_str(), REG_EXTENDED | REG_NOSUB), 0) << plan.pattern;
    for (int round = 0; round < 60; ++round) {
      std::string digits(4 + random(10), '0');
      for (auto& digit : digits) digit = static_cast<char>('0' + random(10));
      const bool got = matches_whole(plan.pattern, digits);
      EXPECT_EQ(got, regexec(&regex, digits.c_str(), 0, nullptr, 0) == 0)
          << plan.country << ' ' << plan.pattern << ' ' << digits;
      if (got) ++matched;
    }
    regfree(&regex);
  }
  EXPECT_GT(matched, 300U) << "the numbers tried must not all miss";
}

}  // namespace
}  // namespace smsbridge::bridge::text
