// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/config.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <tuple>

#include "bridge/config/reader.hpp"
#include "bridge/env/network.hpp"
#include "bridge/text/control.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/sender.hpp"
#include "http_gateways/provider.hpp"

// Every key of the file, with its type, range and place, in the order of docs/configuration.md.
namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::uintmax_t file_size_max_bytes = 4u << 20;
constexpr std::size_t callback_secret_min = 16;
constexpr std::size_t name_length_max = 64;  // of gateways and routes
constexpr std::size_t master_key_length_min = 32;
constexpr WallMs second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

const std::vector<std::pair<std::string, DoubtPolicy>> doubt_choices = {{"resend", DoubtPolicy::resend},
                                                                        {"hold", DoubtPolicy::hold}};

const std::vector<std::pair<std::string, smpp::StatusClass>> status_class_choices = {
    {"ok", smpp::StatusClass::ok},
    {"throttle", smpp::StatusClass::throttle},
    {"retry", smpp::StatusClass::transient_retry},
    {"fail", smpp::StatusClass::permanent_message_failure},
    {"account", smpp::StatusClass::account_refused}};

bool holds(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::find(list, value) != list.end();
}

void check_sender(ConfigSection& s, const std::string& sender, std::string_view country) {
  if (const auto why = text::why_not_a_sender(sender, country); !why.empty())
    s.problem("sender", "'" + sender + "' is no sender: " + why, "bad-value");
}

void read_tenant(ConfigSection& s, TenantSettings& tenant) {
  s.require("name");
  s.read("name", tenant.name);
  s.read("default_country", tenant.default_country);
  if (!tenant.default_country.empty() && !text::is_known_country(tenant.default_country))
    s.problem("default_country", "'" + tenant.default_country + "' is not an ISO 3166 country such as KE", "bad-value");
  s.read("sender", tenant.sender);
  check_sender(s, tenant.sender, tenant.default_country);
  s.read("check_number_length", tenant.check_number_length);
  s.read("default_gateway", tenant.default_gateway);
  s.read_secrets("fineract_app_key", tenant.fineract_app_keys);
  s.read("fineract_allow_empty_key", tenant.fineract_allow_empty_key);
  // Without one every call of Fineract would be refused; [] says that none comes.
  if (s.is_file() && !s.has("fineract_app_key") && !tenant.fineract_allow_empty_key) s.require("fineract_app_key");
  std::string lane;
  s.read("fineract_lane", lane);
  if (!lane.empty() && !store::parse(lane, tenant.fineract_lane))
    s.problem("fineract_lane", "'" + lane + "' is not one of otp, transaction, reminder, campaign", "bad-value");
  s.read("html_entities", tenant.html_entities);
  s.section("budget", [&](ConfigSection& b) {
    auto& budget = tenant.budget.emplace();
    b.require("currency");
    b.read("currency", budget.currency);
    const auto money = [&](const std::string& key, std::optional<Micro>& value) {
      std::string text;
      b.read(key, text);
      if (!text.empty() && !(value = parse_money(text)))
        b.problem(key, "'" + text + "' is not an amount such as 5000.00", "bad-value");
    };
    money("alert", budget.alert);
    money("refuse_campaigns", budget.refuse_campaigns);
    money("refuse_reminders", budget.refuse_reminders);
  });
}

// What a word of `stat:` means, in the words that messages end with.
const std::vector<std::pair<std::string, smpp::MessageState>> receipt_state_choices = {
    {"enroute", smpp::MessageState::enroute},     {"accepted", smpp::MessageState::accepted},
    {"delivered", smpp::MessageState::delivered}, {"expired", smpp::MessageState::expired},
    {"deleted", smpp::MessageState::deleted},     {"undeliverable", smpp::MessageState::undeliverable},
    {"rejected", smpp::MessageState::rejected},   {"unknown", smpp::MessageState::unknown}};

