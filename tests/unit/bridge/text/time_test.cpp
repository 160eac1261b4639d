// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/time.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Time, ReadsRfc3339) {
  constexpr std::int64_t at = 1'790'000'000'123;
  const struct {
    const char* text;
    std::int64_t want;
  } cases[] = {
      {"2026-09-21T14:13:20.123Z", at},
      {"2026-09-21t14:13:20.123z", at},
      {"2026-09-21 14:13:20.123Z", at},
      {"2026-09-21T17:13:20.123+03:00", at},
      {"2026-09-20T14:14:20.123-23:59", at},
      {"2026-09-22T14:12:20.123+23:59", at},
      {"2026-09-21T14:13:20.123-00:00", at},
      {"2026-09-21T14:13:20.1239999999999999999999Z", at},
      {"2026-09-21T14:13:20.1Z", at - 23},
      {"2026-09-21T14:13:20Z", at - 123},
      {"1970-01-01T00:00:00Z", 0},
      {"2028-02-29T00:00:00Z", 1'835'395'200'000},
      {"2000-02-29T12:00:00Z", 951'825'600'000},
      {"0000-01-01T00:00:00Z", -62'167'219'200'000},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
      {"9999-12-31T23:59:59-23:59", 253'402'387'139'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},
      {"1990-12-31T15:59:60.5-08:00", 662'688'000'000},
  };
  for (const auto& c : cases) {
    const auto got = parse_rfc3339(c.text);
    ASSERT_TRUE(got) << c.text << ": " << explain(got.error());
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(Time, RefusesWhatOnlyLooksLikeIt) {
  const struct {
    const char* text;
    TimeError want;
  } cases[] = {
      {"", TimeError::form},
      {"yesterday", TimeError::form},
      {"2026-09-21", TimeError::form},
      {"2026-09-21T14:13:20", TimeError::form},
      {"2026-09-21T14:13Z", TimeError::form},
      {"2026-09-21T14:13:20+3", TimeError::form},
      {"2026-09-21T14:13:20+03", TimeError::form},
      {"2026-09-21T14:13:20+0300", TimeError::form},
      {"2026-09-21T14:13:20+-3:00", TimeError::form},
      {"2026-09-21T14:13:20+3:000", TimeError::form},
      {"2026-09-21T14:13:20 03:00", TimeError::form},
      {"2026-09-21T14:13:20ZZ", TimeError::form},
      {"2026-09-21T14:13:20Z ", TimeError::form},
      {" 2026-09-21T14:13:20Z", TimeError::form},
      {"2026-09-21T14:13:20.Z", TimeError::form},
      {"2026-09-21T14:13:20,5Z", TimeError::form},
      {"2026-09-21T14:13:nanZ", TimeError::form},
      {"2026-09-21T14:13:0x1Z", TimeError::form},
      {"2026-09-21T14:13:0x1pZ", TimeError::form},
      {"2026-09-21T14:13:1e1Z", TimeError::form},
      {"2026-09-21T14:13:infZ", TimeError::form},
      {"2026-09-21T14:13:-1Z", TimeError::form},
      {"2026-09-21T14:13:+1Z", TimeError::form},
      {"2026-09-21T14:13: 1Z", TimeError::form},
      {"2026-09-21T1:13:20Z", TimeError::form},
      {"2026-9-21T14:13:20Z", TimeError::form},
      {"026-09-21T14:13:20Z", TimeError::form},
      {"+026-09-21T14:13:20Z", TimeError::form},
      {"-999-09-21T14:13:20Z", TimeError::form},
      {"12026-09-21T14:13:20Z", TimeError::form},
      {"2026/09/21T14:13:20Z", TimeError::form},
      {"2026-09-21_14:13:20Z", TimeError::form},
      {"\u0662026-09-21T14:13:20Z", TimeError::form},
      {"2027-02-31T08:00:00Z", TimeError::day},
      {"2027-02-29T08:00:00Z", TimeError::day},
      {"2100-02-29T08:00:00Z", TimeError::day},
      {"2027-04-31T08:00:00Z", TimeError::day},
      {"2027-00-10T08:00:00Z", TimeError::day},
      {"2027-13-10T08:00:00Z", TimeError::day},
      {"2027-01-00T08:00:00Z", TimeError::day},
      {"2027-01-32T08:00:00Z", TimeError::day},
      {"2027-01-01T24:00:00Z", TimeError::clock},
      {"2027-01-01T23:60:00Z", TimeError::clock},
      {"2027-01-01T23:59:61Z", TimeError::clock},
      {"2027-01-01T08:00:60Z", TimeError::clock},
      {"2027-01-15T23:59:60Z", TimeError::clock},
      {"2016-12-31T23:59:60+01:00", TimeError::clock},
      {"2027-01-01T08:00:00+24:00", TimeError::offset},
      {"2027-01-01T08:00:00+99:99", TimeError::offset},
      {"2027-01-01T08:00:00-23:60", TimeError::offset},
  };
  for (const auto& c : cases) {
    const auto got = parse_rfc3339(c.text);
    ASSERT_FALSE(got) << c.text << " became " << *got;
    EXPECT_EQ(got.error(), c.want) << c.text;
  }
  EXPECT_FALSE(parse_rfc3339(std::string_view("2026-09-21T14:13:20Z\0", 21)));
}

TEST(Time, EveryErrorHasItsOwnMessage) {
  const TimeError errors[] = {TimeError::form, TimeError::day, TimeError::clock, TimeError::offset};
  for (const auto& a : errors)
    for (const auto& b : errors) EXPECT_EQ(a == b, explain(a) == explain(b));
}

}  // namespace
}  // namespace smsbridge::bridge::text
