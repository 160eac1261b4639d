// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "bridge/config/config.hpp"
#include "bridge/delivery/gateway.hpp"
#include "bridge/delivery/gateway_control.hpp"
#include "bridge/delivery/unmatched.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/env/network.hpp"
#include "bridge/env/shard_place.hpp"
#include "bridge/env/stream.hpp"

namespace smsbridge::bridge {

// The gateways that run, each on its shard: made, replaced and removed while the others go on. All functions may be
// called from any thread.
class Gateways : public GatewayControl {
 public:
  struct Context {
    const Config& config;
    Clock& clock;
    Connector& connector;
    MakeHttpTransport make_transport;
    metrics::Metrics& metrics;
    store::Store& store;
    Router& router;
    std::vector<ShardPlace> places;
    // Told of each gateway before it starts; perhaps empty.
    std::function<void(const GatewaySettings&)> starting{};
    KeepFromPhone keep{};
    const OptOuts* opt_outs = nullptr;
    QuietTime* quiet_time = nullptr;
  };
  explicit Gateways(Context context)
      : context_(std::move(context)),
        unmatched_({.metrics = context_.metrics, .router = context_.router, .clock = context_.clock}) {}

  // The tenants whose messages go out, by name for metrics. Those of before stay: what they have waits perhaps.
  void serve(const std::map<store::TenantId, std::string>& tenants);
  // Runs what the table names and nothing else. A gateway that is the same object as before goes on untouched; one that
  // changed empties its windows and closes before its successor starts, and meanwhile its messages wait.
  void run(const RoutingTable& table);
  // The same with nothing at all. `ended` is called once, when everything has ended, where the last one did.
  void stop(std::function<void()> ended);

  void due(const std::set<store::Queue>& queues);
  void count(const std::vector<store::Final>& finals);
  void given_up(const store::GivenUp& receipts) { unmatched_.given_up(receipts); }
  bool serves(store::TenantId tenant, store::GatewayId gateway) const;
  void refresh_gauges();  // what is true at the moment of a scrape
  void show_parked() const { unmatched_.show(context_.store.parked_receipts()); }  // likewise

  void ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
           std::function<void(GatewayStatus)> done) override;
  void cancel(const std::string& gateway, store::Message message, boost::asio::any_io_executor home,
              std::function<void(Channel::CancelAnswer)> done) override;
  void callback(const std::string& gateway, http_gateways::CallbackRequest request, boost::asio::any_io_executor home,
                std::function<void(http_gateways::CallbackAnswer)> done) override;

 private:
  struct Account {  // what its gateways share
    std::shared_ptr<Pace> pace;
    std::shared_ptr<IdLearning> ids;
  };
  struct Since {  // 0: it is not; nothing: as the store says
    std::optional<WallMs> paused, draining;
  };
  struct Running {
    const ShardPlace& place;
    GatewaySettingsPtr wanted;         // nullptr: it is to go. Guarded by mutex_
    std::unique_ptr<Gateway> gateway;  // the shard's own, as all below
    bool stopping = false, stopped = false;
    Since since;
  };
  using RunningPtr = std::shared_ptr<Running>;

  void want(const std::string& name, GatewaySettingsPtr gateway);
  void count_queue(store::TenantId tenant, const std::string& tenant_name, const GatewaySettings& gateway);
  void use_lanes(const Lanes& lanes);
  void bring_about(const std::string& name, const RunningPtr& running);
  void make(const GatewaySettingsPtr& config, Running& running);
  std::unique_ptr<Channel> make_channel(const GatewaySettings& gateway, const ShardPlace& place, const Account& account,
                                        Channel::Owner& owner);
  Targets targets_of(const GatewaySettings& gateway) const;
  store::AwaitedPage awaited(store::GatewayId gateway, store::AwaitedAt from, WallMs until) const;
  std::function<store::Page(store::MessageId)> sent_by(store::GatewayId gateway) const;
  bool act(const std::string& name, Running& running, Action action);
  RunningPtr find(const std::string& name) const;
  WallMs remembered(const std::string& key) const;
  void remember(const std::string& name, const Since& since, boost::asio::any_io_executor home,
                std::function<void()> done);

  // Objects: since when, milliseconds.
  static inline const std::string paused_prefix = "paused/", draining_prefix = "draining/";

  const Context context_;
  Paces paces_;
  LearntIds learnt_ids_;
  UnmatchedReceipts unmatched_;
  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, RunningPtr> running_;
  std::map<store::TenantId, std::string> tenants_;
  Lanes lanes_ = default_lanes;
  struct Counted {
    metrics::QueueMetrics* queue = nullptr;
    metrics::GatewayMetrics* gateway = nullptr;
  };
  std::map<std::pair<store::TenantId, store::GatewayId>, Counted> counted_;
  std::size_t made_ = 0;
  bool ending_ = false;  // no other table counts any more
  std::function<void()> all_ended_;
};

}  // namespace smsbridge::bridge
