// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/notify/outbox.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Looks once a second which gateways are down, and tells the webhooks of the tenants that may use them. That one was
// told as down is a mark of the store, so that it is told as up again also after a restart. Lives on one shard, but for
// start() and stop(), which come from any thread.
class GatewayNews {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    const Router& router;
    const Outbox& outbox;
  };
  using TenantsOf = std::function<std::vector<store::TenantId>(const RoutingTable&, const GatewaySettings&)>;
  // What goes and comes back sooner is told to nobody.
  static constexpr WallMs down_for_ms = 10'000;

  GatewayNews(Context context, TenantsOf tenants_of)
      : context_(std::move(context)), tenants_of_(std::move(tenants_of)) {}
  ~GatewayNews() { *alive_ = false; }
  void start();  // again: it goes on as before
  void stop() { stopped_ = true; }

 private:
  void watch();
  void look(const RoutingTable& table, const GatewaySettings& gateway, WallMs now);
  bool was_told_down(store::GatewayId gateway);
  void tell(const RoutingTable& table, const GatewaySettings& gateway, bool up, WallMs since);

  const Context context_;
  const TenantsOf tenants_of_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::atomic<bool> started_{false}, stopped_{false};
  std::unique_ptr<Timer> timer_;
  std::map<store::GatewayId, WallMs> down_since_;  // those that are down
  std::map<store::GatewayId, bool> told_down_;     // of each that was seen: whether it was told as down, and not as up
};

}  // namespace smsbridge::bridge
