// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/provider_gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/text/control.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t callback_secret_min = 16;

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

using G = GatewaySettings;
using P = ProviderSettings;

template <class Value>
auto of_account(Value P::*value) {
  return [value](G& gateway) -> Value& { return gateway.provider().*value; };
}

// Of an account whose settings were read: what it needs, and what it is held to. The keys of the gateway, which are
// read later, go before that.
void check_account(ConfigSection& s, G& gateway) {
  auto& way = gateway.provider();
  check_lines(s, way.account, *way.kind);
  try {
    const auto provider = http_gateways::make_provider(*way.kind, way.account);
    if (!provider->fetched() &&
        provider->build({.reference = "r-1", .to = "+254700000000", .text = "x"}, 1).url.empty())
      s.problem("account", "can receive, but lacks what it needs to send", "missing");
    bool receipts = gateway.receipts;
    s.read("receipts", receipts);
    if (const auto need = provider->receipts_need(); !need.empty() && receipts)
      s.problem("account", "without '" + std::string(need) + "' no receipt can be believed: messages end as sent",
                "no-receipts", true);
    const auto limits = provider->limits();
    if (limits.rate_per_s > 0) gateway.rate = limits.rate_per_s;
    if (limits.max_in_flight > 0) way.max_in_flight = std::min(limits.max_in_flight, max_in_flight_most);
    if (limits.max_parts > 0) gateway.segments_max = std::min(limits.max_parts, segments_max_most);
  } catch (const http_gateways::BadSettings& error) {
    s.problem("account", error.what(), "bad-value");
  }
}

void read_account(ConfigSection& s, G& gateway) {
  auto& way = gateway.provider();
  const auto before = s.problems();
  s.read_tree("account", way.account, [&](const std::string& name) {
    const auto setting = std::ranges::find(way.kind->settings, std::string_view(name), &http_gateways::Setting::name);
    return setting != way.kind->settings.end() && setting->secret;
  });
  if (s.problems() == before) check_account(s, gateway);
}

void check_callback_secret(ConfigSection& s, G& gateway) {
  const auto& secret = gateway.provider().callback_secret;
  const auto fits_an_address = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; };
  if (!secret.empty() && (secret.size() < callback_secret_min || !std::ranges::all_of(secret, fits_an_address)))
    s.problem("callback_secret",
              fmt::format("needs at least {} letters, digits, '-' or '_': whoever guesses it can send receipts",
                          callback_secret_min),
              "bad-value");
}

}  // namespace

const Keys<GatewaySettings>& provider_keys() {
  using K = Keys<G>;
  static const K keys{
      K::special("account", KeyInfo::Type::tree, read_account, "Settings of the account, as its kind names them"),
      K::secret("callback_secret", of_account(&P::callback_secret),
                "Last part of the callback address; made once where there is none")
          .checked(check_callback_secret),
      K::integer("max_in_flight", of_account(&P::max_in_flight), 1, max_in_flight_most,
                 "Requests without an answer at a time; also the most connections"),
      K::duration("connect_timeout", of_account(&P::connect_timeout), 100ms, 1min, "Nothing was sent by then"),
      K::duration("request_timeout", of_account(&P::request_timeout), 1s, 5min, "Then the answer counts as lost"),
      K::text("proxy", of_account(&P::proxy), "HTTP proxy for requests to the provider")
          .address()
          .url()
          .checked([](ConfigSection& s, G& gateway) { check_no_control(s, "proxy", gateway.provider().proxy); }),
      K::duration("balance_interval", of_account(&P::balance_interval), 0s, 24h,
                  "How often the balance is asked for; 0s: never"),
  };
  return keys;
}

}  // namespace smsbridge::bridge
