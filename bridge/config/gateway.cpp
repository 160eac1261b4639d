// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/gateway.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/provider_gateway.hpp"
#include "bridge/config/secrets.hpp"
#include "bridge/config/smpp_gateway.hpp"
#include "bridge/config/tls.hpp"
#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {

text::TextOptions GatewaySettings::text_options() const {
  text::TextOptions options;
  if (!is_smpp()) return options;
  const auto& way = smpp();
  options.charset = way.charset;
  options.concat = way.concat;
  for (const auto language : way.national) options.national.allow(language);
  options.national.single = way.national_tables != SmppSettings::Tables::locking;
  options.national.locking = way.national_tables != SmppSettings::Tables::single;
  return options;
}

std::vector<Address> SmppSettings::addresses() const {
  std::vector<Address> addresses{address};
  for (const auto& other : other_hosts)
    addresses.push_back({.host = other.host, .port = other.port, .tls = address.tls});
  return addresses;
}

namespace {

using G = GatewaySettings;

// The kind says which keys there are.
void read_kind(ConfigSection& s, G& g) {
  if (const auto* kind = http_gateways::find_kind(g.kind)) {
    g.way = ProviderSettings{.kind = kind};
    return provider_keys().read(s, g);
  }
  if (g.kind == "smpp") {
    auto& dialect = g.smpp().dialect;
    dialect.response_id = dialect.receipt_id = smpp::IdNotation::automatic;
    return smpp_keys().read(s, g);
  }
  std::vector<std::string> known{"smpp"};
  for (const auto& each : http_gateways::kinds()) known.emplace_back(each.name);
  const auto close = text::nearest(g.kind, known);
  s.problem(
      "kind",
      "'" + g.kind + "' is not a kind of gateway" + (close.empty() ? std::string() : "; did you mean '" + close + "'?"),
      "bad-value");
  s.accept_rest();
}

TlsOptions& tls_of(G& g) {
  auto& tls = g.tls();
  tls.enabled = true;
  return tls;
}

void check_tls(ConfigSection& s, G& g) {
  if (s.is_file() && s.has("tls") && !s.is_given("tls"))
    s.problem("tls", "is empty; {} is TLS as it is usual", "missing");
  if (!g.is_smpp() || g.tls().enabled) return;
  const auto addresses = g.smpp().addresses();
  for (const auto& address : addresses)
    if (is_public(address.host))
      s.problem(&address == &addresses.front() ? "host" : "other_hosts",
                "without 'tls', password and texts go to '" + address.host + "' in clear text, unless a VPN is between",
                "unsafe", true);
}

const Keys<G>& common_keys() {
  using K = Keys<G>;
  static const K keys{
      K::text("name", &G::name, "Name in API, metrics and logs").needed().checked([](ConfigSection& s, G& g) {
        check_name(s, g.name);
      }),
      K::integer("id", &G::id, 1, 1'000'000'000, "Number by which Fineract knows it (providerId)").needed(),
      K::text("title", &G::title, "Shown by Fineract as the provider's name, where that is not to be the gateway's")
          .checked([](ConfigSection& s, G& g) { check_no_control(s, "title", g.title); }),
      K::text("description", &G::description, "Shown by Fineract when a provider is chosen"),
      K::texts("tenants", &G::tenants, "Names of the tenants that may use it"),
      K::text("kind", &G::kind, "smpp, or an HTTP provider").checked(read_kind),
      K::section<TlsOptions>("tls", tls_of, tls_keys(), "{} is TLS 1.2 or later with the certificate verified")
          .address()
          .checked(check_tls),
      K::rate("rate", &G::rate, 0.1, 1'000'000, "Most segments a second over all sessions, such as 50/s"),
      K::text("sender", &G::sender, "Sender when neither message nor tenant names one")
          .checked([](ConfigSection& s, G& g) { check_sender(s, g.sender, {}); }),
      K::integer("segments_max", &G::segments_max, 1, segments_max_most, "Longer texts are refused"),
      K::boolean("receipts", &G::receipts, "Ask for delivery receipts; without them a message ends as sent"),
      K::duration_ms("receipt_wait", &G::receipt_wait_ms, second, 30 * day,
                     "Then the message is sent; a later receipt still corrects it"),
      K::duration_ms("receipts_quiet", &G::receipts_quiet_ms, 0, 30 * day,
                     "After so long without a receipt, routes trust it less; 0s: never"),
      K::section<RetryPolicy>("retry", &G::retry, retry_keys(), "Delays after a temporary error"),
      K::choice("doubt", &G::doubt, doubt_choices, "For all its messages; else as their lane says"),
  };
  return keys;
}

}  // namespace

void read_gateway(ConfigSection& s, GatewaySettings& g) {
  if (s.node().IsMap()) g.settings = to_json(s.node()).as_object();
  for_each_secret(g.settings, [](boost::json::value& secret, const std::string&) { secret = hidden_secret(); });
  common_keys().read(s, g);
}

std::vector<KeyInfo> gateway_infos() { return common_keys().infos(); }
std::vector<KeyInfo> smpp_infos() {
  GatewaySettings usual;
  usual.smpp().dialect.response_id = usual.smpp().dialect.receipt_id = smpp::IdNotation::automatic;
  return smpp_keys().infos(std::move(usual));
}
std::vector<KeyInfo> provider_infos() {
  GatewaySettings usual;
  usual.way = ProviderSettings{};
  return provider_keys().infos(std::move(usual));
}

GatewaySettings read_gateway(const boost::json::object& settings, const std::filesystem::path& folder,
                             std::vector<ConfigProblem>& problems) {
  return read_object<GatewaySettings>(settings, folder, problems, read_gateway);
}

bool same(const GatewaySettings& a, const GatewaySettings& b) {
  return works_as(a, b) && a.description == b.description && a.title == b.title;
}

bool have_one_account(const GatewaySettings& a, const GatewaySettings& b) {
  if (a.kind != b.kind) return false;
  if (!a.is_smpp()) return a.provider().account == b.provider().account;
  if (a.smpp().session.system_id != b.smpp().session.system_id) return false;
  // Two that name one host in common: its carrier gives the ids, wherever a message goes in.
  const auto others = b.smpp().addresses();
  return std::ranges::any_of(a.smpp().addresses(), [&](const Address& one) {
    return std::ranges::any_of(others,
                               [&](const Address& other) { return one.host == other.host && one.port == other.port; });
  });
}

bool works_as(const GatewaySettings& a, const GatewaySettings& b) {
  auto settings = a.settings, others = b.settings;
  for (auto* each : {&settings, &others})
    for (const auto* of_people : {"description", "title"}) each->erase(of_people);
  if (settings != others || a.of_file != b.of_file || a.way.index() != b.way.index()) return false;
  if (a.is_smpp())
    return a.smpp().session.password == b.smpp().session.password && a.smpp().from_profile == b.smpp().from_profile;
  return a.provider().account == b.provider().account && a.provider().proxy == b.provider().proxy &&
         a.provider().callback_secret == b.provider().callback_secret;
}

}  // namespace smsbridge::bridge
