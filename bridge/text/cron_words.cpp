// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/cron_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <set>
#include <vector>

namespace smsbridge::bridge::text {
namespace {

constexpr std::array<std::string_view, 12> month_names{"January",   "February", "March",    "April",
                                                       "May",       "June",     "July",     "August",
                                                       "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekday_names{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                        "Thursday", "Friday", "Saturday"};

constexpr std::uint64_t all_hours = (1u << 24) - 1, all_days = 0xFFFFFFFE, all_months = 0x1FFE, all_weekdays = 0x7F;
constexpr std::uint64_t all_minutes = (std::uint64_t{1} << 60) - 1, working_days = 0x3E;
constexpr std::size_t times_most = 6;  // that are named one by one

// ---- fields to words ----

std::vector<int> values_of(std::uint64_t bits) {
  std::vector<int> values;
  for (; bits; bits &= bits - 1) values.push_back(std::countr_zero(bits));
  return values;
}

std::string listed(const std::vector<std::string>& words, std::string_view last = " and ") {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == words.size() ? last : ", ").append(words[i]);
  return text;
}

template <class Word>
std::string listed(std::uint64_t bits, const Word& word, std::string_view last = " and ") {
  std::vector<std::string> words;
  for (const int value : values_of(bits)) words.emplace_back(word(value));
  return listed(words, last);
}

// "8 to 17" where they follow on each other.
std::string numbers_in_words(std::uint64_t bits) {
  const auto values = values_of(bits);
  if (values.size() > 2 && values.back() - values.front() + 1 == static_cast<int>(values.size()))
    return fmt::format("{} to {}", values.front(), values.back());
  return listed(bits, [](int value) { return std::to_string(value); });
}

std::string ordinal(int day) {
  if (day == 1) return "first";
  const bool teen = day >= 11 && day <= 13;
  const int last = teen ? 0 : day % 10;
  return std::to_string(day) + (last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th");
}

std::string month_name(int month) { return std::string(month_names[static_cast<std::size_t>(month - 1)]); }
std::string weekday_name(int day) { return std::string(weekday_names[static_cast<std::size_t>(day)]); }

// From 0 on in equal steps to the end: the step, else 0.
int step_of(std::uint64_t bits, int end) {
  const auto values = values_of(bits);
  if (values.size() < 2 || values.front() != 0) return 0;
  const int step = values[1];
  if (end % step || static_cast<int>(values.size()) != end / step) return 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != static_cast<int>(i) * step) return 0;
  return step;
}

std::string day_in_words(const CronSets& sets) {
  const bool either = !sets.any_day && !sets.any_weekday;
  bool by_day = sets.days != all_days, by_weekday = sets.weekdays != all_weekdays;
  if (either && !(by_day && by_weekday)) by_day = by_weekday = false;
  const auto months = sets.months == all_months ? std::string() : listed(sets.months, month_name);
  const auto in_months = months.empty() ? "" : " in " + months;
  const auto of_month = "on the " + listed(sets.days, ordinal) + " of " + (months.empty() ? "each month" : months);
  const auto weekdays = sets.weekdays == working_days ? "weekday" : listed(sets.weekdays, weekday_name);
  if (!by_day && !by_weekday) return "every day" + in_months;
  if (!by_day) return "every " + weekdays + in_months;
  if (!by_weekday) return of_month;
  if (either) return of_month + ", and every " + weekdays + in_months;
  return of_month + ", if it is a " +
         (sets.weekdays == working_days ? "weekday" : listed(sets.weekdays, weekday_name, " or "));
}

// What stands behind the day, with its " at " or ", ".
std::string times_in_words(const CronSets& sets) {
  const auto count = static_cast<std::size_t>(std::popcount(sets.minutes) * std::popcount(sets.hours));
  const auto hours = values_of(sets.hours);
  const int minute_step = step_of(sets.minutes, 60), hour_step = step_of(sets.hours, 24);
  if (sets.hours == all_hours) {
    if (sets.minutes == all_minutes) return ", every minute";
    if (minute_step) return fmt::format(", every {} minutes", minute_step);
    if (sets.minutes == 1) return ", every hour";
    return ", every hour at minute " + numbers_in_words(sets.minutes);
  }
  if (sets.minutes == 1 && hour_step && hours.size() > 2) return fmt::format(", every {} hours", hour_step);
  if (count <= times_most) {
    std::vector<std::string> times;
    for (const int hour : hours)
      for (const int minute : values_of(sets.minutes)) times.push_back(fmt::format("{:02}:{:02}", hour, minute));
    return " at " + listed(times);
  }
  const bool follow = hours.back() - hours.front() + 1 == static_cast<int>(hours.size());
  if (sets.minutes == 1 && follow)
    return fmt::format(", every hour from {:02}:00 to {:02}:00", hours.front(), hours.back());
  return ", at minute " + numbers_in_words(sets.minutes) + " of hour " + numbers_in_words(sets.hours);
}

}  // namespace

std::string words_of_fields(const CronSets& sets) {
  const auto day = day_in_words(sets), times = times_in_words(sets);
  return day == "every day" && times.starts_with(", every") ? times.substr(2) : day + times;
}

// ---- words to fields ----

namespace {

constexpr std::string_view forms =
    "write five fields such as 0 8 * * mon-fri, or words such as: every weekday at 08:00; every Monday and Thursday at "
    "08:00; on the first of each month at 07:30; every 15 minutes; every hour from 08:00 to 17:00";

// Without what only makes it readable.
std::vector<std::string> tokens_of(std::string_view words) {
  std::vector<std::string> tokens;
  for (std::size_t at = 0; (at = words.find_first_not_of(" \t,", at)) != std::string_view::npos;) {
    const auto end = std::min(words.find_first_of(" \t,", at), words.size());
    const auto token = words.substr(at, end - at);
    if (token != "and" && token != "the" && token != "on") tokens.emplace_back(token);
    at = end;
  }
  return tokens;
}

// "mon", "monday" and "mondays".
template <std::size_t Size>
std::optional<int> index_of(const std::array<std::string_view, Size>& words, std::string_view token) {
  for (std::size_t i = 0; i < Size; ++i) {
    const std::string_view name = Size == 7 ? weekday_names[i % 7] : month_names[i % 12];
    if (!token.starts_with(words[i])) continue;
    const auto rest = token.substr(words[i].size()), whole = name.substr(words[i].size());
    if (rest.empty() || rest == whole || rest == std::string(whole) + "s") return static_cast<int>(i);
  }
  return std::nullopt;
}

std::optional<int> number_of(std::string_view text, int low, int high) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
  return value;
}

std::optional<int> day_in_month(std::string_view token) {
  if (token == "first") return 1;
  for (const std::string_view end : {"st", "nd", "rd", "th"})
    if (token.ends_with(end)) return number_of(token.substr(0, token.size() - 2), 1, 31);
  return std::nullopt;
}

struct TimeOfDay {
  int hour = 0, minute = 0;
};
std::optional<TimeOfDay> time_of_day(std::string_view token) {
  const auto colon = token.find(':');
  if (colon == std::string_view::npos || token.size() != colon + 3) return std::nullopt;
  const auto hour = number_of(token.substr(0, colon), 0, 23), minute = number_of(token.substr(colon + 1), 0, 59);
  if (!hour || !minute) return std::nullopt;
  return TimeOfDay{.hour = *hour, .minute = *minute};
}

// Clause by clause; each takes the tokens that it knows.
class WordReader {
 public:
  explicit WordReader(std::string_view words) : tokens_(tokens_of(words)) {}

