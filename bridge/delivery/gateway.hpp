// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/claiming.hpp"
#include "bridge/delivery/moving.hpp"
#include "bridge/delivery/outcome_writer.hpp"
#include "bridge/delivery/under_way.hpp"
#include "bridge/delivery/watch.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/env/random.hpp"
#include "bridge/policy/fair_share.hpp"
#include "bridge/policy/rate.hpp"
#include "bridge/policy/retry.hpp"
#include "bridge/policy/suspects.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a gateway needs of the world; everything outlives it.
struct GatewayContext {
  boost::asio::any_io_executor executor;  // of the shard it lives on
  Clock& clock;
  Random& random;
  store::Store& store;
  metrics::GatewayMetrics& metrics;
  std::map<store::TenantId, metrics::QueueMetrics*> queue_metrics;
  Lanes lanes;
  Router& router;
};

// Takes messages out of the queue, gives them to its channel, and writes down what became of them.
//
// It holds no queue of its own: it claims from the store what its channel can take soon, so a million waiting messages
// are not a million objects. A claim and each outcome are durable before their effect shows outside. One shard; all
// calls and callbacks run there.
class Gateway : private Channel::Owner {
 public:
  using MakeChannel = std::function<std::unique_ptr<Channel>(Channel::Owner&)>;
  Gateway(GatewaySettingsPtr config, GatewayContext context, const MakeChannel& make_channel);
  ~Gateway() override;

  void start();
  // These queues got something; only those of this gateway are given.
  void due(const std::vector<store::Queue>& queues);
  // Submits nothing until resume(); the channel stays connected. Whoever calls remembers it over a restart.
  void pause(WallMs since);
  void resume();
  // What is accepted after `since` waits here until this is called with 0: the gateway is to be emptied.
  void drain(WallMs since);
  void reconnect() { channel_->reconnect(); }
  // A tenant that came since; what it has here already is looked at.
  void serve(store::TenantId tenant, metrics::QueueMetrics& queue_metrics);
  void use_lanes(const Lanes& lanes);
  // Claims nothing more, waits for open answers until `deadline`, gives back what was not sent, closes the channel, and
  // ends when all of that is on disk: only this object knows what became of what it claimed.
  void stop(Time deadline, std::function<void()> done);
  // After stop(), when the process ends: what cannot be written by `deadline` stays claimed, and is in doubt at the
  // next start.
  void abandon(Time deadline);

  // A provider's request to our callback address.
  void receive(const http_gateways::CallbackRequest& request,
               std::function<void(http_gateways::CallbackAnswer)> respond) {
    channel_->receive(request, std::move(respond));
  }

  GatewayStatus status() const;
  const GatewaySettings& config() const { return config_; }

 private:
  // Read once for all that is submitted in one go: a look at the clock is not cheap.
  struct Moment {
    Time now{};
    WallMs wall = 0;
  };
  // What came of an attempt to submit something.
  enum class Turn : std::uint8_t {
    went,   // something was submitted, or ended
    waits,  // for its own bind; another message may go
    none,   // nothing can go now
  };
  void on_answer(std::uint64_t cookie, Answer answer) override;
  void on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) override;
  void on_not_taken(std::uint64_t cookie) override;
  Blame on_blamed(std::uint64_t cookie, Answer if_at_fault) override;
  void on_late_answer(std::uint64_t cookie, std::string provider_id) override;
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                  std::function<void(bool stored)> answer) override;
  void on_inbound(std::string_view from) override;
  void on_room() override;
  void on_up_or_down() override;
  void on_closed() override;
  bool is_sending_to(std::string_view phone) const override;

  // From the queue to the channel.
  void look_at_queues(store::TenantId tenant);
  void claim();
  void claimed(store::ClaimResult result);
  void stand_by(const Claiming::Plan& plan);
  void withdraw();
  void handed_over(store::ClaimResult result);
  void take(std::vector<store::Claimed> messages);
  void take(store::Claimed message);
  void pump();
  Turn submit_others(const Moment& moment);
  Turn submit_apart(const Moment& moment);
  Turn submit_next(UnderWay::Order order, const Moment& moment);
  void give_back_unsent();
  void give_back_soon();
  void arm_idle_timer();

  // From the channel to the store.
  void see_passed(const UnderWay::Sending& sending, Time submitted_at, const Answer& answer);
  void back_to_its_place(std::uint64_t cookie, UnderWay::Sending& sending);
  void stand_back(UnderWay::Order order);
  void give_up_waiting(UnderWay::Order order, const Moving& moving);
  UnderWay::Sending forget(UnderWay::Order order);
  void settle(UnderWay::Order order);
  void count(const store::Settlement& settlement, const UnderWay::Sending& sending);
  void count_doubtful(store::TenantId tenant, metrics::DoubtPolicy how);
  store::GatewayId next_gateway(const store::Claimed& message, Router::Ask ask) const;
  void see_account();
  void say_unmatched(const std::vector<store::Receipted>& receipts);

  // How it goes, and what leaves because of it.
  void see_how_it_goes();
  void move_waiting();
  void move_waiting(const store::Queue& queue, const Moving& moving, store::Batch& batch);
  std::optional<Moving> moving() const;

  void check_stopped();
  RetryPolicy policy(store::Lane lane) const;
  bool is_held(store::Lane lane) const { return policy(lane).doubt == DoubtPolicy::hold; }
  UnderWay::Lanes held_lanes() const;
  bool paused() const { return paused_since_ != 0; }
  bool can_send() const { return !paused() && channel_->is_up(); }
  void update_gauges();
  void publish_metrics();

  const GatewaySettingsPtr config_kept_;
  const GatewaySettings& config_;
  GatewayContext context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  FairShare share_;
  Rate rate_;
  std::unique_ptr<Timer> pump_timer_, apart_timer_, due_timer_, give_back_timer_, stop_timer_, abandon_timer_,
      metrics_timer_;
  UnderWay under_way_;
  bool turn_of_apart_ = false;
  Suspects suspects_;
  Claiming claiming_ahead_;
  bool claiming_ = false, standing_by_ = false, stopping_ = false, full_ask_ = false;
  WallMs paused_since_ = 0, draining_since_ = 0;
  Watch watch_;
  std::shared_ptr<const RoutingTable> account_seen_in_;
  std::vector<store::GatewayId> account_;  // gateways that share it; empty: this one alone
  log::Throttle unmatched_, inbound_{std::chrono::seconds(1)};
  bool moving_ = false;
  std::map<store::Queue, store::Waiting> looked_at_;  // how far move_waiting() came
  OutcomeWriter outcomes_;
  std::function<void()> stopped_;
  std::unique_ptr<Channel> channel_;  // last: it may call back while it goes
};

}  // namespace smsbridge::bridge
