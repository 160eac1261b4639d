// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/routing_table.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "bridge/config/ready_templates.hpp"

namespace smsbridge::bridge {
namespace {

template <class Object, class Key>
std::shared_ptr<const Object> find(const std::vector<std::shared_ptr<const Object>>& objects, const Key& key,
                                   auto Object::*member) {
  const auto it = std::ranges::find_if(objects, [&](const auto& object) { return (*object).*member == key; });
  return it == objects.end() ? nullptr : *it;
}

}  // namespace

RoutingTable::RoutingTable(const Config& config)
    : lanes(config.lanes), prices(std::make_shared<Prices>(config.prices)) {
  for (const auto& tenant : config.tenants) tenants.push_back(std::make_shared<TenantSettings>(tenant));
  for (const auto& gateway : config.gateways) gateways.push_back(std::make_shared<GatewaySettings>(gateway));
  for (const auto& route : config.routes) routes.push_back(std::make_shared<RouteSettings>(route));
  for (const auto& webhook : config.webhooks) webhooks.push_back(std::make_shared<WebhookSettings>(webhook));
  for (const auto& rule : config.inbound_rules) inbound_rules.push_back(std::make_shared<InboundRuleSettings>(rule));
  for (const auto& made : config.templates) templates.push_back(std::make_shared<TemplateSettings>(made));
  for (const auto& event : config.events) events.push_back(std::make_shared<EventSettings>(event));
  for (const auto& schedule : config.schedules) schedules.push_back(std::make_shared<ScheduleSettings>(schedule));
  sort_routes();
  sort_inbound_rules();
}

void RoutingTable::sort_routes() {
  std::ranges::stable_sort(routes, {}, [](const RouteSettingsPtr& route) { return route->position; });
}

void RoutingTable::sort_inbound_rules() {
  std::ranges::stable_sort(inbound_rules, {}, [](const InboundRulePtr& rule) { return rule->position; });
}

GatewaySettingsPtr RoutingTable::gateway(std::string_view name) const {
  return find(gateways, name, &GatewaySettings::name);
}
GatewaySettingsPtr RoutingTable::gateway(store::GatewayId id) const { return find(gateways, id, &GatewaySettings::id); }
std::vector<store::GatewayId> RoutingTable::sharing_account(const GatewaySettings& gateway) const {
  std::vector<store::GatewayId> ids;
  if (!gateway.is_smpp()) return ids;
  for (const auto& other : gateways)
    if (have_one_account(*other, gateway)) ids.push_back(other->id);
  if (ids.size() < 2) ids.clear();
  return ids;
}

RouteSettingsPtr RoutingTable::route(std::string_view name) const { return find(routes, name, &RouteSettings::name); }
RouteSettingsPtr RoutingTable::route(store::RouteId id) const { return find(routes, id, &RouteSettings::id); }
TenantSettingsPtr RoutingTable::tenant(std::string_view name) const {
  return find(tenants, name, &TenantSettings::name);
}
WebhookSettingsPtr RoutingTable::webhook(std::string_view name) const {
  return find(webhooks, name, &WebhookSettings::name);
}
WebhookSettingsPtr RoutingTable::webhook(store::GatewayId id) const { return find(webhooks, id, &WebhookSettings::id); }
InboundRulePtr RoutingTable::inbound_rule(std::string_view name) const {
  return find(inbound_rules, name, &InboundRuleSettings::name);
}
TemplatePtr RoutingTable::template_of(std::string_view name) const {
  auto made = find(templates, name, &TemplateSettings::name);
  return made ? made : find_ready_template(name);
}
EventSettingsPtr RoutingTable::event(std::string_view name) const { return find(events, name, &EventSettings::name); }
SchedulePtr RoutingTable::schedule(std::string_view name) const {
  return find(schedules, name, &ScheduleSettings::name);
}

namespace {

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

GatewaySettingsPtr RoutingTable::default_for(const TenantSettings& tenant) const {
  const auto fits = [&](const GatewaySettingsPtr& gateway) { return gateway && are_for_each_other(tenant, *gateway); };
  if (!tenant.default_gateway.empty()) {
    auto named = gateway(tenant.default_gateway);
    return fits(named) ? named : nullptr;
  }
  const auto first = std::ranges::find_if(gateways, fits);
  return first == gateways.end() ? nullptr : *first;
}

bool RoutingTable::may_use(std::string_view tenant, const GatewaySettings& gateway) const {
  const auto known = this->tenant(tenant);
  if (!known) return true;
  if (!are_for_each_other(*known, gateway)) return false;
  if (!gateway.tenants.empty() || !known->gateways.empty() || tenants.size() == 1) return true;
  // With routes, the first gateway is nobody's default.
  if (!known->default_gateway.empty() || routes.empty())
    if (const auto own = default_for(*known); own && own->name == gateway.name) return true;
  return std::ranges::any_of(routes, [&](const RouteSettingsPtr& route) {
    return (route->tenants.empty() || names(route->tenants, tenant)) &&
           std::ranges::find(route->via, gateway.name, &RouteSettings::Via::gateway) != route->via.end();
  });
}

bool RoutingTable::may_use(std::string_view tenant, const RouteSettings& route) const {
  if (!route.tenants.empty() && !names(route.tenants, tenant)) return false;
  bool any = false;
  for (const auto& via : route.via)
    if (const auto by = gateway(via.gateway)) {
      if (may_use(tenant, *by)) return true;
      any = true;
    }
  return !any;  // with no gateway left it is closed to nobody
}

std::pair<GatewaySettingsPtr, RouteSettingsPtr> RoutingTable::provider(std::string_view id,
                                                                       std::string_view tenant) const {
  store::GatewayId number = 0;
  if (std::from_chars(id.data(), id.data() + id.size(), number).ptr != id.data() + id.size()) return {};
  const auto own = [&](auto way) { return way && may_use(tenant, *way) ? way : nullptr; };
  return {own(gateway(number)), own(route(number))};
}

namespace {

template <class Object, class Same>
TableChanges::Names differing(const std::vector<std::shared_ptr<const Object>>& before,
                              const std::vector<std::shared_ptr<const Object>>& after, const Same& is_same) {
  TableChanges::Names names;
  for (const auto& object : after) {
    const auto was = find(before, object->name, &Object::name);
    if (!was)
      names.added.push_back(object->name);
    else if (was != object && !is_same(*was, *object))
      names.changed.push_back(object->name);
  }
  for (const auto& object : before)
    if (!find(after, object->name, &Object::name)) names.removed.push_back(object->name);
  return names;
}

}  // namespace

TableChanges changes_between(const RoutingTable& before, const RoutingTable& after) {
  TableChanges changes{
      .tenants = differing(before.tenants, after.tenants, std::equal_to<TenantSettings>()),
      .gateways = differing(before.gateways, after.gateways,
                            [](const GatewaySettings& a, const GatewaySettings& b) { return same(a, b); }),
      .routes = differing(before.routes, after.routes,
                          [](const RouteSettings& a, const RouteSettings& b) { return a.settings == b.settings; }),
      .webhooks = differing(before.webhooks, after.webhooks,
                            [](const WebhookSettings& a, const WebhookSettings& b) { return same(a, b); }),
      .inbound_rules = differing(
          before.inbound_rules, after.inbound_rules,
          [](const InboundRuleSettings& a, const InboundRuleSettings& b) { return a.settings == b.settings; }),
      .templates =
          differing(before.templates, after.templates,
                    [](const TemplateSettings& a, const TemplateSettings& b) { return a.settings == b.settings; }),
      .events = differing(before.events, after.events,
                          [](const EventSettings& a, const EventSettings& b) { return a.settings == b.settings; }),
      .schedules =
          differing(before.schedules, after.schedules,
                    [](const ScheduleSettings& a, const ScheduleSettings& b) { return a.settings == b.settings; }),
      .lanes = {},
      .prices = *before.prices != *after.prices};
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    if (before.lanes[lane] != after.lanes[lane])
      changes.lanes.emplace_back(store::name(static_cast<store::Lane>(lane)));
  return changes;
}

}  // namespace smsbridge::bridge
