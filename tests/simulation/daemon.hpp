// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/access/tenants.hpp"
#include "bridge/delivery/gateway.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/intake/submission.hpp"
#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// One life of the daemon: its real store and gateways, wired as App and Gateways do it, on one io_context. The store's
// writer is no thread but an alarm, so that a commit happens at a virtual time. The destructor is a crash: what no
// step() committed, and what was committed but not told, is lost.
class Daemon {
 public:
  struct World {
    boost::asio::io_context& io;
    SimClock& clock;
    bridge::Connector& connector;
    bridge::Random& random;
    metrics::Metrics& metrics;
    const RunOptions& options;
    std::shared_ptr<const bridge::RoutingTable> table;
    std::filesystem::path store_path;
    std::function<void(const std::vector<store::Final>&)> finals;
    std::function<void()> commit_failed;
    std::function<void()> stepped;
    std::function<void(std::size_t, const bridge::GatewaySettings&)> gateway_started;
    // Of the gateway at this place, to its provider.
    std::function<std::unique_ptr<bridge::HttpTransport>(std::size_t, boost::asio::any_io_executor)> transport;
  };

  explicit Daemon(World world);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  // In peace, as on SIGTERM. The daemon may be destroyed once `done` was called.
  void stop(std::function<void()> done);
  void step() { store_.step(); }

  // What an operator does while it runs; gateways by their place. A change comes as another table in which only what
  // changed is another object.
  void take_over(std::shared_ptr<const bridge::RoutingTable> table);
  void pause(std::size_t place);
  void drain(std::size_t place);
  void resume(std::size_t place);  // ends both
  // A provider calls back.
  void receive(std::size_t place, const http_gateways::CallbackRequest& request,
               std::function<void(http_gateways::CallbackAnswer)> respond);

  store::Store& store() { return store_; }
  const bridge::Tenant& tenant(std::size_t number) const {
    return *tenants_.find(world_.options.config.tenants[number].name);
  }
  const bridge::Directory& directory() const { return directory_; }
  // nullptr: it is just being replaced.
  const bridge::Gateway* gateway(std::size_t place) const { return running_[place].gateway.get(); }
  WallMs draining_since(std::size_t place) const { return running_[place].draining_since; }  // 0: it is not

 private:
  struct Running {
    bridge::GatewaySettingsPtr wanted;  // nullptr: it is to go
    std::unique_ptr<bridge::Gateway> gateway;
    bool stopping = false;
    WallMs draining_since = 0;
    WallMs paused_since = 0;  // 0: it is not
  };
  void want(std::size_t place, bridge::GatewaySettingsPtr gateway);
  void bring_about(std::size_t place);
  void make(std::size_t place);
  std::unique_ptr<bridge::Channel> make_channel(std::size_t place, bridge::Channel::Owner& owner);
  void post(std::function<void()> handler);
  void set_hooks();
  void arm_step();

  World world_;
  store::Store store_;
  bridge::Tenants tenants_;
  bridge::Router router_;
  bridge::Directory directory_;
  std::vector<Running> running_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::optional<SimClock::AlarmId> step_alarm_;
  std::size_t idle_steps_ = 0;
  std::function<void()> all_ended_;
};

}  // namespace smsbridge::simulation
