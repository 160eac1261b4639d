// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/kinds.hpp"

#include <algorithm>
#include <cstdlib>

#include "bridge/config/ready_templates.hpp"

namespace smsbridge::bridge {
namespace {

template <class Settings>
Made made_of(const boost::json::object& settings, const std::filesystem::path& folder,
             std::vector<ConfigProblem>& problems,
             Settings (*read)(const boost::json::object&, const std::filesystem::path&, std::vector<ConfigProblem>&)) {
  return std::make_shared<const Settings>(read(settings, folder, problems));
}

template <class Pointer>
std::vector<Made> all_of(const std::vector<Pointer>& objects) {
  return {objects.begin(), objects.end()};
}

template <class Pointer>
void append(std::vector<Pointer>& to, const std::vector<Made>& objects) {
  for (const auto& object : objects) to.push_back(std::get<Pointer>(object));
}

template <class Pointer>
bool names_only(const Made& made, std::string_view tenant) {
  const auto& tenants = std::get<Pointer>(made)->tenants;
  return tenants.size() == 1 && tenants.front() == tenant;
}

const KindRow gateway{
    .word = "gateway",
    .has_messages = true,
    .has_number = true,
    .when_too_large = "Leave out what is not used",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<GatewaySettings>(settings, folder, problems, read_gateway);
        },
    .of = [](const RoutingTable& table) { return all_of(table.gateways); },
    // The first one is the way out of tenants that have no other: a new one does not take its place.
    .join =
        [](RoutingTable& table, const std::vector<Made>& objects) {
          const auto of_file = static_cast<std::ptrdiff_t>(table.gateways.size());
          append(table.gateways, objects);
          std::sort(table.gateways.begin() + of_file, table.gateways.end(),
                    [](const GatewaySettingsPtr& a, const GatewaySettingsPtr& b) { return a->id < b->id; });
        },
    .needed_by =
        [](const RoutingTable& table, std::string_view name) {
          std::string routes, tenants;
          for (const auto& route : table.routes)
            if (std::ranges::find(route->via, name, &RouteSettings::Via::gateway) != route->via.end())
              routes += (routes.empty() ? "" : ", ") + route->name;
          for (const auto& tenant : table.tenants)
            if (std::ranges::find(tenant->gateways, name) != tenant->gateways.end())
              tenants += (tenants.empty() ? "" : ", ") + tenant->name;
          if (routes.empty() && tenants.empty()) return routes;
          const auto who = routes.empty()    ? "these tenants name the gateway " + std::string(name) + ": " + tenants
                           : tenants.empty() ? "these routes go by the gateway " + std::string(name) + ": " + routes
                                             : "these routes and tenants name the gateway " + std::string(name) + ": " +
                                                   routes + ", " + tenants;
          return who + "; change them first";
        },
    .is_only_for = names_only<GatewaySettingsPtr>,
    .stays = [](const Made& before, const Made& after) -> std::string {
      const bool same = std::get<GatewaySettingsPtr>(before)->kind == std::get<GatewaySettingsPtr>(after)->kind;
      return same ? "" : "a gateway stays of its kind: make another one, and remove this";
    }};

const KindRow route{.word = "route",
                    .has_number = true,
                    .when_too_large = "Make several routes of it",
                    .parse =
                        [](const boost::json::object& settings, const std::filesystem::path& folder,
                           std::vector<ConfigProblem>& problems) {
                          return made_of<RouteSettings>(settings, folder, problems, read_route);
                        },
                    .of = [](const RoutingTable& table) { return all_of(table.routes); },
                    .join =
                        [](RoutingTable& table, const std::vector<Made>& objects) {
                          append(table.routes, objects);
                          table.sort_routes();
                        },
                    .needed_by = [](const RoutingTable&, std::string_view) { return std::string(); },
                    .is_only_for = names_only<RouteSettingsPtr>,
                    .stays = [](const Made&, const Made&) { return std::string(); }};

// Whoever is to check signatures has to be given the secret, so one that was made for him stays.
void give_secret(boost::json::object& settings, const boost::json::object* before) {
  if (const auto* secret = settings.if_contains("secret"); secret && !secret->is_null()) return;
  const auto* kept = before ? before->if_contains("secret") : nullptr;
  settings["secret"] = kept ? *kept : boost::json::value(new_webhook_secret());
}

const KindRow webhook{
    .word = "webhook",
    .has_number = true,
    .when_too_large = "Leave out what is not used",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<WebhookSettings>(settings, folder, problems, read_webhook);
        },
    .of = [](const RoutingTable& table) { return all_of(table.webhooks); },
    .join = [](RoutingTable& table, const std::vector<Made>& objects) { append(table.webhooks, objects); },
    .needed_by = [](const RoutingTable&, std::string_view) { return std::string(); },
    .is_only_for = [](const Made& made,
                      std::string_view tenant) { return std::get<WebhookSettingsPtr>(made)->tenant == tenant; },
    .complete = give_secret,
    // Its deliveries are kept under the tenant.
    .stays = [](const Made& before, const Made& after) -> std::string {
      const bool same = std::get<WebhookSettingsPtr>(before)->tenant == std::get<WebhookSettingsPtr>(after)->tenant;
      return same ? "" : "a webhook stays with its tenant: make another one, and remove this";
    }};

