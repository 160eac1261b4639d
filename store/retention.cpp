// SPDX-License-Identifier: MPL-2.0
#include "store/retention.hpp"

namespace smsbridge::store {

Retention Retention::of_all(WallMs ms) {
  Retention retention;
  retention.lanes.fill(ms);
  return retention;
}

WallMs Retention::of(TenantId tenant, Lane lane) const {
  const auto own = of_tenants.find({tenant, lane});
  return own == of_tenants.end() ? lanes[static_cast<std::size_t>(lane)] : own->second;
}

std::set<WallMs> Retention::durations() const {
  std::set<WallMs> durations(lanes.begin(), lanes.end());
  for (const auto& [whose, ms] : of_tenants) durations.insert(ms);
  return durations;
}

}  // namespace smsbridge::store
