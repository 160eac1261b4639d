// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/number.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bridge/text/dialled.hpp"
#include "bridge/text/numbering_table.hpp"
#include "bridge/text/pattern.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t e164_digits_max = 15;  // ITU-T E.164 section 6.2.1
constexpr std::size_t e164_digits_min = 7;   // the shortest calling code and number in use: Niue

// The table is asked for every message: where its rows are, by country and by calling code.
class PlanIndex {
 public:
  PlanIndex() {
    for (const auto& plan : numbering_plans()) {
      if (const auto place = country_place(plan.country)) by_country_[*place] = &plan;
      auto& rows = by_code_[number(plan.calling_code)];  // which stand together
      rows = {rows.empty() ? &plan : rows.data(), rows.size() + 1};
    }
  }
  const NumberingPlan* of(std::string_view country) const {
    const auto place = country_place(country);
    return place ? by_country_[*place] : nullptr;
  }
  // The countries behind the calling code that `digits` begin with. No calling code is the beginning of another.
  std::span<const NumberingPlan> behind(std::string_view digits) const {
    if (digits.starts_with('0')) return {};
    for (std::size_t size = 1; size <= 3 && size <= digits.size(); ++size)
      if (const auto rows = by_code_[number(digits.substr(0, size))]; !rows.empty()) return rows;
    return {};
  }

 private:
  static std::optional<std::size_t> country_place(std::string_view iso2) {
    const auto is_letter = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (iso2.size() != 2 || !is_letter(iso2[0]) || !is_letter(iso2[1])) return std::nullopt;
    return static_cast<std::size_t>(iso2[0] - 'A') * 26 + static_cast<std::size_t>(iso2[1] - 'A');
  }
  static std::size_t number(std::string_view digits) {
    std::size_t value = 0;
    for (const char digit : digits) value = 10 * value + static_cast<std::size_t>(digit - '0');
    return value;
  }
  std::array<const NumberingPlan*, 26 * 26> by_country_{};
  std::array<std::span<const NumberingPlan>, 1000> by_code_{};
};

const PlanIndex& plans() {
  static const PlanIndex index;
  return index;
}

// One way to understand the digits. The better one has the higher score.
struct Reading {
  const NumberingPlan* plan = nullptr;  // nothing: an unknown calling code, which is part of `national` then
  std::string national;
  bool possible = false;   // the plan has mobiles of this length
  bool mobile = false;     // ... that look like this one
  bool matched = false;    // ... or other numbers that do
  bool ambiguous = false;  // another reading is as good
  int preference = 0;      // among countries that share a calling code

  int fit() const { return possible * 4 + mobile * 2 + matched; }
  int score() const { return fit() * 4 + preference; }
};

Reading judge(const NumberingPlan& plan, std::string national) {
  Reading out{.plan = &plan, .national = std::move(national)};
  const std::size_t size = out.national.size();
  out.possible = size <= pattern_digits_max && (plan.lengths >> size & 1) != 0 &&
                 plan.calling_code.size() + size <= e164_digits_max;
  out.mobile = out.possible && matches_whole(plan.mobile, out.national);
  out.matched = out.mobile || (out.possible && matches_whole(plan.pattern, out.national));
  return out;
}

// 0 <area> 15 <subscriber> is how Argentina dials what the world dials as +54 9 <area> <subscriber>.
std::optional<std::string> mobile_number(const NumberingPlan& plan, std::string_view digits) {
  constexpr std::string_view mark = "15";
  constexpr std::size_t size = 12;  // area, mark and subscriber
  if (plan.mobile_area.empty()) return std::nullopt;
  if (digits.starts_with('0')) digits.remove_prefix(1);
  if (digits.size() != size) return std::nullopt;
  const Positions areas = match_ends(plan.mobile_area, digits);
  for (std::size_t end = 2; end <= 4; ++end)
    if ((areas >> end & 1) != 0 && digits.substr(end).starts_with(mark))
      return "9" + std::string(digits.substr(0, end)) + std::string(digits.substr(end + mark.size()));
  return std::nullopt;
}