const KindRow inbound_rule{.word = "inbound-rule",
                           .when_too_large = "Make several rules of it",
                           .parse =
                               [](const boost::json::object& settings, const std::filesystem::path& folder,
                                  std::vector<ConfigProblem>& problems) {
                                 return made_of<InboundRuleSettings>(settings, folder, problems, read_inbound_rule);
                               },
                           .of = [](const RoutingTable& table) { return all_of(table.inbound_rules); },
                           .join =
                               [](RoutingTable& table, const std::vector<Made>& objects) {
                                 append(table.inbound_rules, objects);
                                 table.sort_inbound_rules();
                               },
                           .needed_by = [](const RoutingTable&, std::string_view) { return std::string(); },
                           .is_only_for = names_only<InboundRulePtr>,
                           .stays = [](const Made&, const Made&) { return std::string(); }};

// A message says by which version it was made, so that nobody wonders at a text that is another one today.
void count_version(boost::json::object& settings, const boost::json::object* before) {
  if (!before) {
    if (!settings.contains("version")) settings["version"] = 1;
    return;
  }
  auto same = settings;
  same["version"] = before->contains("version") ? before->at("version") : boost::json::value(1);
  const auto version = same.at("version");
  settings = std::move(same);
  if (settings != *before && version.is_int64()) settings["version"] = version.get_int64() + 1;
}

const KindRow text_template{
    .word = "template",
    .when_too_large = "Make several templates of it",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<TemplateSettings>(settings, folder, problems, read_template);
        },
    .of = [](const RoutingTable& table) { return all_of(table.templates); },
    .join = [](RoutingTable& table, const std::vector<Made>& objects) { append(table.templates, objects); },
    .needed_by =
        [](const RoutingTable& table, std::string_view name) {
          std::string users;
          if (find_ready_template(name)) return users;  // which they go on with
          for (const auto& rule : table.inbound_rules)
            if (rule->by_template == name) users += (users.empty() ? "" : ", ") + rule->name;
          for (const auto& event : table.events)
            if (std::ranges::find(event->recipients, name, &EventSettings::Recipient::by_template) !=
                event->recipients.end())
              users += (users.empty() ? "" : ", ") + event->name;
          for (const auto& schedule : table.schedules)
            if (schedule->by_template == name) users += (users.empty() ? "" : ", ") + schedule->name;
          return users.empty() ? users
                               : "these inbound rules, events and schedules go by the template " + std::string(name) +
                                     ": " + users + "; change them first";
        },
    .is_only_for = names_only<TemplatePtr>,
    .complete = count_version,
    .stays = [](const Made&, const Made&) { return std::string(); }};

const KindRow event{
    .word = "event",
    .when_too_large = "Make several events of it",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<EventSettings>(settings, folder, problems, read_event);
        },
    .of = [](const RoutingTable& table) { return all_of(table.events); },
    .join = [](RoutingTable& table, const std::vector<Made>& objects) { append(table.events, objects); },
    .needed_by = [](const RoutingTable&, std::string_view) { return std::string(); },
    .is_only_for = names_only<EventSettingsPtr>,
    .stays = [](const Made&, const Made&) { return std::string(); }};

