// SPDX-License-Identifier: MPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "bridge/config/config.hpp"
#include "bridge/config/ready_templates.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/variables.hpp"

namespace smsbridge::bridge {

bool holds(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

bool are_for_each_other(const TenantSettings& tenant, const GatewaySettings& gateway) {
  return (gateway.tenants.empty() || holds(gateway.tenants, tenant.name)) &&
         (tenant.gateways.empty() || holds(tenant.gateways, gateway.name));
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

// Why `who`, of these tenants, cannot use the template that it names; empty: it can.
std::string why_not_by(const std::string& name, const std::string& who, const std::vector<std::string>& tenants,
                       const std::vector<const TemplateSettings*>& templates, const std::set<std::string>& assumed) {
  const auto it = std::ranges::find(templates, name, &TemplateSettings::name);
  if (it == templates.end() && find_ready_template(name)) return {};
  if (it == templates.end())
    return assumed.contains(name) ? std::string() : who + " names the unknown template '" + name + "'";
  if ((*it)->tenants.empty()) return {};
  for (const auto& tenant : tenants)
    if (!holds((*it)->tenants, tenant))
      return who + " is for the tenant '" + tenant + "', and its template '" + name +
             "' is not: see the template's 'tenants'";
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
    if (auto why = why_not_by(rule.by_template, "inbound rule '" + rule.name + "'", rule.tenants, templates, assumed);
        !why.empty())
      say("template", std::move(why), "bad-value");
  }
}

void check_events(const std::vector<const EventSettings*>& events, const std::set<std::string>& tenants,
                  const std::vector<const TemplateSettings*>& templates, const std::set<std::string>& assumed,
                  std::vector<ConfigProblem>& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = *events[i];
    const auto who = "event '" + event.name + "'";
    const auto say = [&](const char* key, std::string text, const char* code) {
      problems.push_back({.file = {}, .path = "events", .text = std::move(text), .code = code, .index = i, .key = key});
    };
    if (!event.name.empty() && !names.insert(event.name).second)
      say("name", "two events are called '" + event.name + "'", "duplicate");
    for (const auto& tenant : event.tenants)
      if (!tenants.contains(tenant)) say("tenants", who + " names the unknown tenant '" + tenant + "'", "bad-value");
    for (const auto& recipient : event.recipients)
      if (auto why = why_not_by(recipient.by_template, who, event.tenants, templates, assumed); !why.empty())
        say("recipients", std::move(why), "bad-value");
  }
}

// Why a schedule cannot send by the template that it names; empty: it can.
std::string why_not_by(const ScheduleSettings& schedule, const TemplateSettings* made) {
  if (!made) return "schedule '" + schedule.name + "' names the unknown template '" + schedule.by_template + "'";
  if (!made->tenants.empty() && !holds(made->tenants, schedule.tenant) && !find_ready_template(made->name))
    return "schedule '" + schedule.name + "' is of the tenant '" + schedule.tenant + "', and its template '" +
           made->name + "' is not for it: see the template's 'tenants'";
  for (const auto& [column, variable] : schedule.columns) {
    const auto is_used = [&](const TemplateText& text) {
      return std::ranges::any_of(text.made.tags(), [&](const text::Tag& tag) {
        const auto name = std::string_view(tag.name).substr(tag.name.rfind('.') + 1);  // of totals.totalDue
        const auto others = text::other_names(name);
        return text::equal_names(tag.name, variable) || text::equal_names(name, variable) ||
               std::ranges::any_of(others, [&](auto other) { return text::equal_names(other, variable); });
      });
    };
    if (std::ranges::none_of(made->texts, is_used))
      return "schedule '" + schedule.name + "' gives the column '" + column + "' to '" + variable +
             "', which no text of its template '" + made->name + "' has";
  }
  return {};
}

void check_schedules(const std::vector<const ScheduleSettings*>& schedules, const std::set<std::string>& tenants,
                     const std::vector<const TemplateSettings*>& templates, const std::set<std::string>& assumed,
                     std::vector<ConfigProblem>& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    const auto& schedule = *schedules[i];
    const auto say = [&](const char* key, std::string text, const char* code) {
      problems.push_back(
          {.file = {}, .path = "schedules", .text = std::move(text), .code = code, .index = i, .key = key});
    };
    if (!schedule.name.empty() && !names.insert(schedule.name).second)
      say("name", "two schedules are called '" + schedule.name + "'", "duplicate");
    if (!schedule.tenant.empty() && !tenants.contains(schedule.tenant))
      say("tenant", "schedule '" + schedule.name + "' names the unknown tenant '" + schedule.tenant + "'", "bad-value");
    if (schedule.by_template.empty()) continue;
    const auto it = std::ranges::find(templates, schedule.by_template, &TemplateSettings::name);
    const auto ready = find_ready_template(schedule.by_template);
    if (it == templates.end() && !ready && assumed.contains(schedule.by_template)) continue;
    const auto why = why_not_by(schedule, it != templates.end() ? *it : ready.get());
    if (!why.empty()) say(why.find("gives the column") == std::string::npos ? "template" : "columns", why, "bad-value");
  }
}

