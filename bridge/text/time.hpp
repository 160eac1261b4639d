// SPDX-License-Identifier: MPL-2.0
// Times as people and programs write them: RFC 3339, and nothing that only looks like it. A message that goes out at
// another time than the one that was meant is worse than one that is refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge::text {

enum class TimeError {
  form,    // not the digits and signs of RFC 3339 section 5.6
  day,     // no such day in the calendar
  clock,   // hour, minute or second out of range; a leap second where there can be none
  offset,  // beyond 23:59
};

std::string_view explain(TimeError error);

// Milliseconds since 1970 UTC; what is finer is cut. A leap second counts as the second after it, as in POSIX, which
// has no number of its own for it.
tl::expected<std::int64_t, TimeError> parse_rfc3339(std::string_view text);

// "2026-11-24T10:15:30.123Z", from milliseconds since 1970 UTC; parse_rfc3339 reads it.
std::string time_text(std::int64_t at);

}  // namespace smsbridge::bridge::text
