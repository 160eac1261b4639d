// SPDX-License-Identifier: MPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "bridge/config/config.hpp"
#include "bridge/config/ready_templates.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {

bool holds(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

namespace {

void check_webhooks(const std::vector<const WebhookSettings*>& webhooks, const std::set<std::string>& tenants,
                    std::set<store::GatewayId> ids, std::vector<ConfigProblem>& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < webhooks.size(); ++i) {
    const auto& webhook = *webhooks[i];
    const auto say = [&](const char* key, std::string text, const char* code) {
      problems.push_back(
          {.file = {}, .path = "webhooks", .text = std::move(text), .code = code, .index = i, .key = key});
    };
    // What has no name, id or tenant was told of already.
    if (!webhook.name.empty() && !names.insert(webhook.name).second)
      say("name", "two webhooks are called '" + webhook.name + "'", "duplicate");
    if (webhook.id && !ids.insert(webhook.id).second)
      say("id",
          fmt::format("a gateway, a route or another webhook has the id {} of '{}' too", webhook.id, webhook.name),
          "duplicate");
    if (!webhook.tenant.empty() && !tenants.contains(webhook.tenant))
      say("tenant", "webhook '" + webhook.name + "' names the unknown tenant '" + webhook.tenant + "'", "bad-value");
  }
}

void check_templates(const std::vector<const TemplateSettings*>& templates, const std::set<std::string>& tenants,
                     std::vector<ConfigProblem>& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const auto& made = *templates[i];
    const auto say = [&](const char* key, std::string text, const char* code) {
      problems.push_back(
          {.file = {}, .path = "templates", .text = std::move(text), .code = code, .index = i, .key = key});
    };
    if (!made.name.empty() && !names.insert(made.name).second)
      say("name", "two templates are called '" + made.name + "'", "duplicate");
    for (const auto& tenant : made.tenants)
      if (!tenants.contains(tenant))
        say("tenants", "template '" + made.name + "' names the unknown tenant '" + tenant + "'", "bad-value");
  }
}

// Why a rule cannot answer by the template that it names; empty: it can.
std::string why_not_by(const InboundRuleSettings& rule, const std::vector<const TemplateSettings*>& templates,
                       const std::set<std::string>& assumed) {
  const auto it = std::ranges::find(templates, rule.by_template, &TemplateSettings::name);
  if (it == templates.end() && find_ready_template(rule.by_template)) return {};
  if (it == templates.end())
    return assumed.contains(rule.by_template)
               ? std::string()
               : "inbound rule '" + rule.name + "' names the unknown template '" + rule.by_template + "'";
  if ((*it)->tenants.empty()) return {};
  for (const auto& tenant : rule.tenants)
    if (!holds((*it)->tenants, tenant))
      return "inbound rule '" + rule.name + "' is for the tenant '" + tenant + "', and its template '" +
             rule.by_template + "' is not: see the template's 'tenants'";
  return {};
}

void check_inbound_rules(const std::vector<const InboundRuleSettings*>& rules, const std::set<std::string>& tenants,
                         const std::vector<const TemplateSettings*>& templates, const std::set<std::string>& assumed,
                         std::vector<ConfigProblem>& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = *rules[i];
    const auto say = [&](const char* key, std::string text, const char* code) {
      problems.push_back(
          {.file = {}, .path = "inbound_rules", .text = std::move(text), .code = code, .index = i, .key = key});
    };
    if (!rule.name.empty() && !names.insert(rule.name).second)
      say("name", "two inbound rules are called '" + rule.name + "'", "duplicate");
    for (const auto& tenant : rule.tenants)
      if (!tenants.contains(tenant))
        say("tenants", "inbound rule '" + rule.name + "' names the unknown tenant '" + tenant + "'", "bad-value");
    if (rule.by_template.empty()) continue;
    if (auto why = why_not_by(rule, templates, assumed); !why.empty()) say("template", std::move(why), "bad-value");
  }
}

}  // namespace

