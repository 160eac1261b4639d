// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "bridge/config.hpp"
#include "bridge/delivery/gateway.hpp"
#include "bridge/ingest/http_server.hpp"
#include "bridge/ingest/routes.hpp"
#include "bridge/shard.hpp"
#include "store/lock.hpp"

namespace smsbridge::bridge {

store::Options store_options(const Config& config, Clock& clock);

// The daemon: who owns whom, and the order of start and stop.
//
// start: store recovered -> gateways connect -> listeners accept -> ready.
// stop:  listeners close -> gateways wait for answers, give back, unbind -> store commits the rest -> threads end.
class App : private GatewayControl {
 public:
  // Throws store::OpenError or boost::system::system_error when it cannot start; the text is for a person.
  App(Config config, Clock& clock, Connector& connector);
  ~App() override;

  void start();
  void stop();

  std::uint16_t api_port() const { return api_port_; }
  std::uint16_t fineract_port() const { return fineract_port_; }
  store::Store& store() { return store_; }

 private:
  struct Running {
    Shard* shard = nullptr;
    std::unique_ptr<Gateway> gateway;
  };
  void ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
           std::function<void(GatewayStatus)> done) override;
  void callback(const std::string& gateway, http_gateways::CallbackRequest request, boost::asio::any_io_executor home,
                std::function<void(http_gateways::CallbackAnswer)> done) override;
  std::unique_ptr<Channel> make_channel(const GatewayConfig& gateway, Shard& shard, Channel::Owner& owner);
  void read_callback_secrets();
  void watch_budgets();
  void make_gateways();
  void make_servers();
  void set_hooks();
  void refresh_gauges();
  void stop_gateways();
  void warn_of_leftovers();
  void remember_pause(const std::string& gateway, WallMs since);

  const Config config_;
  Clock& clock_;
  Connector& connector_;
  metrics::Metrics metrics_;
  store::ServiceLock lock_;
  store::Store store_;
  Tenants tenants_;
  Router router_;
  Budgets budgets_;
  Directory directory_;
  std::map<std::string, std::string> callback_secrets_;
  std::atomic<bool> ready_{false};
  Services services_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::map<std::string, Running> gateways_;
  std::map<store::GatewayId, Running*> gateways_by_id_;
  std::map<std::pair<store::TenantId, store::GatewayId>, metrics::QueueMetrics*> queue_metrics_;
  std::vector<std::pair<Shard*, std::unique_ptr<HttpServer>>> servers_;
  std::unique_ptr<Timer> budget_timer_;
  std::uint16_t api_port_ = 0, fineract_port_ = 0;
  bool started_ = false;
};

}  // namespace smsbridge::bridge
