// SPDX-License-Identifier: MPL-2.0
// Time as this folder sees it: always handed in by the caller, never read from a clock.
#pragma once

#include <chrono>

namespace smsbridge::smpp {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

}  // namespace smsbridge::smpp
