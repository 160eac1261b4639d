// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/zone.hpp"

#include <date/tz.h>

namespace smsbridge::bridge::text {

bool is_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name)) != nullptr;
  } catch (const std::exception&) {
    return false;
  }
}

LocalTime local_time(std::int64_t at, const std::string& zone) {
  using namespace std::chrono;
  const auto local = floor<seconds>(date::locate_zone(zone)->to_local(date::sys_time<milliseconds>(milliseconds(at))));
  const auto midnight = floor<date::days>(local);
  const date::year_month_day day(midnight);
  const date::hh_mm_ss<seconds> time(local - midnight);
  return {.year = static_cast<int>(day.year()),
          .month = static_cast<int>(static_cast<unsigned>(day.month())),
          .day = static_cast<int>(static_cast<unsigned>(day.day())),
          .hour = static_cast<int>(time.hours().count()),
          .minute = static_cast<int>(time.minutes().count()),
          .second = static_cast<int>(time.seconds().count()),
          .weekday = static_cast<int>(date::weekday(midnight).c_encoding())};
}

std::int64_t instant_of(const LocalTime& local, const std::string& zone) {
  using namespace std::chrono;
  // Months first: a thirteenth one is the first of the next year.
  const auto month = date::year(local.year) / 1 + date::months(local.month - 1);
  const date::local_seconds at = date::local_days(month / 1) + date::days(local.day - 1) + hours(local.hour) +
                                 minutes(local.minute) + seconds(local.second);
  const auto instant = date::locate_zone(zone)->to_sys(at, date::choose::earliest);
  return duration_cast<milliseconds>(instant.time_since_epoch()).count();
}

}  // namespace smsbridge::bridge::text
