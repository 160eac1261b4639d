// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/provider_gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "bridge/config/reader.hpp"
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

}  // namespace

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

}  // namespace smsbridge::bridge
