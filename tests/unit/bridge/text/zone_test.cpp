// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/zone.hpp"

#include <gtest/gtest.h>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge::text {
namespace {

std::int64_t utc(const char* text) { return parse_rfc3339(text).value(); }

TEST(Zone, IsOneOfTheDatabase) {
  EXPECT_TRUE(is_zone("Africa/Nairobi"));
  EXPECT_TRUE(is_zone("UTC"));
  EXPECT_FALSE(is_zone("Africa/Nirobi"));
  EXPECT_FALSE(is_zone(""));
  EXPECT_FALSE(is_zone("../../etc/passwd"));
}

TEST(Zone, OfACountryAreThoseOfTheSystemsTable) {
  EXPECT_EQ(zones_of("KE"), std::vector<std::string>{"Africa/Nairobi"});
  EXPECT_EQ(zones_of("CD"), (std::vector<std::string>{"Africa/Kinshasa", "Africa/Lubumbashi"}));
  EXPECT_TRUE(zones_of("ZZ").empty());
  EXPECT_TRUE(zones_of("").empty());
}

TEST(Zone, TellsDayTimeAndWeekdayOfThePlace) {
  const auto at = local_time(utc("2026-11-29T21:30:05.250Z"), "Africa/Nairobi");
  EXPECT_EQ(at, (LocalTime{2026, 11, 30, 0, 30, 5, 1}));
  EXPECT_EQ(at.minute_of_day(), 30);
  EXPECT_EQ(local_time(-1, "UTC"), (LocalTime{1969, 12, 31, 23, 59, 59, 3}));
}

TEST(Zone, FindsTheInstantOfATimeOfThePlace) {
  EXPECT_EQ(instant_of({2026, 11, 30, 8, 0}, "Africa/Nairobi"), utc("2026-11-30T05:00:00Z"));
  EXPECT_EQ(instant_of({2026, 7, 1, 8, 0}, "Europe/Berlin"), utc("2026-07-01T06:00:00Z"));
  EXPECT_EQ(instant_of({2026, 12, 1, 8, 0}, "Europe/Berlin"), utc("2026-12-01T07:00:00Z"));
}

TEST(Zone, OfASkippedTimeTakesTheInstantOfTheSkip) {
  EXPECT_EQ(instant_of({2026, 3, 29, 2, 30}, "Europe/Berlin"), utc("2026-03-29T01:00:00Z"));
}

TEST(Zone, OfATimeThatComesTwiceTakesTheFirst) {
  EXPECT_EQ(instant_of({2026, 10, 25, 2, 30}, "Europe/Berlin"), utc("2026-10-25T00:30:00Z"));
}

TEST(Zone, CountsOnBeyondTheRangeOfAField) {
  EXPECT_EQ(instant_of({2026, 12, 31 + 1, 0, 90}, "UTC"), utc("2027-01-01T01:30:00Z"));
  EXPECT_EQ(instant_of({2026, 14, 31, 0, 0}, "UTC"), utc("2027-03-03T00:00:00Z"));
}

}  // namespace
}  // namespace smsbridge::bridge::text
