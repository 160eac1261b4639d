// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/config/prices.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/policy/retry.hpp"
#include "bridge/text/segments.hpp"
#include "smpp/dialect.hpp"
#include "smpp/session.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

// What a tenant may spend in a month. Login codes and transactions are never refused.
struct Budget {
  std::string currency;
  std::optional<Micro> alert, refuse_campaigns, refuse_reminders;
  bool operator==(const Budget&) const = default;
};

struct TenantSettings {
  std::string name;
  std::string default_country;
  std::string sender;                          // when a message names none
  std::string default_gateway;                 // empty: the first gateway
  std::vector<std::string> fineract_app_keys;  // several during rotation
  bool fineract_allow_empty_key = false;
  store::Lane fineract_lane = store::Lane::transaction;
  std::optional<Budget> budget;
  bool check_number_length = true;  // refuse numbers with more or fewer digits than any mobile of their country
  bool html_entities = true;        // Fineract posts "O&#39;Brien"; the phone should show O'Brien
  bool operator==(const TenantSettings&) const = default;
};

struct LaneSettings {
  WallMs validity_ms = 0;
  DoubtPolicy doubt = DoubtPolicy::resend;
  bool operator==(const LaneSettings&) const = default;
};
using Lanes = std::array<LaneSettings, store::lane_count>;
inline constexpr Lanes default_lanes{{
    {5 * 60'000, DoubtPolicy::resend},       // otp
    {24ll * 3600'000, DoubtPolicy::resend},  // transaction
    {24ll * 3600'000, DoubtPolicy::hold},    // reminder
    {48ll * 3600'000, DoubtPolicy::hold},    // campaign
}};

struct GatewaySettings {
  boost::json::object settings;  // as they were given, without secrets
  bool of_file = false;          // of the configuration file, whose writer may reach what the machine reaches
  std::string name;
  store::GatewayId id = 0;
  std::string description;
  std::string kind = "smpp";         // or a provider of http_gateways
  std::vector<std::string> tenants;  // that may use it; empty: see RoutingTable::may_use()
  // Of providers: settings as their kind names them, secrets read.
  boost::json::object account;
  std::string callback_secret;  // in the address that the provider calls; empty: one is made and kept in the store
  std::size_t max_in_flight = 32;
  Duration connect_timeout = std::chrono::seconds(5), request_timeout = std::chrono::seconds(30);
  std::string proxy;
  Duration balance_interval = std::chrono::minutes(15);
  // Of SMPP; its `tls` also of providers.
  Address address;
  smpp::SessionConfig session;
  smpp::Dialect dialect;
  enum class Bind { transceiver, pair, transmitter } bind = Bind::transceiver;  // pair: a transmitter and a receiver
  int sessions = 1;
  double rate = 0;     // segments a second over all sessions, 0: no limit
  std::string sender;  // when neither message nor tenant names one
  text::Charset charset = text::Charset::automatic;
  text::Concat concat = text::Concat::udh8;
  std::size_t segments_max = 15;  // Fineract's longest text, 1000 characters, when it needs UCS-2
  bool receipts = true;           // ask for delivery receipts
  WallMs receipt_wait_ms = 72ll * 3600 * 1000;
  WallMs receipts_quiet_ms = 15ll * 60 * 1000;  // after this time without any, routes trust it less; 0: never
  enum class Validity { relative, absolute, none } validity = Validity::relative;
  RetryPolicy retry;
  std::optional<DoubtPolicy> doubt;  // overrides the lanes'
  Duration reconnect_first = std::chrono::seconds(1), reconnect_max = std::chrono::seconds(60);
  Duration refused_delay = std::chrono::minutes(5);  // after a bind was refused for its credentials
};

// A way out by rules: which messages take it, by which gateways, and when one of them gives way to the next.
struct RouteSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // Fineract may ask for it as providerId, so no gateway has the same
  std::string description;
  int position = 100;  // lower ones are asked first, equal ones in the order of the file, then by name
  // Every list that is not empty must hold the message's value.
  std::vector<std::string> tenants, countries, prefixes, senders;
  std::vector<store::Lane> lanes;
  int from_minute = 0, until_minute = 24 * 60;  // of the day in `zone`; until < from: over midnight
  std::string zone = "UTC";
  enum class Order { listed, weighted, cheapest } order = Order::listed;
  struct Via {
    std::string gateway;
    std::uint32_t weight = 1;
  };
  std::vector<Via> via;
  // When a message that waits leaves a gateway, by lane.
  std::array<WallMs, store::lane_count> unreachable_after{10'000, 120'000, 600'000, 1'800'000};
  std::array<WallMs, store::lane_count> throttled_after{15'000, 300'000, 1'800'000, 7'200'000};
  std::array<WallMs, store::lane_count> no_receipt_after{};  // 0: never. The phone may get it twice
  bool after_refusal = true;
  std::optional<Micro> price_max;  // of a message with all its parts
};

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
  Prices prices;
};

struct ConfigProblem {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: the whole file
  bool warning = false;
  std::string path;  // gateways[0].port
  std::string text;
  std::string code;  // unknown-key, bad-value, missing, duplicate, unreadable, literal-secret, unsafe
  // Of check_references: which of the list that `path` names, and its key.
  std::size_t index = 0;
  std::string key;
};
std::string describe(const ConfigProblem& problem);  // FILE:LINE:COL: error: path: text [code]

struct LoadedConfig {
  Config config;                        // usable only without errors
  std::vector<ConfigProblem> problems;  // all of them, not just the first
  bool ok() const;
};

// One object in the form of the file, as the API and the store have it: its secrets stand in it. The problems have no
// place; paths begin at the object.
GatewaySettings read_gateway(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems);
RouteSettings read_route(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems);

// Nothing differs, secrets included; or nothing but what is for people.
bool same(const GatewaySettings& a, const GatewaySettings& b);
bool works_as(const GatewaySettings& a, const GatewaySettings& b);

// Calls `body` for everything secret in a gateway's settings; `place` is its JSON pointer.
void for_each_secret(boost::json::object& settings,
                     const std::function<void(boost::json::value& secret, const std::string& place)>& body);
// The settings of a gateway that decide where its secrets go, by JSON pointer.
boost::json::object addresses_of(const boost::json::object& settings);
// What stands in the place of a secret that is kept and not shown.
boost::json::value hidden_secret();
bool is_hidden_secret(const boost::json::value& value);

// What gateways, routes and tenants say of each other and is not so: equal names and ids, names of nobody. A path is
// the list that the problem is in. `assumed` are names of gateways that are not there yet.
std::vector<ConfigProblem> check_references(const std::vector<const GatewaySettings*>& gateways,
                                            const std::vector<const RouteSettings*>& routes,
                                            const std::vector<const TenantSettings*>& tenants,
                                            const std::set<std::string>& assumed = {});

// The keys outside of gateways, routes and the like in which two files differ: "listen.api".
std::vector<std::string> takes_restart(const Config& running, const Config& written);

// Reads the file and, if there is one, the folder conf.d beside it. Never throws for bad content.
LoadedConfig load_config(const std::filesystem::path& file);

}  // namespace smsbridge::bridge
