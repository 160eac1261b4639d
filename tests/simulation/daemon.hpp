// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/delivery/gateways.hpp"
#include "bridge/doors/services.hpp"
#include "bridge/http/server.hpp"
#include "bridge/inbound/inbound.hpp"
#include "tests/simulation/life.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/sim_network.hpp"

namespace smsbridge::simulation {

// One life of the daemon: its real doors, intake, store, objects and gateways, wired as App does it, on one loop. The
// store's writer is no thread but an alarm, so that a commit happens at a virtual time. The destructor is a crash: what
// no step() committed, and what was committed but not told, is lost.
class Daemon {
 public:
  struct World {
    boost::asio::io_context& io;
    SimClock& clock;
    SimNetwork& network;
    bridge::MakeHttpTransport make_transport;
    bridge::Random& random;
    metrics::Metrics& metrics;
    bridge::BodyMemory& bodies;  // also of connections whose last handler goes after the process
    const RunOptions& options;
    bridge::Config config;  // its file, as it is at the start
    std::function<void(const std::vector<store::Final>&)> finals;
    std::function<void()> commit_failed;
    std::function<void()> stepped;
    std::function<void(const bridge::GatewaySettings&)> gateway_starting;
  };

  explicit Daemon(World world);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  // In peace, as on SIGTERM. The daemon may be destroyed once `done` was called.
  void stop(std::function<void()> done);
  void step() { store_.step(); }

  // What an operator does while it runs: the file has changed and is read again, or a gateway is told to do something.
  void take_over(const bridge::Config& config);
  void ask(const std::string& gateway, bridge::GatewayControl::Action action,
           std::function<void(const bridge::GatewayStatus&)> done);
  // Or has a schedule run now, or what runs or waits of it stopped.
  void run_schedule(const std::string& name, bool anew, std::function<void(const std::string& why_not)> done);
  void stop_schedule(const std::string& name, std::function<void(bool found)> done);
  // Where it listens.
  static constexpr std::uint16_t api_port = 8080, fineract_port = 9191;

  double events_waiting();  // for all webhooks

  store::Store& store() { return store_; }
  store::TenantId tenant(std::size_t place) const { return tenants_.find(config_.tenants[place].name)->id; }

 private:
  void set_hooks();
  void run_schedules(std::shared_ptr<const bridge::RoutingTable> table);
  void listen();
  void arm_step();

  World world_;
  const bridge::Config& config_ = world_.config;
  Life life_;
  store::Store store_;
  bridge::Tenants tenants_;
  bridge::Objects objects_;
  bridge::Router router_;
  bridge::Budgets budgets_;
  bridge::OptOuts opt_outs_;
  bridge::QuietTime quiet_time_;
  bridge::Directory directory_;
  bridge::Intake intake_;
  bridge::Inbound inbound_;
  bridge::Gateways gateways_;
  bridge::Webhooks webhooks_;
  bridge::Events events_;
  bridge::Schedules schedules_;
  std::atomic<bool> ready_{true};
  bridge::Services services_;
  std::map<std::uint16_t, std::unique_ptr<bridge::HttpServer>> servers_;  // by port
  std::optional<SimClock::AlarmId> step_alarm_;
  std::size_t idle_steps_ = 0;
};

}  // namespace smsbridge::simulation