// `closed_by` says which key keeps a tenant from a gateway, by their names; empty: none does.
void check_ways_of_tenants(const std::vector<const TenantSettings*>& tenants, const auto& is_gateway,
                           const auto& closed_by, std::vector<ConfigProblem>& problems) {
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    const auto& tenant = *tenants[i];
    const auto say = [&](const char* key, std::string text) {
      problems.push_back(
          {.file = {}, .path = "tenants", .text = std::move(text), .code = "bad-value", .index = i, .key = key});
    };
    const auto unknown = [&](const std::string& gateway) {
      return "tenant '" + tenant.name + "' names the unknown gateway '" + gateway + "'";
    };
    for (const auto& gateway : tenant.gateways)
      if (!is_gateway(gateway))
        say("gateways", unknown(gateway));
      else if (const std::string key = closed_by(gateway, tenant.name); !key.empty())
        say("gateways",
            "tenant '" + tenant.name + "' names the gateway '" + gateway + "', which is not for it: see " + key);
    if (!is_gateway(tenant.default_gateway)) say("default_gateway", unknown(tenant.default_gateway));
    if (const std::string key = closed_by(tenant.default_gateway, tenant.name); !key.empty())
      say("default_gateway", "the default_gateway '" + tenant.default_gateway + "' of the tenant '" + tenant.name +
                                 "' is not for it: see " + key);
  }
}

}  // namespace

std::vector<ConfigProblem> check_references(
    const std::vector<const GatewaySettings*>& gateways, const std::vector<const RouteSettings*>& routes,
    const std::vector<const TenantSettings*>& tenants, const std::vector<const WebhookSettings*>& webhooks,
    const std::vector<const InboundRuleSettings*>& inbound_rules, const std::vector<const TemplateSettings*>& templates,
    const std::vector<const EventSettings*>& events, const std::vector<const ScheduleSettings*>& schedules,
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
  const auto closed_by = [&](const std::string& gateway, const std::string& tenant) -> std::string {
    const auto it = by_name.find(gateway);
    if (it == by_name.end()) return {};
    if (!it->second->tenants.empty() && !holds(it->second->tenants, tenant)) return "the gateway's 'tenants'";
    const auto who = std::ranges::find(tenants, tenant, &TenantSettings::name);
    const bool closed = who != tenants.end() && !(*who)->gateways.empty() && !holds((*who)->gateways, gateway);
    return closed ? "the tenant's 'gateways'" : "";
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
        if (const auto key = closed_by(via.gateway, tenant); !key.empty())
          say("routes", i, "via",
              "route '" + route.name + "' is for the tenant '" + tenant + "', and its gateway '" + via.gateway +
                  "' is not: see " + key,
              "bad-value");
  }
  check_ways_of_tenants(tenants, is_gateway, closed_by, problems);
  check_webhooks(webhooks, tenant_names, ids, problems);
  check_templates(templates, tenant_names, problems);
  check_inbound_rules(inbound_rules, tenant_names, templates, assumed, problems);
  check_events(events, tenant_names, templates, assumed, problems);
  check_schedules(schedules, tenant_names, templates, assumed, problems);
  return problems;
}

}  // namespace smsbridge::bridge
