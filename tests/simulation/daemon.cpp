// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/daemon.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bridge/config/store_options.hpp"
#include "bridge/doors/kept_inbound.hpp"
#include "bridge/doors/listeners.hpp"
#include "bridge/routing/retention.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t idle_steps_max = 20;  // then the writer looks into its inbox less often, to save the run's time
constexpr Duration idle_step = 200ms;

store::Options store_options(const Daemon::World& world) {
  auto options = bridge::store_options(world.config, world.clock);
  options.prewrite_bytes = 0;
  options.sync = false;
  // The 72 hours of the daemon are longer than a run.
  options.limits.held_ms = 0;
  for (const auto& gateway : world.config.gateways)
    options.limits.held_ms = std::max(options.limits.held_ms, gateway.retry.hold_ms);
  return options;
}

}  // namespace

Daemon::Daemon(World world)
    : world_(std::move(world)),
      life_(world_.io),
      store_(store_options(world_)),
      tenants_(bridge::RoutingTable(config_).tenants, store_, world_.metrics, world_.clock),
      objects_(config_, store_),
      router_(objects_.table(), tenants_.names(), world_.clock),
      budgets_(router_, tenants_, store_),
      opt_outs_(store_, tenants_, world_.clock),
      quiet_time_(tenants_, world_.clock),
      directory_(router_, &budgets_, &opt_outs_),
      intake_(store_, directory_, world_.clock),
      inbound_({.executor = life_.executor(),
                .clock = world_.clock,
                .store = store_,
                .metrics = world_.metrics,
                .router = router_,
                .tenants = tenants_,
                .intake = intake_,
                .settings = config_.inbound}),
      gateways_({.config = config_,
                 .clock = world_.clock,
                 .connector = world_.network,
                 .make_transport = world_.make_transport,
                 .metrics = world_.metrics,
                 .store = store_,
                 .router = router_,
                 .places = {{.executor = life_.executor(), .random = world_.random}},
                 .starting = world_.gateway_starting,
                 .keep = std::bind_front(&bridge::Inbound::take, &inbound_),
                 .opt_outs = &opt_outs_,
                 .quiet_time = &quiet_time_}),
      webhooks_({.config = config_,
                 .clock = world_.clock,
                 .make_transport = world_.make_transport,
                 .metrics = world_.metrics,
                 .store = store_,
                 .router = router_,
                 .places = {{.executor = life_.executor(), .random = world_.random}}}),
      events_({.executor = life_.executor(),
               .clock = world_.clock,
               .random = world_.random,
               .store = store_,
               .router = router_,
               .tenants = tenants_,
               .intake = intake_,
               .make_transport = world_.make_transport,
               .aside = life_.executor()}),
      schedules_({.executor = life_.executor(),
                  .clock = world_.clock,
                  .store = store_,
                  .router = router_,
                  .tenants = tenants_,
                  .intake = intake_,
                  .make_transport = world_.make_transport}),
      services_{.config = config_,
                .store = store_,
                .clock = world_.clock,
                .directory = directory_,
                .intake = intake_,
                .tenants = tenants_,
                .metrics = world_.metrics,
                .gateways = gateways_,
                .webhooks = webhooks_,
                .events = events_,
                .schedules = schedules_,
                .objects = objects_,
                .reload = [](bool) { return bridge::Reloaded{}; },
                .make_transport = world_.make_transport,
                .ready = ready_,
                .aside = life_.executor()} {
  store_.open_queue();
  store_.set_retention(bridge::retention_of(*router_.table(), tenants_, config_.retention_ms));
  inbound_.on_kept(std::bind_front(bridge::tell_of_inbound, std::ref(services_)));
  inbound_.load();
  set_hooks();
  objects_.on_change([this](std::shared_ptr<const bridge::RoutingTable> table) {
    router_.replace(table);
    store_.set_retention(bridge::retention_of(*table, tenants_, config_.retention_ms));
    gateways_.run(*table);
    webhooks_.run(*table);
    run_schedules(table);
  });
}

Daemon::~Daemon() {
  life_.end();
  world_.network.process_ended();
  if (step_alarm_) world_.clock.cancel(*step_alarm_);
}