void read_receipt_words(ConfigSection& s, smpp::Dialect& dialect) {
  s.map("receipt_words", [&](std::string word, const std::string& meaning) {
    const auto choice =
        std::ranges::find(receipt_state_choices, meaning, &std::pair<std::string, smpp::MessageState>::first);
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const bool is_word = !word.empty() && word.find_first_of(" \t\r\n") == std::string::npos;
    if (!is_word || choice == receipt_state_choices.end())
      return s.problem("receipt_words",
                       "'" + word + ": " + meaning +
                           "' is not a word such as NOCRED with enroute, accepted, delivered, expired, deleted, "
                           "undeliverable, rejected or unknown",
                       "bad-value");
    if (!dialect.receipt_words.emplace(word, choice->second).second)
      s.problem("receipt_words", "the word '" + word + "' stands here twice", "duplicate");
  });
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
  read_receipt_words(s, dialect);
  s.map("status", [&](const std::string& code, const std::string& meaning) {
    char* end = nullptr;
    const auto value = std::strtoul(code.c_str(), &end, 0);
    const auto choice =
        std::ranges::find(status_class_choices, meaning, &std::pair<std::string, smpp::StatusClass>::first);
    const bool is_code = !code.empty() && std::isdigit(static_cast<unsigned char>(code.front())) && *end == '\0' &&
                         value <= std::numeric_limits<std::uint32_t>::max();
    if (!is_code || choice == status_class_choices.end())
      s.problem("status",
                "'" + code + ": " + meaning + "' is not a code such as 0x45 with ok, throttle, retry, fail or account",
                "bad-value");
    else if (!dialect.status_overrides.emplace(static_cast<std::uint32_t>(value), choice->second).second)
      s.problem("status", "the code '" + code + "' stands here twice", "duplicate");
  });
}

// Loads the files as a connection will, which would only fail then.
void check_tls_files(ConfigSection& t, const TlsOptions& tls) {
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    const auto* const there = tls.key_file.empty() ? "certificate_file" : "key_file";
    const auto* const lacking = tls.key_file.empty() ? "key_file" : "certificate_file";
    return t.problem(there, std::string("is of no use without ") + lacking, "missing");
  }
  boost::system::error_code ec;
  const auto failed = [&](const char* key, const std::string& what) {
    if (ec) t.problem(key, what + ": " + ec.message(), "unreadable");
    return ec.failed();
  };
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  // Nobody is there to be asked for a password.
  context.set_password_callback([](std::size_t, boost::asio::ssl::context::password_purpose) { return ""; }, ec);
  if (!tls.ca_file.empty()) {
    context.load_verify_file(tls.ca_file, ec);
    failed("ca_file", "holds no certificates in PEM");
  }
  if (tls.certificate_file.empty()) return;
  context.use_certificate_chain_file(tls.certificate_file, ec);
  if (failed("certificate_file", "holds no certificate in PEM")) return;
  context.use_private_key_file(tls.key_file, boost::asio::ssl::context::pem, ec);
  failed("key_file", "holds no key in PEM that fits the certificate and has no password");
}

void read_tls(ConfigSection& s, TlsOptions& tls) {
  if (s.is_file() && s.has("tls") && s.node()["tls"].IsNull())
    s.problem("tls", "is empty; {} is TLS as it is usual", "missing");
  s.section("tls", [&](ConfigSection& t) {
    tls.enabled = true;
    t.read("enabled", tls.enabled);
    const auto before = t.problems();
    t.read_path("ca_file", tls.ca_file);
    t.read_path("certificate_file", tls.certificate_file);
    t.read_path("key_file", tls.key_file);
    if (t.problems() == before) check_tls_files(t, tls);
    t.read("server_name", tls.server_name);
    if (text::has_control(tls.server_name))
      t.problem("server_name", "holds a control character or a line break", "bad-value");
    t.read("verify", tls.verify);
    if (!tls.verify)
      t.problem("verify", "without verification anybody on the path can read and change messages", "unsafe", true);
  });
}

