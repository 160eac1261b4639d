// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "bridge/config/reader.hpp"
#include "bridge/config/tls.hpp"
#include "bridge/env/network.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t file_size_max_bytes = 4u << 20;

constexpr std::size_t master_key_length_min = 32;
constexpr WallMs second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

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

void read_lanes(ConfigSection& root, Lanes& lanes) {
  root.section("lanes", [&](ConfigSection& s) {
    for (std::size_t i = 0; i < store::lane_count; ++i)
      s.section(std::string(store::name(static_cast<store::Lane>(i))), [&](ConfigSection& l) {
        l.read_duration_ms("validity", lanes[i].validity_ms, second, 63 * 7 * day);
        l.read_choice("doubt", lanes[i].doubt, doubt_choices);
        read_retry(l, lanes[i].retry);
      });
  });
}

void read_root(ConfigSection& root, Config& config) {
  root.section("listen", [&](ConfigSection& s) {
    s.read_address("api", config.api);
    s.read_address("fineract", config.fineract);
    s.read_address("metrics", config.metrics);
    s.read("connections_per_address", config.connections_per_address, 1, 65536);
    s.read("fineract_prefix", config.fineract_prefix);
    s.read("public_url", config.public_url);
    while (config.public_url.ends_with('/')) config.public_url.pop_back();
    if (!config.public_url.empty() && !config.public_url.starts_with("http://") &&
        !config.public_url.starts_with("https://"))
      s.problem("public_url", "'" + config.public_url + "' is not an address such as https://sms.example.org",
                "bad-value");
    s.read_path("control", config.control_socket);
    check_listeners(s, config);
  });
  root.section("store", [&](ConfigSection& s) {
    s.read_path("path", config.store_path);
    s.read_size("size_limit", config.store_size_limit_bytes, 1u << 20);
    s.read_size("prewrite", config.store_prewrite_bytes, 0);
    s.read_secret("master_key", config.master_key);
    if (s.has("master_key") && config.master_key.size() < master_key_length_min)
      s.problem("master_key", fmt::format("must have at least {} octets", master_key_length_min), "bad-value");
    s.read_duration_ms("retention", config.retention_ms, second, 3650 * day);
    s.read_duration_ms("unknown_id_grace", config.unknown_id_grace_ms, 0, 30 * day);
  });
  root.section("log", [&](ConfigSection& s) {
    s.read_choice<std::string>(
        "level", config.log_level,
        {{"trace", "trace"}, {"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}});
    s.read_choice<std::string>("format", config.log_format,
                               {{"auto", "auto"}, {"logfmt", "logfmt"}, {"json", "json"}, {"pretty", "pretty"}});
    s.read("full_numbers", config.log_full_numbers);
  });
  root.read("shards", config.shards, 0, 256);
  root.read("core_dumps", config.core_dumps);
  root.read_texts("allow_private_targets", config.allow_private_targets);
  for (const auto& text : config.allow_private_targets)
    if (!parse_network(text))
      root.problem("allow_private_targets", "'" + text + "' is not an address or a block such as 10.0.0.0/8",
                   "bad-value");
  read_lanes(root, config.lanes);
  root.list("tenants", [&](ConfigSection& s) { read_tenant(s, config.tenants.emplace_back()); });
  root.list("gateways", [&](ConfigSection& s) {
    config.gateways.emplace_back().of_file = true;
    read_gateway(s, config.gateways.back());
  });
  root.list("routes", [&](ConfigSection& s) { read_route(s, config.routes.emplace_back()); });
  read_prices(root, config.gateways, config.prices);

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
  for (auto& problem : check_references(gateways, routes, tenants))
    root.problem_in(problem.path, problem.index, problem.key, std::move(problem.text), std::move(problem.code));
}

// All but what a reload takes over.
std::map<std::string, std::string> what_is_fixed(const YAML::Node& root) {
  static const std::set<std::string> live = {"gateways", "routes", "prices", "prices_file", "tenants", "lanes"};
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
    read_root(root, config);
    root.finish();
  } catch (const YAML::Exception& error) {
    refuse("is not readable YAML: " + error.msg, "unreadable", error.mark.line + 1, error.mark.column + 1);
  }
  if (config.control_socket.empty()) config.control_socket = config.store_path / "control.sock";
  std::ranges::stable_sort(loaded.problems, {}, &ConfigProblem::line);
  return loaded;
}

}  // namespace smsbridge::bridge
