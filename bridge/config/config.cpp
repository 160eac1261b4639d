// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/rule_values.hpp"
#include "bridge/config/tls.hpp"
#include "bridge/config/yaml.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::uintmax_t file_size_max_bytes = 4u << 20;

constexpr std::size_t master_key_length_min = 32;

// Two listeners cannot have one port where one of them takes it on every address.
bool collide(const ListenAddress& a, const ListenAddress& b) {
  const auto everywhere = [](const ListenAddress& x) { return x.host == "0.0.0.0" || x.host == "::"; };
  const auto host = [](const ListenAddress& x) { return x.host == "localhost" ? "127.0.0.1" : x.host; };
  return a.port != 0 && a.port == b.port && (host(a) == host(b) || everywhere(a) || everywhere(b));
}

void check_listeners(ConfigSection& s, const Config& config) {
  if (collide(config.api, config.fineract))
    s.problem(s.has("fineract") ? "fineract" : "api", "api and fineract have the same address", "duplicate");
  if (collide(config.metrics, config.api) || collide(config.metrics, config.fineract))
    s.problem("metrics", "metrics has the address of another listener", "duplicate");
  if (is_public(config.api.host))
    s.problem("api",
              "keys and texts pass it in clear text, from every network that reaches it: listen on a private address, "
              "behind a proxy with TLS",
              "unsafe", true);
}

void check_public_url(ConfigSection& s, Config& config) {
  auto& url = config.public_url;
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
    s.problem("public_url", "'" + url + "' is not an address such as https://sms.example.org", "bad-value");
}

const Keys<Config>& listen_keys() {
  using C = Config;
  using K = Keys<C>;
  static const K keys(
      {
          K::listens_at("api", &C::api, "Address of API, health and metrics"),
          K::listens_at("fineract", &C::fineract, "Address of the plain HTTP listener for Fineract"),
          K::listens_at("metrics", &C::metrics, "One more address, with /metrics and health alone"),
          K::integer("connections_per_address", &C::connections_per_address, 1, 65536,
                     "Most connections of one address to one listener"),
          K::text("fineract_prefix", &C::fineract_prefix, "Path before /sms and the others, such as /message-gateway"),
          K::text("public_url", &C::public_url, "How HTTP providers reach 'api', such as https://sms.example.org")
              .checked(check_public_url),
          K::path("control", &C::control_socket, "Unix socket of the command line"),
      },
      [](ConfigSection& s, C& config) { check_listeners(s, config); });
  return keys;
}

void check_master_key(ConfigSection& s, Config& config) {
  if (s.has("master_key") && config.master_key.size() < master_key_length_min)
    s.problem("master_key", fmt::format("must have at least {} octets", master_key_length_min), "bad-value");
}

const Keys<Config>& store_keys() {
  using C = Config;
  using K = Keys<C>;
  static const K keys{
      K::path("path", &C::store_path, "Folder of the store").usually("data"),
      K::size("size_limit", &C::store_size_limit_bytes, 1u << 20, "Most that the store may hold"),
      K::size("prewrite", &C::store_prewrite_bytes, 0, "How far ahead the file is written; 0B: not at all"),
      K::secret("master_key", &C::master_key, "Seals the credentials of gateways made at run time")
          .checked(check_master_key),
      K::duration_ms("retention", &C::retention_ms, second, 3650 * day,
                     "How long a finished message is kept whose lane and tenant do not say it"),
      K::duration_ms("unknown_id_grace", &C::unknown_id_grace_ms, 0, 30 * day,
                     "After it an id that Fineract asks for and nobody posted is reported as failed"),
  };
  return keys;
}

const Keys<Config>& log_keys() {
  using C = Config;
  using K = Keys<C>;
  static const K keys{
      K::choice("level", &C::log_level, {"trace", "debug", "info", "warn", "error"}, "From where on"),
      K::choice("format", &C::log_format, {"auto", "logfmt", "json", "pretty"},
                "auto: pretty on a terminal, else logfmt"),
      K::boolean("full_numbers", &C::log_full_numbers, "Phone numbers stand in the log as they are"),
  };
  return keys;
}

GatewaySettings& one_more_gateway(Config& config) {
  auto& gateway = config.gateways.emplace_back();
  gateway.of_file = true;
  return gateway;
}