// No name or address of this machine or of a network of one's own, as far as can be told without asking.
bool is_public(const std::string& host) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(host, ec);
  if (!ec && address.is_v4()) {
    const auto net = [value = address.to_v4().to_uint()](std::uint32_t base, int bits) {
      return value >> (32 - bits) == base >> (32 - bits);
    };
    return !(net(0x7F000000, 8) || net(0x0A000000, 8) || net(0xAC100000, 12) || net(0xC0A80000, 16) ||
             net(0xA9FE0000, 16) || net(0x64400000, 10));
  }
  if (!ec) {
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped())
      return is_public(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string());
    return !v6.is_loopback() && !v6.is_link_local() && (v6.to_bytes()[0] & 0xFE) != 0xFC;
  }
  static const std::vector<std::string> of_ones_own = {".localhost", ".local", ".localdomain", ".internal",
                                                       ".intranet",  ".lan",   ".home.arpa",   ".private"};
  return host.find('.') != std::string::npos &&
         std::ranges::none_of(of_ones_own, [&](const std::string& end) { return host.ends_with(end); });
}

// What the keys of the gateway may allow at most.
constexpr std::size_t max_in_flight_most = 1000, segments_max_most = 255;

bool holds_control(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return text::has_control({text->data(), text->size()});
  if (const auto* object = value.if_object())
    return std::ranges::any_of(*object, [](const auto& member) {
      return text::has_control(std::string_view(member.key())) || holds_control(member.value());
    });
  const auto* array = value.if_array();
  return array && std::ranges::any_of(*array, holds_control);
}

// A line break in what is written into a URL or a header would begin a header of its own.
void check_lines(ConfigSection& s, const boost::json::object& account, const http_gateways::Kind& kind) {
  for (const auto& setting : kind.settings)
    if (const auto* value = account.if_contains(setting.name); value && !setting.lines && holds_control(*value))
      s.problem("account", "'" + std::string(setting.name) + "' holds a control character or a line break",
                "bad-value");
}

void read_provider(ConfigSection& s, GatewaySettings& g, const http_gateways::Kind& kind) {
  s.read("receipts", g.receipts);
  const auto before = s.problems();
  s.read_tree("account", g.account, [&](const std::string& name) {
    const auto setting = std::ranges::find(kind.settings, std::string_view(name), &http_gateways::Setting::name);
    return setting != kind.settings.end() && setting->secret;
  });
  if (s.problems() == before) {
    check_lines(s, g.account, kind);
    try {
      const auto provider = http_gateways::make_provider(kind, g.account);
      if (!provider->fetched() &&
          provider->build({.reference = "r-1", .to = "+254700000000", .text = "x"}, 1).url.empty())
        s.problem("account", "can receive, but lacks what it needs to send", "missing");
      if (const auto need = provider->receipts_need(); !need.empty() && g.receipts)
        s.problem("account", "without '" + std::string(need) + "' no receipt can be believed: messages end as sent",
                  "no-receipts", true);
      // Before the keys of the gateway are read, which go first.
      const auto limits = provider->limits();
      if (limits.rate_per_s > 0) g.rate = limits.rate_per_s;
      if (limits.max_in_flight > 0) g.max_in_flight = std::min(limits.max_in_flight, max_in_flight_most);
      if (limits.max_parts > 0) g.segments_max = std::min(limits.max_parts, segments_max_most);
    } catch (const http_gateways::BadSettings& error) {
      s.problem("account", error.what(), "bad-value");
    }
  }
  s.read_secret("callback_secret", g.callback_secret);
  const auto fits_an_address = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; };
  if (!g.callback_secret.empty() &&
      (g.callback_secret.size() < callback_secret_min || !std::ranges::all_of(g.callback_secret, fits_an_address)))
    s.problem("callback_secret",
              fmt::format("needs at least {} letters, digits, '-' or '_': whoever guesses it can send receipts",
                          callback_secret_min),
              "bad-value");
  s.read("max_in_flight", g.max_in_flight, 1, max_in_flight_most);
  s.read_duration("connect_timeout", g.connect_timeout, 100ms, 1min);
  s.read_duration("request_timeout", g.request_timeout, 1s, 5min);
  s.read("proxy", g.proxy);
  if (text::has_control(g.proxy)) s.problem("proxy", "holds a control character or a line break", "bad-value");
  s.read_duration("balance_interval", g.balance_interval, 0s, 24h);
}

