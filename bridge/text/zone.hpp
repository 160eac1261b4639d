// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Time as the people of a place count it, by the IANA database that the system keeps up to date. Any thread.
namespace smsbridge::bridge::text {

// A day and a time of day. Fields beyond their range count on: minute 90 is half past the next hour.
struct LocalTime {
  int year = 1970, month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;
  int weekday = 4;  // 0: Sunday; read only
  int minute_of_day() const { return hour * 60 + minute; }
  friend bool operator==(const LocalTime&, const LocalTime&) = default;
};

bool is_zone(std::string_view name);
// The zones of a country (ISO 3166 alpha-2) by zone.tab of that database. None: it is not known there, or there is no
// such file. Read once.
const std::vector<std::string>& zones_of(std::string_view country);

// `zone` is one of the database; of another they throw std::runtime_error. `at` in milliseconds since 1970 UTC.
LocalTime local_time(std::int64_t at, const std::string& zone);
// Of a time that the clocks skip, the instant at which they do; of one that comes twice, the first.
std::int64_t instant_of(const LocalTime& local, const std::string& zone);

}  // namespace smsbridge::bridge::text
