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
using TenantPtr = std::shared_ptr<const TenantConfig>;

// The tenants, gateways and routes that there are now. It never changes: a change makes another table, and whoever
// works with this one, or with something out of it, keeps it as long as he needs it.
struct RoutingTable {
  std::vector<GatewayPtr> gateways;
  std::vector<RoutePtr> routes;  // the first that fits is taken
  std::vector<TenantPtr> tenants;
  Lanes lanes = default_lanes;
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
  TenantPtr tenant(std::string_view name) const;

  // Where a message goes that names no way and fits no route; nullptr: nowhere.
  GatewayPtr default_for(const TenantConfig& tenant) const;
  // A gateway is for the tenants that it names. One that names none is for the only tenant, or for those who have a
  // route by it, or whose default it is. A tenant that is gone may use all: what it left behind goes out.
  bool may_use(std::string_view tenant, const GatewayConfig& gateway) const;
  // The route is for this tenant, and its gateways are not all for others.
  bool may_use(std::string_view tenant, const RouteConfig& route) const;
};

// What differs between two tables, by name.
struct TableChanges {
  struct Names {
    std::vector<std::string> added, changed, removed;
    bool operator==(const Names&) const = default;
  };
  Names tenants, gateways, routes;
  std::vector<std::string> lanes;
  bool prices = false;
};
TableChanges changes_between(const RoutingTable& before, const RoutingTable& after);

}  // namespace smsbridge::bridge