void read_smpp(ConfigSection& s, GatewaySettings& g);

// http://user:password@host, or a secret that was taken out already.
bool holds_a_password(const boost::json::value& value) {
  if (value.is_object()) return value.get_object().contains("sealed");
  if (!value.is_string()) return false;
  const std::string_view text = value.get_string();
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto at = text.find('@', scheme + 3);
  return at != std::string_view::npos && at < text.find('/', scheme + 3);
}

// It stands in addresses, in the store's keys and in metrics.
void read_name(ConfigSection& s, std::string& name) {
  s.read("name", name);
  const auto forbidden = [](unsigned char c) { return c == '/' || c < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(name, forbidden))
    s.problem("name", "is a part of addresses: no '/' and no control characters", "bad-value");
  if (name.size() > name_length_max)
    s.problem("name", fmt::format("must have 1 to {} octets", name_length_max), "bad-value");
}

// Delays double up to the longest.
void check_first_delay(ConfigSection& s, const char* first, WallMs first_ms, const char* longest, WallMs longest_ms) {
  if (first_ms > longest_ms)
    s.problem(first, "is longer than '" + std::string(longest) + "', which is " + duration_text(longest_ms),
              "bad-value");
}

void read_gateway(ConfigSection& s, GatewaySettings& g) {
  if (s.node().IsMap()) g.settings = to_json(s.node()).as_object();
  for_each_secret(g.settings, [](boost::json::value& secret, const std::string&) { secret = hidden_secret(); });
  g.dialect.response_id = g.dialect.receipt_id = smpp::IdNotation::automatic;
  for (const auto* key : {"name", "id"}) s.require(key);
  read_name(s, g.name);
  s.read("id", g.id, 1, 1'000'000'000);
  s.read("description", g.description);
  s.read_texts("tenants", g.tenants);
  s.read("kind", g.kind);
  const auto* kind = http_gateways::find_kind(g.kind);
  if (kind) {
    read_provider(s, g, *kind);
  } else if (g.kind == "smpp") {
    read_smpp(s, g);
  } else {
    std::vector<std::string> known{"smpp"};
    for (const auto& each : http_gateways::kinds()) known.emplace_back(each.name);
    const auto close = nearest(g.kind, known);
    s.problem("kind",
              "'" + g.kind + "' is not a kind of gateway" +
                  (close.empty() ? std::string() : "; did you mean '" + close + "'?"),
              "bad-value");
    s.accept_rest();
  }
  read_tls(s, g.address.tls);
  if (g.kind == "smpp" && !g.address.tls.enabled && is_public(g.address.host))
    s.problem("host",
              "without 'tls', password and texts go to '" + g.address.host + "' in clear text, unless a VPN is between",
              "unsafe", true);
  s.read_number("rate", g.rate, 0.1, 1'000'000);
  s.read("sender", g.sender);
  check_sender(s, g.sender, {});
  s.read("segments_max", g.segments_max, 1, segments_max_most);
  s.read("receipts", g.receipts);
  s.read_duration_ms("receipt_wait", g.receipt_wait_ms, second, 30 * day);
  s.read_duration_ms("receipts_quiet", g.receipts_quiet_ms, 0, 30 * day);
  s.section("retry", [&](ConfigSection& r) {
    r.read_duration_ms("first", g.retry.delay_first_ms, 10, day);
    r.read_duration_ms("max", g.retry.delay_max_ms, 10, 7 * day);
    check_first_delay(r, "first", g.retry.delay_first_ms, "max", g.retry.delay_max_ms);
    r.read("attempts", g.retry.attempts_max, 1, 1000);
    r.read_duration_ms("resend_delay", g.retry.resend_delay_ms, 0, hour);
    r.read_duration_ms("hold", g.retry.hold_ms, second, 30 * day);
  });
  if (s.has("doubt")) {
    g.doubt = DoubtPolicy::resend;
    s.read_choice("doubt", *g.doubt, doubt_choices);
  }
}

// A name or an address, and nothing around it.
void read_host(ConfigSection& s, std::string& host) {
  s.read("host", host);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code no_address;
  // Behind the colon of anything else stands a port.
  if (host.find(':') != std::string::npos) std::ignore = boost::asio::ip::make_address_v6(host, no_address);
  if (host.find_first_of("/@ \t[]") == std::string::npos && !text::has_control(host) && !no_address) return;
  s.problem("host", "'" + host + "' is not a name or an address: no scheme, path or port", "bad-value");
  host.clear();  // nothing more is to be said of it
}

// What does not fit into a bind would never be sent, and a bind that was cut would only lock the account.
void read_account(ConfigSection& s, smpp::SessionConfig& session) {
  constexpr std::size_t system_id_standard = 15, system_id_max = 64, password_max = 64;
  constexpr std::size_t system_type_max = 12, address_range_max = 40;
  const auto fits = [&s](const char* key, const std::string& value, std::size_t size_max) {
    if (value.size() > size_max)
      s.problem(key, fmt::format("is longer than {} characters: a bind cannot carry it", size_max), "bad-value");
    else if (value.find('\0') != std::string::npos)
      s.problem(key, "contains a NUL: a bind cannot carry it", "bad-value");
  };
  s.read("system_id", session.system_id);
  fits("system_id", session.system_id, system_id_max);
  if (session.system_id.size() > system_id_standard && session.system_id.size() <= system_id_max)
    s.problem("system_id", "is longer than the 15 characters of SMPP 3.4; some message centres take it", "unusual",
              true);
  s.read_secret("password", session.password);
  fits("password", session.password, password_max);
  s.read("system_type", session.system_type);
  fits("system_type", session.system_type, system_type_max);
  s.read("address_range", session.address_range);
  fits("address_range", session.address_range, address_range_max);
}

void read_smpp(ConfigSection& s, GatewaySettings& g) {
  for (const auto* key : {"host", "port", "system_id"}) s.require(key);
  if (s.is_file() && !s.has("password")) s.require("password");
  read_host(s, g.address.host);
  s.read("port", g.address.port, 1, 65535);
  auto& session = g.session;
  read_account(s, session);
  s.read_choice("bind", g.bind,
                {{"transceiver", GatewaySettings::Bind::transceiver},
                 {"pair", GatewaySettings::Bind::pair},
                 {"transmitter", GatewaySettings::Bind::transmitter}});
  s.read("interface_version", session.interface_version, 0, 0x50);
  s.read("sessions", g.sessions, 1, 100);
  s.read("window", session.window, 1, 10000);
  s.read_duration("enquire_link_interval", session.enquire_link_interval, 0s, 1h);
  if (session.enquire_link_interval > 0s && session.enquire_link_interval < 5s)
    s.problem("enquire_link_interval", "is shorter than 5s, which carriers take amiss; 0s is off", "bad-value");
  s.read_duration("bind_timeout", session.bind_timeout, 5s, 5min);
  s.read_duration("response_timeout", session.response_timeout, 1s, 10min);
  s.read_duration("reconnect_first", g.reconnect_first, 10ms, 10min);
  s.read_duration("reconnect_max", g.reconnect_max, 10ms, 1h);
  check_first_delay(s, "reconnect_first", g.reconnect_first / 1ms, "reconnect_max", g.reconnect_max / 1ms);
  s.read_duration("refused_delay", g.refused_delay, 1s, 24h);
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
  s.read_choice("validity_period", g.validity,
                {{"relative", GatewaySettings::Validity::relative},
                 {"absolute", GatewaySettings::Validity::absolute},
                 {"none", GatewaySettings::Validity::none}});
  s.section("dialect", [&](ConfigSection& d) { read_dialect(d, g.dialect); });
}

// "08:00" -> minutes of the day; 24:00 is its end.
std::optional<int> parse_clock(const std::string& text) {
  int hours = 0, minutes = 0;
  char behind = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d%c", &hours, &minutes, &behind) != 2 || hours < 0 || minutes < 0 ||
      minutes > 59)
    return std::nullopt;
  const int total = hours * 60 + minutes;
  return total <= 24 * 60 ? std::optional(total) : std::nullopt;
}