WebhookSettings& one_more_webhook(Config& config) {
  auto& webhook = config.webhooks.emplace_back();
  webhook.of_file = true;
  return webhook;
}

// What stands in the file belongs together; each object has its own keys.
const Keys<Config>& root_keys() {
  using C = Config;
  using K = Keys<C>;
  static const K keys{
      K::section<C>("listen", whole<C>, listen_keys(), "Where the daemon is reached"),
      K::section<C>("store", whole<C>, store_keys(), "Where messages are kept"),
      K::section<C>("log", whole<C>, log_keys(), "What is logged, and how"),
      K::integer("shards", &C::shards, 0, 256, "Event loops, each with its own thread; 0: one less than the cores"),
      K::boolean("core_dumps", &C::core_dumps, "A crash leaves an image of the memory, with keys and texts"),
      K::texts("allow_private_targets", &C::allow_private_targets,
               "Addresses and blocks that HTTP gateways and webhooks made at run time may reach besides public ones")
          .checked([](ConfigSection& s, C& c) { check_networks(s, "allow_private_targets", c.allow_private_targets); }),
      K::section<Lanes>("lanes", &C::lanes, lanes_keys(), "How messages of each lane are treated").live(),
      K::list<TenantSettings>(
          "tenants", [](C& c) -> TenantSettings& { return c.tenants.emplace_back(); }, read_tenant, tenant_infos,
          "Who sends")
          .live(),
      K::list<GatewaySettings>("gateways", one_more_gateway, read_gateway, gateway_infos, "Ways to phones").live(),
      K::list<RouteSettings>(
          "routes", [](C& c) -> RouteSettings& { return c.routes.emplace_back(); }, read_route, route_infos,
          "Which gateway a message takes")
          .live(),
      K::list<WebhookSettings>("webhooks", one_more_webhook, read_webhook, webhook_infos,
                               "Who is told what becomes of messages")
          .live(),
      K::section<InboundSettings>("inbound", &C::inbound, inbound_keys(), "How messages of phones are kept"),
      K::list<InboundRuleSettings>(
          "inbound_rules", [](C& c) -> InboundRuleSettings& { return c.inbound_rules.emplace_back(); },
          read_inbound_rule, inbound_rule_infos, "What follows when a phone sends a keyword")
          .live(),
      K::list<TemplateSettings>(
          "templates", [](C& c) -> TemplateSettings& { return c.templates.emplace_back(); }, read_template,
          template_infos, "Texts that messages are made of")
          .live(),
      K::list<EventSettings>(
          "events", [](C& c) -> EventSettings& { return c.events.emplace_back(); }, read_event, event_infos,
          "Who is told of what happens at the bank")
          .live(),
      K::list<ScheduleSettings>(
          "schedules", [](C& c) -> ScheduleSettings& { return c.schedules.emplace_back(); }, read_schedule,
          schedule_infos, "What is read from Fineract at a time, and made into a message a row")
          .live(),
      K::special(
          "prices", KeyInfo::Type::list, [](ConfigSection& s, C& c) { read_prices(s, c.gateways, c.prices); },
          "What one SMS costs")
          .holds(price_infos)
          .live(),
      K::special(
          "prices_file", KeyInfo::Type::file, [](ConfigSection& s, C& c) { read_prices_file(s, c.gateways, c.prices); },
          "A CSV file of gateway,prefix,price,currency")
          .live(),
  };
  return keys;
}

