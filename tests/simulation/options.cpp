// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bridge/text/zone.hpp"
#include "smpp/status.hpp"
#include "tests/simulation/sim_accounts.hpp"
#include "tests/simulation/sim_bank.hpp"
#include "tests/simulation/sim_hook.hpp"
#include "tests/simulation/sim_provider.hpp"
#include "tests/simulation/sim_reports.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;
using bridge::Random;
using bridge::smsc_sim::IdFormat;
using smpp::MessageState;

constexpr std::uint16_t first_port = 2775;

Duration milliseconds_between(Random& random, std::int64_t low, std::int64_t high) {
  return std::chrono::milliseconds(random.between(low, high));
}

// Each kind of fault exists in some of the runs only: where all happen at once, each hides what the others break.
double perhaps(Random& random, double existing, double high) {
  const bool exists = random.chance(existing);
  const auto drawn = static_cast<double>(random.between(1, 1000)) / 1000.0 * high;
  return exists ? drawn : 0;
}

void draw_ids(Random& random, smpp::Dialect& dialect, bridge::smsc_sim::Options& centre) {
  centre.first_id = static_cast<std::uint64_t>(random.between(1, random.chance(0.3) ? 50 : 1'000'000'000));
  switch (random.between(0, 4)) {
    case 0:
      centre.response_id = IdFormat::decimal;
      break;
    case 1:
      centre.response_id = IdFormat::uuid;
      break;
    case 2:
      centre.response_id = IdFormat::hex8;
      break;
    case 3:
      centre.response_id = IdFormat::decimal10;
      centre.receipt_id = IdFormat::hex8;
      dialect.response_id = smpp::IdNotation::decimal;
      dialect.receipt_id = smpp::IdNotation::hexadecimal;
      break;
    default:
      centre.response_id = IdFormat::hex;
      centre.receipt_id = IdFormat::decimal;
      dialect.response_id = smpp::IdNotation::hexadecimal;
      dialect.receipt_id = smpp::IdNotation::decimal;
  }
  // Nothing is known of the notation, and it is learnt. Small numbers are each other's conversion: as long as nothing
  // is learnt, only people can tell.
  if (centre.first_id > 50 && random.chance(0.6))
    dialect.response_id = dialect.receipt_id = smpp::IdNotation::automatic;
}

void draw_centre(Random& random, RunOptions& options, bridge::GatewaySettings& gateway) {
  bridge::smsc_sim::Options centre;
  centre.accounts = {{"bridge", "secret"}};
  centre.seed = random.next();
  centre.wall_at_zero = 1'790'000'000'000;
  centre.response_delay = milliseconds_between(random, 0, 200);
  centre.response_jitter = milliseconds_between(random, 0, 500);
  if (options.late_answers) centre.response_jitter += gateway.smpp().session.response_timeout * 3 / 2;
  centre.receipt_delay = milliseconds_between(random, 0, 3000);
  centre.receipt_jitter = milliseconds_between(random, 0, random.chance(0.2) ? 600'000 : 20'000);
  centre.outcomes = {{MessageState::delivered, 1.0},
                     {MessageState::undeliverable, perhaps(random, 0.5, 0.3)},
                     {MessageState::expired, perhaps(random, 0.5, 0.2)},
                     {MessageState::rejected, perhaps(random, 0.5, 0.2)},
                     {MessageState::unknown, perhaps(random, 0.3, 0.2)},
                     {MessageState::enroute, perhaps(random, 0.2, 0.1)}};
  centre.throttle_rate = random.chance(0.25) ? static_cast<double>(random.between(2, 30)) : 0;
  if (random.chance(0.3)) centre.reject = {{"*7", random.chance(0.5) ? 0x0Bu : 0x45u}};
  centre.error_rate = perhaps(random, 0.4, 0.2);
  centre.error_status = random.chance(0.5) ? 0x08 : 0x14;
  centre.swallow = perhaps(random, 0.4, 0.1);
  centre.disconnect = perhaps(random, 0.3, 0.03);
  centre.disconnect_before = perhaps(random, 0.3, 0.03);
  centre.receipts_on_other_session = random.chance(0.3);
  centre.receipt_before_response = perhaps(random, 0.4, 0.5);
  centre.receipt_twice = perhaps(random, 0.4, 0.3);
  centre.receipt_lost = perhaps(random, 0.4, 0.2);
  centre.receipt_tlvs = random.chance(0.7);
  centre.receipt_window = static_cast<std::size_t>(random.between(1, 20));
  centre.receipt_retry = milliseconds_between(random, 3000, 15000);
  if (random.chance(0.3)) centre.sessions_max = static_cast<std::size_t>(gateway.smpp().sessions);
  if (random.chance(0.3)) centre.enquire_link_interval = milliseconds_between(random, 2000, 20000);
  draw_ids(random, gateway.smpp().dialect, centre);
  options.centres.push_back(std::move(centre));
}

std::size_t draw_window(Random& random) {
  return static_cast<std::size_t>(random.chance(0.3) ? random.between(1, 3) : random.between(4, 30));
}

double draw_rate(Random& random) { return random.chance(0.3) ? static_cast<double>(random.between(2, 50)) : 0; }

void draw_retry(Random& random, bridge::GatewaySettings& gateway) {
  gateway.retry.delay_first_ms = random.between(500, 5000);
  gateway.retry.delay_max_ms = random.between(5000, 30000);
  gateway.retry.attempts_max = static_cast<int>(random.between(1, 5));
  gateway.retry.resend_delay_ms = random.between(100, 3000);
  gateway.retry.hold_ms = random.between(60, 300) * 1000;
  gateway.doubt.reset();
  if (random.chance(0.3)) gateway.doubt = random.chance(0.5) ? bridge::DoubtPolicy::resend : bridge::DoubtPolicy::hold;
}

std::size_t draw_in_flight(Random& random) { return static_cast<std::size_t>(random.between(1, 20)); }

bridge::GatewaySettings draw_gateway(Random& random, std::size_t number) {
  bridge::GatewaySettings gateway;
  gateway.name = fmt::format("carrier-{}", number + 1);
  gateway.id = static_cast<store::GatewayId>(number + 1);
  auto& way = gateway.smpp();
  way.address.host = "centre";
  way.address.port = static_cast<std::uint16_t>(first_port + number);
  gateway.sender = "Bank";
  way.sessions = static_cast<int>(random.between(1, 3));
  auto& session = way.session;
  session.system_id = "bridge";
  session.password = "secret";
  session.window = draw_window(random);
  session.response_timeout = milliseconds_between(random, 3000, 12000);
  session.enquire_link_interval = milliseconds_between(random, 5000, 20000);
  session.enquire_link_timeout = milliseconds_between(random, 2000, 6000);
  session.deliveries_max = static_cast<std::size_t>(random.chance(0.3) ? random.between(1, 5) : 1000);
  gateway.rate = draw_rate(random);
  way.concat = static_cast<bridge::text::Concat>(random.between(0, 3));
  way.validity = static_cast<bridge::SmppSettings::Validity>(random.between(0, 2));
  gateway.receipts = random.chance(0.9);
  gateway.receipt_wait_ms = random.between(60, 300) * 1000;
  draw_retry(random, gateway);
  way.reconnect_first = milliseconds_between(random, 200, 1500);
  way.reconnect_max = milliseconds_between(random, 3000, 10000);
  way.refused_delay = milliseconds_between(random, 5000, 20000);
  return gateway;
}

// Some gateways are accounts with a provider.
void make_provider(Random& random, bridge::GatewaySettings& gateway) {
  gateway.kind = random.chance(0.5) ? "generic" : "infobip";
  gateway.way = bridge::ProviderSettings{.kind = http_gateways::find_kind(gateway.kind),
                                         .account = provider_account(gateway.kind, gateway.id - 1),
                                         .callback_secret = "secret",
                                         .max_in_flight = draw_in_flight(random),
                                         .balance_interval = {}};
}

// Some carriers, or all of them, for most of the run. What gives way to what is seen where a route has several
// gateways.
void draw_flapping(Random& random, RunOptions& options) {
  auto& config = options.config;
  if (config.gateways.size() > 1 && config.routes.empty()) config.routes.push_back(draw_route(random, config.gateways));
  const auto drawn_max = [&random] {
    return random.chance(0.5) ? milliseconds_between(random, 2000, 15'000)
                              : milliseconds_between(random, 15'000, 180'000);
  };
  for (std::size_t place = 0; place < config.gateways.size(); ++place) {
    if (!random.chance(0.6)) continue;
    Flapping flapping{.gateway = place};
    flapping.from = options.safety * random.between(0, 30) / 100;
    flapping.until = options.safety * random.between(60, 100) / 100;
    flapping.up_max = drawn_max();
    flapping.down_max = drawn_max();
    options.flapping.push_back(flapping);
  }
}

// What message centres do besides.
void draw_manners(Random& random, RunOptions& options) {
  if (random.chance(0.3)) options.poison = random.chance(0.5) ? "*33" : "*7";
  const bool in_words = random.chance(0.5);  // refuses the message as if it were the account, or cuts the connection
  for (auto& centre : options.centres) {
    if (in_words && !options.poison.empty())
      centre.reject.emplace_back(options.poison, random.chance(0.5) ? 0x15 : 0x101);
    else
      centre.poison = options.poison;
    centre.answers_after_unbind = random.chance(0.5);
    if (random.chance(0.2)) {
      centre.vendor_words = true;
      centre.receipt_tlvs = false;
    }
  }
}

// The first two gateways bind to one centre as one client, which reports on whichever bind it likes.
void share_account(RunOptions& options) {
  auto& gateways = options.config.gateways;
  if (gateways.size() < 2 || !gateways[0].is_smpp() || !gateways[1].is_smpp()) return;
  options.shared_account = true;
  options.changes = 0;
  auto& centre = options.centres[0];
  centre.sessions_max = 0;
  centre.receipts_on_other_session = true;
  gateways[0].rate = gateways[1].rate = 0;
  auto &first = gateways[0].smpp(), &second = gateways[1].smpp();
  second.session.window = first.session.window;
  second.dialect = first.dialect;
  second.address = first.address;
}

// A run without losses shows what every message may expect: its parts leave together, and another one's fault does not
// hold it up.
void calm_down(Random& random, RunOptions& options) {
  options.calm = true;
  options.network.faults = {.fragment = options.network.faults.fragment};
  options.crashes = options.stops = options.outages = options.hang_ups = options.failing_commits = 0;
  options.pauses = options.wall_jumps = options.drains = options.changes = 0;
  options.flapping.clear();
  options.phones = 1000;
  options.submissions = std::min<std::size_t>(options.submissions, 150);
  options.cancel = options.retry = options.short_validity = options.scheduled = 0;
  options.long_text = 0.5;
  options.step_max = std::min<Duration>(options.step_max, 50ms);
  options.store_limit_bytes = 256ull << 20;
  options.poison = random.chance(0.5) ? "*33" : "";
  for (auto& gateway : options.config.gateways) {
    gateway.rate = 0;
    const auto sessions = static_cast<int>(random.between(1, 4));
    if (!gateway.is_smpp()) {
      gateway.provider().max_in_flight = std::max<std::size_t>(gateway.provider().max_in_flight, 10);
      continue;
    }
    gateway.smpp().sessions = sessions;
    auto& session = gateway.smpp().session;
    session.window = std::max<std::size_t>(session.window, 10);
    session.response_timeout = 12s;
  }
  for (auto& centre : options.centres) {
    centre.poison = options.poison;
    centre.reject.clear();
    centre.throttle_rate = centre.swallow = centre.disconnect = centre.disconnect_before = 0;
    centre.error_rate = options.poison.empty() ? centre.error_rate : 0;
    centre.sessions_max = 0;
    centre.response_jitter = std::min<Duration>(centre.response_jitter, 500ms);
  }
  options.late_answers = false;
}

// By another chance, so that what a seed drew before, it draws still. Not where the store has little room: what phones
// say stays for longer than a run.
void draw_phones(RunOptions& options) {
  Random random(options.seed * 0xD1B54A32D192ED03 + 3);
  auto& config = options.config;
  for (std::size_t number = 0; number < config.tenants.size(); ++number)
    config.tenants[number].numbers = {fmt::format("100{}", number)};
  // Longer than a run: a carrier that is down repeats late, and the parts of a message may come hours apart.
  config.inbound = {.parts_wait_ms = 86'400'000, .repeat_window_ms = 86'400'000};
  if (options.calm || options.store_limit_bytes < RunOptions().store_limit_bytes || !random.chance(0.6)) return;
  options.phone_messages = static_cast<int>(random.between(1, 60));
  options.phone_stops = random.chance(0.6) ? 0.4 : 0;
}

// More hosts of some carriers, by another chance as above.
void draw_hosts(RunOptions& options) {
  Random random(options.seed * 0xA0761D6478BD642F + 7);
  if (options.calm || options.shared_account || !random.chance(0.5)) return;
  for (auto& gateway : options.config.gateways) {
    if (!gateway.is_smpp() || !random.chance(0.7)) continue;
    auto& way = gateway.smpp();
    for (auto more = random.between(1, 2); more > 0; --more)
      way.other_hosts.push_back(
          {.host = way.address.host, .port = static_cast<std::uint16_t>(way.address.port + 100 * more), .tls = {}});
    way.use_hosts =
        random.chance(0.5) ? bridge::SmppSettings::UseHosts::spread : bridge::SmppSettings::UseHosts::failover;
    way.return_after = milliseconds_between(random, 10'000, 60'000);
    way.unbind_wait = random.chance(0.5) ? milliseconds_between(random, 0, 30'000) : Duration{};
    options.host_outages += static_cast<int>(random.between(1, 6));
  }
}

// Some carriers can be asked, by another chance as above.
void draw_questions(RunOptions& options) {
  Random random(options.seed * 0x8EBC6AF09C88C6E3 + 13);
  for (std::size_t place = 0; place < options.config.gateways.size(); ++place) {
    auto& gateway = options.config.gateways[place];
    if (!gateway.is_smpp() || !random.chance(0.5)) continue;
    gateway.smpp().query = random.chance(0.7);
    gateway.smpp().cancel = random.chance(0.7);
    options.centres[place].keeps = random.chance(0.8) ? 100'000 : 0;  // the others say no to everything
    if (options.shared_account && place == 1) options.centres[0].keeps = options.centres[1].keeps;
  }
}

// Some of those never answer, or not always, by another chance as above.
void draw_silence(RunOptions& options) {
  Random random(options.seed * 0xC6BC279692B5C323 + 19);
  for (std::size_t place = 0; place < options.centres.size(); ++place) {
    if (!random.chance(0.3)) continue;
    options.centres[place].swallow_questions = random.chance(0.5) ? 1 : 0.3;
    if (options.shared_account && place == 1)
      options.centres[0].swallow_questions = options.centres[1].swallow_questions;
  }
}

// Many messages of one kind to one or two phones, by carriers that throttle them; mostly where nothing else goes wrong
// on the way. By another chance as above.
void draw_order(RunOptions& options) {
  Random random(options.seed * 0xA24BAED4963EE407 + 23);
  if (options.calm || !random.chance(0.2)) return;
  options.phones = static_cast<std::size_t>(random.between(1, 2));
  options.lane = static_cast<store::Lane>(random.between(0, 3));
  for (auto& tenant : options.config.tenants) tenant.fineract_lane = *options.lane;
  options.submissions = static_cast<std::size_t>(random.between(80, 200));
  options.submit_during = milliseconds_between(random, 20'000, 90'000);
  options.phone_messages = 0;
  for (auto& centre : options.centres) {
    centre.throttle_rate = static_cast<double>(random.between(1, 10));
    if (!random.chance(0.3)) continue;
    centre.error_rate = perhaps(random, 1, 0.3);
    centre.error_status = smpp::status_queue_full;
  }
  if (!random.chance(0.7)) return;
  options.network.faults = {.fragment = options.network.faults.fragment};
  options.hang_ups = options.outages = options.host_outages = options.changes = 0;
  options.flapping.clear();
  options.poison.clear();
  for (auto& gateway : options.config.gateways) gateway.rate = 0;
  for (auto& centre : options.centres) {
    centre.poison.clear();
    centre.reject.clear();
    centre.disconnect = centre.disconnect_before = 0;
  }
}

// What carriers of some countries ask for, by another chance as above.
void draw_fields(RunOptions& options) {
  Random random(options.seed * 0xB5297A4D3F84D5B5 + 29);
  if (!random.chance(0.4)) return;
  options.tlvs = perhaps(random, 0.7, 0.5);
  auto& gateways = options.config.gateways;
  for (auto& gateway : gateways) {
    if (!gateway.is_smpp() || !random.chance(0.7)) continue;
    auto& fields = gateway.smpp().fields;
    fields.tlvs = draw_tlvs(random);
    for (auto rows = random.between(0, 2); rows > 0; --rows) {
      auto& row = fields.senders.emplace_back();
      if (random.chance(0.7))
        row.tenant = options.config
                         .tenants[static_cast<std::size_t>(
                             random.between(0, static_cast<std::int64_t>(options.config.tenants.size()) - 1))]
                         .name;
      if (row.tenant.empty() || random.chance(0.5)) row.sender = random.chance(0.7) ? gateway.sender : "Nobody";
      row.tlvs = draw_tlvs(random);
    }
  }
  if (options.shared_account) gateways[1].smpp().fields = gateways[0].smpp().fields;
}

// Nights of some minutes that begin while messages wait for carriers, by another chance as above. All phones are
// German.
void draw_nights(RunOptions& options) {
  using bridge::QuietHours;
  Random random(options.seed * 0xC2B2AE3D27D4EB4F + 37);
  if (options.calm || !random.chance(0.2)) return;
  for (auto& tenant : options.config.tenants) {
    if (!random.chance(0.7)) continue;
    auto& hours = tenant.quiet_hours.emplace();
    tenant.time_zone = random.chance(0.5) ? "Africa/Nairobi" : "America/St_Johns";
    if (random.chance(0.4)) hours.zone = QuietHours::Zone::tenant;
    if (random.chance(0.5)) hours.lanes = {store::Lane::transaction, store::Lane::reminder, store::Lane::campaign};
    const auto begins = wall_at_start + random.between(30'000, options.submit_during / std::chrono::milliseconds(1));
    const auto zone = hours.zone == QuietHours::Zone::tenant ? tenant.time_zone : "Europe/Berlin";
    hours.from_minute = bridge::text::local_time(begins, zone).minute_of_day();
    hours.until_minute = (hours.from_minute + static_cast<int>(random.between(2, 20))) % (24 * 60);
  }
  options.outages += 3;
  options.pauses += 8;
}

// What happens at the banks, by another chance as above. Not where the store has little room: a bank says a thing once.
void draw_events(RunOptions& options) {
  Random random(options.seed * 0x9C8F2D3A6B1E4F75 + 41);
  if (options.calm || options.store_limit_bytes < RunOptions().store_limit_bytes || !random.chance(0.5)) return;
  options.events = static_cast<int>(random.between(1, 80));
  options.events_false = perhaps(random, 0.6, 0.5);
  options.bank_outages = random.chance(0.6) ? static_cast<int>(random.between(1, 4)) : 0;
  SimBank::configure(options.config);
}

}  // namespace

std::vector<store::Tlv> draw_tlvs(Random& random) {
  std::vector<store::Tlv> tlvs;
  static constexpr std::uint16_t tags[] = {0x1400, 0x1401, 0x1402, 0x1500, 0x3FFF};
  for (const auto tag : tags) {
    if (!random.chance(0.4)) continue;
    auto& tlv = tlvs.emplace_back(store::Tlv{.tag = tag, .value = {}});
    for (auto octets = random.chance(0.1) ? 0 : random.between(1, 40); octets > 0; --octets)
      tlv.value.push_back(static_cast<char>(random.between(0, 255)));
  }
  return tlvs;
}

// All gateways in some order; each gives way to the next one.
bridge::RouteSettings draw_route(Random& random, const std::vector<bridge::GatewaySettings>& gateways) {
  bridge::RouteSettings route;
  route.name = "any";
  route.id = 101;
  for (const auto& gateway : gateways)
    route.via.push_back({.gateway = gateway.name, .weight = static_cast<std::uint32_t>(random.between(0, 3))});
  std::ranges::rotate(route.via,
                      route.via.begin() + random.between(0, static_cast<std::int64_t>(route.via.size()) - 1));
  if (random.chance(0.5)) route.order = bridge::RouteSettings::Order::weighted;
  route.after_refusal = random.chance(0.8);
  for (std::size_t lane = 0; lane < store::lane_count; ++lane) {
    route.unreachable_after[lane] = random.between(1000, 60'000);
    route.throttled_after[lane] = random.between(1000, 60'000);
  }
  if (random.chance(0.3)) route.no_receipt_after.fill(random.between(5000, 60'000));
  return route;
}

void draw_change(Random& random, bridge::GatewaySettings& gateway) {
  // As it is written, it is another one.
  gateway.settings["changed"] = random.next();
  if (random.chance(0.5)) gateway.rate = draw_rate(random);
  if (random.chance(0.5))
    if (const auto window = draw_window(random); gateway.is_smpp()) gateway.smpp().session.window = window;
  if (random.chance(0.5))
    if (const auto most = draw_in_flight(random); !gateway.is_smpp()) gateway.provider().max_in_flight = most;
  if (random.chance(0.5)) draw_retry(random, gateway);
}

// One or two a tenant, by all or some events. They give up nothing within a run.
void draw_webhooks(Random& random, RunOptions& options) {
  auto& config = options.config;
  for (const auto& tenant : config.tenants)
    for (auto left = random.between(0, 2); left > 0; --left) {
      const auto place = config.webhooks.size();
      bridge::WebhookSettings webhook;
      webhook.name = fmt::format("hook-{}", place + 1);
      webhook.id = static_cast<store::GatewayId>(900 + place);
      webhook.of_file = true;
      webhook.tenant = tenant.name;
      webhook.url = "http://" + SimHook::host(place) + "/";
      webhook.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
      webhook.retry.assign(30, 15'000);
      webhook.retry.front() = 1'000;
      webhook.retry.back() = 43'200'000;
      if (random.chance(0.3)) webhook.events = {bridge::WebhookEvent::delivered, bridge::WebhookEvent::failed};
      if (random.chance(0.3)) webhook.batch = static_cast<int>(random.between(2, 50));
      config.webhooks.push_back(std::move(webhook));
    }
  options.hooks = {
      .lost = perhaps(random, 0.4, 0.2), .refuse = perhaps(random, 0.4, 0.3), .busy = perhaps(random, 0.3, 0.2)};
  options.hook_outages = config.webhooks.empty() || random.chance(0.4) ? 0 : static_cast<int>(random.between(1, 3));
}

RunOptions draw_options(std::uint64_t seed) {
  Random random(seed * 0x9E3779B97F4A7C15 + 1);
  RunOptions options;
  options.seed = seed;
  options.late_answers = random.chance(0.15);

  auto& config = options.config;
  config.lanes = {{{.validity_ms = 300'000, .doubt = bridge::DoubtPolicy::resend},
                   {.validity_ms = 3600'000, .doubt = bridge::DoubtPolicy::resend},
                   {.validity_ms = 3600'000, .doubt = bridge::DoubtPolicy::hold},
                   {.validity_ms = 7200'000, .doubt = bridge::DoubtPolicy::hold}}};
  const auto gateways = static_cast<std::size_t>(random.between(1, 3));
  for (std::size_t number = 0; number < gateways; ++number) {
    auto gateway = draw_gateway(random, number);
    draw_centre(random, options, gateway);
    if (random.chance(0.3)) make_provider(random, gateway);
    config.gateways.push_back(std::move(gateway));
  }
  const auto tenants = random.between(1, 3);
  for (std::int64_t number = 0; number < tenants; ++number) {
    bridge::TenantSettings tenant;
    tenant.name = fmt::format("bank-{}", number + 1);
    tenant.default_country = "DE";
    tenant.fineract_app_keys = {"app-key"};
    tenant.fineract_lane = static_cast<store::Lane>(random.between(0, 3));
    tenant.default_gateway = config.gateways[static_cast<std::size_t>(number) % gateways].name;
    config.tenants.push_back(std::move(tenant));
  }

  if (random.chance(0.5)) config.routes.push_back(draw_route(random, config.gateways));
  options.network.latency = milliseconds_between(random, 0, 100);
  options.network.jitter = milliseconds_between(random, 0, 100);
  options.network.faults = {.refuse = perhaps(random, 0.4, 0.5),
                            .no_answer = perhaps(random, 0.2, 0.3),
                            .reset = perhaps(random, 0.4, 0.02),
                            .hang = perhaps(random, 0.3, 0.01),
                            .fragment = perhaps(random, 0.5, 0.7)};

  options.submissions =
      static_cast<std::size_t>(random.chance(0.2) ? random.between(200, 400) : random.between(30, 150));
  options.safety = milliseconds_between(random, 120'000, 900'000);
  options.submit_during = options.safety * random.between(1, 8) / 10;
  options.repeat = perhaps(random, 0.6, 0.4);
  options.conflict = perhaps(random, 0.5, 0.2);
  options.bad_number = perhaps(random, 0.5, 0.2);
  options.long_text = perhaps(random, 0.6, 0.6);
  options.ucs2 = perhaps(random, 0.5, 0.5);
  options.short_validity = perhaps(random, 0.5, 0.4);
  options.scheduled = perhaps(random, 0.4, 0.3);
  options.cancel = perhaps(random, 0.4, 0.2);
  options.retry = perhaps(random, 0.4, 0.3);
  options.phones = static_cast<std::size_t>(random.chance(0.3) ? random.between(1, 5) : 1000);
  options.crashes = random.chance(0.6) ? static_cast<int>(random.between(1, 6)) : 0;
  options.stops = random.chance(0.2) ? static_cast<int>(random.between(1, 2)) : 0;
  options.outages = random.chance(0.3) ? static_cast<int>(random.between(1, 3)) : 0;
  options.hang_ups = random.chance(0.3) ? static_cast<int>(random.between(1, 3)) : 0;
  options.failing_commits = random.chance(0.4) ? static_cast<int>(random.between(1, 10)) : 0;
  options.pauses = random.chance(0.2) ? static_cast<int>(random.between(1, 5)) : 0;
  options.wall_jumps = random.chance(0.15) ? static_cast<int>(random.between(1, 3)) : 0;
  if (random.chance(0.15)) options.store_limit_bytes = static_cast<std::uint64_t>(random.between(400, 900)) << 10;
  options.step_max = milliseconds_between(random, 1, random.chance(0.2) ? 1000 : 50);
  if (random.chance(0.3)) draw_flapping(random, options);
  options.drains = random.chance(0.2) ? static_cast<int>(random.between(1, 5)) : 0;
  options.changes = random.chance(0.3) ? static_cast<int>(random.between(1, 10)) : 0;
  // What was added since stands here: what a seed drew before, it draws still.
  options.mended_jumps = random.chance(0.15) ? static_cast<int>(random.between(1, 3)) : 0;
  draw_manners(random, options);
  if (random.chance(0.15)) share_account(options);
  if (random.chance(0.2)) calm_down(random, options);
  if (random.chance(0.4)) draw_webhooks(random, options);
  draw_phones(options);
  draw_hosts(options);
  draw_questions(options);
  draw_silence(options);
  draw_order(options);
  draw_fields(options);
  draw_nights(options);
  draw_events(options);
  SimReports::draw(options);
  SimAccounts::draw(options);
  return options;
}

std::string describe(const RunOptions& o) {
  const auto ms = [](Duration d) { return std::chrono::duration_cast<std::chrono::milliseconds>(d).count(); };
  auto text = fmt::format(
      "seed={} submissions={} tenants={} safety={}ms submit={}ms phones={} repeat={:.2f} conflict={:.2f} "
      "bad_number={:.2f} "
      "long={:.2f} ucs2={:.2f} short_validity={:.2f} scheduled={:.2f} cancel={:.2f} retry={:.2f} crashes={} stops={} "
      "outages={} "
      "hang_ups={} failing_commits={} pauses={} drains={} changes={} wall_jumps={} store_limit={} step_max={}ms "
      "latency={}+{}ms "
      "refuse={:.2f} "
      "no_answer={:.2f} "
      "reset={:.3f} hang={:.3f} fragment={:.2f} late_answers={} mended_jumps={} shared_account={} calm={} poison={} "
      "phone_messages={} phone_stops={:.2f} host_outages={} tlvs={:.2f} events={} events_false={:.2f} bank_outages={}",
      o.seed, o.submissions, o.config.tenants.size(), ms(o.safety), ms(o.submit_during), o.phones, o.repeat, o.conflict,
      o.bad_number, o.long_text, o.ucs2, o.short_validity, o.scheduled, o.cancel, o.retry, o.crashes, o.stops,
      o.outages, o.hang_ups, o.failing_commits, o.pauses, o.drains, o.changes, o.wall_jumps, o.store_limit_bytes,
      ms(o.step_max), ms(o.network.latency), ms(o.network.jitter), o.network.faults.refuse, o.network.faults.no_answer,
      o.network.faults.reset, o.network.faults.hang, o.network.faults.fragment, o.late_answers, o.mended_jumps,
      o.shared_account, o.calm, o.poison, o.phone_messages, o.phone_stops, o.host_outages, o.tlvs, o.events,
      o.events_false, o.bank_outages);
  for (const auto& webhook : o.config.webhooks)
    text += fmt::format("\n  {} of {}: events={} batch={} lost={:.2f} refuse={:.2f} busy={:.2f} outages={}",
                        webhook.name, webhook.tenant, webhook.events.size(), webhook.batch, o.hooks.lost,
                        o.hooks.refuse, o.hooks.busy, o.hook_outages);
  for (const auto& tenant : o.config.tenants)
    if (const auto& night = tenant.quiet_hours)
      text += fmt::format(
          "\n  night of {}: {:02}:{:02} to {:02}:{:02} in {} lanes={}", tenant.name, night->from_minute / 60,
          night->from_minute % 60, night->until_minute / 60, night->until_minute % 60,
          night->zone == bridge::QuietHours::Zone::tenant ? tenant.time_zone : "the phone's zone", night->lanes.size());
  for (const auto& schedule : o.config.schedules)
    text += fmt::format(
        "\n  {} of {}: {} missed={} lane={} clients={} others={} by_hand={} anew={:.2f} stops={} switches={} "
        "dies={:.2f} fails={:.2f} lost={:.2f} busy={:.2f} late={:.2f}",
        schedule.name, schedule.tenant, schedule.cron_text,
        schedule.missed == bridge::ScheduleSettings::Missed::skip ? "skip" : "once", store::name(*schedule.lane),
        o.reports.clients, o.reports.others, o.reports.by_hand, o.reports.anew, o.reports.stops, o.reports.switches,
        o.reports.dies, o.reports.fails, o.bank.lost, o.bank.busy, o.bank.late);
  if (o.questions > 0)
    text += fmt::format("\n  questions={} daily_limit={} lost={:.2f} busy={:.2f} late={:.2f}", o.questions,
                        o.config.inbound_rules.front().daily_limit, o.bank.lost, o.bank.busy, o.bank.late);
  for (const auto& f : o.flapping)
    text += fmt::format("\n  flapping: {} from {}ms until {}ms, up {}ms down {}ms at most",
                        o.config.gateways[f.gateway].name, ms(f.from), ms(f.until), ms(f.up_max), ms(f.down_max));
  for (const auto& route : o.config.routes) {
    text += "\n  route by";
    for (const auto& via : route.via) text += fmt::format(" {}*{}", via.gateway, via.weight);
    text += fmt::format(" after_refusal={} unreachable={}ms throttled={}ms no_receipt={}ms", route.after_refusal,
                        route.unreachable_after[0], route.throttled_after[0], route.no_receipt_after[0]);
  }
  for (std::size_t i = 0; i < o.centres.size(); ++i) {
    const auto& g = o.config.gateways[i];
    const auto& c = o.centres[i];
    const auto way = g.is_smpp()
                         ? fmt::format(
                               "hosts={}{} return_after={}ms unbind_wait={}ms query={} cancel={} sessions={} window={} "
                               "response_timeout={}ms deliveries_max={} concat={}",
                               1 + g.smpp().other_hosts.size(),
                               g.smpp().use_hosts == bridge::SmppSettings::UseHosts::spread ? "spread" : "",
                               ms(g.smpp().return_after), ms(g.smpp().unbind_wait), g.smpp().query, g.smpp().cancel,
                               g.smpp().sessions, g.smpp().session.window, ms(g.smpp().session.response_timeout),
                               g.smpp().session.deliveries_max, static_cast<int>(g.smpp().concat))
                         : fmt::format("max_in_flight={}", g.provider().max_in_flight);
    text += fmt::format(
        "\n  {} {}: {} rate={} receipts={} receipt_wait={}ms "
        "attempts_max={} hold={}ms doubt={} | response={}+{}ms receipt={}+{}ms throttle={} reject={} "
        "error={:.2f}/0x{:x} "
        "swallow={:.3f} disconnect={:.3f}/{:.3f} before={:.2f} twice={:.2f} lost={:.2f} other_session={} ids={} "
        "sessions_max={} keeps={} swallow_questions={}",
        g.name, g.kind, way, g.rate, g.receipts, g.receipt_wait_ms, g.retry.attempts_max, g.retry.hold_ms,
        g.doubt ? (*g.doubt == bridge::DoubtPolicy::hold ? "hold" : "resend") : "lane", ms(c.response_delay),
        ms(c.response_jitter), ms(c.receipt_delay), ms(c.receipt_jitter), c.throttle_rate, !c.reject.empty(),
        c.error_rate, c.error_status, c.swallow, c.disconnect, c.disconnect_before, c.receipt_before_response,
        c.receipt_twice, c.receipt_lost, c.receipts_on_other_session, static_cast<int>(c.response_id), c.sessions_max,
        c.keeps, c.swallow_questions);
  }
  return text;
}

}  // namespace smsbridge::simulation
