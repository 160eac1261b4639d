// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/money.hpp"

#include <algorithm>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t decimals = 6, whole_digits_max = 9;

}  // namespace

std::optional<Micro> parse_money(std::string_view decimal) {
  const auto point = std::min(decimal.find('.'), decimal.size());
  const auto whole = decimal.substr(0, point);
  std::string fraction(decimal.substr(std::min(point + 1, decimal.size())));
  if (whole.empty() || whole.size() > whole_digits_max || fraction.size() > decimals ||
      (point < decimal.size() && fraction.empty()))
    return std::nullopt;
  fraction.resize(decimals, '0');
  Micro amount = 0;
  for (const char c : std::string(whole) + fraction) {
    if (c < '0' || c > '9') return std::nullopt;
    amount = amount * 10 + (c - '0');
  }
  return amount;
}

std::string money_text(Micro amount) {
  auto digits = std::to_string(amount);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  auto text = digits.substr(0, digits.size() - decimals) + "." + digits.substr(digits.size() - decimals);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace smsbridge::bridge
