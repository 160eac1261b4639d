// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/e164.hpp"

#include <algorithm>

namespace smsbridge::http_gateways {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string digits_of(std::string_view e164) {
  if (e164.starts_with('+')) e164.remove_prefix(1);
  return std::string(e164);
}

std::string with_plus(std::string_view number) {
  const bool is_number = number.size() >= 7 && number.size() <= 15 && std::ranges::all_of(number, is_digit);
  return (is_number ? "+" : "") + std::string(number);
}

}  // namespace smsbridge::http_gateways
