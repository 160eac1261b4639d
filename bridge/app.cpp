// SPDX-License-Identifier: MPL-2.0
#include "bridge/app.hpp"

#include <boost/asio/post.hpp>
#include <future>

#include "bridge/config/store_options.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/kept_inbound.hpp"
#include "bridge/doors/listeners.hpp"
#include "bridge/env/descriptors.hpp"
#include "bridge/env/log.hpp"
#include "bridge/env/log_count.hpp"
#include "bridge/env/wall_clock.hpp"
#include "bridge/routing/retention.hpp"
#include "bridge/text/time.hpp"
#include "bridge/version.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr double slow_commit_seconds = 2;
constexpr WallMs clock_behind_max = 60'000;
constexpr std::size_t fineract_body_bytes = 4u << 20;  // 200 texts of 1000 characters, all escaped, are 1.3 MB

constexpr std::size_t request_bodies_bytes = 128u << 20;  // of all listeners together
constexpr std::size_t listener_clients_max = 4096, control_clients_max = 32;

template <class Part>
void stop_and_wait(Part& part) {
  std::promise<void> ended;
  part.stop([&ended] { ended.set_value(); });
  ended.get_future().wait();
}

// The daemon has the store for itself, but for small commits of other commands.
store::Options daemon_store_options(const Config& config, Clock& clock) {
  auto options = store_options(config, clock);
  options.check_file = true;
  return options;
}

}  // namespace

App::App(Config config, Clock& clock, Connector& connector)
    : config_(std::move(config)),
      clock_(clock),
      metrics_(build_info()),
      bodies_(request_bodies_bytes, *metrics_.http().body_bytes),
      lock_(config_.store_path),
      store_(daemon_store_options(config_, clock)),
      objects_(config_, store_),
      tenants_(objects_.table()->tenants, store_, metrics_, clock_),
      router_(objects_.table(), tenants_.names(), clock_),
      budgets_(router_, tenants_, store_),
      opt_outs_(store_, tenants_, clock_),
      quiet_time_(tenants_, clock_),
      quotas_(store_),
      directory_(router_, &budgets_, &opt_outs_, &quotas_),
      intake_(store_, directory_, clock_),
      shards_(make_shards(config_.shards, clock_, metrics_)),
      inbound_({.executor = shards_.front()->executor(),
                .clock = clock_,
                .store = store_,
                .metrics = metrics_,
                .router = router_,
                .tenants = tenants_,
                .intake = intake_,
                .settings = config_.inbound}),
      gateways_({.config = config_,
                 .clock = clock_,
                 .connector = connector,
                 .make_transport = make_curl_transport,
                 .metrics = metrics_,
                 .store = store_,
                 .router = router_,
                 .places = places_on(shards_),
                 .keep = std::bind_front(&Inbound::take, &inbound_),
                 .opt_outs = &opt_outs_,
                 .quiet_time = &quiet_time_}),
      webhooks_({.config = config_,
                 .clock = clock_,
                 .make_transport = make_curl_transport,
                 .metrics = metrics_,
                 .store = store_,
                 .router = router_,
                 .places = places_on(shards_)}),
      events_({.executor = shards_.front()->executor(),
               .clock = clock_,
               .random = shards_.front()->random(),
               .store = store_,
               .router = router_,
               .tenants = tenants_,
               .intake = intake_,
               .make_transport = make_curl_transport,
               .aside = aside_.get_executor()}),
      schedules_({.executor = shards_.front()->executor(),
                  .clock = clock_,
                  .store = store_,
                  .router = router_,
                  .tenants = tenants_,
                  .intake = intake_,
                  .make_transport = make_curl_transport}),
      services_{.config = config_,
                .store = store_,
                .clock = clock_,
                .directory = directory_,
                .intake = intake_,
                .tenants = tenants_,
                .metrics = metrics_,
                .gateways = gateways_,
                .webhooks = webhooks_,
                .events = events_,
                .schedules = schedules_,
                .objects = objects_,
                .reload = [this](bool dry_run) { return reload(dry_run); },
                .make_transport = make_curl_transport,
                .ready = ready_,
                .aside = aside_.get_executor()} {
  store_.open_queue();
  store_.set_retention(retention_of(*router_.table(), tenants_, config_.retention_ms));
  inbound_.on_kept(std::bind_front(tell_of_inbound, std::ref(services_)));
  inbound_.load();
  set_hooks();
  tell_unreadable();
  objects_.on_change(std::bind_front(&App::put_in_force, this));
  make_servers();
}

