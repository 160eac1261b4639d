// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/time.hpp"

#include <chrono>
#include <optional>

namespace smsbridge::bridge::text {
namespace {

// Takes what is expected off the front of a text, or fails for good.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  int digits(std::size_t count) {
    int value = 0;
    for (; count > 0; --count) {
      if (!next_is_digit()) return fail();
      value = 10 * value + (take() - '0');
    }
    return value;
  }
  void sign(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos)
      fail();
    else
      rest_.remove_prefix(1);
  }
  bool next_is(std::string_view allowed) const {
    return !rest_.empty() && allowed.find(rest_.front()) != std::string_view::npos;
  }
  bool next_is_digit() const { return next_is("0123456789"); }
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  int fail() {
    failed_ = true;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool failed_ = false;
};

struct Written {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
  int offset_sign = 1, offset_hour = 0, offset_minute = 0;
};

// Any number of digits may follow the dot (section 5.6, time-secfrac).
int read_fraction(Scanner& in) {
  int milliseconds = in.digits(1) * 100;
  for (int unit = 10; in.next_is_digit(); unit /= 10) milliseconds += (in.take() - '0') * unit;
  return milliseconds;
}

std::optional<Written> read(std::string_view text) {
  Scanner in(text);
  Written out;
  out.year = in.digits(4);
  in.sign("-");
  out.month = in.digits(2);
  in.sign("-");
  out.day = in.digits(2);
  in.sign("Tt ");  // the blank is allowed by the note of section 5.6
  out.hour = in.digits(2);
  in.sign(":");
  out.minute = in.digits(2);
  in.sign(":");
  out.second = in.digits(2);
  if (in.next_is(".")) {
    in.take();
    out.milliseconds = read_fraction(in);
  }
  if (in.next_is("+-")) {
    out.offset_sign = in.take() == '-' ? -1 : 1;
    out.offset_hour = in.digits(2);
    in.sign(":");
    out.offset_minute = in.digits(2);
  } else {
    in.sign("Zz");
  }
  if (!in.complete()) return std::nullopt;
  return out;
}

}  // namespace

std::string_view explain(TimeError error) {
  switch (error) {
    case TimeError::day:
      return "there is no such day";
    case TimeError::clock:
      return "there is no such time of day";
    case TimeError::offset:
      return "an offset is at most 23:59";
    case TimeError::form:
      break;
  }
  return "a time is written as RFC 3339 says";
}

tl::expected<std::int64_t, TimeError> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto written = read(text);
  if (!written) return tl::make_unexpected(TimeError::form);
  const year_month_day date(year(written->year), month(static_cast<unsigned>(written->month)),
                            day(static_cast<unsigned>(written->day)));
  if (!date.ok()) return tl::make_unexpected(TimeError::day);
  if (written->hour > 23 || written->minute > 59 || written->second > 60) return tl::make_unexpected(TimeError::clock);
  if (written->offset_hour > 23 || written->offset_minute > 59) return tl::make_unexpected(TimeError::offset);
  const auto offset = written->offset_sign * (hours(written->offset_hour) + minutes(written->offset_minute));
  const sys_seconds minute = sys_days(date) + hours(written->hour) + minutes(written->minute) - offset;
  if (written->second == 60) {
    // Leap seconds are the last of a month in UTC (section 5.7).
    const sys_seconds after = minute + seconds(60);
    const auto today = floor<days>(after);
    if (after != today || year_month_day(today).day() != day(1)) return tl::make_unexpected(TimeError::clock);
    return duration_cast<milliseconds>(after.time_since_epoch()).count();
  }
  return duration_cast<milliseconds>((minute + seconds(written->second)).time_since_epoch()).count() +
         written->milliseconds;
}

std::string time_text(std::int64_t at) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(at)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  // By hand: it stands in each answer, and a format string of seven fields costs a tenth of the request.
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t end, std::int64_t value) {
    for (; value > 0; value /= 10) text[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, static_cast<int>(date.year()));
  put(7, static_cast<unsigned>(date.month()));
  put(10, static_cast<unsigned>(date.day()));
  put(13, clock.hours().count());
  put(16, clock.minutes().count());
  put(19, clock.seconds().count());
  put(23, clock.subseconds().count());
  return text;
}

}  // namespace smsbridge::bridge::text
