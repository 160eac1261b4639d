// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bridge/config/event.hpp"
#include "bridge/config/gateway.hpp"
#include "bridge/config/inbound.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/config/listen_address.hpp"
#include "bridge/config/prices.hpp"
#include "bridge/config/problem.hpp"
#include "bridge/config/route.hpp"
#include "bridge/config/schedule.hpp"
#include "bridge/config/template.hpp"
#include "bridge/config/tenant.hpp"
#include "bridge/config/webhook.hpp"

namespace smsbridge::bridge {

struct Config {
  std::filesystem::path file;
  std::filesystem::path folder;  // relative paths in the file start here
  // What takes a restart to change, as it is written: "store.path" -> "data".
  std::map<std::string, std::string> fixed;
  ListenAddress api{"127.0.0.1", 9190};
  ListenAddress fineract{"127.0.0.1", 9191};
  ListenAddress metrics;              // for Prometheus alone, without a key; no host: none
  int connections_per_address = 256;  // of each listener, this machine's left out
  std::string fineract_prefix;
  std::string public_url;  // how providers reach `api` from outside, without a slash at the end
  std::filesystem::path control_socket;
  std::filesystem::path store_path;
  std::uint64_t store_size_limit_bytes = 16ull << 30;
  std::uint64_t store_prewrite_bytes = 64ull << 20;
  std::vector<std::string> allow_private_targets;  // that HTTP gateways made at run time may reach: 10.0.0.0/8
  std::string master_key;                          // seals the secrets in the store; empty: a key is made beside it
  WallMs retention_ms = 90ll * 24 * 3600 * 1000;
  WallMs unknown_id_grace_ms = 24ll * 3600 * 1000;  // before Fineract is told that an id will never resolve
  int shards = 0;                                   // 0: one less than the cores, at least one
  std::string log_level = "info";
  std::string log_format = "auto";
  bool log_full_numbers = false;
  bool core_dumps = false;  // they hold keys and texts
  Lanes lanes = default_lanes;
  std::vector<TenantSettings> tenants;
  std::vector<GatewaySettings> gateways;
  std::vector<RouteSettings> routes;  // the first that fits is taken
  std::vector<WebhookSettings> webhooks;
  Prices prices;
  InboundSettings inbound;
  std::vector<InboundRuleSettings> inbound_rules;
  std::vector<TemplateSettings> templates;
  std::vector<EventSettings> events;
  std::vector<ScheduleSettings> schedules;
};

struct KeyInfo;
std::vector<KeyInfo> config_infos();  // the keys of the whole file

struct LoadedConfig {
  Config config;                        // usable only without errors
  std::vector<ConfigProblem> problems;  // all of them, not just the first
  bool ok() const;
};

// Neither names others only: the gateway by its `tenants`, the tenant by its `gateways`.
bool are_for_each_other(const TenantSettings& tenant, const GatewaySettings& gateway);

// What gateways, routes, tenants and webhooks say of each other and is not so: equal names and ids, names of nobody. A
// path is the list that the problem is in. `assumed` are names of tenants, gateways and templates that are not there
// yet.
std::vector<ConfigProblem> check_references(
    const std::vector<const GatewaySettings*>& gateways, const std::vector<const RouteSettings*>& routes,
    const std::vector<const TenantSettings*>& tenants, const std::vector<const WebhookSettings*>& webhooks,
    const std::vector<const InboundRuleSettings*>& inbound_rules = {},
    const std::vector<const TemplateSettings*>& templates = {}, const std::vector<const EventSettings*>& events = {},
    const std::vector<const ScheduleSettings*>& schedules = {}, const std::set<std::string>& assumed = {});

// The keys outside of gateways, routes and the like in which two files differ: "listen.api".
std::vector<std::string> takes_restart(const Config& running, const Config& written);

// Reads the file and, if there is one, the folder conf.d beside it. Never throws for bad content.
LoadedConfig load_config(const std::filesystem::path& file);

}  // namespace smsbridge::bridge
