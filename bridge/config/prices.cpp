// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/prices.hpp"

#include <algorithm>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t decimals = 6, whole_digits_max = 9;

std::string_view digits_of(std::string_view number) { return number.starts_with('+') ? number.substr(1) : number; }

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

std::string Prices::currency_of(store::GatewayId gateway) const {
  const auto it = by_gateway_.find(gateway);
  return it == by_gateway_.end() || it->second.empty() ? std::string() : it->second.begin()->second.currency;
}

bool Prices::add(store::GatewayId gateway, const std::string& prefix, Price price) {
  return by_gateway_[gateway].emplace(digits_of(prefix), std::move(price)).second;
}

const Price* Prices::find(store::GatewayId gateway, std::string_view number) const {
  const auto of_gateway = by_gateway_.find(gateway);
  if (of_gateway == by_gateway_.end()) return nullptr;
  const auto digits = digits_of(number);
  for (auto length = digits.size() + 1; length-- > 0;)
    if (const auto it = of_gateway->second.find(digits.substr(0, length)); it != of_gateway->second.end())
      return &it->second;
  return nullptr;
}

}  // namespace smsbridge::bridge
