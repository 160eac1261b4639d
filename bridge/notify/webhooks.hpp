// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bridge/config/config.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/shard_place.hpp"
#include "bridge/notify/gateway_news.hpp"
#include "bridge/notify/outbox.hpp"
#include "bridge/notify/receiver.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// The webhooks that there are: each is a receiver on its shard, made, replaced and removed while the others go on. All
// functions may be called from any thread.
class Webhooks {
 public:
  struct Context {
    const Config& config;
    Clock& clock;
    MakeHttpTransport make_transport;
    metrics::Metrics& metrics;
    store::Store& store;
    const Router& router;
    std::vector<ShardPlace> places;
  };
  struct Shown {
    HookStatus status;
    WallMs gone_at = 0;       // it answered 410, and gets nothing until it is resumed; 0: it did not
    std::size_t waiting = 0;  // events, at most waiting_most
    WallMs oldest_at = 0;     // when the oldest of them became due; 0: none waits
  };
  static constexpr std::size_t waiting_most = 100'000;

  explicit Webhooks(Context context);
  ~Webhooks();

  // Where the store asks what is to be written along, and tells what is due; see store::Hooks.
  const Outbox& outbox() const { return outbox_; }
  void due(const store::Tasks::DueByKind& kinds);

  // Names of the tenants there are, before run().
  void know(const std::map<store::TenantId, std::string>& tenants);
  // Runs what the table names and nothing else. What waits for one that is gone is discarded.
  void run(const RoutingTable& table);
  // `ended` is called once, when all have stopped.
  void stop(std::function<void()> ended);
  void refresh_gauges();  // what is true at the moment of a scrape

  // Of one that the table has. The answers come at `home`.
  void ask(const WebhookSettings& webhook, boost::asio::any_io_executor home, std::function<void(Shown)> done);
  // Sends one event of the type webhook.test now, whatever else waits, and tells what came of it.
  void test(const WebhookSettingsPtr& webhook, boost::asio::any_io_executor home,
            std::function<void(HookAttempt)> done);
  // After a 410: it gets events again, and what waited for it.
  void resume(const WebhookSettings& webhook, boost::asio::any_io_executor home, std::function<void(bool)> done);

 private:
  struct Running {
    explicit Running(const ShardPlace& its_place) : place(its_place) {}
    const ShardPlace& place;
    WebhookSettingsPtr wanted;  // nullptr: it is to stop. Guarded by mutex_
    bool removed = false;       // and what waits for it to go. Likewise
    HeldEvents held{};
    std::unique_ptr<Receiver> receiver;  // the shard's own, as all below
    bool stopping = false, discarding = false;
  };
  using RunningPtr = std::shared_ptr<Running>;

  void want(store::GatewayId id, const WebhookSettingsPtr& webhook);
  void listen(const RoutingTable& table);
  void bring_about(store::GatewayId id, const RunningPtr& running);
  std::unique_ptr<Receiver> make(const WebhookSettingsPtr& webhook, Running& running);
  std::unique_ptr<HttpTransport> transport_of(const WebhookSettings& webhook, const ShardPlace& place) const;
  HttpOptions options_of(const WebhookSettings& webhook) const;
  metrics::WebhookMetrics& metrics_of(const WebhookSettings& webhook);
  void is_gone(const WebhookSettingsPtr& webhook);
  void discard(store::GatewayId id, const RunningPtr& running);
  void discarded(store::GatewayId id, const RunningPtr& running, store::TaskClaimResult result);
  void forget(store::GatewayId id, const RunningPtr& running);
  void remember(store::GatewayId id, WallMs gone_at, const ShardPlace& place, std::function<void(bool)> done);
  std::vector<store::TenantId> tenants_of(const RoutingTable& table, const GatewaySettings& gateway) const;
  RunningPtr find(store::GatewayId id) const;

  const Context context_;
  Outbox outbox_;
  mutable std::mutex mutex_;  // guards everything up to the blank line
  std::map<store::GatewayId, RunningPtr> running_;
  std::map<store::GatewayId, WallMs> gone_;  // since when
  std::map<store::TenantId, std::string> tenants_;
  std::size_t made_ = 0;
  bool ending_ = false;
  std::function<void()> all_ended_;

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  GatewayNews gateways_;
};

}  // namespace smsbridge::bridge