// What tenants, gateways and routes are to each other.
void check_together(ConfigSection& root, const Config& config) {
  if (config.tenants.empty() && (!root.has("tenants") || root.node()["tenants"].IsSequence()))
    root.problem("tenants", "at least one tenant is needed", "missing");
  if (config.gateways.empty())
    root.problem("gateways", "no gateway stands here: messages are refused until 'smsbridge gateways create' made one",
                 "missing", true);
  std::vector<const GatewaySettings*> gateways;
  std::vector<const RouteSettings*> routes;
  for (const auto& gateway : config.gateways) gateways.push_back(&gateway);
  for (const auto& route : config.routes) routes.push_back(&route);
  std::vector<const TenantSettings*> tenants;
  for (const auto& tenant : config.tenants) tenants.push_back(&tenant);
  std::vector<const WebhookSettings*> webhooks;
  for (const auto& webhook : config.webhooks) webhooks.push_back(&webhook);
  std::vector<const InboundRuleSettings*> inbound_rules;
  for (const auto& rule : config.inbound_rules) inbound_rules.push_back(&rule);
  std::vector<const TemplateSettings*> templates;
  for (const auto& made : config.templates) templates.push_back(&made);
  std::vector<const EventSettings*> events;
  for (const auto& event : config.events) events.push_back(&event);
  std::vector<const ScheduleSettings*> schedules;
  for (const auto& schedule : config.schedules) schedules.push_back(&schedule);
  for (auto& problem :
       check_references(gateways, routes, tenants, webhooks, inbound_rules, templates, events, schedules))
    root.problem_in(problem.path, problem.index, problem.key, std::move(problem.text), std::move(problem.code));
  for (std::size_t i = 0; i < inbound_rules.size(); ++i)
    if (const auto names = values_never_given(*inbound_rules[i], templates); !names.empty())
      root.problem_in("inbound_rules", i, "template",
                      fmt::format("needs values that no rule has, so that none is answered: {}; a rule has keyword and "
                                  "mobileNo. What may be missing stands in a section: {{{{#name}}}}...{{{{/name}}}}",
                                  fmt::join(names, ", ")),
                      "missing-variable", true);
}

// All but what a reload takes over.
std::map<std::string, std::string> what_is_fixed(const YAML::Node& root) {
  static const std::set<std::string> live = [] {
    std::set<std::string> names;
    for (const auto& key : config_infos())
      if (key.live) names.insert(key.name);
    return names;
  }();
  std::map<std::string, std::string> fixed;
  const auto note = [&](const std::string& key, const YAML::Node& value) { fixed[key] = YAML::Dump(value); };
  for (const auto& entry : root.IsMap() ? root : YAML::Node(YAML::NodeType::Map)) {
    const auto key = entry.first.Scalar();
    if (live.contains(key)) continue;
    if (!entry.second.IsMap()) {
      note(key, entry.second);
      continue;
    }
    for (const auto& member : entry.second) note(key + "." + member.first.Scalar(), member.second);
  }
  return fixed;
}

}  // namespace

std::vector<KeyInfo> config_infos() { return root_keys().infos(); }

bool LoadedConfig::ok() const {
  return std::ranges::all_of(problems, [](const ConfigProblem& p) { return p.warning; });
}

std::vector<std::string> takes_restart(const Config& running, const Config& written) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : running.fixed)
    if (const auto it = written.fixed.find(key); it == written.fixed.end() || it->second != value) keys.push_back(key);
  for (const auto& [key, value] : written.fixed)
    if (!running.fixed.contains(key)) keys.push_back(key);
  std::ranges::sort(keys);
  return keys;
}

LoadedConfig load_config(const std::filesystem::path& file) {
  LoadedConfig loaded;
  auto& config = loaded.config;
  config.file = std::filesystem::absolute(file);
  config.folder = config.file.parent_path();
  config.store_path = config.folder / "data";
  const auto refuse = [&](std::string text, std::string code, int line = 0, int column = 0) {
    loaded.problems.push_back({.file = file.string(),
                               .line = line,
                               .column = column,
                               .path = {},
                               .text = std::move(text),
                               .code = std::move(code)});
  };
  std::error_code ec;
  const auto size = std::filesystem::file_size(file, ec);
  if (ec) {
    refuse("cannot read the configuration: " + ec.message(), "unreadable");
    return loaded;
  }
  if (size > file_size_max_bytes) {
    refuse("is larger than 4 MiB", "bad-value");
    return loaded;
  }
  try {
    std::ifstream in(file, std::ios::binary);
    const auto [tree, more] = read_yaml(in);
    if (more)
      refuse("more YAML begins here, behind '---' or '...': only the first document is read", "bad-value",
             more->line + 1, more->column + 1);
    config.fixed = what_is_fixed(tree);
    ConfigSection root(tree, "", file.string(), config.folder, loaded.problems);
    root_keys().read(root, config);
    check_together(root, config);
    root.finish();
  } catch (const YAML::Exception& error) {
    refuse("is not readable YAML: " + error.msg, "unreadable", error.mark.line + 1, error.mark.column + 1);
  }
  if (config.control_socket.empty()) config.control_socket = config.store_path / "control.sock";
  std::ranges::stable_sort(loaded.problems, {}, &ConfigProblem::line);
  return loaded;
}

}  // namespace smsbridge::bridge
