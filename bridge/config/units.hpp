// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// "1h30m" -> milliseconds. A bare number is refused: its unit would be a guess.
std::optional<WallMs> parse_duration_ms(std::string_view text);
std::string duration_text(WallMs ms);  // in the largest unit that has it whole

// "64KiB", "16GiB" -> octets.
std::optional<std::uint64_t> parse_size_bytes(std::string_view text);
std::string size_text(std::uint64_t octets);  // likewise

}  // namespace smsbridge::bridge