// Digits of a national number, perhaps with the prefix that is only dialled at home. The shortest prefix is preferred,
// and any to none: where both readings are in use, the one who wrote the prefix meant it as one. What looks like a
// prefix is part of the number only where the plan uses such numbers. Otherwise a number that lost a digit behind its
// 0 would have the right length, and go out with the 0 in it.
Reading read_national(const NumberingPlan& plan, std::string_view digits) {
  if (plan.local_area.empty() && !plan.local_pattern.empty() && matches_whole(plan.local_pattern, digits))
    return judge(plan, std::string(digits));
  Reading best;
  const auto consider = [&](std::string national) {
    Reading reading = judge(plan, std::move(national));
    if (best.plan == nullptr || reading.score() > best.score()) best = std::move(reading);
  };
  if (auto mobile = mobile_number(plan, digits)) consider(*std::move(mobile));
  if (!plan.national_prefix.empty()) {
    const Positions ends = match_ends(plan.national_prefix, digits);
    for (std::size_t end = 1; end < digits.size(); ++end)
      if ((ends >> end & 1) != 0) consider(std::string(digits.substr(end)));
  }
  Reading whole = judge(plan, std::string(digits));
  if (best.plan == nullptr || (whole.matched && !best.matched)) return whole;
  return best;
}

// Digits dialled inside the country: here a local number without its area is understood too.
Reading read_at_home(const NumberingPlan& plan, std::string_view digits) {
  if (!plan.local_pattern.empty() && matches_whole(plan.local_pattern, digits))
    return judge(plan, std::string(plan.local_area) + std::string(digits));
  return read_national(plan, digits);
}

// Digits that begin with a calling code.
Reading read_international(std::string_view digits, const NumberingPlan* home) {
  Reading best;
  const auto rows = plans().behind(digits);
  for (const auto& plan : rows) {
    Reading reading = read_national(plan, digits.substr(plan.calling_code.size()));
    if (!plan.leading_digits.empty() && matches_start(plan.leading_digits, reading.national)) reading.preference = 2;
    if (&plan == home) ++reading.preference;
    if (best.plan == nullptr || reading.score() > best.score()) best = std::move(reading);
  }
  if (rows.empty()) best.national = std::string(digits);
  return best;
}

// The best reading after one of the prefixes that end at `ends`, the longest first: 000254 is 000 and 254 in Kenya.
std::optional<Reading> read_after(Positions ends, std::string_view digits, const NumberingPlan* home) {
  std::optional<Reading> best;
  ends &= ~Positions{1};
  while (ends != 0) {
    const auto end = static_cast<std::size_t>(std::bit_width(ends) - 1);
    ends &= ~(Positions{1} << end);
    if (digits.substr(end).empty() || digits[end] == '0') continue;
    Reading reading = read_international(digits.substr(end), home);
    if (!best || reading.score() > best->score()) best = std::move(reading);
  }
  return best;
}

// Digits after an international prefix: 00, which people write everywhere, before those of the country, which can be
// several and name a carrier. 00 57... is a number of Colombia also where 005 is a carrier's prefix and 7 Russia's
// code. Nothing when there is none.
std::optional<Reading> read_after_prefix(std::string_view digits, const NumberingPlan* home) {
  const Positions plain = match_ends("00", digits);
  auto usual = read_after(plain, digits, home);
  if (home == nullptr || home->international_prefix.empty()) return usual;
  auto other = read_after(match_ends(home->international_prefix, digits) & ~plain, digits, home);
  if (!usual || (!usual->possible && other && other->possible)) return other;
  usual->ambiguous = other && other->mobile && !usual->mobile;
  return usual;
}

// The reading of what was dialled without '+'.
Reading read_dialled(std::string_view digits, const NumberingPlan* home) {
  const auto abroad = read_after_prefix(digits, home);
  if (home == nullptr) return abroad ? *abroad : read_international(digits, home);
  Reading at_home = read_at_home(*home, digits);
  if (abroad && (abroad->possible || !at_home.possible)) return *abroad;
  if (digits.starts_with(home->calling_code)) {
    Reading without_prefix = read_international(digits, home);
    if (without_prefix.fit() > at_home.fit()) return without_prefix;
  }
  return at_home;
}

// The reading of a whole field or of its beginning.
Reading read_field(std::string_view digits, bool plus, const NumberingPlan* home) {
  if (!plus) return read_dialled(digits, home);
  // "+00254..." has both; no calling code begins with 0, so only one thing can be meant.
  if (digits.starts_with("00")) digits.remove_prefix(2);
  return read_international(digits, home);
}

// The 0 of +44 (0)20 is not dialled from abroad (ITU-T E.123 section 2.5). It stays where the plan has such numbers and
// has none without it: landlines of Italy.
Reading read_bracketed(const Dialled& dialled, const NumberingPlan* home) {
  Reading with = read_field(dialled.digits, dialled.plus, home);
  if (dialled.bracketed_zero == 0) return with;
  std::string digits = dialled.digits;
  digits.erase(dialled.bracketed_zero, 1);
  Reading without = read_field(digits, dialled.plus, home);
  return with.score() > without.score() ? with : without;
}

