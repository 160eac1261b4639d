// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace smsbridge::bridge {

// Money is whole millionths of its currency: decimal prices never pass through binary fractions.
using Micro = std::int64_t;
std::optional<Micro> parse_money(std::string_view decimal);  // "0.80"; not negative, at most six decimals
std::string money_text(Micro amount);                        // "0.8"

}  // namespace smsbridge::bridge
