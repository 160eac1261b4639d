// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <map>
#include <set>
#include <utility>

#include "store/message.hpp"

namespace smsbridge::store {

// How long a finished message is kept: as its lane says, or its tenant for this lane.
struct Retention {
  std::array<WallMs, lane_count> lanes{};
  std::map<std::pair<TenantId, Lane>, WallMs> of_tenants{};

  static Retention of_all(WallMs ms);
  WallMs of(TenantId tenant, Lane lane) const;
  std::set<WallMs> durations() const;
  bool operator==(const Retention&) const = default;
};

}  // namespace smsbridge::store
