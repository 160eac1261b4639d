// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/locale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t decimal_digits_max = 40;
constexpr std::size_t fraction_shown_max = 6;  // Fineract's scale

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<int> small_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void trim_zeros(Decimal& number) {
  number.whole.erase(0, number.whole.find_first_not_of('0'));
  number.fraction.erase(number.fraction.find_last_not_of('0') + 1);
  if (number.whole.empty() && number.fraction.empty()) number.negative = false;
}

void move_point(Decimal& number, int exponent) {
  auto digits = number.whole + number.fraction;
  auto point = static_cast<std::ptrdiff_t>(number.whole.size()) + exponent;
  if (point < 0) {
    digits.insert(0, static_cast<std::size_t>(-point), '0');
    point = 0;
  }
  const auto whole = static_cast<std::size_t>(point);
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  number.whole = digits.substr(0, whole);
  number.fraction = digits.substr(whole);
}

// Half away from zero, as money is rounded.
Decimal rounded(Decimal number, std::size_t digits) {
  if (number.fraction.size() <= digits) return number;
  const bool up = number.fraction[digits] >= '5';
  number.fraction.resize(digits);
  auto all = number.whole + number.fraction;
  if (up) {
    auto at = all.size();
    while (at > 0 && all[at - 1] == '9') all[--at] = '0';
    if (at > 0)
      ++all[at - 1];
    else
      all.insert(0, 1, '1');
  }
  number.whole = all.substr(0, all.size() - digits);
  number.fraction = all.substr(all.size() - digits);
  return number;
}

std::string grouped(std::string_view whole, const Locale& locale) {
  if (whole.empty()) return "0";
  if (static_cast<int>(whole.size()) < locale.grouped_from) return std::string(whole);
  std::string text(whole);
  auto step = static_cast<std::size_t>(locale.last_group);
  for (auto at = text.size(); at > step;) {
    at -= step;
    text.insert(at, locale.group);
    step = static_cast<std::size_t>(locale.other_groups);
  }
  return text;
}

std::string joined(bool negative, std::string whole, std::string_view fraction, const Locale& locale) {
  auto text = (negative ? "-" : "") + std::move(whole);
  if (!fraction.empty()) text.append(locale.decimal).append(fraction);
  return text;
}

std::size_t digits_of_currency(std::string_view currency) {
  for (const auto& [code, digits] : currencies_without_two_digits())
    if (code == currency) return static_cast<std::size_t>(digits);
  return 2;
}

Decimal as_amount(const Decimal& amount, std::string_view currency) {
  const auto digits = digits_of_currency(currency);
  auto number = rounded(amount, digits);
  trim_zeros(number);
  if (!number.fraction.empty()) number.fraction.resize(digits, '0');
  return number;
}

// English names, whole or their first three letters: Fineract's own forms have no others.
std::optional<int> month_of(std::string_view name) {
  if (name.size() < 3) return std::nullopt;
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto& months = locale_of("en").months_long;
  for (std::size_t i = 0; i < months.size(); ++i) {
    std::string month(months[i]);
    month[0] = static_cast<char>(month[0] + 32);
    if (month == lower || month.substr(0, 3) == lower) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

std::optional<Day> day_of(std::string_view year, std::optional<int> month, std::string_view day) {
  const auto y = year.size() == 4 ? small_number(year) : std::nullopt;
  const auto d = day.empty() || day.size() > 2 ? std::nullopt : small_number(day);
  if (!y || !month || !d) return std::nullopt;
  const Day found{.year = *y, .month = *month, .day = *d};
  return is_day(found) ? std::optional(found) : std::nullopt;
}

std::vector<std::string_view> cut_at(std::string_view text, char sign) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(sign, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

}  // namespace

const Locale& locale_of(std::string_view language) {
  const auto all = locales();
  const auto it = std::ranges::find(all, language, &Locale::language);
  return it == all.end() ? all.front() : *it;
}

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal number;
  if (text.starts_with('-') || text.starts_with('+')) {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    auto power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto value = small_number(power);
    if (!value || *value > static_cast<int>(decimal_digits_max) || *value < -static_cast<int>(decimal_digits_max))
      return std::nullopt;
    exponent = *value;
    text = text.substr(0, e);
  }
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (whole.empty() || whole.size() + fraction.size() > decimal_digits_max || !all_digits(whole) ||
      !all_digits(fraction) || (point != std::string_view::npos && fraction.empty()))
    return std::nullopt;
  number.whole = whole;
  number.fraction = fraction;
  move_point(number, exponent);
  trim_zeros(number);
  return number;
}

std::string plain_text(const Decimal& number, const Locale& locale) {
  auto shown = rounded(number, fraction_shown_max);
  trim_zeros(shown);
  return joined(shown.negative, shown.whole.empty() ? "0" : shown.whole, shown.fraction, locale);
}

std::string number_text(const Decimal& number, const Locale& locale) {
  auto shown = rounded(number, fraction_shown_max);
  trim_zeros(shown);
  return joined(shown.negative, grouped(shown.whole, locale), shown.fraction, locale);
}

std::string amount_text(const Decimal& amount, const Locale& locale, std::string_view currency) {
  const auto shown = as_amount(amount, currency);
  return joined(shown.negative, grouped(shown.whole, locale), shown.fraction, locale);
}

std::string money_text(const Decimal& amount, const Locale& locale, std::string_view currency) {
  auto text = amount_text(amount, locale, currency);
  if (currency.empty()) return text;
  if (!locale.currency_first) return text + " " + std::string(currency);
  const bool negative = text.starts_with('-');
  return (negative ? "-" : "") + std::string(currency) + " " + text.substr(negative ? 1 : 0);
}

bool is_day(const Day& day) {
  using namespace std::chrono;
  return day.year >= 1000 && day.year <= 9999 && day.month > 0 && day.day > 0 &&
         year_month_day(year(day.year), month(static_cast<unsigned>(day.month)),
                        std::chrono::day(static_cast<unsigned>(day.day)))
             .ok();
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() > 10 && (text[10] == 'T' || text[10] == ' ') && text[4] == '-') text = text.substr(0, 10);
  if (const auto p = cut_at(text, '-'); p.size() == 3)
    return p[0].size() == 4 ? day_of(p[0], small_number(p[1]), p[2]) : day_of(p[2], small_number(p[1]), p[0]);
  if (const auto p = cut_at(text, ' '); p.size() == 3) return day_of(p[2], month_of(p[1]), p[0]);
  if (const auto p = cut_at(text, ':'); p.size() == 3) return day_of(p[2], month_of(p[0]), p[1]);
  return std::nullopt;
}

std::string day_text(const Day& day, const Locale& locale, DayForm form) {
  const auto month = static_cast<std::size_t>(day.month - 1);
  const auto pattern = form == DayForm::short_form ? locale.day_short
                       : form == DayForm::medium   ? locale.day_medium
                                                   : locale.day_long;
  return fmt::format(
      fmt::runtime(pattern), fmt::arg("d", day.day), fmt::arg("dd", fmt::format("{:02}", day.day)),
      fmt::arg("m", form == DayForm::long_form ? locale.months_long[month] : locale.months_medium[month]),
      fmt::arg("n", day.month), fmt::arg("mm", fmt::format("{:02}", day.month)), fmt::arg("y", day.year),
      fmt::arg("yy", fmt::format("{:02}", day.year % 100)));
}

}  // namespace smsbridge::bridge::text
