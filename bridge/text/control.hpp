// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <string_view>

namespace smsbridge::bridge::text {

// Line breaks, NUL, ESC and the like: what ends a header, or moves the cursor of a terminal.
inline bool has_control(std::string_view octets) {
  return std::ranges::any_of(octets, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace smsbridge::bridge::text
