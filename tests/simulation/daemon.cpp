// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/daemon.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bridge/delivery/http_channel.hpp"
#include "bridge/delivery/smpp_channel.hpp"

namespace smsbridge::simulation {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 30s;
constexpr std::size_t idle_steps_max = 20;  // then the writer looks into its inbox less often, to save the run's time
constexpr Duration idle_step = 200ms;

store::Options store_options(const Daemon::World& world) {
  store::Options options;
  options.path = world.store_path;
  options.size_limit_bytes = world.options.store_limit_bytes;
  options.prewrite_bytes = 0;
  options.sync = false;
  options.limits.held_ms = 0;
  for (const auto& gateway : world.table->gateways)
    options.limits.held_ms = std::max(options.limits.held_ms, gateway->retry.hold_ms);
  options.wall_clock = [&clock = world.clock] { return clock.wall(); };
  return options;
}

}  // namespace

Daemon::Daemon(World world)
    : world_(std::move(world)),
      store_(store_options(world_)),
      tenants_(world_.table->tenants, store_, world_.metrics, world_.clock),
      router_(world_.table, tenants_.names(), world_.clock),
      directory_(router_),
      running_(world_.table->gateways.size()) {
  store_.open_queue();
  set_hooks();
}

Daemon::~Daemon() {
  *alive_ = false;
  if (step_alarm_) world_.clock.cancel(*step_alarm_);
}

// In a crash what was posted is lost.
void Daemon::post(std::function<void()> handler) {
  boost::asio::post(world_.io, [alive = alive_, handler = std::move(handler)] {
    if (*alive) handler();
  });
}

void Daemon::take_over(std::shared_ptr<const bridge::RoutingTable> table) {
  router_.replace(table);
  for (std::size_t place = 0; place < running_.size(); ++place) want(place, table->gateways[place]);
}

void Daemon::want(std::size_t place, bridge::GatewaySettingsPtr gateway) {
  running_[place].wanted = std::move(gateway);
  post([this, place] { bring_about(place); });
}

// One step from what runs to what is wanted, as bridge::Gateways does it.
void Daemon::bring_about(std::size_t place) {
  auto& running = running_[place];
  if (running.stopping || (running.gateway && &running.gateway->config() == running.wanted.get())) return;
  if (running.gateway) {
    running.stopping = true;
    running.gateway->stop(world_.clock.now() + stop_deadline, [this, place] {
      // Not at once: it is still at work when it says this.
      post([this, place] {
        running_[place].gateway.reset();
        running_[place].stopping = false;
        bring_about(place);
      });
    });
    return;
  }
  if (running.wanted) return make(place);
  const bool all = std::ranges::none_of(running_, [](const Running& r) { return r.gateway || r.wanted; });
  if (all && all_ended_) std::exchange(all_ended_, nullptr)();
}

void Daemon::make(std::size_t place) {
  auto& running = running_[place];
  const auto& gateway = *running.wanted;
  std::map<store::TenantId, metrics::QueueMetrics*> queues;
  std::vector<store::Queue> all;
  for (const auto& [id, name] : tenants_.names()) {
    queues[id] = &world_.metrics.queue(name, gateway.name);
    for (std::size_t lane = 0; lane < store::lane_count; ++lane)
      all.push_back({.gateway = gateway.id, .tenant = id, .lane = static_cast<store::Lane>(lane)});
  }
  running.gateway = std::make_unique<bridge::Gateway>(
      running.wanted,
      bridge::GatewayContext{.executor = world_.io.get_executor(),
                             .clock = world_.clock,
                             .random = world_.random,
                             .store = store_,
                             .metrics = world_.metrics.gateway(gateway.name, gateway.kind),
                             .queue_metrics = std::move(queues),
                             .lanes = world_.options.config.lanes,
                             .router = router_},
      [&](bridge::Channel::Owner& owner) { return make_channel(place, owner); });
  world_.gateway_started(place, gateway);
  running.gateway->drain(running.draining_since);
  if (running.paused_since) running.gateway->pause(running.paused_since);
  running.gateway->start();
  running.gateway->due(all);
}