App::~App() { stop(); }

// The one way by which a change of anything comes into force, of the file and at run time.
void App::put_in_force(const std::shared_ptr<const RoutingTable>& table) {
  const auto tenants = tenants_.prepare(table->tenants);
  router_.replace(table);
  gateways_.run(*table);
  // Whoever is let in finds gateways that serve him.
  tenants_.take_over(tenants);
  store_.set_retention(retention_of(*table, tenants_, config_.retention_ms));
  gateways_.serve(tenants_.names());
  router_.know(tenants_.names());
  webhooks_.know(tenants_.names());
  webhooks_.run(*table);
  schedules_.run(table);
}

void App::set_hooks() {
  store::Hooks hooks;
  hooks.due_now = [this](const std::set<store::Queue>& queues) { gateways_.due(queues); };
  hooks.tasks_due = [this](const store::Tasks::DueByKind& kinds) {
    webhooks_.due(kinds);
    events_.due(kinds);
    schedules_.due(kinds);
  };
  hooks.alongside = std::bind_front(&Outbox::alongside, &webhooks_.outbox());
  hooks.finals = [this](const std::vector<store::Final>& finals) { gateways_.count(finals); };
  hooks.given_up = [this](const store::GivenUp& receipts) { gateways_.given_up(receipts); };
  hooks.committed = [this, &store = metrics_.store()](const store::CommitStats& stats) {
    store.commit_duration_seconds->Observe(stats.seconds);
    if (stats.seconds > slow_commit_seconds)
      if (const auto times = slowness_.due("slow", clock_.now()))
        log::warn("store", "a commit was slow: the disk is busy or ails, and everything waits for it", "seconds",
                  stats.seconds, "times", times);
    if (failed_.exchange(false)) log::info("store", "commits succeed again");
    if (stats.messages > 0) store.commit_messages->Observe(static_cast<double>(stats.messages));
    store.used_bytes->Set(static_cast<double>(stats.used_bytes));
    store.free_bytes->Set(static_cast<double>(stats.free_bytes));
    store.disk_free_bytes->Set(static_cast<double>(stats.disk_free_bytes));
  };
  hooks.failed = [this](store::Error error, const std::string& why) { commit_failed(error, why); };
  store_.set_hooks(std::move(hooks));
  metrics_.store().size_limit_bytes->Set(static_cast<double>(config_.store_size_limit_bytes));
  metrics_.before_render([this] {
    gateways_.refresh_gauges();
    gateways_.show_parked();
    webhooks_.refresh_gauges();
    tenants_.show_limits();
    metrics_.store().commit_running_seconds->Set(store_.commit_running_seconds());
    metrics_.store().reader_lag_transactions->Set(static_cast<double>(store_.reader_lag_transactions()));
  });
  log::count_into(&metrics_);
}

void App::commit_failed(store::Error error, const std::string& why) {
  metrics_.store().errors[metrics::StoreOperation::commit]->Increment();
  failed_ = true;
  if (const auto times = failures_.due(store::explain(error) + why, clock_.now()))
    log::error("store", "a commit failed", "error", store::explain(error), "detail", why, "path",
               config_.store_path.string(), "times", times);
  if (error == store::Error::broken && tell_broken_) std::exchange(tell_broken_, {})();
}

