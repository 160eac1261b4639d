// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/sender.hpp"

#include <algorithm>

#include "bridge/text/gsm7.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge::text {
namespace {

constexpr std::size_t name_septets_max = 11;      // TS 23.040 section 9.1.2.5
constexpr std::size_t short_code_digits_max = 8;  // longer ones are taken for international numbers
constexpr std::size_t e164_digits_max = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// SMPP 3.4 section 5.2.8: the address is ASCII; section 9.1.2.5 of TS 23.040 puts it into the alphabet of phones, where
// some characters take two septets.
std::string why_not_a_name(std::string_view sender) {
  if (sender.front() == ' ' || sender.back() == ' ') return "it begins or ends with a blank";
  std::size_t septets = 0;
  for (const char c : sender) {
    const auto code = gsm7_code(static_cast<unsigned char>(c));
    if (code == gsm7_outside) return std::string("phones cannot show '") + c + "' in it";
    septets += code > 0xFF ? 2 : 1;
  }
  if (septets > name_septets_max)
    return "a name has at most 11 characters, and this one takes " + std::to_string(septets) +
           (septets == sender.size() ? "" : ": []{}^~|\\ count as two");
  return {};
}

// Digits, perhaps after a plus.
std::string why_not_a_number(std::string_view sender, std::string_view country) {
  const bool plus = sender.front() == '+';
  if (!plus && sender.size() <= short_code_digits_max) return {};
  if (sender.size() <= e164_digits_max + 2 && (plus || !sender.starts_with('0') || sender.starts_with("00")) &&
      normalise_number(sender, {}, plus ? Lengths::any : Lengths::of_mobiles))
    return {};
  const auto meant = normalise_number(sender, country);
  return "it is neither a short code nor an international number" +
         (meant ? "; if " + meant->e164 + " is meant, write that" : std::string("; write + and the calling code"));
}

}  // namespace

std::string why_not_a_sender(std::string_view sender, std::string_view country) {
  if (sender.empty()) return {};
  if (std::ranges::any_of(sender, [](char c) { return c < 0x20 || c > 0x7E; }))
    return "a sender is made of ASCII letters, digits and signs";
  const auto digits = sender.substr(sender.front() == '+' ? 1 : 0);
  if (!digits.empty() && std::ranges::all_of(digits, is_digit)) return why_not_a_number(sender, country);
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const bool grouped = std::ranges::none_of(sender, is_letter) &&
                       std::ranges::count_if(sender, is_digit) > static_cast<std::ptrdiff_t>(short_code_digits_max);
  if (sender.front() == '+' || grouped) return "a number is written with digits only, perhaps behind a +";
  return why_not_a_name(sender);
}

}  // namespace smsbridge::bridge::text
