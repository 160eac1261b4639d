// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_tasks.hpp"

#include <gtest/gtest.h>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

using Missed = ScheduleSettings::Missed;

WallMs minute_of(const std::string& text) { return text::parse_rfc3339(text + ":00Z").value(); }

TEST(ScheduleTasks, DecideWhatBecomesOfATimeThatCame) {
  struct {
    const char *what, *cron, *due, *now;
    Missed missed;
    const char *instead, *why;
  } const cases[] = {
      {"in time", "0 8 * * *", "2026-11-30T08:00", "2026-11-30T08:00", Missed::once, "", ""},
      {"hardly late", "0 8 * * *", "2026-11-30T08:00", "2026-11-30T08:10", Missed::skip, "", ""},
      {"late", "0 8 * * *", "2026-11-30T08:00", "2026-11-30T19:00", Missed::once, "", ""},
      {"late, and not wanted then", "0 8 * * *", "2026-11-30T08:00", "2026-11-30T08:11", Missed::skip, "",
       "its time was missed"},
      {"the next one is nearer", "0 8 * * *", "2026-11-30T08:00", "2026-11-30T21:00", Missed::once, "",
       "its time was missed, and the next one is nearer"},
      {"the last of several", "0 8 * * *", "2026-11-27T08:00", "2026-11-30T09:00", Missed::once, "2026-11-30T08:00",
       ""},
      {"the last of several is in time", "0 * * * *", "2026-11-30T06:00", "2026-11-30T09:05", Missed::skip,
       "2026-11-30T09:00", ""},
      {"one came while the one before waited", "* * * * *", "2026-11-30T08:00", "2026-11-30T08:02", Missed::once,
       "2026-11-30T08:02", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    ScheduleSettings schedule{.name = "due", .missed = c.missed};
    schedule.cron = text::Cron::parse(c.cron).value();
    const auto found = due_now(schedule, {.name = "umoja"}, minute_of(c.due), minute_of(c.now));
    EXPECT_EQ(found.instead, *c.instead ? minute_of(c.instead) : 0);
    EXPECT_EQ(found.skipped_because, c.why);
  }
}

TEST(ScheduleTasks, MakeUpForWhatIsOnceHoweverLate) {
  const auto at = minute_of("2026-11-30T08:00");
  ScheduleSettings schedule{.name = "due", .at = at};
  const auto found = due_now(schedule, {.name = "umoja"}, at, at + 30ll * 24 * 3'600'000);
  EXPECT_EQ(found.instead, 0);
  EXPECT_EQ(found.skipped_because, "");
}

TEST(ScheduleTasks, SayWhoAskedAndForWhichPeriod) {
  const auto put = [](const store::PutTask& task) { return read_schedule_due(task.body); };
  metrics::TenantMetrics metrics;
  const TenantSettings settings{.name = "umoja"};
  const Tenant tenant{.id = 7, .config = settings, .metrics = metrics};
  const ScheduleSettings schedule{.name = "a/b"};
  const auto asked = asked_task(schedule, tenant, {.due = 5, .period = 3, .by = "amina"});
  EXPECT_EQ(asked.task.key, "a/b/5");
  EXPECT_EQ(schedule_in(asked.task), "a/b");
  EXPECT_EQ(put(asked).period, 3);
  EXPECT_EQ(put(asked).by, "amina");
  EXPECT_EQ(put(due_task(schedule, tenant, 9)).period, 9);
  EXPECT_EQ(read_schedule_due("no JSON").due, 0);
}

}  // namespace
}  // namespace smsbridge::bridge
