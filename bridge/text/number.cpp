// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/number.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>

#include "bridge/text/numbering_table.hpp"
#include "bridge/text/pattern.hpp"
#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t e164_digits_max = 15;     // ITU-T E.164 section 6.2.1
constexpr std::size_t unknown_digits_min = 7;   // a calling code we do not know, with the shortest subscriber number
constexpr std::size_t dialled_digits_max = 24;  // with prefixes and a carrier's code; below pattern_digits_max

struct Dialled {
  std::string digits;
  bool plus = false;
};

// The digit that a code point stands for in the scripts that phones enter numbers in.
std::optional<char> digit_of(char32_t value) {
  constexpr char32_t zeros[] = {U'0', 0x0660 /* Arabic-Indic */, 0x06F0 /* Persian */, 0xFF10 /* fullwidth */};
  for (const char32_t zero : zeros)
    if (value >= zero && value <= zero + 9) return static_cast<char>('0' + static_cast<int>(value - zero));
  return std::nullopt;
}

// Spaces and punctuation that separate groups of digits, and the invisible marks that contact lists put around them.
bool is_separator(char32_t value) {
  constexpr std::u32string_view ascii = U" \t-.()[]/";
  if (value < 0x80) return ascii.find(value) != std::u32string_view::npos;
  return value == 0xA0 || (value >= 0x2000 && value <= 0x2015) || (value >= 0x202A && value <= 0x202F) ||
         (value >= 0x2060 && value <= 0x206F) || value == 0x2212 || value == 0x3000 || value == 0xFEFF ||
         value == 0xFF08 || value == 0xFF09 || value == 0xFF0D;
}

tl::expected<Dialled, NumberError> read_digits(std::string_view input) {
  constexpr char32_t fullwidth_plus = 0xFF0B;
  Dialled out;
  while (!input.empty()) {
    const char32_t value = take_code_point(input);
    if (value == invalid_code_point) return tl::make_unexpected(NumberError::not_a_number);
    if (const auto digit = digit_of(value)) {
      if (out.digits.size() == dialled_digits_max) return tl::make_unexpected(NumberError::too_long);
      out.digits.push_back(*digit);
    } else if (value == U'+' || value == fullwidth_plus) {
      if (out.plus || !out.digits.empty()) return tl::make_unexpected(NumberError::not_a_number);
      out.plus = true;
    } else if (!is_separator(value)) {
      return tl::make_unexpected(NumberError::not_a_number);
    }
  }
  if (out.digits.empty()) return tl::make_unexpected(NumberError::empty);
  return out;
}

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
  bool possible = false;  // the plan has numbers of this length
  bool matched = false;   // ... and uses numbers like this one
  int preference = 0;     // among countries that share a calling code

  int score() const { return possible * 8 + matched * 4 + preference; }
};

Reading judge(const NumberingPlan& plan, std::string national) {
  Reading out{.plan = &plan, .national = std::move(national)};
  const std::size_t size = out.national.size();
  out.possible = size <= pattern_digits_max && (plan.lengths >> size & 1) != 0 &&
                 plan.calling_code.size() + size <= e164_digits_max;
  out.matched = out.possible && matches_whole(plan.pattern, out.national);
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

// Digits after an international prefix: that of the country, which can be several, or 00, which people write
// everywhere. Nothing when there is none.
std::optional<Reading> read_after_prefix(std::string_view digits, const NumberingPlan* home) {
  Positions ends = match_ends("00", digits);
  if (home != nullptr && !home->international_prefix.empty()) ends |= match_ends(home->international_prefix, digits);
  ends &= ~Positions{1};
  std::optional<Reading> best;
  while (ends != 0) {  // the longest first: 000254 is 000 and 254 in Kenya
    const auto end = static_cast<std::size_t>(std::bit_width(ends) - 1);
    ends &= ~(Positions{1} << end);
    if (digits.substr(end).empty() || digits[end] == '0') continue;
    Reading reading = read_international(digits.substr(end), home);
    if (!best || reading.score() > best->score()) best = std::move(reading);
  }
  return best;
}

// The reading of what was dialled without '+'.
Reading read_dialled(std::string_view digits, const NumberingPlan* home) {
  const auto abroad = read_after_prefix(digits, home);
  if (home == nullptr) return abroad ? *abroad : read_international(digits, home);
  Reading at_home = read_at_home(*home, digits);
  if (abroad && (abroad->possible || !at_home.possible)) return *abroad;
  if (digits.starts_with(home->calling_code) && !at_home.matched) {
    Reading without_prefix = read_international(digits, home);
    if (without_prefix.possible && (without_prefix.matched || !at_home.possible)) return without_prefix;
  }
  return at_home;
}

tl::expected<Number, NumberError> number_from(const Reading& reading) {
  const std::size_t size = reading.national.size();
  if (reading.plan == nullptr) {
    if (reading.national.starts_with('0')) return tl::make_unexpected(NumberError::impossible);
    if (size < unknown_digits_min) return tl::make_unexpected(NumberError::too_short);
    if (size > e164_digits_max) return tl::make_unexpected(NumberError::too_long);
    return Number{.e164 = "+" + reading.national, .country = {}, .pattern_matched = false};
  }
  if (!reading.possible) {
    const auto shortest = static_cast<std::size_t>(std::countr_zero(reading.plan->lengths));
    const auto longest = static_cast<std::size_t>(std::bit_width(reading.plan->lengths) - 1);
    if (size < shortest) return tl::make_unexpected(NumberError::too_short);
    if (size > std::min(longest, e164_digits_max - reading.plan->calling_code.size()))
      return tl::make_unexpected(NumberError::too_long);
    return tl::make_unexpected(NumberError::impossible);
  }
  std::string e164 = "+";
  e164.append(reading.plan->calling_code).append(reading.national);
  return Number{
      .e164 = std::move(e164), .country = std::string(reading.plan->country), .pattern_matched = reading.matched};
}

}  // namespace

std::string_view explain(NumberError error) {
  switch (error) {
    case NumberError::empty:
      return "the number is empty";
    case NumberError::not_a_number:
      return "the number contains a character that is neither a digit nor a separator";
    case NumberError::too_short:
      return "the number has too few digits for its country";
    case NumberError::too_long:
      return "the number has too many digits for its country";
    case NumberError::impossible:
      break;
  }
  return "no number of its country has this length, or its calling code cannot exist";
}

tl::expected<Number, NumberError> normalise_number(std::string_view input, std::string_view default_country) {
  auto dialled = read_digits(input);
  if (!dialled) return tl::make_unexpected(dialled.error());
  const NumberingPlan* home = plans().of(default_country);
  if (!dialled->plus) return number_from(read_dialled(dialled->digits, home));
  // "+00254..." has both; no calling code begins with 0, so only one thing can be meant.
  std::string_view digits = dialled->digits;
  if (digits.starts_with("00")) digits.remove_prefix(2);
  return number_from(read_international(digits, home));
}

bool is_known_country(std::string_view iso2) { return plans().of(iso2) != nullptr; }

}  // namespace smsbridge::bridge::text
