// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/config/config.hpp"
#include "bridge/config/prices.hpp"

namespace smsbridge::bridge {

// The tenants, gateways, routes, webhooks, rules, templates, events and schedules that there are now. It never changes:
// a change makes another table, and whoever works with this one, or with something out of it, keeps it as long as he
// needs it.
struct RoutingTable {
  std::vector<GatewaySettingsPtr> gateways;
  std::vector<RouteSettingsPtr> routes;  // the first that fits is taken
  std::vector<TenantSettingsPtr> tenants;
  std::vector<WebhookSettingsPtr> webhooks;
  std::vector<InboundRulePtr> inbound_rules;  // the first that fits is taken
  std::vector<TemplatePtr> templates;
  std::vector<EventSettingsPtr> events;
  std::vector<SchedulePtr> schedules;
  Lanes lanes = default_lanes;
  std::shared_ptr<const Prices> prices = std::make_shared<Prices>();

  RoutingTable() = default;
  explicit RoutingTable(const Config& config);  // of the file alone

  // By position; equal ones stay as they are.
  void sort_routes();
  void sort_inbound_rules();

  // nullptr: there is none.
  GatewaySettingsPtr gateway(std::string_view name) const;
  GatewaySettingsPtr gateway(store::GatewayId id) const;
  // The gateways by the same account with the same carrier, if there are several: receipts belong to the account.
  std::vector<store::GatewayId> sharing_account(const GatewaySettings& gateway) const;
  RouteSettingsPtr route(std::string_view name) const;
  RouteSettingsPtr route(store::RouteId id) const;
  TenantSettingsPtr tenant(std::string_view name) const;
  WebhookSettingsPtr webhook(std::string_view name) const;
  WebhookSettingsPtr webhook(store::GatewayId id) const;
  InboundRulePtr inbound_rule(std::string_view name) const;
  TemplatePtr template_of(std::string_view name) const;
  EventSettingsPtr event(std::string_view name) const;
  SchedulePtr schedule(std::string_view name) const;

  // Where a message goes that names no way and fits no route; nullptr: nowhere.
  GatewaySettingsPtr default_for(const TenantSettings& tenant) const;
  // A gateway is for the tenants that it names, and a tenant that names gateways has these and no others. Where neither
  // does, it is for the only tenant, or for those who have a route by it, or whose default it is. A tenant that is gone
  // may use all: what it left behind goes out.
  bool may_use(std::string_view tenant, const GatewaySettings& gateway) const;
  // The route is for this tenant, and its gateways are not all for others.
  bool may_use(std::string_view tenant, const RouteSettings& route) const;
  // What Fineract's providerId names, of what this tenant may use: what is another's is as if it were not there, or an
  // answer would tell its name. Neither: it names nothing.
  std::pair<GatewaySettingsPtr, RouteSettingsPtr> provider(std::string_view id, std::string_view tenant) const;
};

// What differs between two tables, by name.
struct TableChanges {
  struct Names {
    std::vector<std::string> added, changed, removed;
    bool operator==(const Names&) const = default;
  };
  Names tenants, gateways, routes, webhooks, inbound_rules, templates, events, schedules;
  std::vector<std::string> lanes;
  bool prices = false;
};
TableChanges changes_between(const RoutingTable& before, const RoutingTable& after);

}  // namespace smsbridge::bridge
