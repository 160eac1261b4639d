// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/world.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>

#include "bridge/delivery/smpp_link.hpp"
#include "smpp/status.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;

constexpr int tries_max = 12;
constexpr Duration unbound_max = 180s;
constexpr std::size_t none = ~std::size_t{0};

}  // namespace

World::World(const RunOptions& options, std::filesystem::path folder, bool verbose)
    : options_(options),
      folder_(std::move(folder)),
      verbose_(verbose),
      metrics_({"sim", "sim", "sim"}),
      bodies_(128u << 20, *metrics_.http().body_bytes),
      io_(1),
      random_(options.seed * 2 + 1),
      reports_random_(options.seed * 0xBF58476D1CE4E5B9 + 59),
      clock_(io_, wall_at_start),
      network_(clock_, random_, options.network),
      clients_(clock_, random_, network_),
      bank_(options_, clock_),
      promises_(options_, clock_, network_.latency_max(), folder_),
      config_(options.config) {
  config_.public_url = "http://bridge";
  config_.store_path = folder_ / "store";
  config_.store_size_limit_bytes = options.store_limit_bytes;
  config_.master_key = "simulated";
  operated_.resize(options.centres.size());
  for (std::size_t place = 0; place < operated_.size(); ++place)
    if (const auto& gateway = options.config.gateways[place]; gateway.is_smpp())
      operated_[place].hosts.resize(gateway.smpp().addresses().size());
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  make_centres();
  make_hooks();
  make_reports();
}

