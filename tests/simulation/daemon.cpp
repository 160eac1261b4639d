// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/daemon.hpp"

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
  for (const auto& gateway : world.options.config.gateways)
    options.limits.held_ms = std::max(options.limits.held_ms, gateway.retry.hold_ms);
  options.wall_clock = [&clock = world.clock] { return clock.wall(); };
  return options;
}

}  // namespace

Daemon::Daemon(World world)
    : world_(std::move(world)),
      store_(store_options(world_)),
      tenants_(world_.options.config, store_, world_.metrics),
      router_(std::make_shared<bridge::RoutingTable>(world_.options.config), tenants_.names(), world_.clock),
      directory_(world_.options.config, router_) {
  store_.open_queue();
  make_gateways();
  set_hooks();
}

Daemon::~Daemon() {
  *alive_ = false;
  if (step_alarm_) world_.clock.cancel(*step_alarm_);
}

void Daemon::make_gateways() {
  const auto& config = world_.options.config;
  for (const auto& kept : router_.table()->gateways) {
    const auto& gateway = *kept;
    std::map<store::TenantId, metrics::QueueMetrics*> queues;
    for (const auto& [name, tenant] : tenants_.all()) queues[tenant.id] = &world_.metrics.queue(name, gateway.name);
    auto& counted = world_.metrics.gateway(gateway.name, gateway.kind);
    bridge::GatewayContext context{.executor = world_.io.get_executor(),
                                   .clock = world_.clock,
                                   .random = world_.random,
                                   .store = store_,
                                   .metrics = counted,
                                   .queue_metrics = std::move(queues),
                                   .lanes = config.lanes,
                                   .router = router_};
    gateways_.push_back(std::make_unique<bridge::Gateway>(
        kept, std::move(context), [&](bridge::Channel::Owner& owner) -> std::unique_ptr<bridge::Channel> {
          if (gateway.kind != "smpp")
            return std::make_unique<bridge::HttpChannel>(
                gateway,
                bridge::HttpContext{.executor = world_.io.get_executor(),
                                    .clock = world_.clock,
                                    .metrics = counted,
                                    .provider_metrics = world_.metrics.provider(gateway.name),
                                    .make_transport =
                                        [this, place = gateways_.size()](boost::asio::any_io_executor executor,
                                                                         const bridge::HttpOptions&) {
                                          return world_.transport(place, std::move(executor));
                                        },
                                    .callback_url = "http://bridge/in/" + gateway.name,
                                    .sent_before =
                                        [this, id = gateway.id](store::MessageId before) {
                                          return store_.reader().page(
                                              {.states = {store::State::submitted}, .gateway = id}, before, 100);
                                        }},
                http_gateways::make_provider(*http_gateways::find_kind(gateway.kind), gateway.account), owner);
          return std::make_unique<bridge::SmppChannel>(
              gateway,
              bridge::SmppContext{.executor = world_.io.get_executor(),
                                  .clock = world_.clock,
                                  .connector = world_.connector,
                                  .random = world_.random,
                                  .metrics = counted,
                                  .smpp_metrics = world_.metrics.smpp(gateway.name)},
              owner);
        }));
  }
}

void Daemon::set_hooks() {
  store::Hooks hooks;
  hooks.due_now = [this](const std::set<store::Queue>& queues) {
    for (auto& gateway : gateways_) {
      std::vector<store::Queue> due;
      for (const auto& queue : queues)
        if (queue.gateway == gateway->config().id) due.push_back(queue);
      if (due.empty()) continue;
      boost::asio::post(world_.io, [alive = alive_, &gateway, due] {
        if (*alive) gateway->due(due);
      });
    }
  };
  hooks.finals = world_.finals;
  hooks.failed = [this](store::Error, const std::string&) { world_.commit_failed(); };
  store_.set_hooks(std::move(hooks));
}

void Daemon::start() {
  for (auto& gateway : gateways_) {
    std::vector<store::Queue> all;
    for (const auto& [name, tenant] : tenants_.all())
      for (std::size_t lane = 0; lane < store::lane_count; ++lane)
        all.push_back({.gateway = gateway->config().id, .tenant = tenant.id, .lane = static_cast<store::Lane>(lane)});
    gateway->start();
    gateway->due(all);
  }
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
  for (auto& gateway : gateways_)
    gateway->stop(world_.clock.now() + stop_deadline, [this, done] {
      if (++gateways_stopped_ < gateways_.size()) return;
      boost::asio::post(world_.io, [this, alive = alive_, done] {
        if (!*alive) return;
        while (store_.step() > 0) continue;
        world_.stepped();
        done();
      });
    });
}

}  // namespace smsbridge::simulation
