// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/retention.hpp"

namespace smsbridge::bridge {

store::Retention retention_of(const RoutingTable& table, const Tenants& tenants, WallMs usual_ms) {
  store::Retention retention;
  const auto known = tenants.names();
  for (std::size_t lane = 0; lane < store::lane_count; ++lane) {
    retention.lanes[lane] = table.lanes[lane].retention_ms.value_or(usual_ms);
    for (const auto& [id, name] : known)
      if (const auto own = tenants.find(id)->config.lanes[lane].retention_ms)
        retention.of_tenants[{id, static_cast<store::Lane>(lane)}] = *own;
  }
  return retention;
}

}  // namespace smsbridge::bridge