World::~World() {
  daemon_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::make_centres() {
  std::vector<Peer*> centres;
  for (std::size_t number = 0; number < options_.centres.size(); ++number) {
    Peer::Observer observer;
    observer.taken = [this, number](TakenPart& part) {
      ++result_.parts_taken;
      trace("taken " + part.provider_id + " " + part.text.substr(0, 8), static_cast<std::uint64_t>(part.part));
      promises_.taken(part, daemon_ ? operated_[number].draining_since : 0);
      if (!change_at_next_part_) return;
      if (daemon_ && *change_at_next_part_ > 0) daemon_->store().fail_commits(EIO, *change_at_next_part_);
      change_at_next_part_.reset();
      change(number);
    };
    observer.receipt_answered = [this](TakenPart& part, smpp::MessageState state) {
      ++result_.receipts_answered;
      trace("receipt answered " + part.provider_id, static_cast<std::uint64_t>(state));
      promises_.receipt_answered(part, state);
    };
    observer.submit_seen = [this, number](const SeenSubmit& submit) { promises_.submit_seen(number, submit); };
    observer.submit_answered = [this](const SeenSubmit& submit, std::uint32_t status) {
      promises_.submit_answered(submit, status);
    };
    observer.phone_answered = [this](const std::string& text) {
      trace("phone answered " + text.substr(0, 10));
      promises_.phone_answered(text);
    };
    observer.protocol_error = [this](const std::string& what) { promises_.fail("protocol", what); };
    const auto& gateway = options_.config.gateways[number];
    if (number == 1 && options_.shared_account) {
      centres_.push_back(centres_[0]);
    } else if (gateway.is_smpp()) {
      std::vector<std::uint16_t> ports;
      for (const auto& address : gateway.smpp().addresses()) ports.push_back(address.port);
      centres_.push_back(
          std::make_shared<SimCentre>(number, ports, options_.centres[number], clock_, network_, std::move(observer)));
    } else {
      auto provider = std::make_unique<SimProvider>(number, gateway.kind, options_.centres[number],
                                                    options_.network.faults.refuse, clock_, std::move(observer),
                                                    [this](const http_gateways::CallbackRequest& request,
                                                           std::function<void(http_gateways::CallbackAnswer)> respond) {
                                                      call_back(request, std::move(respond));
                                                    });
      providers_[SimProvider::host(number)] = provider.get();
      centres_.push_back(std::move(provider));
    }
    centres.push_back(centres_.back().get());
  }
  promises_.set_centres(std::move(centres));
}

void World::make_hooks() {
  for (std::size_t place = 0; place < options_.config.webhooks.size(); ++place)
    hooks_.push_back(
        std::make_unique<SimHook>(options_.hooks, options_.seed + place, clock_, [this, place](const ToldEvent& event) {
          trace("told " + event.id, place);
          promises_.told(place, event);
        }));
}

void World::plan_hook_outages() {
  for (int i = 0; i < options_.hook_outages; ++i) {
    auto& hook = *hooks_[static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(hooks_.size()) - 1))];
    const auto from = clock_.now() + Duration(random_.between(0, options_.safety.count()));
    clock_.at(from, [this, &hook] {
      if (!healed_) hook.set_down(true);
    });
    clock_.at(from + std::chrono::milliseconds(random_.between(1000, 120'000)), [&hook] { hook.set_down(false); });
  }
}

// By a chance of their own, as phones.
void World::plan_host_outages() {
  bridge::Random random(options_.seed * 0xE7037ED1A0B428DB + 11), refusals(options_.seed * 0x589965CC75374CC3 + 17);
  const auto below = [&random](std::size_t count) {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(count) - 1));
  };
  std::vector<std::size_t> several;
  for (std::size_t place = 0; place < centres_.size(); ++place)
    if (const auto& gateway = options_.config.gateways[place]; gateway.is_smpp() && !gateway.smpp().other_hosts.empty())
      several.push_back(place);
  for (int i = 0; i < options_.host_outages; ++i) {
    const auto place = several[below(several.size())];
    // The first one most of all.
    const auto host = random.chance(0.5) ? 0 : below(1 + options_.config.gateways[place].smpp().other_hosts.size());
    std::uint32_t status = random.chance(0.3) ? smpp::status_already_bound : 0;
    const auto from = clock_.now() + Duration(random_.between(0, options_.safety.count()));
    auto lasts = std::chrono::milliseconds(random_.between(1000, 180'000));
    // The account is not known there, or it has another password, and that for long.
    if (refusals.chance(0.4)) {
      status = refusals.chance(0.5) ? smpp::status_invalid_password : smpp::status_invalid_system_id;
      lasts = std::chrono::milliseconds(refusals.between(1000, 900'000));
    }
    const auto set = [this, place, host, status](bool on) {
      trace(on ? "host fails" : "host is back", host, status);
      auto& centre = *centres_[place];
      status ? centre.set_host_refusing(host, on ? status : 0) : centre.set_host_down(host, on);
      note_host(place, host, on);
    };
    clock_.at(from, [this, set, lasts] {
      if (healed_) return;
      set(true);
      clock_.after(lasts, [set] { set(false); });
    });
  }
}

// All of a carrier.
void World::set_down(std::size_t place, bool down) {
  centres_[place]->set_down(down);
  if (std::exchange(operated_[place].is_down, down) == down) return;
  for (std::size_t host = 0; host < operated_[place].hosts.size(); ++host) note_host(place, host, down);
}

void World::note_host(std::size_t place, std::size_t host, bool fails) {
  auto& state = operated_[place].hosts[host];
  state.failures += fails ? 1 : -1;
  if (state.failures == 0) state.good_since = clock_.now();
}

RunResult World::run() {
  open();
  plan_wishes();
  plan_faults();
  plan_hook_outages();
  plan_phones();
  plan_events();
  plan_host_outages();
  plan_reports();
  plan_questions();
  watch();
  const auto broken = [this] { return promises_.broken().has_value(); };
  clock_.run_until(clock_.now() + options_.safety, broken);
  if (!broken()) {
    heal();
    const auto quiet = [&] { return broken() || unrest().empty(); };
    const auto end = liveness_end();
    clock_.run_until(end, quiet);
    // What is on its way arrives.
    clock_.run_until(clock_.now() + 5s, broken);
    if (!broken()) {
      if (!quiet())
        promises_.fail("liveness", "the healed world does not come to rest: " + unrest() + promises_.first_open());
      promises_.scan(true);
      promises_.check_told(std::ranges::any_of(options_.config.tenants, [this](const bridge::TenantSettings& tenant) {
        return !hooks_.empty() && metrics_.webhook(tenant.name).events[metrics::WebhookEnd::no_room]->Value() > 0;
      }));
      check_changed();
      if (!promises_.nothing_waits())
        promises_.fail("liveness", "all messages are final, but the queue's tables are not empty");
    }
  }
  for (std::size_t number = 0; number < centres_.size(); ++number)
    promises_.check_centre(number, centres_[number]->counts());
  for (const auto& centre : centres_) result_.receipts_refused += centre->counts().receipts_refused;
  result_.broken = promises_.broken();
  if (result_.broken)
    if (const auto at = result_.broken->detail.find("message "); at != std::string::npos) {
      store::MessageId id = 0;
      const auto* from = result_.broken->detail.data() + at + 8;
      std::from_chars(from, result_.broken->detail.data() + result_.broken->detail.size(), id);
      result_.story = promises_.describe(id);
    }
  result_.trace = trace_;
  result_.messages = promises_.messages();
  result_.took = clock_.now().time_since_epoch();
  return result_;
}

// What is still to come; empty: nothing.
std::string World::unrest() const {
  if (!daemon_ || stopping_) return "the daemon does not run";
  if (!promises_.all_final()) return "not all messages are final";
  if (!std::ranges::all_of(wishes_, [](const Wish& w) { return w.asked; })) return "a client still asks";
  if (!std::ranges::all_of(centres_, [](const auto& centre) { return centre->is_idle(); }))
    return "a carrier has receipts to report";
  if (!options_.config.schedules.empty() && !reports_dry_) return "the daemon owes runs: " + promises_.owed_runs();
  if (const auto owed = promises_.owed_answers(); !owed.empty()) return "the bank owes answers: " + owed;
  if (promises_.owes_events()) return "what a bank said is not told";
  if (!hooks_.empty() && daemon_->events_waiting() > 0) return "events wait for their webhooks";
  if (!std::ranges::all_of(operated_, &Operated::is_home)) return "a session is not at its own host";
  return {};
}

// Scheduled messages become due, their parts are tried, receipts and waits end; schedules are run, and tried again.
Time World::liveness_end() const {
  WallMs longest = 0;
  for (const auto& gateway : options_.config.gateways)
    longest = std::max({longest, gateway.receipt_wait_ms, gateway.retry.hold_ms});
  const auto runs = options_.config.schedules.empty() ? Duration() : Duration(45min);
  return clock_.now() + 30min + 2 * std::chrono::milliseconds(longest) + runs;
}

// Follows the run once a second.
void World::watch() {
  clock_.after(1s, [this] {
    if (daemon_) {
      for (std::size_t place = 0; place < centres_.size(); ++place)
        operate(place, Action::show, [this, place](const bridge::GatewayStatus& status) {
          check_memory(place, status);
          see_hosts(place, status);
        });
      if (clock_.now().time_since_epoch() % 60s < 1s) promises_.scan(false);
    }
    watch_reports();
    watch();
  });
}

void World::see_hosts(std::size_t place, const bridge::GatewayStatus& status) {
  auto& operated = operated_[place];
  if (!operated.running.is_smpp() || operated.running.smpp().other_hosts.empty()) return;
  check_hosts(place, status);
  const auto& way = operated.running.smpp();
  const auto hosts = way.addresses();
  operated.is_home = !status.sessions.empty();
  for (std::size_t i = 0; i < status.sessions.size(); ++i) {
    const auto home = way.use_hosts == bridge::SmppSettings::UseHosts::spread ? i % hosts.size() : 0;
    if (status.sessions[i].state != "bound" || status.sessions[i].host != bridge::name_of(hosts[home]))
      operated.is_home = false;
  }
}

// Whatever the other hosts say: in time all of them are tried. A network that swallows everything may hide it.
void World::check_hosts(std::size_t place, const bridge::GatewayStatus& status) {
  auto& operated = operated_[place];
  const auto now = clock_.now();
  const auto binds = centres_[place]->counts().binds;
  if (std::exchange(operated.binds, binds) != binds ||
      std::ranges::any_of(status.sessions, [](const auto& session) { return session.state == "bound"; }))
    operated.bound_at = now;
  const auto& faults = options_.network.faults;
  if (faults.refuse > 0 || faults.no_answer > 0 || faults.hang > 0 || options_.centres[place].sessions_max > 0) return;
  const bool any_good = std::ranges::any_of(
      operated.hosts, [&](const auto& host) { return host.failures == 0 && host.good_since + unbound_max < now; });
  if (any_good && operated.bound_at + unbound_max < now)
    promises_.fail("hosts", fmt::format("gateway {} is bound nowhere, and one of its hosts takes it", place + 1));
}

void World::check_changed() {
  for (const auto& gateway : config_.gateways)
    if (operated_[gateway.id - 1].running.settings != gateway.settings)
      promises_.fail("changed", gateway.name + " does not run as the file says");
}

void World::check_memory(std::size_t place, const bridge::GatewayStatus& status) {
  const auto& running = operated_[place].running;
  const auto windows = running.is_smpp()
                           ? static_cast<std::size_t>(running.smpp().sessions) * running.smpp().session.window
                           : running.provider().max_in_flight;
  if (status.in_flight > windows + 2048 || status.window_in_use > status.window_limit + windows)
    promises_.fail("memory", fmt::format("{} messages in flight", status.in_flight));
}

void World::trace(std::string_view what, std::uint64_t a, std::uint64_t b) {
  const auto mix = [this](std::uint64_t value) { trace_ = (trace_ ^ value) * 0x100000001b3ull; };
  mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
  for (const char c : what) mix(static_cast<std::uint8_t>(c));
  mix(a);
  mix(b);
  if (verbose_) fmt::print("{:%T} {} {} {}\n", clock_.now().time_since_epoch(), what, a, b);
}

// ---- the daemon's lives ----

void World::open() {
  ++life_;
  stopping_ = false;
  for (auto& operated : operated_) operated.draining_since = 0, operated.starts = 0;
  Daemon::World world{.io = io_,
                      .clock = clock_,
                      .network = network_,
                      .make_transport =
                          [this](boost::asio::any_io_executor executor, const bridge::HttpOptions&) {
                            auto transport = SimProvider::transport(providers_, clock_, executor);
                            if (options_.config.tenants.front().fineract)
                              transport = SimBank::transport(bank_, std::move(transport), executor);
                            if (hooks_.empty()) return transport;
                            return SimHook::transport(hooks_, std::move(transport), clock_, std::move(executor));
                          },
                      .random = random_,
                      .metrics = metrics_,
                      .bodies = bodies_,
                      .options = options_,
                      .config = config_,
                      .finals = {},
                      .commit_failed = [this] { promises_.read_anew(); },
                      .stepped = [] {},
                      .gateway_starting = [this](const bridge::GatewaySettings& gateway) { starting(gateway); }};
  world.finals = [this](const std::vector<store::Final>& finals) {
    for (const auto& f : finals) trace("final", f.id, static_cast<std::uint64_t>(f.state));
    promises_.finals(finals);
  };
  daemon_ = std::make_unique<Daemon>(std::move(world));
  promises_.opened(daemon_->store());
  if (keys_.empty()) make_keys(), opt_out_clients();
  promises_.rows().calm(healed_);
  daemon_->start();
  // Somebody looks after what was left paused or drained.
  if (healed_)
    for (std::size_t place = 0; place < centres_.size(); ++place) operate(place, Action::resume);
}

// One an API client of each tenant; they outlive the daemon's lives.
void World::make_keys() {
  for (const auto& tenant : config_.tenants)
    keys_.push_back(bridge::create_key(daemon_->store(), {.kind = bridge::Key::Kind::api,
                                                          .id = {},
                                                          .tenant = tenant.name,
                                                          .name = "client",
                                                          .scopes = {"messages:send", "messages:manage"},
                                                          .addresses = {},
                                                          .hash = {},
                                                          .created_at = clock_.wall(),
                                                          .expires_at = 0,
                                                          .made_by = {}})
                        .bearer);
}

void World::starting(const bridge::GatewaySettings& gateway) {
  const auto place = gateway.id - 1;
  trace("gateway started", place);
  promises_.gateway_started(place, gateway);
  operated_[place].running = gateway;
  operated_[place].bound_at = clock_.now();
  ++operated_[place].starts;
  operate(place, Action::show, [this, place](const bridge::GatewayStatus& status) { check_kept(place, status); });
}

// What an operator is told of a gateway holds until he asks for something else.
void World::operate(std::size_t place, Action action, std::function<void(const bridge::GatewayStatus&)> told) {
  if (!daemon_) return;
  auto& operated = operated_[place];
  if (action != Action::show) ++operated.asked, operated.kept.reset();
  if (action == Action::resume) operated.draining_since = 0;
  daemon_->ask(options_.config.gateways[place].name, action,
               [this, place, action, asked = operated.asked, told](const bridge::GatewayStatus& status) {
                 auto& known = operated_[place];
                 if (asked != known.asked) return;
                 known.draining_since = status.draining_since;
                 if (action != Action::show) note_kept(place, action);
                 if (told) told(status);
               });
}

World::Kept World::kept(std::size_t place) const {
  const auto& reader = daemon_->store().reader();
  const auto& name = options_.config.gateways[place].name;
  return {.paused = reader.object("paused/" + name).has_value(),
          .draining = reader.object("draining/" + name).has_value()};
}

// What he was answered is on disk, unless that took nothing at the time, or the gateway had ended with the daemon.
void World::note_kept(std::size_t place, Action action) {
  const auto is = kept(place);
  operated_[place].kept = is;
  if (stopping_ || options_.failing_commits > 0 || options_.store_limit_bytes < RunOptions().store_limit_bytes) return;
  const bool lost = action == Action::pause   ? !is.paused
                    : action == Action::drain ? !is.draining
                                              : is.paused || is.draining;
  if (lost) promises_.fail("operated", fmt::format("what was asked of gateway {} is not on disk", place + 1));
}

// A gateway comes back as it was left, as far as that could be written down.
void World::check_kept(std::size_t place, const bridge::GatewayStatus& status) {
  const auto& kept = operated_[place].kept;
  const Kept is{.paused = status.paused_since != 0, .draining = status.draining_since != 0};
  if (kept && operated_[place].starts == 1 && is != *kept)
    promises_.fail("operated",
                   fmt::format("gateway {} was left paused: {} draining: {}, and is paused: {} draining: {}", place + 1,
                               kept->paused, kept->draining, is.paused, is.draining));
}

void World::crash(bool after_commit) {
  if (!daemon_) return;
  trace("crash", after_commit);
  ++result_.crashes;
  if (after_commit) daemon_->step();
  promises_.closed();
  daemon_.reset();
  reopen_later();
}

void World::stop() {
  if (!daemon_ || stopping_) return;
  trace("stop");
  stopping_ = true;
  daemon_->stop([this, life = life_] {
    if (life != life_) return;
    trace("stopped");
    if (!promises_.nothing_is_leased()) promises_.fail("accepted", "after a stop in peace, messages are in doubt");
    promises_.closed();
    daemon_.reset();
    reopen_later();
  });
}

void World::reopen_later() {
  ++life_;
  clock_.after(std::chrono::milliseconds(random_.between(0, 8000)), [this] { open(); });
}

// ---- faults ----

void World::plan_faults() {
  const auto some_time = [this] { return clock_.now() + Duration(random_.between(0, options_.safety.count())); };
  const auto some_place = [this] {
    return static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(centres_.size()) - 1));
  };
  const auto unless_healed = [this](std::function<void()> fault) {
    return [this, fault = std::move(fault)] {
      if (!healed_) fault();
    };
  };
  for (int i = 0; i < options_.crashes; ++i)
    clock_.at(some_time(), unless_healed([this, after_commit = random_.chance(0.5)] { crash(after_commit); }));
  for (int i = 0; i < options_.stops; ++i) clock_.at(some_time(), unless_healed([this] { stop(); }));
  for (int i = 0; i < options_.outages; ++i) {
    const auto place = some_place();
    const auto from = some_time();
    clock_.at(from, unless_healed([this, place] { trace("outage"), set_down(place, true); }));
    clock_.at(from + std::chrono::milliseconds(random_.between(1000, 120'000)),
              [this, place] { set_down(place, false); });
  }
  for (const auto& flapping : options_.flapping)
    clock_.at(clock_.now() + flapping.from, [this, &flapping] { flap(flapping, true); });
  for (int i = 0; i < options_.hang_ups; ++i)
    for (auto& centre : centres_)
      clock_.at(some_time(), unless_healed([this, &centre] { trace("hang up"), centre->hang_up(); }));
  for (int i = 0; i < options_.failing_commits; ++i) {
    const int code = random_.chance(0.5) ? ENOSPC : EIO;
    // Sometimes so long that receipts are refused.
    const auto count =
        static_cast<std::size_t>(random_.chance(0.2) ? random_.between(100, 1000) : random_.between(1, 5));
    clock_.at(some_time(), unless_healed([this, code, count] {
                if (daemon_) daemon_->store().fail_commits(code, count);
              }));
  }
  for (int i = 0; i < options_.pauses; ++i) {
    const auto place = some_place();
    const auto from = some_time();
    clock_.at(from, unless_healed([this, place] { operate(place, Action::pause); }));
    clock_.at(from + std::chrono::milliseconds(random_.between(0, 60'000)),
              unless_healed([this, place] { operate(place, Action::resume); }));
  }
  for (int i = 0; i < options_.drains; ++i) {
    const auto place = some_place();
    const auto from = some_time();
    clock_.at(from, unless_healed([this, place] {
                if (daemon_) trace("drained", place), operate(place, Action::drain);
              }));
    clock_.at(from + std::chrono::milliseconds(random_.between(0, 120'000)), unless_healed([this, place] {
                if (daemon_) trace("resumed", place), operate(place, Action::resume);
              }));
  }
  for (int i = 0; i < options_.changes; ++i) {
    // Mostly while the gateway waits for an answer, and sometimes so that it can write down none.
    const bool failing = options_.failing_commits > 0 && random_.chance(0.2);
    const auto failures = static_cast<std::size_t>(failing ? random_.between(1, 2000) : 0);
    clock_.at(some_time(), unless_healed([this, busy = random_.chance(0.7), failures] {
                if (busy)
                  change_at_next_part_ = failures;
                else
                  change();
              }));
  }
  for (int i = 0; i < options_.mended_jumps; ++i) {
    const auto by = random_.between(3'600'000, 3 * 86'400'000);
    const auto from = some_time();
    clock_.at(from, [this, by] { trace("jumps ahead", static_cast<std::uint64_t>(by)), clock_.jump_wall(by, false); });
    clock_.at(from + std::chrono::milliseconds(random_.between(1000, 60'000)),
              [this, by] { trace("jumps back"), clock_.jump_wall(-by, false); });
  }
  for (int i = 0; i < options_.wall_jumps; ++i)
    clock_.at(some_time(), unless_healed([this, by = random_.between(-120'000, 120'000)] { clock_.jump_wall(by); }));
}

// From now on it is down, or up, for a while, and then the other way.
void World::flap(const Flapping& flapping, bool down) {
  if (healed_) return;
  const bool over = clock_.now().time_since_epoch() >= flapping.until;
  down = down && !over;
  trace(down ? "flaps down" : "flaps up", flapping.gateway);
  set_down(flapping.gateway, down);
  if (down) ++result_.flaps;
  if (over) return;
  const auto longest = down ? flapping.down_max : flapping.up_max;
  clock_.after(Duration(random_.between(longest.count() / 10, longest.count())),
               [this, &flapping, down] { flap(flapping, !down); });
}

// Somebody changes a gateway's settings or the route in the configuration file, and has it read again.
void World::change(std::optional<std::size_t> place) {
  if (healed_) return;
  ++result_.changes;
  if (!place && !config_.routes.empty() && random_.chance(0.3)) {
    config_.routes = {draw_route(random_, options_.config.gateways)};
    trace("route changed");
  } else {
    const auto last = static_cast<std::int64_t>(config_.gateways.size()) - 1;
    auto& gateway = config_.gateways[place ? *place : static_cast<std::size_t>(random_.between(0, last))];
    draw_change(random_, gateway);
    trace("gateway changed", gateway.id);
  }
  if (daemon_ && !stopping_) daemon_->take_over(config_);
  // Also before the first change has been carried through.
  if (random_.chance(0.3)) clock_.after(std::chrono::milliseconds(random_.between(0, 3000)), [this] { change(); });
}

void World::heal() {
  trace("healed");
  healed_ = true;
  network_.heal();
  for (auto& centre : centres_) centre->heal();
  for (auto& hook : hooks_) hook->heal();
  if (daemon_) daemon_->store().fail_commits(0, 0);
  heal_reports();
  if (!daemon_) return;
  for (std::size_t place = 0; place < centres_.size(); ++place) operate(place, Action::resume);
}

// ---- clients ----

void World::plan_wishes() {
  for (std::size_t i = 0; i < options_.submissions; ++i) {
    const auto due = clock_.now() + Duration(random_.between(0, options_.submit_during.count()));
    // Some clients send in bursts.
    const auto burst = random_.chance(0.1) ? random_.between(5, 20) : 1;
    for (std::int64_t k = 0; k < burst && i < options_.submissions; ++k, ++i) {
      const auto wish = draw_wish(none);
      clock_.at(due, [this, wish] { ask(wish); });
      auto& drawn = wishes_[wish];
      if (drawn.may_repeat && random_.chance(options_.repeat))
        clock_.at(due + std::chrono::milliseconds(random_.between(0, 120'000)), [this, wish] { ask(wish); });
      if (drawn.may_repeat && random_.chance(options_.conflict)) {
        const auto other = draw_wish(wish);
        clock_.at(due + std::chrono::milliseconds(random_.between(1, 120'000)), [this, wish, other] {
          // From now on the reference may belong to the other content: the first one is not asked for again.
          wishes_[wish].replaced = wishes_[wish].asked = true;
          ask(other);
        });
      }
    }
    --i;
  }
}

// Each says something else, so that one that is kept twice is seen. By a chance of their own: the rest of the run is
// drawn as if there were none.
void World::plan_phones() {
  bridge::Random random(options_.seed * 0x94D049BB133111EB + 5);
  std::vector<std::size_t> carriers;
  for (std::size_t place = 0; place < centres_.size(); ++place)
    if (options_.config.gateways[place].is_smpp()) carriers.push_back(place);
  if (carriers.empty()) return;
  const auto below = [&random](std::size_t count) {
    return static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(count) - 1));
  };
  for (int i = 0; i < options_.phone_messages; ++i) {
    const auto tenant = below(options_.config.tenants.size());
    const bool stops = random.chance(options_.phone_stops);
    auto text = fmt::format("{} {}", stops ? "STOP" : "says", i);
    for (auto more = stops ? 0 : random.between(0, 60); more > 0; --more)
      text += random.chance(0.02) ? " Жбан" : " abcdefg";
    const auto phone = fmt::format("4917{:08}", 10'000'000 + below(options_.phones));
    clock_.at(clock_.now() + Duration(random.between(0, options_.safety.count())),
              [this, &centre = *centres_[carriers[below(carriers.size())]], text, phone, stops,
               to = options_.config.tenants[tenant].numbers.front(), id = daemon_->tenant(tenant)] {
                if (healed_) return;
                trace("phone says " + text.substr(0, 10));
                promises_.phone_says(id, "+" + phone, text, stops);
                centre.from_phone(phone, to, text);
              });
  }
}

// By a chance of their own, as phones. A bank posts a hook before what it tells is true, now and then twice, and looks
// at no answer.
void World::plan_events() {
  bridge::Random random(options_.seed * 0xE9846AF9B1A615D5 + 43);
  const auto soon = [&](std::int64_t within_ms) { return std::chrono::milliseconds(random.between(0, within_ms)); };
  const auto some_time = [&] { return clock_.now() + Duration(random.between(0, options_.safety.count())); };
  for (int i = 0; i < options_.bank_outages; ++i) {
    const auto from = some_time();
    clock_.at(from, [this] {
      if (!healed_) trace("bank is down"), bank_.set_down(true);
    });
    clock_.at(from + soon(180'000), [this] { bank_.set_down(false); });
  }
  const auto last = static_cast<std::int64_t>(options_.config.tenants.size()) - 1;
  for (int i = 0; i < options_.events; ++i) {
    const auto number = SimBank::first_number + static_cast<std::size_t>(i);
    SimBank::Loan loan{.phone = fmt::format("+4917{:08}", 20'000'000 + i)};
    const auto said_at = some_time();
    const bool is_true = !random.chance(options_.events_false);
    if (is_true) loan.approved_at = said_at + soon(60'000);
    loan.refused = !is_true && random.chance(0.5);
    promises_.happens(number, is_true);
    const auto hook =
        SimBank::hook_of(number, loan, options_.config.tenants[static_cast<std::size_t>(random.between(0, last))].name);
    bank_.add(number, loan);
    const auto say = [this, number, hook] {
      if (healed_) return;
      trace("bank says", number);
      clients_.ask(Daemon::fineract_port, hook, [this, number](const std::optional<HttpClient::Response>& response) {
        trace("bank is answered", number, response ? response->result_int() : 0);
        if (response && response->result() == http::status::ok) promises_.event_kept(number);
      });
    };
    clock_.at(said_at, say);
    if (random.chance(0.3)) clock_.at(said_at + soon(90'000), say);
  }
}

std::size_t World::draw_wish(std::size_t like_reference_of) {
  const auto place = wishes_.size();
  auto& wish = wishes_.emplace_back();
  wish.wanted.number = place;
  const auto& gateways = options_.config.gateways;
  const auto some_of = [this](const auto& list) {
    return static_cast<std::size_t>(random_.between(0, static_cast<std::int64_t>(list.size()) - 1));
  };
  if (like_reference_of != none) {
    const auto& other = wishes_[like_reference_of];
    wish.tenant = other.tenant;
    wish.by_fineract = other.by_fineract;
    wish.may_repeat = true;
    wish.wanted.client_ref = other.wanted.client_ref;
    wish.wanted.idempotency_key = other.wanted.idempotency_key;
    wish.gateway = other.gateway;
    wish.by_route = other.by_route;
  } else {
    wish.tenant = some_of(options_.config.tenants);
    wish.by_fineract = random_.chance(0.4);
    const auto kind = random_.between(0, 9);
    if (wish.by_fineract || kind < 6)
      wish.wanted.client_ref = fmt::format("ref-{}", place);
    else if (kind < 8)
      wish.wanted.idempotency_key = fmt::format("key-{}.", place);
    wish.may_repeat = !wish.wanted.client_ref.empty() || !wish.wanted.idempotency_key.empty();
    if (random_.chance(0.3))
      wish.gateway = some_of(gateways);
    else if (!options_.config.routes.empty() && random_.chance(0.3))
      wish.by_route = true;
  }
  wish.wanted.tenant = daemon_->tenant(wish.tenant);
  wish.wanted.replaces = wish.by_fineract;
  wish.lane = static_cast<store::Lane>(random_.between(0, 3));
  if (options_.lane) wish.lane = *options_.lane;
  wish.to =
      random_.chance(options_.bad_number)
          ? "12x"
          : fmt::format("+4917{:08}", 10'000'000 + random_.between(0, static_cast<std::int64_t>(options_.phones) - 1));
  const bool is_long = random_.chance(options_.long_text);
  wish.text = draw_text(place, static_cast<std::size_t>(is_long ? random_.between(100, 900) : random_.between(1, 100)),
                        random_.chance(options_.ucs2), wish.gateway ? &gateways[*wish.gateway] : nullptr);
  wish.wanted.tlvs = draw_tlvs(wish);
  if (random_.chance(options_.short_validity)) wish.validity_ms = random_.between(1000, 60'000);
  if (random_.chance(options_.scheduled)) wish.send_at = wall_at_start + random_.between(0, 600'000);
  return place;
}

// By a chance of its own, as phones. Fineract has no word for it.
std::vector<store::Tlv> World::draw_tlvs(const Wish& wish) const {
  bridge::Random random((options_.seed << 20) * 0x9FB21C651E98DF25 + wish.wanted.number);
  if (wish.by_fineract || !random.chance(options_.tlvs)) return {};
  return simulation::draw_tlvs(random);
}

// Also the last part of a long text is long enough to hold the mark.
std::string World::draw_text(std::size_t number, std::size_t length, bool ucs2,
                             const bridge::GatewaySettings* gateway) const {
  for (;; length += 7) {
    auto text = marked_text(number, length, ucs2);
    const auto fits = [&](const bridge::GatewaySettings& g) {
      const auto cut = bridge::text::segment(text, g.text_options());
      return !cut || cut->segments.size() == 1 || cut->segments.back().body.size() >= (ucs2 ? 22 : 11);
    };
    const auto& gateways = options_.config.gateways;
    if (gateway ? fits(*gateway) : std::ranges::all_of(gateways, fits)) return text;
  }
}

void World::ask(std::size_t place) {
  auto& wish = wishes_[place];
  if (wish.replaced) return;
  promises_.asked(wish.wanted);
  clients_.ask(wish.by_fineract ? Daemon::fineract_port : Daemon::api_port,
               request_of(wish, options_, keys_[wish.tenant]),
               [this, place, since_asked = draining()](const std::optional<HttpClient::Response>& response) {
                 trace("answered " + std::to_string(place), response ? response->result_int() : 0);
                 answered(place, told_by(response), since_asked);
               });
}

World::Draining World::draining() const {
  Draining draining;
  for (std::size_t gateway = 0; gateway < operated_.size(); ++gateway)
    if (const auto since = operated_[gateway].draining_since) draining[gateway] = since;
  return draining;
}

void World::answered(std::size_t place, const Told& told, const Draining& since_asked) {
  // The daemon's store is looked into once it lives again.
  if (!daemon_) return clock_.after(1s, [=, this] { answered(place, told, since_asked); }), void();
  auto& wish = wishes_[place];
  // Without a reference a client that was told "perhaps" does not ask again.
  if (told.kind == Told::Kind::later || (told.kind == Told::Kind::perhaps && wish.may_repeat)) return ask_again(place);
  wish.asked = true;
  if (told.kind == Told::Kind::accepted) accepted(place, told, since_asked);
  if (told.kind == Told::Kind::conflict) promises_.conflict(wish.wanted);
  if (told.kind == Told::Kind::refused) promises_.refused(wish.wanted);
}

void World::accepted(std::size_t place, const Told& told, const Draining& since_asked) {
  auto& wish = wishes_[place];
  const auto id = promises_.accepted(wish.wanted, told.id, told.replayed);
  if (!id) return;
  const auto message = daemon_->store().reader().get(*id);
  const auto& content = message->content;
  // What Fineract posts waits there.
  const auto now = draining(), before = since_asked;
  const auto drains = before.find(content.gateway - 1);
  const bool all_the_time =
      drains != before.end() && now.contains(drains->first) && now.at(drains->first) == drains->second;
  if (!wish.by_fineract && told.replayed == false && all_the_time)
    promises_.fail("drained", fmt::format("#{} is to leave by gateway {}", place, content.gateway));
  if (std::exchange(wish.id, id)) return;
  const auto control_later = [&](std::int64_t within_ms, std::string_view action) {
    clock_.after(std::chrono::milliseconds(random_.between(0, within_ms)),
                 [this, id = *id, tenant = wish.tenant, action] { control(id, tenant, action); });
  };
  if (random_.chance(options_.cancel)) control_later(60'000, "cancel");
  if (random_.chance(options_.retry)) control_later(400'000, "retry");
}

void World::call_back(const http_gateways::CallbackRequest& callback,
                      std::function<void(http_gateways::CallbackAnswer)> respond) {
  HttpClient::Request request;
  request.method_string(callback.method);
  request.target(callback.url);
  for (const auto& [name, value] : callback.headers) request.set(name, value);
  request.body() = callback.body;
  clients_.ask(Daemon::api_port, std::move(request),
               [respond = std::move(respond)](const std::optional<HttpClient::Response>& response) {
                 respond(response ? http_gateways::CallbackAnswer{.status = static_cast<int>(response->result_int()),
                                                                  .body = response->body()}
                                  : http_gateways::CallbackAnswer{.status = 0, .body = {}});
               });
}

void World::ask_again(std::size_t place) {
  auto& wish = wishes_[place];
  if (++wish.tries >= tries_max) {
    wish.asked = true;
    return;
  }
  clock_.after(std::chrono::milliseconds(random_.between(500, 15'000)), [this, place] { ask(place); });
}

void World::control(store::MessageId id, std::size_t tenant, std::string_view action) {
  if (!daemon_ || healed_) return;
  if (action == "retry") promises_.retry_asked(id);
  clients_.ask(Daemon::api_port, control_request(id, action, keys_[tenant]),
               [this, id](const std::optional<HttpClient::Response>& response) {
                 trace("controlled", id, response ? response->result_int() : 0);
               });
}

}  // namespace smsbridge::simulation
