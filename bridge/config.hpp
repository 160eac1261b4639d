// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bridge/delivery/retry.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/text/segments.hpp"
#include "smpp/dialect.hpp"
#include "smpp/session.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

struct TenantConfig {
  std::string name;
  std::string default_country;
  std::string sender;                          // when a message names none
  std::string default_gateway;                 // empty: the first gateway
  std::vector<std::string> fineract_app_keys;  // several during rotation
  bool fineract_allow_empty_key = false;
  store::Lane fineract_lane = store::Lane::transaction;
  bool html_entities = true;  // Fineract posts "O&#39;Brien"; the phone should show O'Brien
};

struct LaneConfig {
  WallMs validity_ms = 0;
  DoubtPolicy doubt = DoubtPolicy::resend;
};

struct GatewayConfig {
  std::string name;
  store::GatewayId id = 0;
  std::string description;
  Endpoint endpoint;
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
  enum class Validity { relative, absolute, none } validity = Validity::relative;
  RetryPolicy retry;
  std::optional<DoubtPolicy> doubt;  // overrides the lanes'
  Duration reconnect_first = std::chrono::seconds(1), reconnect_max = std::chrono::seconds(60);
  Duration refused_delay = std::chrono::minutes(5);  // after a bind was refused for its credentials
};

struct Config {
  std::filesystem::path folder;  // relative paths in the file start here
  ListenAddress api{"127.0.0.1", 9190};
  ListenAddress fineract{"127.0.0.1", 9191};
  std::string fineract_prefix;
  std::filesystem::path control_socket;
  std::filesystem::path store_path;
  std::uint64_t store_size_limit_bytes = 16ull << 30;
  std::uint64_t store_prewrite_bytes = 64ull << 20;
  WallMs retention_ms = 90ll * 24 * 3600 * 1000;
  WallMs unknown_id_grace_ms = 24ll * 3600 * 1000;  // before Fineract is told that an id will never resolve
  int shards = 0;                                   // 0: one less than the cores, at least one
  std::string log_level = "info";
  std::string log_format = "auto";
  bool log_full_numbers = false;
  std::array<LaneConfig, store::lane_count> lanes{{
      {5 * 60'000, DoubtPolicy::resend},       // otp
      {24ll * 3600'000, DoubtPolicy::resend},  // transaction
      {24ll * 3600'000, DoubtPolicy::hold},    // reminder
      {48ll * 3600'000, DoubtPolicy::hold},    // campaign
  }};
  std::vector<TenantConfig> tenants;
  std::vector<GatewayConfig> gateways;
};

struct ConfigProblem {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0: the whole file
  bool warning = false;
  std::string path;  // gateways[0].port
  std::string text;
  std::string code;  // unknown-key, bad-value, missing, duplicate, unreadable, literal-secret
};
std::string describe(const ConfigProblem& problem);  // FILE:LINE:COL: error: path: text [code]

struct LoadedConfig {
  Config config;                        // usable only without errors
  std::vector<ConfigProblem> problems;  // all of them, not just the first
  bool ok() const;
};

// Reads the file and, if there is one, the folder conf.d beside it. Never throws for bad content.
LoadedConfig load_config(const std::filesystem::path& file);

}  // namespace smsbridge::bridge
