// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "bridge/config.hpp"
#include "bridge/delivery/prices.hpp"

namespace smsbridge::bridge {

using GatewayPtr = std::shared_ptr<const GatewayConfig>;
using RoutePtr = std::shared_ptr<const RouteConfig>;

// The gateways and routes that there are now. It never changes: a change makes another table, and whoever works with
// this one, or with something out of it, keeps it as long as he needs it.
struct RoutingTable {
  std::vector<GatewayPtr> gateways;
  std::vector<RoutePtr> routes;  // the first that fits is taken
  std::shared_ptr<const Prices> prices = std::make_shared<Prices>();

  RoutingTable() = default;
  explicit RoutingTable(const Config& config);  // of the file alone

  void sort_routes();  // by position; equal ones stay as they are

  // nullptr: there is none.
  GatewayPtr gateway(std::string_view name) const;
  GatewayPtr gateway(store::GatewayId id) const;
  // The gateways by the same account with the same carrier, if there are several: receipts belong to the account.
  std::vector<store::GatewayId> sharing_account(const GatewayConfig& gateway) const;
  RoutePtr route(std::string_view name) const;
  RoutePtr route(store::GatewayId id) const;
};

}  // namespace smsbridge::bridge
