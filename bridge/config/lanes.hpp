// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

// What a lane does with a message that was perhaps sent.
enum class DoubtPolicy : std::uint8_t { resend, hold };
inline const std::vector<std::pair<std::string, DoubtPolicy>> doubt_choices = {{"resend", DoubtPolicy::resend},
                                                                               {"hold", DoubtPolicy::hold}};

struct LaneSettings {
  WallMs validity_ms = 0;
  DoubtPolicy doubt = DoubtPolicy::resend;
  bool operator==(const LaneSettings&) const = default;
};
using Lanes = std::array<LaneSettings, store::lane_count>;
inline constexpr Lanes default_lanes{{
    {5 * 60'000, DoubtPolicy::resend},       // otp
    {24ll * 3600'000, DoubtPolicy::resend},  // transaction
    {24ll * 3600'000, DoubtPolicy::hold},    // reminder
    {48ll * 3600'000, DoubtPolicy::hold},    // campaign
}};

}  // namespace smsbridge::bridge
