// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "bridge/config/config.hpp"
#include "bridge/delivery/gateways.hpp"
#include "bridge/doors/services.hpp"
#include "bridge/env/shard.hpp"
#include "bridge/events/events.hpp"
#include "bridge/events/schedules.hpp"
#include "bridge/http/server.hpp"
#include "bridge/inbound/inbound.hpp"
#include "bridge/notify/webhooks.hpp"
#include "store/lock.hpp"

namespace smsbridge::bridge {

// The daemon: who owns whom, and the order of start and stop.
//
// start: store recovered -> gateways connect -> listeners accept -> ready.
// stop:  gateways wait for answers, give back, unbind -> listeners close -> store commits the rest -> threads end.
class App {
 public:
  // Throws store::OpenError, SealError or ListenError when it cannot start; the text is for a person.
  App(Config config, Clock& clock, Connector& connector);
  ~App();

  // Called once, on any thread, when the store can write nothing more: stop() should follow. Before start().
  void on_broken_store(std::function<void()> tell) { tell_broken_ = std::move(tell); }
  // Throws std::system_error when no thread can be made.
  void start();
  void stop();

  // Reads the configuration file again and takes over tenants, lanes, gateways, routes and prices: all of it, or
  // nothing, and then the lines say why. A dry run only says what it would do. Any thread.
  tl::expected<Reloaded, std::vector<std::string>> reload(bool dry_run = false);

  std::uint16_t api_port() const { return api_port_; }
  std::uint16_t fineract_port() const { return fineract_port_; }
  store::Store& store() { return store_; }

 private:
  void watch();  // once a second
  void watch_clock();
  void watch_commits();
  void commit_failed(store::Error error, const std::string& why);
  void make_servers();
  void listen(HttpLimits limits, const HttpDoor& door, ListenAddress address, std::uint16_t& port);
  void start_threads();
  void set_hooks();
  void put_in_force(const std::shared_ptr<const RoutingTable>& table);
  void take_over(const Config& file, bool dry_run, Reloaded& reloaded, std::vector<std::string>& errors);
  void warn_of_leftovers();
  void tell_unreadable();
  void warn_of_unused() const;

  const Config config_;
  Clock& clock_;
  metrics::Metrics metrics_;
  BodyMemory bodies_;
  store::ServiceLock lock_;
  store::Store store_;
  Objects objects_;
  Tenants tenants_;
  Router router_;
  Budgets budgets_;
  OptOuts opt_outs_;
  QuietTime quiet_time_;
  Quotas quotas_;
  Directory directory_;
  Intake intake_;
  std::mutex reload_mutex_;  // one at a time: what it prepares is put in force by itself
  std::atomic<bool> ready_{false};
  boost::asio::thread_pool aside_{1};
  std::vector<std::unique_ptr<Shard>> shards_;
  Inbound inbound_;
  Gateways gateways_;
  Webhooks webhooks_;
  Events events_;
  Schedules schedules_;
  Services services_;
  std::vector<std::pair<Shard*, std::unique_ptr<HttpServer>>> servers_;
  std::unique_ptr<Timer> watch_timer_;
  std::function<void()> tell_broken_;
  log::Throttle failures_, slowness_;
  std::atomic<bool> failed_{false};
  std::uint16_t api_port_ = 0, fineract_port_ = 0, metrics_port_ = 0;
  bool started_ = false;
};

}  // namespace smsbridge::bridge
