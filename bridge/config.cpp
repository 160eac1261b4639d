// SPDX-License-Identifier: MPL-2.0
#include "bridge/config.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "bridge/config_reader.hpp"
#include "bridge/text/number.hpp"

// Every key of the file, with its type, range and place, in the order of docs/configuration.md.
namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t file_size_max_bytes = 4u << 20;
constexpr WallMs second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

const std::vector<std::pair<std::string, DoubtPolicy>> doubt_choices = {{"resend", DoubtPolicy::resend},
                                                                        {"hold", DoubtPolicy::hold}};

const std::vector<std::pair<std::string, smpp::StatusClass>> status_class_choices = {
    {"ok", smpp::StatusClass::ok},
    {"throttle", smpp::StatusClass::throttle},
    {"retry", smpp::StatusClass::transient_retry},
    {"fail", smpp::StatusClass::permanent_message_failure}};

void read_tenant(ConfigSection& s, TenantConfig& tenant) {
  s.require("name");
  s.read("name", tenant.name);
  s.read("default_country", tenant.default_country);
  if (!tenant.default_country.empty() && !text::is_known_country(tenant.default_country))
    s.problem("default_country", "'" + tenant.default_country + "' is not an ISO 3166 country such as KE", "bad-value");
  s.read("sender", tenant.sender);
  s.read("default_gateway", tenant.default_gateway);
  s.read_secrets("fineract_app_key", tenant.fineract_app_keys);
  s.read("fineract_allow_empty_key", tenant.fineract_allow_empty_key);
  std::string lane;
  s.read("fineract_lane", lane);
  if (!lane.empty() && !store::parse(lane, tenant.fineract_lane))
    s.problem("fineract_lane", "'" + lane + "' is not one of otp, transaction, reminder, campaign", "bad-value");
  s.read("html_entities", tenant.html_entities);
}

void read_dialect(ConfigSection& s, smpp::Dialect& dialect) {
  using smpp::IdNotation;
  const std::vector<std::pair<std::string, IdNotation>> notations = {{"auto", IdNotation::automatic},
                                                                     {"string", IdNotation::string},
                                                                     {"dec", IdNotation::decimal},
                                                                     {"hex", IdNotation::hexadecimal}};
  s.read_choice("id_in_response", dialect.response_id, notations);
  s.read_choice("id_in_receipt", dialect.receipt_id, notations);
  s.read("receipts_by_text", dialect.receipts_by_text);
  s.read("accepted_is_final", dialect.accepted_is_final);
  s.read("address_may_differ", dialect.address_may_differ);
  s.read("one_receipt_per_message", dialect.one_receipt_per_message);
  s.map("status", [&](const std::string& code, const std::string& meaning) {
    char* end = nullptr;
    const auto value = std::strtoul(code.c_str(), &end, 0);
    const auto choice =
        std::ranges::find(status_class_choices, meaning, &std::pair<std::string, smpp::StatusClass>::first);
    if (code.empty() || *end != '\0' || choice == status_class_choices.end())
      s.problem("status", "'" + code + ": " + meaning + "' is not a code such as 0x45 with ok, throttle, retry or fail",
                "bad-value");
    else
      dialect.status_overrides[static_cast<std::uint32_t>(value)] = choice->second;
  });
}

