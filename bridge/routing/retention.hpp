// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/access/tenants.hpp"
#include "bridge/routing/routing_table.hpp"
#include "store/retention.hpp"

namespace smsbridge::bridge {

// How long finished messages are kept: as the tenant says, else the lane, else `usual_ms`. What a tenant left behind
// that is gone since the start is kept as it said.
store::Retention retention_of(const RoutingTable& table, const Tenants& tenants, WallMs usual_ms);

}  // namespace smsbridge::bridge
