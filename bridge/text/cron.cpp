// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/cron.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>
#include <span>

#include "bridge/text/cron_words.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/zone.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::int64_t minute_ms = 60'000;
// February 29 falls on each day of the week within this time, also around a year that has none.
constexpr int search_days = 41 * 366;
constexpr std::size_t cron_length_max = 200;

struct CronField {
  std::string_view name;
  int low = 0, high = 0;
  std::span<const std::string_view> words;  // the first stands for `low`
};
constexpr CronField cron_fields[] = {{"minute", 0, 59, {}},
                                     {"hour", 0, 23, {}},
                                     {"day of month", 1, 31, {}},
                                     {"month", 1, 12, month_words},
                                     {"day of week", 0, 7, weekday_words}};

struct Nickname {
  std::string_view name, fields;
};
constexpr Nickname nicknames[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
                                  {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
                                  {"@hourly", "0 * * * *"}};

std::string what_may_stand(const CronField& field) {
  auto text = fmt::format("{} to {}", field.low, field.high);
  if (!field.words.empty()) text += fmt::format(" or {} to {}", field.words.front(), field.words.back());
  return text + ", lists such as 1,15, ranges such as 1-5, steps such as */2";
}

std::optional<int> cron_value(const CronField& field, std::string_view text) {
  for (std::size_t i = 0; i < field.words.size(); ++i)
    if (field.words[i] == text) return field.low + static_cast<int>(i);
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.low || value > field.high)
    return std::nullopt;
  return value;
}

// One of a list: "*", "5", "1-5", each with a step perhaps. Returns why not, or nothing.
std::string add_item(const CronField& field, std::string_view item, std::uint64_t& bits) {
  const auto slash = item.find('/');
  const auto range = item.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    const auto text = item.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc() || end != text.data() + text.size() || step < 1 || step > field.high)
      return fmt::format("the step '{}' is no number from 1 to {}", text, field.high);
  }
  int low = field.low, high = field.high;
  if (range != "*") {
    const auto dash = range.find('-');
    const auto first = cron_value(field, range.substr(0, dash));
    const auto last = dash != std::string_view::npos    ? cron_value(field, range.substr(dash + 1))
                      : slash != std::string_view::npos ? std::optional(field.high)
                                                        : first;
    if (!first || !last) return fmt::format("'{}' is none", range);
    if (*first > *last) return fmt::format("the range '{}' goes backwards", range);
    low = *first, high = *last;
  }
  for (int value = low; value <= high; value += step) bits |= std::uint64_t{1} << value;
  return {};
}

std::string read_cron_field(const CronField& field, const std::string& text, std::uint64_t& bits) {
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (auto why = add_item(field, std::string_view(text).substr(at, comma - at), bits); !why.empty())
      return fmt::format("the {} '{}': {}; it takes {}", field.name, text, why, what_may_stand(field));
    at = comma + 1;
  }
  return {};
}

std::vector<std::string> cron_parts(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(" \t", at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

// Nothing: it is no nickname, or none that there is.
std::string_view fields_of_nickname(std::string_view name) {
  for (const auto& nickname : nicknames)
    if (nickname.name == name) return nickname.fields;
  return {};
}

bool is_fields(std::string_view text) {
  return !text.empty() && (text.front() == '*' || (text.front() >= '0' && text.front() <= '9'));
}

}  // namespace

tl::expected<Cron, std::string> Cron::parse(std::string_view given) {
  if (given.size() > cron_length_max) return tl::unexpected<std::string>("is longer than 200 octets");
  auto text = lower(std::string(given));
  text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.starts_with('@')) {
    const auto nickname = fields_of_nickname(text);
    if (nickname.empty())
      return tl::unexpected("'" + text + "' is none of @hourly, @daily, @weekly, @monthly and @yearly");
    text = nickname;
  } else if (!is_fields(text)) {
    auto fields = fields_of_words(text);
    if (!fields) return tl::unexpected(fields.error());
    text = *std::move(fields);
  }
  const auto parts = cron_parts(text);
  if (parts.size() != std::size(cron_fields))
    return tl::unexpected(fmt::format(
        "has {} fields and not five: minute, hour, day of month, month and day of week, such as 0 8 * * mon-fri{}",
        parts.size(), parts.size() == 6 ? "; leave out the seconds" : ""));
  Cron cron;
  const std::array bits{&cron.minutes_, &cron.hours_, &cron.days_, &cron.months_, &cron.weekdays_};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (auto why = read_cron_field(cron_fields[i], parts[i], *bits[i]); !why.empty()) return tl::unexpected(why);
    cron.fields_ += (i ? " " : "") + parts[i];
  }
  if (cron.weekdays_ & 1u << 7) cron.weekdays_ = (cron.weekdays_ & ~(1u << 7)) | 1;  // Sunday
  cron.any_day_ = parts[2].starts_with('*');
  cron.any_weekday_ = parts[4].starts_with('*');
  if (!cron.ever_comes()) return tl::unexpected("the day of month '" + parts[2] + "' is in none of its months");
  return cron;
}