std::vector<ConfigProblem> check_references(const std::vector<const GatewaySettings*>& gateways,
                                            const std::vector<const RouteSettings*>& routes,
                                            const std::vector<const TenantSettings*>& tenants,
                                            const std::vector<const WebhookSettings*>& webhooks,
                                            const std::vector<const InboundRuleSettings*>& inbound_rules,
                                            const std::vector<const TemplateSettings*>& templates,
                                            const std::set<std::string>& assumed) {
  std::vector<ConfigProblem> problems;
  const auto say = [&](const char* list, std::size_t index, const char* key, std::string text, const char* code) {
    problems.push_back({.file = {}, .path = list, .text = std::move(text), .code = code, .index = index, .key = key});
  };
  std::set<std::string> tenant_names, gateway_names, route_names;
  const auto is_gateway = [&](const std::string& name) {
    return name.empty() || gateway_names.contains(name) || assumed.contains(name);
  };
  // What has no name or id was told of already.
  const auto is_second = [](auto& seen, const auto& value) {
    return value != std::remove_cvref_t<decltype(value)>{} && !seen.insert(value).second;
  };
  std::set<store::GatewayId> ids;
  std::set<std::string_view> numbers;
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    if (is_second(tenant_names, tenants[i]->name))
      say("tenants", i, "name", "two tenants are called '" + tenants[i]->name + "'", "duplicate");
    for (const auto& number : tenants[i]->numbers)
      if (!numbers.insert(text::digits_of(number)).second)
        say("tenants", i, "numbers",
            "the number '" + number + "' stands twice: nobody could tell whose the messages to it are", "duplicate");
  }
  tenant_names.insert(assumed.begin(), assumed.end());
  std::map<std::string_view, const GatewaySettings*> by_name;
  const auto is_closed_to = [&](const std::string& gateway, const std::string& tenant) {
    const auto it = by_name.find(gateway);
    return it != by_name.end() && !it->second->tenants.empty() && !holds(it->second->tenants, tenant);
  };
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    const auto& gateway = *gateways[i];
    if (is_second(gateway_names, gateway.name))
      say("gateways", i, "name", "two gateways are called '" + gateway.name + "'", "duplicate");
    if (is_second(ids, gateway.id))
      say("gateways", i, "id", fmt::format("two gateways have the id {}", gateway.id), "duplicate");
    by_name.emplace(gateway.name, &gateway);
    for (const auto& tenant : gateway.tenants)
      if (!tenant_names.contains(tenant))
        say("gateways", i, "tenants", "gateway '" + gateway.name + "' names the unknown tenant '" + tenant + "'",
            "bad-value");
    if (!gateway.is_smpp()) continue;
    for (const auto& row : gateway.smpp().fields.senders)
      if (!row.tenant.empty() && !tenant_names.contains(row.tenant))
        say("gateways", i, "senders",
            "gateway '" + gateway.name + "' has a row for the unknown tenant '" + row.tenant + "'", "bad-value");
  }
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const auto& route = *routes[i];
    if (is_second(route_names, route.name))
      say("routes", i, "name", "two routes are called '" + route.name + "'", "duplicate");
    if (is_second(ids, route.id))
      say("routes", i, "id",
          fmt::format("another route or a gateway has the id {} of '{}' too: Fineract could not tell them apart",
                      route.id, route.name),
          "duplicate");
    for (const auto& via : route.via)
      if (!is_gateway(via.gateway))
        say("routes", i, "via", "route '" + route.name + "' names the unknown gateway '" + via.gateway + "'",
            "bad-value");
    for (const auto& tenant : route.tenants)
      if (!tenant_names.contains(tenant))
        say("routes", i, "tenants", "route '" + route.name + "' names the unknown tenant '" + tenant + "'",
            "bad-value");
    for (const auto& tenant : route.tenants)
      for (const auto& via : route.via)
        if (is_closed_to(via.gateway, tenant))
          say("routes", i, "via",
              "route '" + route.name + "' is for the tenant '" + tenant + "', and its gateway '" + via.gateway +
                  "' is not: see the gateway's 'tenants'",
              "bad-value");
  }
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const auto& tenant = *tenants[i];
    if (!is_gateway(tenant.default_gateway))
      say("tenants", i, "default_gateway",
          "tenant '" + tenant.name + "' names the unknown gateway '" + tenant.default_gateway + "'", "bad-value");
    if (is_closed_to(tenant.default_gateway, tenant.name))
      say("tenants", i, "default_gateway",
          "the default_gateway '" + tenant.default_gateway + "' of the tenant '" + tenant.name +
              "' is not for it: see the gateway's 'tenants'",
          "bad-value");
  }
  check_webhooks(webhooks, tenant_names, ids, problems);
  check_templates(templates, tenant_names, problems);
  check_inbound_rules(inbound_rules, tenant_names, templates, assumed, problems);
  return problems;
}

}  // namespace smsbridge::bridge