std::unique_ptr<bridge::Channel> Daemon::make_channel(std::size_t place, bridge::Channel::Owner& owner) {
  const auto& gateway = *running_[place].wanted;
  auto& counted = world_.metrics.gateway(gateway.name, gateway.kind);
  if (gateway.is_smpp())
    return std::make_unique<bridge::SmppChannel>(gateway,
                                                 bridge::SmppContext{.executor = world_.io.get_executor(),
                                                                     .clock = world_.clock,
                                                                     .connector = world_.connector,
                                                                     .random = world_.random,
                                                                     .metrics = counted,
                                                                     .smpp_metrics = world_.metrics.smpp(gateway.name)},
                                                 owner);
  return std::make_unique<bridge::HttpChannel>(
      gateway,
      bridge::HttpContext{
          .executor = world_.io.get_executor(),
          .clock = world_.clock,
          .metrics = counted,
          .provider_metrics = world_.metrics.provider(gateway.name),
          .make_transport = [this, place](boost::asio::any_io_executor executor,
                                          const bridge::HttpOptions&) { return world_.transport(place, executor); },
          .callback_url = "http://bridge/in/" + gateway.name,
          .sent_before =
              [this, id = gateway.id](store::MessageId before) {
                return store_.reader().page({.states = {store::State::submitted}, .gateway = id}, before, 100);
              }},
      http_gateways::make_provider(*gateway.provider().kind, gateway.provider().account), owner);
}

// ---- what an operator does ----

void Daemon::pause(std::size_t place) {
  auto& running = running_[place];
  if (running.paused_since) return;
  running.paused_since = world_.clock.wall();
  if (running.gateway) running.gateway->pause(running.paused_since);
}

void Daemon::drain(std::size_t place) {
  auto& running = running_[place];
  running.draining_since = world_.clock.wall();
  if (running.gateway) running.gateway->drain(running.draining_since);
}

void Daemon::resume(std::size_t place) {
  auto& running = running_[place];
  running.draining_since = 0;
  if (running.gateway) running.gateway->drain(0);
  if (std::exchange(running.paused_since, 0) && running.gateway) running.gateway->resume();
}

void Daemon::receive(std::size_t place, const http_gateways::CallbackRequest& request,
                     std::function<void(http_gateways::CallbackAnswer)> respond) {
  auto& running = running_[place];
  if (running.gateway && !running.stopping) return running.gateway->receive(request, std::move(respond));
  respond({.status = 503, .body = {}});
}

void Daemon::set_hooks() {
  store::Hooks hooks;
  hooks.due_now = [this](const std::set<store::Queue>& queues) {
    for (auto& running : running_) {
      std::vector<store::Queue> due;
      for (const auto& queue : queues)
        if (running.wanted && queue.gateway == running.wanted->id) due.push_back(queue);
      if (due.empty()) continue;
      // One that is not there yet looks at everything when it starts.
      post([&running, due] {
        if (running.gateway) running.gateway->due(due);
      });
    }
  };
  hooks.finals = world_.finals;
  hooks.failed = [this](store::Error, const std::string&) { world_.commit_failed(); };
  store_.set_hooks(std::move(hooks));
}

void Daemon::start() {
  take_over(world_.table);
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
  all_ended_ = [this, done = std::move(done)] {
    while (store_.step() > 0) continue;
    world_.stepped();
    done();
  };
  for (std::size_t place = 0; place < running_.size(); ++place) {
    want(place, nullptr);
    post([this, place] {
      if (const auto& gateway = running_[place].gateway) gateway->abandon(world_.clock.now() + stop_deadline);
    });
  }
}

}  // namespace smsbridge::simulation
