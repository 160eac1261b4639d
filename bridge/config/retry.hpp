// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// What a lane does with a message that was perhaps sent.
enum class DoubtPolicy : std::uint8_t { resend, hold };
inline const std::vector<std::pair<std::string, DoubtPolicy>> doubt_choices = {{"resend", DoubtPolicy::resend},
                                                                               {"hold", DoubtPolicy::hold}};

// How often, and how far apart, a message is tried.
struct RetryPolicy {
  WallMs delay_first_ms = 30'000;
  WallMs delay_max_ms = 600'000;
  int attempts_max = 5;
  DoubtPolicy doubt = DoubtPolicy::resend;
  WallMs resend_delay_ms = 1'000;       // before a message in doubt goes out again
  WallMs hold_ms = 72ll * 3600 * 1000;  // how long a receipt is waited for before a held message fails
};

// What a lane has of its own; the rest is its gateway's.
struct LaneRetry {
  std::optional<WallMs> delay_first_ms, delay_max_ms;
  std::optional<int> attempts_max;
  std::optional<WallMs> resend_delay_ms, hold_ms;
  bool operator==(const LaneRetry&) const = default;
};
// A lane's longest delay holds for its gateway's first one as well.
RetryPolicy retry_of(RetryPolicy gateway, const LaneRetry& lane);

template <class Object>
class Keys;
// Of the section `retry`, of a gateway and of a lane.
const Keys<RetryPolicy>& retry_keys();
const Keys<LaneRetry>& lane_retry_keys();

}  // namespace smsbridge::bridge
