// SPDX-License-Identifier: MPL-2.0
// When something is done again and again: the five fields of crontab(5), or the words of people for the usual ones.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge::text {

class Cron {
 public:
  // "0 8 * * mon-fri", "@daily" or "every weekday at 08:00". An error says which field, and what may stand there.
  // Where day of month and day of week are both given, one of them is enough; one that begins with a star is not given.
  static tl::expected<Cron, std::string> parse(std::string_view text);

  // The first time after `at`, as the clocks of `zone` (see text/zone.hpp) show it; milliseconds since 1970 UTC. A time
  // that they skip comes once, when they do; one that they show twice comes once, the first time. What comes in every
  // hour goes by hours that pass, instead.
  std::int64_t next_after(std::int64_t at, const std::string& zone) const;

  // The last time until `at`, itself included; 0: there was none for forty years.
  std::int64_t last_until(std::int64_t at, const std::string& zone) const;

  // "every weekday at 08:00", "on the first of each month at 07:30". parse() reads it where it is one of the usual
  // forms; for others it names the fields.
  std::string in_words() const;
  std::string fields() const;  // as the five fields

 private:
  bool fits_day(int month, int day, int weekday) const;
  bool ever_comes() const;

  // Bit n: the value n.
  std::uint64_t minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;
  bool any_day_ = false, any_weekday_ = false;  // the field begins with a star
  std::string fields_;
};

}  // namespace smsbridge::bridge::text
