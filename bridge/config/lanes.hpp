// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bridge/config/retry.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct LaneSettings {
  WallMs validity_ms = 0;
  DoubtPolicy doubt = DoubtPolicy::resend;
  LaneRetry retry{};
  std::optional<WallMs> retention_ms{};  // of what is finished; else that of the store
  bool operator==(const LaneSettings&) const = default;
};
using Lanes = std::array<LaneSettings, store::lane_count>;
inline constexpr Lanes default_lanes{{
    {5 * 60'000, DoubtPolicy::resend},       // otp
    {24ll * 3600'000, DoubtPolicy::resend},  // transaction
    {24ll * 3600'000, DoubtPolicy::hold},    // reminder
    {48ll * 3600'000, DoubtPolicy::hold},    // campaign
}};

// What a tenant says of a lane; what it leaves out is the process's. How often a message is tried, and what becomes of
// one in doubt, is a carrier's matter.
struct TenantLane {
  std::optional<WallMs> validity_ms, retention_ms;
  bool operator==(const TenantLane&) const = default;
};
using TenantLanes = std::array<TenantLane, store::lane_count>;

template <class Object>
class Keys;
const Keys<Lanes>& lanes_keys();  // one section a lane
const Keys<TenantLanes>& tenant_lanes_keys();
const std::vector<std::pair<std::string, store::Lane>>& lane_choices();

}  // namespace smsbridge::bridge