void read_by_lane(ConfigSection& s, const std::string& key, std::array<WallMs, store::lane_count>& values) {
  s.section(key, [&](ConfigSection& lanes) {
    for (std::size_t i = 0; i < store::lane_count; ++i)
      lanes.read_duration_ms(std::string(store::name(static_cast<store::Lane>(i))), values[i], second, 30 * day);
  });
}

void read_route(ConfigSection& s, RouteSettings& r) {
  if (s.node().IsMap()) r.settings = to_json(s.node()).as_object();
  for (const auto* key : {"name", "id", "via"}) s.require(key);
  read_name(s, r.name);
  if (r.name == "test") s.problem("name", "is what /api/v1/routes/test tests routes by: take another", "bad-value");
  s.read("id", r.id, 1, 1'000'000'000);
  s.read("description", r.description);
  s.read("position", r.position, 0, 1'000'000);
  s.read_texts("tenants", r.tenants);
  s.read_texts("countries", r.countries);
  for (const auto& country : r.countries)
    if (!text::is_known_country(country))
      s.problem("countries", "'" + country + "' is not an ISO 3166 country such as KE", "bad-value");
  s.read_texts("prefixes", r.prefixes);
  for (const auto& prefix : r.prefixes)
    if (!prefix.starts_with('+') || prefix.find_first_not_of("0123456789", 1) != std::string::npos)
      s.problem("prefixes", "'" + prefix + "' is not the beginning of an international number such as +2547",
                "bad-value");
  s.read_texts("senders", r.senders);
  std::vector<std::string> lanes;
  s.read_texts("lanes", lanes);
  for (const auto& name : lanes) {
    store::Lane lane{};
    if (store::parse(name, lane))
      r.lanes.push_back(lane);
    else
      s.problem("lanes", "'" + name + "' is not one of otp, transaction, reminder, campaign", "bad-value");
  }
  s.section("hours", [&](ConfigSection& h) {
    const auto clock = [&](const std::string& key, int& minute_of_day) {
      std::string text;
      h.read(key, text);
      if (text.empty()) return;
      if (const auto parsed = parse_clock(text))
        minute_of_day = *parsed;
      else
        h.problem(key, "'" + text + "' is not a time of day such as 08:00", "bad-value");
    };
    clock("from", r.from_minute);
    clock("until", r.until_minute);
    h.read("zone", r.zone);
    try {
      date::locate_zone(r.zone);
    } catch (const std::exception&) {
      h.problem("zone", "'" + r.zone + "' is not a time zone such as Africa/Nairobi", "bad-value");
    }
    constexpr int day_minutes = 24 * 60;
    const bool whole_day = r.from_minute == 0 && r.until_minute == day_minutes;
    if (!whole_day && r.from_minute % day_minutes == r.until_minute % day_minutes)
      h.problem(h.has("until") ? "until" : "from", "is when the hours begin: they would have no length", "bad-value");
  });
  s.read_choice("order", r.order,
                {{"listed", RouteSettings::Order::listed},
                 {"weighted", RouteSettings::Order::weighted},
                 {"cheapest", RouteSettings::Order::cheapest}});
  s.list("via", [&](ConfigSection& v) {
    auto& via = r.via.emplace_back();
    v.require("gateway");
    v.read("gateway", via.gateway);
    v.read("weight", via.weight, 0, 1'000'000);
    if (!via.gateway.empty() && std::ranges::count(r.via, via.gateway, &RouteSettings::Via::gateway) > 1)
      v.problem("gateway", "'" + via.gateway + "' stands in this route twice", "duplicate");
  });
  if (!r.via.empty() && std::ranges::all_of(r.via, [](const auto& via) { return via.weight == 0; }))
    s.problem("via", "every gateway has the weight 0: no message could choose one", "bad-value");
  std::string price_max;
  s.read("price_max", price_max);
  if (!price_max.empty() && !(r.price_max = parse_money(price_max)))
    s.problem("price_max", "'" + price_max + "' is not a price such as 0.80", "bad-value");
  s.section("fail_over", [&](ConfigSection& f) {
    f.read("after_refusal", r.after_refusal);
    read_by_lane(f, "unreachable_after", r.unreachable_after);
    read_by_lane(f, "throttled_after", r.throttled_after);
    read_by_lane(f, "no_receipt_after", r.no_receipt_after);
  });
}

template <class Object>
Object read_object(const boost::json::object& settings, const std::filesystem::path& folder,
                   std::vector<ConfigProblem>& problems, const std::function<void(ConfigSection&, Object&)>& read) {
  Object object;
  ConfigSection section(to_yaml(settings), "", "", folder, problems, ConfigSection::Secrets::here);
  read(section, object);
  section.finish();
  return object;
}

struct PriceRow {
  std::string gateway, prefix = "*", price, currency;
};

using RefusePrice = std::function<void(const char* key, const std::string& why)>;

void add_price(Config& config, PriceRow row, const RefusePrice& refuse) {
  const auto gateway = std::ranges::find(config.gateways, row.gateway, &GatewaySettings::name);
  if (gateway == config.gateways.end()) return refuse("gateway", "there is no gateway '" + row.gateway + "'");
  const auto id = gateway->id;
  if (row.prefix == "*") row.prefix.clear();
  const auto digits = row.prefix.starts_with('+') ? row.prefix.substr(1) : row.prefix;
  // No international number begins with 0.
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.starts_with('0') ||
      (digits.empty() && !row.prefix.empty()))
    return refuse("prefix", "'" + row.prefix + "' is not the beginning of an international number such as +2547, or *");
  const auto amount = parse_money(row.price);
  if (!amount) return refuse("price", "'" + row.price + "' is not a price such as 0.80");
  if (row.currency.size() != 3) return refuse("currency", "'" + row.currency + "' is not a currency such as KES");
  if (const auto used = config.prices.currency_of(id); !used.empty() && used != row.currency)
    return refuse("currency", "'" + row.gateway + "' has prices in " + used + "; its accounts have one currency");
  if (!config.prices.add(id, row.prefix, {.part = *amount, .currency = row.currency}))
    refuse("prefix", "'" + row.gateway + "' has a price for '" + row.prefix + "' already");
}