  tl::expected<std::string, std::string> read() {
    while (at_ < tokens_.size())
      if (!every() && !of_month() && !in_months() && !at_times() && !from_to())
        return tl::unexpected(not_understood() + " is not understood: " + std::string(forms));
    if (times_ && times_->first.size() * times_->second.size() != times_given_)
      return tl::unexpected<std::string>(
          "times whose minutes differ take a schedule each, such as one at 08:00 and one at 17:30");
    if (times_) hour_ = joined_numbers(times_->second), minute_ = joined_numbers(times_->first);
    if (minute_.empty() || hour_.empty()) return tl::unexpected("says no time of day: " + std::string(forms));
    return fmt::format("{} {} {} {} {}", minute_, hour_, or_star(days_), or_star(months_), or_star(weekdays_));
  }

 private:
  using Numbers = std::set<int>;
  static std::string joined_numbers(const Numbers& numbers) { return fmt::format("{}", fmt::join(numbers, ",")); }
  static std::string or_star(const Numbers& numbers) { return numbers.empty() ? "*" : joined_numbers(numbers); }
  // A clause takes its first word before it finds that the rest is missing.
  std::string not_understood() const { return at_ < tokens_.size() ? "'" + tokens_[at_] + "'" : "the end"; }
  bool is(std::size_t ahead, std::string_view word) const {
    return at_ + ahead < tokens_.size() && tokens_[at_ + ahead] == word;
  }
  template <class Take>
  bool take_some(Numbers& to, int offset, const Take& take) {
    bool any = false;
    for (; at_ < tokens_.size(); ++at_, any = true) {
      const auto value = take(tokens_[at_]);
      if (!value) break;
      to.insert(*value + offset);
    }
    return any;
  }