// A dot groups digits, and in a spreadsheet's number it is the decimal point. Cuts what is behind that if it is
// nothing: 254712345678.0 has a digit more than was meant.
std::optional<NumberError> cut_decimals(Dialled& dialled, const NumberingPlan* home) {
  if (dialled.dots.empty()) return std::nullopt;
  const std::size_t at = dialled.dots.back();
  const std::string_view head = std::string_view(dialled.digits).substr(0, at);
  const std::string_view tail = std::string_view(dialled.digits).substr(at);
  if (tail.empty()) return std::nullopt;
  const bool nothing = tail.find_first_not_of('0') == std::string_view::npos;
  // Digits in groups, the last of one digit.
  if (dialled.dots.size() > 1) return nothing && tail.size() == 1 ? std::optional(NumberError::decimal) : std::nullopt;
  const bool complete = read_field(head, dialled.plus, home).possible;
  if (!nothing) return complete ? std::optional(NumberError::decimal) : std::nullopt;
  const bool groups = tail.size() > 2;  // 0712345.000 can be a number that ends in zeros
  if (groups && complete && read_field(dialled.digits, dialled.plus, home).possible) return NumberError::decimal;
  if (!groups || complete) dialled.digits.resize(at);
  return std::nullopt;
}

// 0171/1234567 is one number, 0812345678/79 is two.
bool has_several(const Dialled& dialled, const NumberingPlan* home) {
  return std::ranges::any_of(dialled.slashes, [&](std::size_t at) {
    return at < dialled.digits.size() &&
           read_field(std::string_view(dialled.digits).substr(0, at), dialled.plus, home).possible;
  });
}

NumberError length_error(const Reading& reading) {
  const std::size_t size = reading.national.size();
  const auto shortest = static_cast<std::size_t>(std::countr_zero(reading.plan->lengths));
  const auto longest = static_cast<std::size_t>(std::bit_width(reading.plan->lengths) - 1);
  if (size < shortest) return NumberError::too_short;
  if (size > std::min(longest, e164_digits_max - reading.plan->calling_code.size())) return NumberError::too_long;
  return NumberError::impossible;
}

tl::expected<Number, NumberError> number_from(const Reading& reading, Lengths lengths) {
  if (reading.plan == nullptr) {
    return tl::make_unexpected(reading.national.starts_with('0') ? NumberError::impossible : NumberError::unassigned);
  }
  if (reading.ambiguous) return tl::make_unexpected(NumberError::ambiguous);
  const std::size_t size = reading.plan->calling_code.size() + reading.national.size();
  if (!reading.possible) {
    const bool fits = size >= e164_digits_min && size <= e164_digits_max;
    if (lengths == Lengths::of_mobiles || !fits) return tl::make_unexpected(length_error(reading));
  }
  std::string e164 = "+";
  e164.append(reading.plan->calling_code).append(reading.national);
  return Number{
      .e164 = std::move(e164), .country = std::string(reading.plan->country), .pattern_matched = reading.mobile};
}

}  // namespace

std::string_view explain(NumberError error) {
  switch (error) {
    case NumberError::empty:
      return "the number is empty";
    case NumberError::not_a_number:
      return "the number contains a character that is neither a digit nor a separator";
    case NumberError::several:
      return "the field seems to hold more than one number";
    case NumberError::decimal:
      return "the number was written as a decimal, as spreadsheets do; write it as text";
    case NumberError::too_short:
      return "the number has too few digits for a mobile of its country";
    case NumberError::too_long:
      return "the number has too many digits for a mobile of its country";
    case NumberError::unassigned:
      return "no country has this calling code";
    case NumberError::ambiguous:
      return "the number can be read as two different ones; write it with + and the calling code";
    case NumberError::impossible:
      break;
  }
  return "no mobile of its country has this length, or its calling code cannot exist";
}

tl::expected<Number, NumberError> normalise_number(std::string_view input, std::string_view default_country,
                                                   Lengths lengths) {
  auto dialled = read_dialled_field(input);
  if (!dialled) return tl::make_unexpected(dialled.error());
  const NumberingPlan* home = plans().of(default_country);
  if (const auto error = cut_decimals(*dialled, home)) return tl::make_unexpected(*error);
  if (has_several(*dialled, home)) return tl::make_unexpected(NumberError::several);
  return number_from(read_bracketed(*dialled, home), lengths);
}

std::string national_digits(std::string_view e164, std::string_view country) {
  const NumberingPlan* home = plans().of(country);
  if (home == nullptr) return {};
  auto reading = read_international(digits_of(e164), home);
  return reading.plan == home ? std::move(reading.national) : std::string();
}

bool is_known_country(std::string_view iso2) { return plans().of(iso2) != nullptr; }

}  // namespace smsbridge::bridge::text
