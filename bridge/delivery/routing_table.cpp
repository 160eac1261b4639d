// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/routing_table.hpp"

#include <algorithm>

namespace smsbridge::bridge {
namespace {

template <class Object, class Key>
std::shared_ptr<const Object> find(const std::vector<std::shared_ptr<const Object>>& objects, const Key& key,
                                   auto Object::*member) {
  const auto it = std::ranges::find_if(objects, [&](const auto& object) { return (*object).*member == key; });
  return it == objects.end() ? nullptr : *it;
}

}  // namespace

RoutingTable::RoutingTable(const Config& config) : prices(std::make_shared<Prices>(config.prices)) {
  for (const auto& gateway : config.gateways) gateways.push_back(std::make_shared<GatewayConfig>(gateway));
  for (const auto& route : config.routes) routes.push_back(std::make_shared<RouteConfig>(route));
  sort_routes();
}

void RoutingTable::sort_routes() {
  std::ranges::stable_sort(routes, {}, [](const RoutePtr& route) { return route->position; });
}

GatewayPtr RoutingTable::gateway(std::string_view name) const { return find(gateways, name, &GatewayConfig::name); }
GatewayPtr RoutingTable::gateway(store::GatewayId id) const { return find(gateways, id, &GatewayConfig::id); }
std::vector<store::GatewayId> RoutingTable::sharing_account(const GatewayConfig& gateway) const {
  std::vector<store::GatewayId> ids;
  if (gateway.kind != "smpp") return ids;
  for (const auto& other : gateways)
    if (other->kind == gateway.kind && other->endpoint.host == gateway.endpoint.host &&
        other->endpoint.port == gateway.endpoint.port && other->session.system_id == gateway.session.system_id)
      ids.push_back(other->id);
  if (ids.size() < 2) ids.clear();
  return ids;
}

RoutePtr RoutingTable::route(std::string_view name) const { return find(routes, name, &RouteConfig::name); }
RoutePtr RoutingTable::route(store::GatewayId id) const { return find(routes, id, &RouteConfig::id); }

}  // namespace smsbridge::bridge