// gateway,prefix,price,currency; a line that begins with # is a remark.
void read_prices_file(ConfigSection& root, Config& config) {
  std::string file;
  root.read_path("prices_file", file);
  std::ifstream in(file);
  std::string line;
  for (int number = 1; !file.empty() && std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a spreadsheet's mark
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.starts_with('#') || line.starts_with("gateway,")) continue;
    std::vector<std::string> fields;
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) fields.push_back(cell);
    const auto refuse = [&](const char*, const std::string& why) {
      root.problem("prices_file", file + ":" + std::to_string(number) + ": " + why, "bad-value");
    };
    if (fields.size() != 4)
      refuse("", "has " + std::to_string(fields.size()) + " fields, not the four gateway,prefix,price,currency");
    else
      add_price(config, {fields[0], fields[1], fields[2], fields[3]}, refuse);
  }
}

void read_prices(ConfigSection& root, Config& config) {
  root.list("prices", [&](ConfigSection& s) {
    const auto before = s.problems();
    PriceRow row;
    for (const auto* key : {"gateway", "price", "currency"}) s.require(key);
    s.read("gateway", row.gateway);
    s.read("prefix", row.prefix);
    s.read("price", row.price);
    s.read("currency", row.currency);
    if (s.problems() == before)
      add_price(config, row, [&](const char* key, const std::string& why) { s.problem(key, why, "bad-value"); });
  });
  read_prices_file(root, config);
}

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
  root.section("lanes", [&](ConfigSection& s) {
    for (std::size_t i = 0; i < store::lane_count; ++i)
      s.section(std::string(store::name(static_cast<store::Lane>(i))), [&](ConfigSection& l) {
        l.read_duration_ms("validity", config.lanes[i].validity_ms, second, 63 * 7 * day);
        l.read_choice("doubt", config.lanes[i].doubt, doubt_choices);
      });
  });
  root.list("tenants", [&](ConfigSection& s) { read_tenant(s, config.tenants.emplace_back()); });
  root.list("gateways", [&](ConfigSection& s) {
    config.gateways.emplace_back().of_file = true;
    read_gateway(s, config.gateways.back());
  });
  root.list("routes", [&](ConfigSection& s) { read_route(s, config.routes.emplace_back()); });
  read_prices(root, config);

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

