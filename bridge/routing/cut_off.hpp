// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <set>
#include <string>
#include <vector>

#include "bridge/routing/routing_table.hpp"

namespace smsbridge::bridge {

// The ways out at one time.
struct Ways {
  const RoutingTable& table;
  std::set<store::GatewayId> draining;  // gateways that take nothing new
};

// Who had a way out and has none any more: what a change should be asked about before it is made.
struct CutOff {
  struct Place {
    std::string name;                  // of a country or prefix that routes name, or of a gateway or route
    store::GatewayId id = 0;           // of a gateway or route: what Fineract asks for
    std::vector<std::string> tenants;  // who could send there
    bool operator==(const Place&) const = default;
  };
  std::vector<std::string> tenants;  // that have no way at all. They are not named below
  std::vector<Place> destinations;   // that no way of the tenant takes
  std::vector<Place> providers;      // that Fineract may name, and that are gone or take nothing
  bool empty() const { return tenants.empty() && destinations.empty() && providers.empty(); }
};

// By what routes name. Hours, lanes, senders and prices are not looked at: a route that takes some messages counts.
CutOff cut_off_between(const Ways& before, const Ways& after);

}  // namespace smsbridge::bridge
