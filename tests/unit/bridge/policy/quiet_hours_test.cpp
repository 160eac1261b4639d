// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/quiet_hours.hpp"

#include <gtest/gtest.h>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

WallMs utc(const char* text) { return text::parse_rfc3339(text).value(); }

TenantSettings tenant(int from_hour, int until_minute, QuietHours::Zone zone = QuietHours::Zone::recipient) {
  TenantSettings settings{.name = "umoja", .default_country = "KE"};
  settings.time_zone = "Africa/Nairobi";
  settings.quiet_hours =
      QuietHours{.from_minute = from_hour * 60, .until_minute = until_minute, .lanes = {}, .zone = zone};
  return settings;
}

store::Content message(store::Lane lane, const char* to = "+254712345678") {
  store::Content content;
  content.lane = lane;
  content.to = to;
  return content;
}

// When a campaign may leave; 0: at once.
std::string may_leave(const TenantSettings& tenant, const char* to, const char* at) {
  const auto quiet = quiet_at(tenant, message(store::Lane::campaign, to), utc(at));
  return quiet ? text::time_text(quiet->until) + " " + quiet->zone : "at once";
}

TEST(QuietHours, EndByTheClockOfTheRecipient) {
  const auto night = tenant(20, 7 * 60), noon = tenant(12, 13 * 60 + 30);
  struct Case {
    const char* what;
    const TenantSettings& tenant;
    const char *to, *at, *leaves;
  };
  const auto* const kenya = "+254712345678";
  const auto* const germany = "+4915112345678";
  const Case cases[] = {
      {"before the evening", night, kenya, "2026-11-30T16:59:59.999Z", "at once"},
      {"its first moment", night, kenya, "2026-11-30T17:00:00Z", "2026-12-01T04:00:00.000Z Africa/Nairobi"},
      {"before midnight", night, kenya, "2026-11-30T20:59:00Z", "2026-12-01T04:00:00.000Z Africa/Nairobi"},
      {"after midnight", night, kenya, "2026-11-30T21:01:00Z", "2026-12-01T04:00:00.000Z Africa/Nairobi"},
      {"over the end of the year", night, kenya, "2026-12-31T18:00:00Z", "2027-01-01T04:00:00.000Z Africa/Nairobi"},
      {"its last moment", night, kenya, "2026-12-01T03:59:59.999Z", "2026-12-01T04:00:00.000Z Africa/Nairobi"},
      {"its end", night, kenya, "2026-12-01T04:00:00Z", "at once"},
      {"within one day", noon, kenya, "2026-11-30T09:30:00Z", "2026-11-30T10:30:00.000Z Africa/Nairobi"},
      {"behind it", noon, kenya, "2026-11-30T10:30:00Z", "at once"},
      {"in winter", night, germany, "2026-11-30T19:30:00Z", "2026-12-01T06:00:00.000Z Europe/Berlin"},
      {"in summer", night, germany, "2026-07-01T18:30:00Z", "2026-07-02T05:00:00.000Z Europe/Berlin"},
      {"an hour is left out", night, germany, "2026-03-28T20:00:00Z", "2026-03-29T05:00:00.000Z Europe/Berlin"},
      {"an hour comes twice", night, germany, "2026-10-24T20:00:00Z", "2026-10-25T06:00:00.000Z Europe/Berlin"},
      {"a satellite phone has no country", night, "+881612345678", "2026-11-30T20:00:00Z",
       "2026-12-01T04:00:00.000Z Africa/Nairobi"},
  };
  for (const auto& c : cases) EXPECT_EQ(may_leave(c.tenant, c.to, c.at), c.leaves) << c.what;
}

// Clocks go from 02:00 to 03:00, and from 03:00 back to 02:00.
TEST(QuietHours, EndAlsoWhereTheClocksSkipOrRepeatTheirEnd) {
  const auto* const germany = "+4915112345678";
  const auto half_past_two = tenant(22, 2 * 60 + 30);
  EXPECT_EQ(may_leave(half_past_two, germany, "2026-03-29T00:30:00Z"), "2026-03-29T01:00:00.000Z Europe/Berlin");
  EXPECT_EQ(may_leave(half_past_two, germany, "2026-03-29T01:00:00Z"), "at once");
  EXPECT_EQ(may_leave(half_past_two, germany, "2026-10-25T00:10:00Z"), "2026-10-25T00:30:00.000Z Europe/Berlin");
  EXPECT_EQ(may_leave(half_past_two, germany, "2026-10-25T00:30:00Z"), "at once");
  EXPECT_EQ(may_leave(half_past_two, germany, "2026-10-25T01:10:30Z"), "2026-10-25T01:30:00.000Z Europe/Berlin")
      << "the hour that comes twice is quiet twice";
}

