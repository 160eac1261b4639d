// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/cron.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge::text {
namespace {

// The next times, one a line, as the zone's own offset does not show: UTC.
std::string next_times(const char* cron, const char* zone, const char* after, int count) {
  const auto read = Cron::parse(cron);
  if (!read) return read.error();
  std::string text;
  auto at = parse_rfc3339(after).value();
  for (int i = 0; i < count; ++i) {
    at = read->next_after(at, zone);
    text += (i ? " " : "") + time_text(at).substr(0, 16);
  }
  return text;
}

TEST(Cron, FindsTheNextTimes) {
  struct {
    const char *what, *cron, *zone, *after, *next;
  } const cases[] = {
      {"each minute", "* * * * *", "UTC", "2026-11-30T10:00:00Z", "2026-11-30T10:01 2026-11-30T10:02"},
      {"later the same minute", "* * * * *", "UTC", "2026-11-30T10:00:30Z", "2026-11-30T10:01"},
      {"not the time itself", "0 8 * * *", "UTC", "2026-11-30T08:00:00Z", "2026-12-01T08:00"},
      {"in the zone", "0 8 * * *", "Africa/Nairobi", "2026-11-30T05:00:00Z", "2026-12-01T05:00 2026-12-02T05:00"},
      {"a zone off by 45 minutes", "0 8 * * *", "Asia/Kathmandu", "2026-11-30T00:00:00Z", "2026-11-30T02:15"},
      {"working days", "30 7 * * mon-fri", "UTC", "2026-11-27T09:00:00Z", "2026-11-30T07:30 2026-12-01T07:30"},
      {"names in any case", "0 0 1 JAN *", "UTC", "2026-11-30T00:00:00Z", "2027-01-01T00:00"},
      {"7 is Sunday", "0 0 * * 7", "UTC", "2026-11-30T00:00:00Z", "2026-12-06T00:00"},
      {"up to Sunday", "0 0 * * 6-7", "UTC", "2026-11-30T00:00:00Z",
       "2026-12-05T00:00 2026-12-06T00:00 2026-12-12T00:00"},
      {"steps", "*/20 9-10 * * *", "UTC", "2026-11-30T09:50:00Z",
       "2026-11-30T10:00 2026-11-30T10:20 2026-11-30T10:40 2026-12-01T09:00"},
      {"steps from a value", "5/25 0 * * *", "UTC", "2026-11-30T00:00:00Z",
       "2026-11-30T00:05 2026-11-30T00:30 2026-11-30T00:55 2026-12-01T00:05"},
      {"lists", "0 6,18 1,15 * *", "UTC", "2026-11-30T00:00:00Z", "2026-12-01T06:00 2026-12-01T18:00 2026-12-15T06:00"},
      {"either day", "0 0 13 * fri", "UTC", "2026-11-30T00:00:00Z",
       "2026-12-04T00:00 2026-12-11T00:00 2026-12-13T00:00"},
      {"both, where one begins with a star", "0 0 */2 * mon", "UTC", "2026-11-30T00:00:00Z",
       "2026-12-07T00:00 2026-12-21T00:00"},
      {"a short month is passed over", "0 0 31 * *", "UTC", "2026-11-30T00:00:00Z",
       "2026-12-31T00:00 2027-01-31T00:00 2027-03-31T00:00"},
      {"February 29", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00"},
      {"@weekly", "@weekly", "UTC", "2026-11-30T00:00:00Z", "2026-12-06T00:00"},
      // Germany: 02:00 to 03:00 are skipped on March 29, and 02:00 to 03:00 come twice on October 25.
      {"a skipped time once, right after the gap", "30 2 * * *", "Europe/Berlin", "2026-03-28T02:00:00Z",
       "2026-03-29T01:00 2026-03-30T00:30"},
      {"several skipped ones together once", "10,40 2 * * *", "Europe/Berlin", "2026-03-28T02:00:00Z",
       "2026-03-29T01:00 2026-03-30T00:10"},
      {"a repeated time once, the first", "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
       "2026-10-25T00:30 2026-10-26T01:30"},
      {"not again in the second pass", "30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30"},
      {"each half hour goes on through both", "*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z",
       "2026-10-25T00:30 2026-10-25T01:00 2026-10-25T01:30 2026-10-25T02:00"},
      {"and over the gap", "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
       "2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30"},
      {"eight stays eight", "0 8 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T06:00 2026-03-30T06:00"},
      {"a day that a place left out", "0 8 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z",
       "2011-12-30T10:00 2012-12-29T18:00"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    const std::string next(c.next);
    const auto count = static_cast<int>(std::ranges::count(next, ' ')) + 1;
    EXPECT_EQ(next_times(c.cron, c.zone, c.after, count), next);
  }
}

TEST(Cron, FindsTheLastTime) {
  struct {
    const char *cron, *zone, *at, *last;
  } const cases[] = {
      {"0 8 * * *", "Africa/Nairobi", "2026-11-30T05:00:00Z", "2026-11-30T05:00"},
      {"0 8 * * *", "Africa/Nairobi", "2026-11-30T04:59:59Z", "2026-11-29T05:00"},
      {"* * * * *", "UTC", "2026-11-30T05:00:30Z", "2026-11-30T05:00"},
      {"0 0 29 2 *", "UTC", "2026-11-30T05:00:00Z", "2024-02-29T00:00"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(time_text(Cron::parse(c.cron)->last_until(parse_rfc3339(c.at).value(), c.zone)).substr(0, 16), c.last);
}

TEST(Cron, SaysWhatIsWrong) {
  struct {
    const char *cron, *why;
  } const cases[] = {
      {"0 24 * * *",
       "the hour '24': '24' is none; it takes 0 to 23, lists such as 1,15, ranges such as 1-5, steps such as */2"},
      {"0 8 * * mun", "the day of week 'mun': 'mun' is none; it takes 0 to 7 or sun to sat, lists"},
      {"0 8 0 * *", "the day of month '0': '0' is none; it takes 1 to 31"},
      {"0 8 * 13 *", "the month '13': '13' is none; it takes 1 to 12 or jan to dec"},
      {"0-60 8 * * *", "the minute '0-60'"},
      {"0 8 * * fri-mon", "the range 'fri-mon' goes backwards"},
      {"*/0 8 * * *", "the step '0' is no number from 1 to 59"},
      {"0, 8 * * *", "the minute '0,': '' is none"},
      {"-5 8 * * *", "'-5' is not understood"},
      {"0 8 30 2 *", "the day of month '30' is in none of its months"},
      {"0 8 31 4,6,9,11 *", "the day of month '31' is in none of its months"},
      {"0 8 * *", "has 4 fields and not five"},
      {"0 0 8 * * ?",
       "has 6 fields and not five: minute, hour, day of month, month and day of week, such as 0 8 * * mon-fri; leave "
       "out the seconds"},
      {"@fortnightly", "'@fortnightly' is none of @hourly, @daily, @weekly, @monthly and @yearly"},
      {"", "is empty: write five fields such as"},
      {"every weekday", "says no time of day"},
      {"every full moon at 08:00", "'full' is not understood: write five fields such as"},
      {"every day at 25:00", "'25:00' is not understood"},
      {"every day at 08:00 and 17:30", "times whose minutes differ take a schedule each"},
      {"every 7 minutes", "'7' is not understood"},
      {"every day at", "the end is not understood: write five fields such as"},
      {"every Monday at 08:00 in", "the end is not understood"},
      {"on the first", "the end is not understood"},
      {"on the 15th of", "the end is not understood"},
      {"on the 30th of February at 08:00", "the day of month '30' is in none of its months"},
  };
  for (const auto& c : cases) {
    const auto read = Cron::parse(c.cron);
    ASSERT_FALSE(read) << c.cron;
    EXPECT_NE(read.error().find(c.why), std::string::npos) << c.cron << ": " << read.error();
  }
  EXPECT_FALSE(Cron::parse(std::string(300, '*')));
}

TEST(Cron, IsNeverImpossibleByADayOfTheWeek) { EXPECT_TRUE(Cron::parse("0 8 30 2 mon")); }

TEST(Cron, ReadsAndWritesTheUsualFormsInWords) {
  struct {
    const char *cron, *words;
  } const cases[] = {
      {"0 8 * * 1,2,3,4,5", "every weekday at 08:00"},
      {"0 8 * * *", "every day at 08:00"},
      {"0 8,17 * * *", "every day at 08:00 and 17:00"},
      {"30 7 1 * *", "on the first of each month at 07:30"},
      {"30 7 1,15,22,31 * *", "on the first, 15th, 22nd and 31st of each month at 07:30"},
      {"0 9 1 1,7 *", "on the first of January and July at 09:00"},
      {"0 8 * * 1,4", "every Monday and Thursday at 08:00"},
      {"0 8 * * 0,6", "every Sunday and Saturday at 08:00"},
      {"0 8 * 12 5", "every Friday in December at 08:00"},
      {"* * * * *", "every minute"},
      {"*/15 * * * *", "every 15 minutes"},
      {"0 * * * *", "every hour"},
      {"5 * * * *", "every hour at minute 5"},
      {"0 */2 * * *", "every 2 hours"},
      {"0 8-17 * * *", "every hour from 08:00 to 17:00"},
      {"*/15 * * * 1,2,3,4,5", "every weekday, every 15 minutes"},
      {"0,30 8,9 * * *", "every day at 08:00, 08:30, 09:00 and 09:30"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.words);
    const auto read = Cron::parse(c.cron), back = Cron::parse(c.words);
    ASSERT_TRUE(read && back) << (read ? back : read).error();
    EXPECT_EQ(read->in_words(), c.words);
    EXPECT_EQ(back->fields(), c.cron);
  }
  EXPECT_EQ(Cron::parse("0 8 * * mon-fri")->in_words(), "every weekday at 08:00");
  EXPECT_EQ(Cron::parse("@monthly")->in_words(), "on the first of each month at 00:00");
  EXPECT_EQ(Cron::parse("Every Mondays, Wed and fridays at 8:05")->fields(), "5 8 * * 1,3,5");
}

TEST(Cron, NamesTheFieldsOfWhatIsUnusual) {
  EXPECT_EQ(Cron::parse("0 8 13 * fri")->in_words(), "on the 13th of each month, and every Friday at 08:00");
  EXPECT_EQ(Cron::parse("0 8 */15 * mon-fri")->in_words(),
            "on the first, 16th and 31st of each month, if it is a weekday at 08:00");
  EXPECT_EQ(Cron::parse("*/20 8-17 * * *")->in_words(), "every day, at minute 0, 20 and 40 of hour 8 to 17");
  EXPECT_EQ(Cron::parse("0 8 1-31 * mon")->in_words(), "every day at 08:00");
}

}  // namespace
}  // namespace smsbridge::bridge::text
