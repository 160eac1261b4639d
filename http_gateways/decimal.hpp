// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

// Prices as decimal text: never a float.
namespace smsbridge::http_gateways {

// Decimal text without exponent, sign and trailing zeros: "-0.00750" -> "0.0075". Empty: not a number.
std::string plain_decimal(std::string_view text);
std::string add_decimals(std::string_view a, std::string_view b);
std::string multiply_decimal(std::string_view a, std::int64_t factor);

}  // namespace smsbridge::http_gateways