void Daemon::take_over(const bridge::Config& config) {
  if (const auto taken = objects_.take_over(config); !taken) throw std::logic_error(taken.error());
}

// Where there are none, it has nothing to look for: what a seed was before there were any, it is still.
void Daemon::run_schedules(std::shared_ptr<const bridge::RoutingTable> table) {
  if (!config_.schedules.empty()) schedules_.run(std::move(table));
}

void Daemon::run_schedule(const std::string& name, bool anew, std::function<void(const std::string&)> done) {
  schedules_.run_now(router_.table()->schedule(name), anew, "somebody", life_.executor(), std::move(done));
}

void Daemon::stop_schedule(const std::string& name, std::function<void(bool)> done) {
  schedules_.stop_run(name, "somebody", life_.executor(), std::move(done));
}

void Daemon::ask(const std::string& gateway, bridge::GatewayControl::Action action,
                 std::function<void(const bridge::GatewayStatus&)> done) {
  gateways_.ask(gateway, action, life_.executor(), std::move(done));
}

double Daemon::events_waiting() {
  webhooks_.refresh_gauges();
  double waiting = 0;
  for (const auto& tenant : config_.tenants) waiting += world_.metrics.webhook(tenant.name).pending->Value();
  return waiting;
}

void Daemon::listen() {
  const auto serve = [this](std::uint16_t port, std::string name, bridge::HttpDoor door) {
    bridge::HttpLimits limits;
    limits.name = std::move(name);
    auto& server = servers_[port];
    server = std::make_unique<bridge::HttpServer>(life_.executor(), world_.clock, std::move(limits), std::move(door),
                                                  world_.metrics.http(), world_.bodies);
    world_.network.listen(port, life_.executor(), [&server](std::unique_ptr<bridge::Stream> stream) {
      server->admit(std::move(stream), {.address = boost::asio::ip::make_address("192.0.2.1")});
    });
  };
  serve(api_port, "api", bridge::api_door(services_));
  serve(fineract_port, "fineract", bridge::fineract_door(services_));
}

void Daemon::set_hooks() {
  store::Hooks hooks;
  hooks.due_now = [this](const std::set<store::Queue>& queues) { gateways_.due(queues); };
  hooks.finals = [this](const std::vector<store::Final>& finals) {
    gateways_.count(finals);
    world_.finals(finals);
  };
  hooks.given_up = [this](const store::GivenUp& receipts) { gateways_.given_up(receipts); };
  hooks.tasks_due = [this](const store::Tasks::DueByKind& kinds) {
    webhooks_.due(kinds);
    events_.due(kinds);
    schedules_.due(kinds);
  };
  hooks.alongside = std::bind_front(&bridge::Outbox::alongside, &webhooks_.outbox());
  hooks.failed = [this](store::Error, const std::string&) { world_.commit_failed(); };
  store_.set_hooks(std::move(hooks));
}

void Daemon::start() {
  gateways_.serve(tenants_.names());
  gateways_.run(*router_.table());
  webhooks_.know(tenants_.names());
  webhooks_.run(*router_.table());
  events_.start();
  run_schedules(router_.table());
  listen();
  arm_step();
}

// A commit takes a while, and everything that comes meanwhile goes into the next one.
void Daemon::arm_step() {
  const auto longest =
      idle_steps_ < idle_steps_max ? world_.options.step_max : std::max<Duration>(idle_step, world_.options.step_max);
  step_alarm_ = world_.clock.after(Duration(world_.random.between(0, longest.count())) + 100us, [this] {
    idle_steps_ = store_.step() > 0 ? 0 : idle_steps_ + 1;
    arm_step();
    world_.stepped();
  });
}

void Daemon::stop(std::function<void()> done) {
  const auto ended = [this, done = std::move(done)] {
    for (auto& [port, server] : servers_) server->stop();
    while (store_.step() > 0) continue;
    world_.stepped();
    // Behind the answers to the last commit.
    boost::asio::post(life_.executor(), done);
  };
  events_.stop(
      [this, ended] { schedules_.stop([this, ended] { webhooks_.stop([this, ended] { gateways_.stop(ended); }); }); });
}

}  // namespace smsbridge::simulation