void App::make_servers() {
  const auto api = api_door(services_);
  std::size_t sessions = 0;
  for (const auto& gateway : config_.gateways)
    sessions += gateway.is_smpp() ? static_cast<std::size_t>(gateway.smpp().sessions) : 1;
  HttpLimits limits;
  limits.connections = clients_per_listener(
      descriptor_limit(), sessions, shards_.size() * (config_.metrics.host.empty() ? 2 : 3), listener_clients_max);
  // One address never has all of them.
  limits.connections_per_address =
      std::min(static_cast<std::size_t>(config_.connections_per_address), (limits.connections + 1) / 2);
  listen(limits, api, config_.api, api_port_);
  if (!config_.metrics.host.empty()) listen(limits, monitoring_door(services_), config_.metrics, metrics_port_);
  limits.name = "fineract";
  limits.body_bytes = fineract_body_bytes;
  listen(limits, fineract_door(services_), config_.fineract, fineract_port_);
  HttpLimits control_limits;
  control_limits.name = "control";
  control_limits.connections = control_clients_max;
  auto control =
      std::make_unique<HttpServer>(shards_.front()->executor(), clock_, control_limits, api, metrics_.http(), bodies_);
  control->listen_local(config_.control_socket.string());
  servers_.emplace_back(shards_.front().get(), std::move(control));
}

// On every shard. Port 0 is chosen once; the other shards share it.
void App::listen(HttpLimits limits, const HttpDoor& door, ListenAddress address, std::uint16_t& port) {
  for (auto& shard : shards_) {
    auto server = std::make_unique<HttpServer>(shard->executor(), clock_, limits, door, metrics_.http(), bodies_);
    address.port = port = server->listen(address, shard == shards_.front());
    servers_.emplace_back(shard.get(), std::move(server));
  }
}

void App::tell_unreadable() {
  for (const auto& record : store_.take_unreadable()) {
    metrics_.store().unreadable_records->Increment();
    log::error("store", "a record cannot be read: it is kept as it is, and left out; see 'smsbridge store verify'",
               "table", record.table, "key", record.key, "why", record.why, "path", config_.store_path.string());
  }
}

// What nobody will send, and a clock that nobody set: said once, loudly.
void App::warn_of_leftovers() {
  if (store_.has_lost_its_file())
    log::error("store",
               "the store's file was not there although its companions are: began an empty one. Messages, references "
               "that keep a batch from being sent twice, API keys, and gateways and routes made at run time are gone; "
               "if there is a backup, stop and restore it",
               "path", (config_.store_path / "data.mdb").string());
  for (const auto& [owner, counts] : store_.counts()) {
    const auto queued = counts[static_cast<std::size_t>(store::State::queued)];
    if (queued > 0 && !gateways_.serves(owner.first, owner.second))
      log::warn("queue",
                "messages wait for a gateway or tenant that the configuration no longer has; they expire unless it "
                "comes back",
                "messages", queued, "gateway_id", owner.second, "tenant",
                tenants_.find(owner.first) ? tenants_.find(owner.first)->config.name : "unknown");
  }
  const auto last = store_.reader().page({}, 0, 1).messages;
  const auto newest = last.empty() ? 0 : last.front().content.created_at;
  if (newest > clock_.wall() + clock_behind_max)
    log::error("clock",
               "this machine's clock is behind the newest message: what waits is sent late, and new messages "
               "may expire at once when the clock is set right; check its time synchronisation",
               "clock", text::time_text(clock_.wall()), "newest", text::time_text(newest));
}

// With several tenants one has to be named, or have a way by it.
void App::warn_of_unused() const {
  const auto table = router_.table();
  for (const auto& gateway : table->gateways)
    if (std::ranges::none_of(table->tenants,
                             [&](const TenantSettingsPtr& tenant) { return table->may_use(tenant->name, *gateway); }))
      log::warn("config", "no tenant may use this gateway: name them in its 'tenants', or take it into a route",
                "gateway", gateway->name);
}

void App::start() {
  start_threads();
  started_ = true;
  gateways_.serve(tenants_.names());
  gateways_.run(*router_.table());
  webhooks_.know(tenants_.names());
  webhooks_.run(*router_.table());
  events_.start();
  schedules_.run(router_.table());
  boost::asio::post(aside_, [this] {
    go_on_erasing(store_, [this](const std::string& tenant) { return tenants_.find(tenant) != nullptr; });
  });
  warn_of_leftovers();
  warn_of_unused();
  metrics_.reloaded(true, static_cast<double>(clock_.wall()) / 1000);
  ready_ = true;
}