TEST(QuietHours, OfACountryWithSeveralZonesEndInAllOfThem) {
  const auto night = tenant(20, 7 * 60);
  const auto* const congo = "+243812345678";  // Kinshasa is an hour behind Lubumbashi
  EXPECT_EQ(may_leave(night, congo, "2026-11-30T18:30:00Z"), "2026-12-01T06:00:00.000Z Africa/Kinshasa")
      << "19:30 in Kinshasa, 20:30 in Lubumbashi";
  EXPECT_EQ(may_leave(night, congo, "2026-12-01T05:30:00Z"), "2026-12-01T06:00:00.000Z Africa/Kinshasa");
  EXPECT_EQ(may_leave(night, congo, "2026-11-30T17:30:00Z"), "at once");
  // Each minute is quiet somewhere in Russia: then the tenant's clock counts.
  const auto most = tenant(16, 9 * 60);
  EXPECT_EQ(may_leave(most, "+79161234567", "2026-11-30T13:30:00Z"), "2026-12-01T06:00:00.000Z Africa/Nairobi");
  EXPECT_EQ(may_leave(most, "+79161234567", "2026-12-01T06:00:00Z"), "at once");
}

TEST(QuietHours, ByTheClockOfTheTenantWhereItSaysSo) {
  const auto night = tenant(20, 7 * 60, QuietHours::Zone::tenant);
  EXPECT_EQ(may_leave(night, "+4915112345678", "2026-11-30T17:30:00Z"), "2026-12-01T04:00:00.000Z Africa/Nairobi");
  EXPECT_EQ(may_leave(night, "+4915112345678", "2026-12-01T04:30:00Z"), "at once");
}

TEST(QuietHours, AreForTheirLanesAndNeverForLoginCodesOrAnswers) {
  auto night = tenant(20, 7 * 60);
  const auto waits = [&](store::Lane lane, std::string triggered_by = "") {
    auto content = message(lane);
    content.triggered_by = std::move(triggered_by);
    return quiet_at(night, content, utc("2026-11-30T20:00:00Z")).has_value();
  };
  using enum store::Lane;
  EXPECT_TRUE(waits(campaign));
  EXPECT_TRUE(waits(reminder));
  EXPECT_FALSE(waits(transaction));
  EXPECT_FALSE(waits(otp));
  night.quiet_hours->lanes = {otp, transaction};
  EXPECT_FALSE(waits(campaign));
  EXPECT_TRUE(waits(transaction));
  EXPECT_TRUE(waits(transaction, "schedule 7"));
  EXPECT_FALSE(waits(transaction, std::string(answer_of_rule) + "hours")) << "its phone just asked";
  EXPECT_FALSE(waits(otp)) << "whatever is set";
  night.quiet_hours.reset();
  EXPECT_FALSE(waits(transaction));
}

TEST(QuietHours, AreWhatTheMessageSaysBeforeItsLane) {
  auto night = tenant(20, 7 * 60);
  const auto is_held = [&](store::Lane lane, store::AtNight at_night) {
    auto content = message(lane);
    content.at_night = at_night;
    return quiet_at(night, content, utc("2026-11-30T20:00:00Z")).has_value();
  };
  using enum store::Lane;
  using enum store::AtNight;
  EXPECT_TRUE(is_held(transaction, waits));
  EXPECT_FALSE(is_held(transaction, by_lane));
  EXPECT_FALSE(is_held(campaign, goes));
  EXPECT_FALSE(is_held(otp, waits)) << "a login code is of no use in the morning";
  night.quiet_hours.reset();
  EXPECT_FALSE(is_held(transaction, waits)) << "there are none";
}

TEST(QuietHours, SayTheirEndInThePlaceThatEndsThem) {
  const auto quiet = quiet_at(tenant(20, 7 * 60), message(store::Lane::campaign), utc("2026-11-30T20:00:00Z"));
  EXPECT_EQ(quiet.value().words(), "not before 07:00 (quiet hours, Africa/Nairobi)");
}

}  // namespace
}  // namespace smsbridge::bridge
