// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/gateway.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/provider_gateway.hpp"
#include "bridge/config/reader.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/config/smpp_gateway.hpp"
#include "bridge/config/tls.hpp"

namespace smsbridge::bridge {
namespace {

constexpr WallMs second = 1000, day = 24 * 3600 * second;

}  // namespace

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
  read_retry(s, g.retry);
  if (s.has("doubt")) {
    g.doubt = DoubtPolicy::resend;
    s.read_choice("doubt", *g.doubt, doubt_choices);
  }
}

GatewaySettings read_gateway(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems) {
  return read_object<GatewaySettings>(settings, folder, problems, read_gateway);
}

bool same(const GatewaySettings& a, const GatewaySettings& b) {
  return works_as(a, b) && a.description == b.description;
}

bool works_as(const GatewaySettings& a, const GatewaySettings& b) {
  auto settings = a.settings, others = b.settings;
  for (auto* each : {&settings, &others}) each->erase("description");
  return settings == others && a.account == b.account && a.session.password == b.session.password &&
         a.callback_secret == b.callback_secret && a.proxy == b.proxy && a.of_file == b.of_file;
}

}  // namespace smsbridge::bridge