// All or none: where no more can be made, what was begun has nothing to do yet and ends.
void App::start_threads() {
  watch_timer_ = clock_.timer(shards_.front()->executor());
  boost::asio::post(shards_.front()->io(), [this] { watch(); });
  try {
    store_.start();
    for (auto& shard : shards_) shard->start();
  } catch (...) {
    for (auto& shard : shards_) shard->io().stop();
    for (auto& shard : shards_) shard->join();
    store_.stop();
    throw;
  }
}

tl::expected<Reloaded, std::vector<std::string>> App::reload(bool dry_run) {
  const std::lock_guard lock(reload_mutex_);
  const auto loaded = load_config(config_.file);
  Reloaded reloaded;
  std::vector<std::string> errors;
  for (const auto& problem : loaded.problems)
    if (!problem.warning) errors.push_back(describe(problem));
  try {
    if (errors.empty()) take_over(loaded.config, dry_run, reloaded, errors);
  } catch (const std::exception& error) {
    errors.push_back(error.what());
  }
  if (!dry_run) metrics_.reloaded(errors.empty(), static_cast<double>(clock_.wall()) / 1000);
  if (!errors.empty()) {
    if (!dry_run)
      for (const auto& error : errors) log::error("config", "nothing was reloaded", "problem", error);
    return tl::unexpected(std::move(errors));
  }
  if (dry_run) return reloaded;
  say_reloaded(reloaded, config_.file);
  warn_of_unused();
  return reloaded;
}

void App::take_over(const Config& file, bool dry_run, Reloaded& reloaded, std::vector<std::string>& errors) {
  const auto taken = objects_.take_over(file, dry_run);
  if (!taken) return errors.push_back(taken.error());
  const auto draining = router_.draining();
  reloaded = {.changes = changes_between(*taken->before, *taken->after),
              .cut_off = cut_off_between({*taken->before, draining}, {*taken->after, draining}),
              .takes_restart = takes_restart(config_, file)};
}

void App::watch_clock() {
  auto* const time_of_day = clock_.time_of_day();
  const auto jump = time_of_day ? time_of_day->take_jump() : std::nullopt;
  if (!jump) return;
  const auto seconds = jump->by / 1000;
  metrics_.log()
      .clock_jumps[!jump->followed ? metrics::ClockJump::kept
                   : jump->by > 0  ? metrics::ClockJump::ahead
                                   : metrics::ClockJump::back]
      ->Increment();
  if (!jump->followed)
    log::error("clock",
               "the system's clock jumped ahead: not followed for five minutes, in case it is set back; check "
               "its time synchronisation",
               "seconds", seconds);
  else
    log::warn("clock", "follows the system's clock, which was set", "seconds", seconds);
}

// Also one that never ends.
void App::watch_commits() {
  const auto seconds = store_.commit_running_seconds();
  if (seconds <= slow_commit_seconds) return;
  if (slowness_.due("running", clock_.now()))
    log::error("store", "a commit takes long: the disk does not answer, and everything waits for it", "seconds",
               seconds, "path", config_.store_path.string());
}

void App::watch() {
  budgets_.refresh(clock_.wall());
  quotas_.refresh();
  watch_clock();
  watch_commits();
  tell_unreadable();
  tenants_.uses().keep(clock_.wall(), shards_.front()->executor());
  watch_timer_->at(clock_.now() + 1s, [this] { watch(); });
}

void App::stop() {
  ready_ = false;
  if (!std::exchange(started_, false)) return;
  // Fineract does not post again what nobody took: the doors stay open while gateways wait for answers. What comes in
  // is kept, and goes out after the next start; so do events that are made from here on.
  stop_and_wait(events_);
  stop_and_wait(schedules_);
  stop_and_wait(webhooks_);
  stop_and_wait(gateways_);
  // A server's sockets are closed on its own shard; requests that are being handled get their answers.
  for (auto& [shard, server] : servers_) boost::asio::post(shard->io(), [&server] { server->stop(); });
  aside_.join();
  tenants_.uses().keep_all();
  store_.stop();
  // Behind the answers to the last commit.
  for (auto& shard : shards_) boost::asio::post(shard->io(), [&shard] { shard->io().stop(); });
  for (auto& shard : shards_) shard->join();
  watch_timer_.reset();
  servers_.clear();
  log::count_into(nullptr);
}

}  // namespace smsbridge::bridge