const KindRow schedule{
    .word = "schedule",
    .when_too_large = "Leave out what is not used",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<ScheduleSettings>(settings, folder, problems, read_schedule);
        },
    .of = [](const RoutingTable& table) { return all_of(table.schedules); },
    .join = [](RoutingTable& table, const std::vector<Made>& objects) { append(table.schedules, objects); },
    .needed_by = [](const RoutingTable&, std::string_view) { return std::string(); },
    .is_only_for = [](const Made& made,
                      std::string_view tenant) { return std::get<SchedulePtr>(made)->tenant == tenant; },
    // Who has got a message is remembered under the tenant.
    .stays = [](const Made& before, const Made& after) -> std::string {
      const bool same = std::get<SchedulePtr>(before)->tenant == std::get<SchedulePtr>(after)->tenant;
      return same ? "" : "a schedule stays with its tenant: make another one, and remove this";
    }};

// Those of a list that name this tenant, as "gateway a, route b".
struct NamedBy {
  std::string_view tenant;
  std::string who = {};

  void note(std::string_view word, const std::string& name, bool names_it) {
    if (names_it) who += (who.empty() ? "" : ", ") + std::string(word) + " " + name;
  }
  template <class Pointer>
  void note_all(std::string_view word, const std::vector<Pointer>& objects) {
    for (const auto& object : objects)
      note(word, object->name, std::ranges::find(object->tenants, tenant) != object->tenants.end());
  }
};

std::string who_names_tenant(const RoutingTable& table, std::string_view name) {
  NamedBy named{.tenant = name};
  named.note_all("gateway", table.gateways);
  for (const auto& gateway : table.gateways)
    if (gateway->is_smpp())
      named.note(
          "a row of senders of the gateway", gateway->name,
          std::ranges::any_of(gateway->smpp().fields.senders, [&](const auto& row) { return row.tenant == name; }));
  named.note_all("route", table.routes);
  for (const auto& webhook : table.webhooks) named.note("webhook", webhook->name, webhook->tenant == name);
  named.note_all("template", table.templates);
  named.note_all("inbound rule", table.inbound_rules);
  named.note_all("event", table.events);
  for (const auto& schedule : table.schedules) named.note("schedule", schedule->name, schedule->tenant == name);
  return named.who.empty()
             ? std::string()
             : "these name the tenant " + std::string(name) + ": " + named.who + "; change or remove them first";
}

const KindRow tenant{
    .word = "tenant",
    .has_account = true,
    .when_too_large = "Leave out what is not used",
    .parse =
        [](const boost::json::object& settings, const std::filesystem::path& folder,
           std::vector<ConfigProblem>& problems) {
          return made_of<TenantSettings>(settings, folder, problems, read_tenant);
        },
    .of = [](const RoutingTable& table) { return all_of(table.tenants); },
    .join = [](RoutingTable& table, const std::vector<Made>& objects) { append(table.tenants, objects); },
    .needed_by = who_names_tenant,
    .stays = [](const Made&, const Made&) { return std::string(); }};

}  // namespace

const std::string& name_of(const Made& made) {
  return std::visit([](const auto& object) -> const std::string& { return object->name; }, made);
}
store::GatewayId id_of(const Made& made) {
  return std::visit([](const auto& object) -> store::GatewayId { return object->id; }, made);
}
const boost::json::object& settings_of(const Made& made) {
  return std::visit([](const auto& object) -> const boost::json::object& { return object->settings; }, made);
}

const KindRow& row_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::gateway:
      return gateway;
    case ObjectKind::route:
      return route;
    case ObjectKind::webhook:
      return webhook;
    case ObjectKind::inbound_rule:
      return inbound_rule;
    case ObjectKind::text_template:
      return text_template;
    case ObjectKind::event:
      return event;
    case ObjectKind::schedule:
      return schedule;
    case ObjectKind::tenant:
      return tenant;
  }
  std::abort();
}

}  // namespace smsbridge::bridge
