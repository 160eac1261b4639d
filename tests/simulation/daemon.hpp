// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/delivery/gateway.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/ingest/submit.hpp"
#include "bridge/ingest/tenants.hpp"
#include "tests/simulation/options.hpp"

namespace smsbridge::simulation {

// One life of the daemon: its real store and gateways, wired as App does it, on one io_context. The store's writer is
// no thread but an alarm, so that a commit happens at a virtual time. The destructor is a crash: what no step()
// committed, and what was committed but not told, is lost.
class Daemon {
 public:
  struct World {
    boost::asio::io_context& io;
    SimClock& clock;
    bridge::Connector& connector;
    bridge::Random& random;
    metrics::Metrics& metrics;
    const RunOptions& options;
    std::filesystem::path store_path;
    std::function<void(const std::vector<store::Final>&)> finals;
    std::function<void()> commit_failed;
    std::function<void()> stepped;
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

  store::Store& store() { return store_; }
  const bridge::Tenant& tenant(std::size_t number) const {
    return *tenants_.find(world_.options.config.tenants[number].name);
  }
  const bridge::Directory& directory() const { return directory_; }
  const std::vector<std::unique_ptr<bridge::Gateway>>& gateways() const { return gateways_; }

 private:
  void make_gateways();
  void set_hooks();
  void arm_step();

  World world_;
  store::Store store_;
  bridge::Tenants tenants_;
  bridge::Router router_;
  bridge::Directory directory_;
  std::vector<std::unique_ptr<bridge::Gateway>> gateways_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::optional<SimClock::AlarmId> step_alarm_;
  std::size_t idle_steps_ = 0, gateways_stopped_ = 0;
};

}  // namespace smsbridge::simulation
