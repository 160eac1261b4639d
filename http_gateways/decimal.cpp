// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/decimal.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace smsbridge::http_gateways {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "12.5" -> digits "125" and 1 place; nothing for what is no plain decimal.
struct Decimal {
  std::string digits;
  std::size_t places = 0;
};
std::optional<Decimal> parse_decimal(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  Decimal decimal;
  bool point = false;
  for (const char c : text) {
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      decimal.digits += c;
      if (point) ++decimal.places;
    } else {
      return std::nullopt;
    }
  }
  if (decimal.digits.empty() || decimal.digits.size() > 30) return std::nullopt;
  return decimal;
}

std::string print(Decimal decimal) {
  while (decimal.places > 0 && decimal.digits.back() == '0') {
    decimal.digits.pop_back();
    --decimal.places;
  }
  if (decimal.digits.size() <= decimal.places)
    decimal.digits.insert(0, decimal.places + 1 - decimal.digits.size(), '0');
  const auto whole = decimal.digits.size() - decimal.places;
  auto text = decimal.digits.substr(0, whole);
  const auto first = text.find_first_not_of('0');
  text.erase(0, first == std::string::npos ? text.size() - 1 : first);
  if (decimal.places > 0) text += "." + decimal.digits.substr(whole);
  return text;
}

}  // namespace

std::string plain_decimal(std::string_view text) {
  auto decimal = parse_decimal(text);
  return decimal ? print(std::move(*decimal)) : std::string();
}

std::string add_decimals(std::string_view a, std::string_view b) {
  auto x = parse_decimal(a), y = parse_decimal(b);
  if (!x) return plain_decimal(b);
  if (!y) return plain_decimal(a);
  const auto places = std::max(x->places, y->places);
  x->digits.append(places - x->places, '0');
  y->digits.append(places - y->places, '0');
  const auto length = std::max(x->digits.size(), y->digits.size());
  x->digits.insert(0, length - x->digits.size(), '0');
  y->digits.insert(0, length - y->digits.size(), '0');
  std::string sum(length, '0');
  int carry = 0;
  for (auto i = length; i-- > 0;) {
    const int digit = x->digits[i] - '0' + y->digits[i] - '0' + carry;
    sum[i] = static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  if (carry) sum.insert(0, 1, '1');
  return print({.digits = std::move(sum), .places = places});
}

std::string multiply_decimal(std::string_view a, std::int64_t factor) {
  auto x = parse_decimal(a);
  if (!x || factor < 0) return {};
  std::string product;
  std::int64_t carry = 0;
  for (auto i = x->digits.size(); i-- > 0;) {
    carry += (x->digits[i] - '0') * factor;
    product.insert(product.begin(), static_cast<char>('0' + carry % 10));
    carry /= 10;
  }
  for (; carry > 0; carry /= 10) product.insert(product.begin(), static_cast<char>('0' + carry % 10));
  return print({.digits = std::move(product), .places = x->places});
}

}  // namespace smsbridge::http_gateways