bool Cron::fits_day(int month, int day, int weekday) const {
  if (!(months_ >> month & 1)) return false;
  const bool by_day = days_ >> day & 1, by_weekday = weekdays_ >> weekday & 1;
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

bool Cron::ever_comes() const {
  if (!any_day_ && !any_weekday_) return true;  // by its day of the week
  constexpr std::array lengths{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int month = 1; month <= 12; ++month)
    if (months_ >> month & 1 && std::countr_zero(days_) <= lengths[static_cast<std::size_t>(month - 1)]) return true;
  return false;
}

std::int64_t Cron::next_after(std::int64_t at, const std::string& zone) const {
  const auto start = local_time(at, zone);
  // By hours that pass: the clocks may show one of them twice, or leave it out.
  if (std::popcount(hours_) == 24) {
    const auto begin = at - ((at % minute_ms) + minute_ms) % minute_ms;
    for (int minute = 1; minute <= 120; ++minute) {
      const auto local = local_time(begin + minute * minute_ms, zone);
      if (minutes_ >> local.minute & 1 && fits_day(local.month, local.day, local.weekday))
        return begin + minute * minute_ms;
    }
  }
  const auto first_day = date::local_days(date::year(start.year) / start.month / start.day);
  for (int ahead = 0; ahead < search_days; ++ahead) {
    const auto midnight = first_day + date::days(ahead);
    const date::year_month_day day(midnight);
    const auto month = static_cast<int>(static_cast<unsigned>(day.month()));
    const auto of_month = static_cast<int>(static_cast<unsigned>(day.day()));
    if (!fits_day(month, of_month, static_cast<int>(date::weekday(midnight).c_encoding()))) continue;
    for (int hour = ahead ? 0 : start.hour; hour < 24; ++hour)
      for (int minute = 0; minute < 60 && hours_ >> hour & 1; ++minute) {
        if (!(minutes_ >> minute & 1)) continue;
        const auto instant = instant_of(
            {.year = static_cast<int>(day.year()), .month = month, .day = of_month, .hour = hour, .minute = minute},
            zone);
        if (instant > at) return instant;
      }
  }
  return at + std::int64_t{search_days} * 24 * 60 * minute_ms;  // parse() lets in nothing that comes so rarely
}

std::int64_t Cron::last_until(std::int64_t at, const std::string& zone) const {
  // Farther and farther back, until one is found that came before: then the last of them.
  for (std::int64_t back = 60 * minute_ms; back < std::int64_t{search_days} * 24 * 60 * minute_ms; back *= 4) {
    auto last = next_after(at - back, zone);
    if (last > at) continue;
    for (auto next = last; next <= at; next = next_after(next, zone)) last = next;
    return last;
  }
  return 0;
}

std::string Cron::fields() const { return fields_; }

std::string Cron::in_words() const {
  return words_of_fields({.minutes = minutes_,
                          .hours = hours_,
                          .days = days_,
                          .months = months_,
                          .weekdays = weekdays_,
                          .any_day = any_day_,
                          .any_weekday = any_weekday_});
}

}  // namespace smsbridge::bridge::text
