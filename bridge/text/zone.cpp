// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/zone.hpp"

#include <date/tz.h>

#include <fstream>
#include <map>

namespace smsbridge::bridge::text {
namespace {

// Lines of a country, a place and a zone, with tabs between, and perhaps a comment (tzfile's zone.tab).
std::map<std::string, std::vector<std::string>, std::less<>> read_zone_table() {
  std::map<std::string, std::vector<std::string>, std::less<>> zones;
  std::ifstream table("/usr/share/zoneinfo/zone.tab");
  for (std::string line; std::getline(table, line);) {
    const auto place = line.find('\t');
    const auto zone = place == std::string::npos ? place : line.find('\t', place + 1);
    if (line.starts_with('#') || zone == std::string::npos) continue;
    auto name = line.substr(zone + 1, line.find('\t', zone + 1) - zone - 1);
    if (is_zone(name)) zones[line.substr(0, place)].push_back(std::move(name));
  }
  return zones;
}

}  // namespace

bool is_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name)) != nullptr;
  } catch (const std::exception&) {
    return false;
  }
}

const std::vector<std::string>& zones_of(std::string_view country) {
  static const auto table = read_zone_table();
  static const std::vector<std::string> none;
  const auto found = table.find(country);
  return found == table.end() ? none : found->second;
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
