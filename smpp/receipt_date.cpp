// SPDX-License-Identifier: MPL-2.0
#include "smpp/receipt_date.hpp"

#include <algorithm>
#include <optional>

namespace smsbridge::smpp {
namespace {

using std::chrono::minutes;

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

using LocalTime = std::chrono::sys_seconds;

std::optional<LocalTime> date_of(int year, std::string_view rest) {
  namespace chr = std::chrono;
  const auto part = [&](std::size_t at) { return rest.size() >= at + 2 ? number(rest.substr(at, 2)) : 0; };
  const chr::year_month_day day{chr::year(year), chr::month(static_cast<unsigned>(part(0))),
                                chr::day(static_cast<unsigned>(part(2)))};
  const int hour = part(4), minute = part(6), second = part(8);
  // A leap second is the only 60 that exists.
  if (!day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return LocalTime{chr::sys_days(day)} + chr::hours(hour) + minutes(minute) + chr::seconds(second);
}

// 10, 12 or 14 digits. Twelve are usually YYMMDDhhmmss, but YYYYMMDDhhmm is met.
std::optional<LocalTime> local_time_of(std::string_view digits) {
  if (!all_digits(digits)) return std::nullopt;
  const auto short_year = [&] { return date_of(2000 + number(digits.substr(0, 2)), digits.substr(2)); };
  const auto full_year = [&] { return date_of(number(digits.substr(0, 4)), digits.substr(4)); };
  switch (digits.size()) {
    case 10:
      return short_year();
    case 12: {
      const auto date = short_year();
      return date ? date : full_year();
    }
    case 14:
      return full_year();
    default:
      return std::nullopt;
  }
}

struct Zoned {
  std::string_view digits;
  minutes offset;
};

// SMPP 3.4 section 7.1.1 has the sign at the end: YYMMDDhhmmss t nn p, nn in quarters of an hour (the tenth may be
// missing). Otherwise the sign stands before hh or hhmm, as in ISO 8601.
std::optional<Zoned> split_zone(std::string_view text) {
  const auto sign = text.find_first_of("+-");
  const auto direction = text[sign] == '-' ? -1 : 1;
  const auto before = text.substr(0, sign), after = text.substr(sign + 1);
  if (!all_digits(before) || !all_digits(after)) return std::nullopt;
  if (after.empty() && (before.size() == 15 || before.size() == 14))
    return Zoned{before.substr(0, 12), minutes(direction * 15 * number(before.substr(before.size() - 2)))};
  if (after.size() == 2) return Zoned{before, minutes(direction * 60 * number(after))};
  if (after.size() == 4)
    return Zoned{before, minutes(direction * (60 * number(after.substr(0, 2)) + number(after.substr(2))))};
  return std::nullopt;
}

}  // namespace

std::string parse_receipt_date(std::string_view text, minutes time_zone_offset) {
  if (text.size() < 10 || text.size() > 19) return {};
  Zoned zoned{text, time_zone_offset};
  if (text.find_first_of("+-") != std::string_view::npos) {
    const auto split = split_zone(text);
    if (!split) return {};
    zoned = *split;
  }
  const auto local = local_time_of(zoned.digits);
  if (!local) return {};
  const auto utc = *local - zoned.offset;
  const auto day = std::chrono::floor<std::chrono::days>(utc);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<std::chrono::seconds> time(utc - day);
  // Every receipt has two of them: digits by hand take a tenth of the time of printf.
  std::string out = "0000-00-00T00:00:00Z";
  const auto put = [&out](std::size_t last, int value) {
    for (; value > 0; value /= 10) out[last--] = static_cast<char>('0' + value % 10);
  };
  put(3, static_cast<int>(date.year()));
  put(6, static_cast<int>(static_cast<unsigned>(date.month())));
  put(9, static_cast<int>(static_cast<unsigned>(date.day())));
  put(12, static_cast<int>(time.hours().count()));
  put(15, static_cast<int>(time.minutes().count()));
  put(18, static_cast<int>(time.seconds().count()));
  return out;
}

}  // namespace smsbridge::smpp
