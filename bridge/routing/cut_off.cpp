// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/cut_off.hpp"

#include <algorithm>

#include "bridge/text/numbering_table.hpp"

namespace smsbridge::bridge {
namespace {

bool takes(const Ways& ways, std::string_view tenant, const GatewaySettings& gateway) {
  return !ways.draining.contains(gateway.id) && ways.table.may_use(tenant, gateway);
}

bool takes(const Ways& ways, std::string_view tenant, const RouteSettings& route) {
  return ways.table.may_use(tenant, route) && std::ranges::any_of(route.via, [&](const RouteSettings::Via& via) {
           const auto gateway = ways.table.gateway(via.gateway);
           return gateway && takes(ways, tenant, *gateway);
         });
}

// What its messages take that fit no route. With routes the first gateway is nobody's default.
bool has_default(const Ways& ways, const TenantSettings& tenant) {
  if (tenant.default_gateway.empty() && !ways.table.routes.empty()) return false;
  const auto gateway = ways.table.default_for(tenant);
  return gateway && takes(ways, tenant.name, *gateway);
}

bool has_way(const Ways& ways, const TenantSettings& tenant) {
  return has_default(ways, tenant) || std::ranges::any_of(ways.table.routes, [&](const RouteSettingsPtr& route) {
           return takes(ways, tenant.name, *route);
         });
}

// How numbers of a country begin; of a prefix: itself.
std::string beginning_of(const std::string& destination) {
  if (destination.starts_with('+')) return destination;
  const auto plans = text::numbering_plans();
  const auto plan = std::ranges::find(plans, std::string_view(destination), &text::NumberingPlan::country);
  return "+" + (plan == plans.end() ? std::string() : std::string(plan->calling_code));
}

// Numbers of a country, or with a prefix that begins with '+': some of them at least.
bool takes(const RouteSettings& route, const std::string& destination) {
  const bool is_country = !destination.starts_with('+');
  const auto beginning = beginning_of(destination);
  const auto meets = [&](const std::string& other) {
    return beginning.starts_with(other) || other.starts_with(beginning);
  };
  const auto holds = [&](const std::string& country) {
    return is_country ? country == destination : meets(beginning_of(country));
  };
  return (route.prefixes.empty() || std::ranges::any_of(route.prefixes, meets)) &&
         (route.countries.empty() || std::ranges::any_of(route.countries, holds));
}

bool reaches(const Ways& ways, const TenantSettings& tenant, const std::string& destination) {
  return has_default(ways, tenant) || std::ranges::any_of(ways.table.routes, [&](const RouteSettingsPtr& route) {
           return takes(*route, destination) && takes(ways, tenant.name, *route);
         });
}

// Where `had` holds for a tenant that is still there and has a way, and `has` no longer does.
template <class Had, class Has>
std::vector<std::string> losers(const Ways& before, const Ways& after, const Had& had, const Has& has) {
  std::vector<std::string> names;
  for (const auto& tenant : before.table.tenants) {
    const auto now = after.table.tenant(tenant->name);
    if (now && has_way(after, *now) && had(*tenant) && !has(*now)) names.push_back(tenant->name);
  }
  return names;
}

template <class Object>
void add_providers(const std::vector<std::shared_ptr<const Object>>& objects,
                   const std::vector<std::shared_ptr<const Object>>& later, const Ways& before, const Ways& after,
                   std::vector<CutOff::Place>& places) {
  for (const auto& object : objects) {
    const auto now = std::ranges::find_if(later, [&](const auto& other) { return other->id == object->id; });
    auto tenants = losers(
        before, after, [&](const TenantSettings& tenant) { return takes(before, tenant.name, *object); },
        [&](const TenantSettings& tenant) { return now != later.end() && takes(after, tenant.name, **now); });
    if (!tenants.empty()) places.push_back({.name = object->name, .id = object->id, .tenants = std::move(tenants)});
  }
}

}  // namespace

CutOff cut_off_between(const Ways& before, const Ways& after) {
  CutOff cut_off;
  for (const auto& tenant : before.table.tenants)
    if (const auto now = after.table.tenant(tenant->name); has_way(before, *tenant) && !(now && has_way(after, *now)))
      cut_off.tenants.push_back(tenant->name);
  std::set<std::string> destinations;
  for (const auto& route : before.table.routes) {
    destinations.insert(route->countries.begin(), route->countries.end());
    destinations.insert(route->prefixes.begin(), route->prefixes.end());
  }
  for (const auto& destination : destinations) {
    const auto within = [&](const Ways& ways) {
      return [&](const TenantSettings& tenant) { return reaches(ways, tenant, destination); };
    };
    if (auto tenants = losers(before, after, within(before), within(after)); !tenants.empty())
      cut_off.destinations.push_back({.name = destination, .tenants = std::move(tenants)});
  }
  add_providers(before.table.gateways, after.table.gateways, before, after, cut_off.providers);
  add_providers(before.table.routes, after.table.routes, before, after, cut_off.providers);
  return cut_off;
}

}  // namespace smsbridge::bridge
