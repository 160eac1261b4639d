// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

namespace smsbridge::bridge::text {

// What came from outside, as a terminal or a log may show it: one line of valid UTF-8 that moves no cursor, sets no
// title and turns no line around. Control characters (C0, DEL, C1), line separators and what overrides the direction of
// writing become escapes: \n, \u001b.
std::string printable(std::string_view text);

}  // namespace smsbridge::bridge::text