  bool every() {
    if (is(0, "daily")) return ++at_, true;
    if (!is(0, "every") || at_ + 1 >= tokens_.size()) return false;
    if (is(1, "day")) return at_ += 2, true;
    if (is(1, "weekday") || is(1, "weekdays")) return weekdays_ = {1, 2, 3, 4, 5}, at_ += 2, true;
    if (is(1, "minute")) return minute_ = hour_ = "*", at_ += 2, true;
    if (is(1, "hour")) return at_ += 2, hours_from(1);
    const auto step = number_of(tokens_[at_ + 1], 1, 59);
    if (step && is(2, "minutes") && 60 % *step == 0)
      return minute_ = fmt::format("*/{}", *step), hour_ = "*", at_ += 3, true;
    if (step && is(2, "hours") && 24 % *step == 0) return at_ += 3, hours_from(*step);
    ++at_;
    if (take_some(weekdays_, 0, [](const auto& token) { return index_of(weekday_words, token); })) return true;
    return false;
  }
  bool hours_from(int step) {
    hour_ = step == 1 ? "*" : fmt::format("*/{}", step);
    minute_ = "0";
    const auto minute =
        is(0, "at") && is(1, "minute") && at_ + 2 < tokens_.size() ? number_of(tokens_[at_ + 2], 0, 59) : std::nullopt;
    if (minute) minute_ = std::to_string(*minute), at_ += 3;
    return true;
  }
  bool of_month() {
    if (!take_some(days_, 0, [](const auto& token) { return day_in_month(token); })) return false;
    if (!is(0, "of")) return false;
    if ((is(1, "each") || is(1, "every")) && is(2, "month")) return at_ += 3, true;
    ++at_;
    return months();
  }
  bool months() {
    return take_some(months_, 1, [](const auto& token) { return index_of(month_words, token); });
  }
  bool in_months() { return is(0, "in") && (++at_, months()); }
  bool at_times() {
    if (!is(0, "at")) return false;
    ++at_;
    const auto begin = at_;
    for (; at_ < tokens_.size(); ++at_) {
      const auto time = time_of_day(tokens_[at_]);
      if (!time) break;
      if (!times_) times_.emplace();
      times_->first.insert(time->minute);
      times_->second.insert(time->hour);
      ++times_given_;
    }
    return at_ > begin;
  }
  bool from_to() {
    if (!is(0, "from") || at_ + 3 >= tokens_.size() || !is(2, "to") || hour_ != "*" || minute_ != "0") return false;
    const auto from = time_of_day(tokens_[at_ + 1]), to = time_of_day(tokens_[at_ + 3]);
    if (!from || !to || from->minute || to->minute || from->hour > to->hour) return false;
    hour_ = fmt::format("{}-{}", from->hour, to->hour);
    at_ += 4;
    return true;
  }

  const std::vector<std::string> tokens_;
  std::size_t at_ = 0, times_given_ = 0;
  std::string minute_, hour_;
  Numbers days_, months_, weekdays_;
  std::optional<std::pair<Numbers, Numbers>> times_;  // minutes and hours
};

}  // namespace

tl::expected<std::string, std::string> fields_of_words(std::string_view words) {
  if (words.empty()) return tl::unexpected("is empty: " + std::string(forms));
  return WordReader(words).read();
}

}  // namespace smsbridge::bridge::text