std::vector<ConfigProblem> check_references(const std::vector<const GatewaySettings*>& gateways,
                                            const std::vector<const RouteSettings*>& routes,
                                            const std::vector<const TenantSettings*>& tenants,
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
  for (std::size_t i = 0; i < tenants.size(); ++i)
    if (is_second(tenant_names, tenants[i]->name))
      say("tenants", i, "name", "two tenants are called '" + tenants[i]->name + "'", "duplicate");
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
  return problems;
}

namespace {

const http_gateways::Kind* kind_of(const boost::json::object& settings) {
  const auto* name = settings.if_contains("kind");
  return name && name->is_string() ? http_gateways::find_kind(std::string_view(name->get_string())) : nullptr;
}

}  // namespace

bool same(const GatewaySettings& a, const GatewaySettings& b) {
  return works_as(a, b) && a.description == b.description;
}

bool works_as(const GatewaySettings& a, const GatewaySettings& b) {
  auto settings = a.settings, others = b.settings;
  for (auto* each : {&settings, &others}) each->erase("description");
  return settings == others && a.account == b.account && a.session.password == b.session.password &&
         a.callback_secret == b.callback_secret && a.proxy == b.proxy && a.of_file == b.of_file;
}

boost::json::object addresses_of(const boost::json::object& settings) {
  boost::json::object addresses;
  for (const auto* key : {"host", "port", "proxy", "tls"})
    if (const auto* value = settings.if_contains(key)) addresses["/" + std::string(key)] = *value;
  const auto* kind = kind_of(settings);
  const auto* account = settings.if_contains("account");
  if (!kind || !account || !account->is_object()) return addresses;
  for (const auto& setting : kind->settings)
    if (const auto* value = account->get_object().if_contains(setting.name); value && setting.address)
      addresses["/account/" + std::string(setting.name)] = *value;
  return addresses;
}