void read_gateway(ConfigSection& s, GatewayConfig& g) {
  g.dialect.response_id = g.dialect.receipt_id = smpp::IdNotation::automatic;
  for (const auto* key : {"name", "id", "host", "port", "system_id"}) s.require(key);
  s.read("name", g.name);
  s.read("id", g.id, 1, 1'000'000'000);
  s.read("description", g.description);
  std::string kind = "smpp";
  s.read("kind", kind);
  if (kind != "smpp")
    s.problem("kind", "'" + kind + "' is not a kind of gateway; this release knows smpp", "bad-value");
  s.read("host", g.endpoint.host);
  s.read("port", g.endpoint.port, 1, 65535);
  s.section("tls", [&](ConfigSection& t) {
    auto& tls = g.endpoint.tls;
    tls.enabled = true;
    t.read("enabled", tls.enabled);
    t.read_path("ca_file", tls.ca_file);
    t.read_path("certificate_file", tls.certificate_file);
    t.read_path("key_file", tls.key_file);
    t.read("server_name", tls.server_name);
    t.read("verify", tls.verify);
    if (!tls.verify)
      t.problem("verify", "without verification anybody on the path can read and change messages", "unsafe", true);
  });
  auto& session = g.session;
  s.read("system_id", session.system_id);
  if (session.system_id.size() > 15) s.problem("system_id", "is longer than 15 characters", "bad-value");
  s.read_secret("password", session.password);
  s.read("system_type", session.system_type);
  s.read("address_range", session.address_range);
  s.read_choice("bind", g.bind,
                {{"transceiver", GatewayConfig::Bind::transceiver},
                 {"pair", GatewayConfig::Bind::pair},
                 {"transmitter", GatewayConfig::Bind::transmitter}});
  s.read("interface_version", session.interface_version, 0, 0x50);
  s.read("sessions", g.sessions, 1, 100);
  s.read("window", session.window, 1, 10000);
  s.read_number("rate", g.rate, 0.1, 1'000'000);
  s.read_duration("enquire_link_interval", session.enquire_link_interval, 5s, 1h);
  s.read_duration("response_timeout", session.response_timeout, 1s, 10min);
  s.read_duration("reconnect_first", g.reconnect_first, 10ms, 10min);
  s.read_duration("reconnect_max", g.reconnect_max, 10ms, 1h);
  s.read_duration("refused_delay", g.refused_delay, 1s, 24h);
  s.read("sender", g.sender);
  s.read_choice("charset", g.charset,
                {{"auto", text::Charset::automatic},
                 {"gsm7", text::Charset::gsm7},
                 {"latin1", text::Charset::latin1},
                 {"ucs2", text::Charset::ucs2}});
  s.read_choice("concat", g.concat,
                {{"udh8", text::Concat::udh8},
                 {"udh16", text::Concat::udh16},
                 {"sar", text::Concat::sar},
                 {"payload", text::Concat::payload}});
  s.read("segments_max", g.segments_max, 1, 255);
  s.read("receipts", g.receipts);
  s.read_duration_ms("receipt_wait", g.receipt_wait_ms, second, 30 * day);
  s.read_choice("validity_period", g.validity,
                {{"relative", GatewayConfig::Validity::relative},
                 {"absolute", GatewayConfig::Validity::absolute},
                 {"none", GatewayConfig::Validity::none}});
  s.section("retry", [&](ConfigSection& r) {
    r.read_duration_ms("first", g.retry.delay_first_ms, 10, day);
    r.read_duration_ms("max", g.retry.delay_max_ms, 10, 7 * day);
    r.read("attempts", g.retry.attempts_max, 1, 1000);
    r.read_duration_ms("resend_delay", g.retry.resend_delay_ms, 0, hour);
    r.read_duration_ms("hold", g.retry.hold_ms, second, 30 * day);
  });
  if (s.has("doubt")) {
    g.doubt = DoubtPolicy::resend;
    s.read_choice("doubt", *g.doubt, doubt_choices);
  }
  s.section("dialect", [&](ConfigSection& d) { read_dialect(d, g.dialect); });
}

void read_root(ConfigSection& root, Config& config) {
  root.section("listen", [&](ConfigSection& s) {
    s.read_address("api", config.api);
    s.read_address("fineract", config.fineract);
    s.read("fineract_prefix", config.fineract_prefix);
    s.read_path("control", config.control_socket);
  });
  root.section("store", [&](ConfigSection& s) {
    s.read_path("path", config.store_path);
    s.read_size("size_limit", config.store_size_limit_bytes, 1u << 20);
    s.read_size("prewrite", config.store_prewrite_bytes, 0);
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
  root.section("lanes", [&](ConfigSection& s) {
    for (std::size_t i = 0; i < store::lane_count; ++i)
      s.section(std::string(store::name(static_cast<store::Lane>(i))), [&](ConfigSection& l) {
        l.read_duration_ms("validity", config.lanes[i].validity_ms, second, 63 * 7 * day);
        l.read_choice("doubt", config.lanes[i].doubt, doubt_choices);
      });
  });
  root.list("tenants", [&](ConfigSection& s) { read_tenant(s, config.tenants.emplace_back()); });
  root.list("gateways", [&](ConfigSection& s) { read_gateway(s, config.gateways.emplace_back()); });

  if (config.tenants.empty()) root.problem("tenants", "at least one tenant is needed", "missing");
  if (config.gateways.empty()) root.problem("gateways", "at least one gateway is needed", "missing");
  std::set<std::string> names;
  for (const auto& tenant : config.tenants)
    if (!names.insert(tenant.name).second)
      root.problem("tenants", "two tenants are called '" + tenant.name + "'", "duplicate");
  names.clear();
  std::set<store::GatewayId> ids;
  for (const auto& gateway : config.gateways) {
    if (!names.insert(gateway.name).second)
      root.problem("gateways", "two gateways are called '" + gateway.name + "'", "duplicate");
    if (!ids.insert(gateway.id).second)
      root.problem("gateways", "two gateways have the id " + std::to_string(gateway.id), "duplicate");
  }
  for (const auto& tenant : config.tenants)
    if (!tenant.default_gateway.empty() && !names.contains(tenant.default_gateway))
      root.problem("tenants", "tenant '" + tenant.name + "' names the unknown gateway '" + tenant.default_gateway + "'",
                   "bad-value");
}

}  // namespace

std::string describe(const ConfigProblem& p) {
  std::string text = p.file;
  if (p.line > 0) text += ":" + std::to_string(p.line) + ":" + std::to_string(p.column);
  text += p.warning ? ": warning: " : ": error: ";
  if (!p.path.empty()) text += p.path + ": ";
  return text + p.text + " [" + p.code + "]";
}

bool LoadedConfig::ok() const {
  return std::ranges::all_of(problems, [](const ConfigProblem& p) { return p.warning; });
}

LoadedConfig load_config(const std::filesystem::path& file) {
  LoadedConfig loaded;
  auto& config = loaded.config;
  config.folder = std::filesystem::absolute(file).parent_path();
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
    ConfigSection root(YAML::LoadFile(file.string()), "", file.string(), config.folder, loaded.problems);
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
