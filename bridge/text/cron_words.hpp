// SPDX-License-Identifier: MPL-2.0
// The words of people for what crontab writes as fields, and back.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge::text {

inline constexpr std::array<std::string_view, 12> month_words{"jan", "feb", "mar", "apr", "may", "jun",
                                                              "jul", "aug", "sep", "oct", "nov", "dec"};
inline constexpr std::array<std::string_view, 7> weekday_words{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// As Cron has them: bit n is the value n.
struct CronSets {
  std::uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0;
  bool any_day = false, any_weekday = false;
};
std::string words_of_fields(const CronSets& sets);

// "every weekday at 08:00" as five fields; an error says what can be read. `words` are in lower case.
tl::expected<std::string, std::string> fields_of_words(std::string_view words);

}  // namespace smsbridge::bridge::text
