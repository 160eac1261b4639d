// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/smpp_gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <limits>
#include <tuple>

#include "bridge/config/checks.hpp"
#include "bridge/config/reader.hpp"
#include "bridge/text/control.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

const std::vector<std::pair<std::string, smpp::StatusClass>> status_class_choices = {
    {"ok", smpp::StatusClass::ok},
    {"throttle", smpp::StatusClass::throttle},
    {"retry", smpp::StatusClass::transient_retry},
    {"fail", smpp::StatusClass::permanent_message_failure},
    {"account", smpp::StatusClass::account_refused}};

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
void read_account(ConfigSection& s, smpp::ClientConfig& session) {
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

}  // namespace

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

}  // namespace smsbridge::bridge