boost::json::value hidden_secret() { return {{"sealed", true}}; }
bool is_hidden_secret(const boost::json::value& value) { return value == hidden_secret(); }

void for_each_secret(boost::json::object& settings,
                     const std::function<void(boost::json::value& secret, const std::string& place)>& body) {
  const auto visit = [&](boost::json::object& object, const std::string& base, std::string_view key) {
    if (auto* value = object.if_contains(key); value && !value->is_null()) body(*value, base + "/" + std::string(key));
  };
  visit(settings, "", "password");
  visit(settings, "", "callback_secret");
  if (const auto* proxy = settings.if_contains("proxy"); proxy && holds_a_password(*proxy))
    visit(settings, "", "proxy");
  const auto* kind = kind_of(settings);
  auto* account = settings.if_contains("account");
  if (!kind || !account || !account->is_object()) return;
  for (const auto& setting : kind->settings) {
    const auto* value = account->get_object().if_contains(setting.name);
    if (setting.secret || (value && holds_a_password(*value))) visit(account->get_object(), "/account", setting.name);
  }
}

GatewaySettings read_gateway(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems) {
  return read_object<GatewaySettings>(settings, folder, problems, [](auto& s, auto& g) { read_gateway(s, g); });
}

RouteSettings read_route(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems) {
  return read_object<RouteSettings>(settings, folder, problems, [](auto& s, auto& r) { read_route(s, r); });
}

namespace {

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
