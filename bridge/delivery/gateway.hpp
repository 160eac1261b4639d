// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <map>
#include <set>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/env/random.hpp"
#include "bridge/policy/error_rate.hpp"
#include "bridge/policy/fair_share.hpp"
#include "bridge/policy/patience.hpp"
#include "bridge/policy/rate.hpp"
#include "bridge/policy/receipt_watch.hpp"
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
  struct Part {
    enum class State : std::uint8_t {
      waiting,
      in_flight,
      accepted,
      temporary,
      refused,
      unknown
    } state = State::waiting;
    bool submitted = false;  // by this attempt
    Time submitted_at{};
    std::vector<std::string> provider_ids;
    std::string error;
    bool elsewhere = false;  // refused here, but another carrier might take it
    std::string price, currency;
  };
  // A claimed message. Its parts are sent in order.
  struct Sending {
    store::Claimed message;
    std::unique_ptr<Channel::Outgoing> outgoing;
    std::vector<Part> parts;
    std::size_t in_flight = 0;
    bool stopped = false;          // a part failed: the rest is not sent
    bool expired = false;          // its validity ended before all parts were sent
    int throttled = 0;             // how often in a row
    std::uint64_t place = 0;       // its own, when it does not stand back
    bool with_connection = false;  // a part of it was lost with its connection
  };
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
  // A batch on its way to the disk, and who is told once it is there.
  struct Writing {
    store::Batch batch;
    std::vector<std::function<void(bool stored)>> owed;
    Time since{};
  };

  void on_answer(std::uint64_t cookie, Channel::Answer answer) override;
  void on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) override;
  void on_not_taken(std::uint64_t cookie) override;
  Blame on_blamed(std::uint64_t cookie, Channel::Answer if_at_fault) override;
  void on_late_answer(std::uint64_t cookie, std::string provider_id) override;
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                  std::function<void(bool stored)> answer) override;
  void on_inbound(std::string_view from) override;
  void on_room() override;
  void on_up_or_down() override;
  void on_closed() override;
  bool is_sending_to(std::string_view phone) const override;

  void look_at_queues(store::TenantId tenant);
  void claim();
  void claimed(store::ClaimResult result);
  void stand_by(std::size_t free, const std::array<std::size_t, store::lane_count>& lane_max);
  void withdraw();
  void handed_over(store::ClaimResult result);
  void take(store::Claimed message);
  void make_ready(std::uint64_t order);
  void no_longer_ready(std::uint64_t order);
  void pump();
  Turn submit_others(const Moment& moment);
  Turn submit_apart(const Moment& moment);
  Turn submit_next(std::uint64_t order, const Moment& moment);
  std::size_t ready_others() const { return ready_.size() - ready_apart_; }
  void stand_back(std::uint64_t order);
  void place(std::uint64_t order, std::uint64_t at);
  void see_passed(const Sending& sending, const Part& part, Channel::Answer::Kind kind);
  Part* part_in_flight(std::uint64_t cookie);
  void back_to_its_place(std::uint64_t cookie, Part& part);
  void give_up_waiting(std::uint64_t order);
  Sending forget(std::uint64_t order);
  void conclude(std::uint64_t order);
  store::GatewayId next_gateway(const store::Claimed& message, Router::Ask ask) const;
  std::optional<Price> price_of(const store::Claimed& message, const std::vector<Part>& parts) const;
  void see_how_it_goes();
  void see_errors(bool failed);
  void move_waiting();
  void move_waiting(const store::Queue& queue, WallMs now, store::Batch& batch);
  void see_account();
  void say_unmatched(const std::vector<store::Receipted>& receipts);
  void count_doubtful(store::TenantId tenant, metrics::DoubtPolicy how);
  void give_back_unsent();
  void write_outcome(store::Finished finished);
  void write_outcome(store::Again again);
  void schedule_flush();
  void flush();
  void commit(Writing writing);
  void repeat(Writing writing);
  void check_stopped();
  RetryPolicy policy(store::Lane lane) const;
  bool paused() const { return paused_since_ != 0; }
  void update_gauges();
  void publish_metrics();
  void give_back_soon();
  void arm_idle_timer();

  const GatewaySettingsPtr config_kept_;
  const GatewaySettings& config_;
  GatewayContext context_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  FairShare share_;
  Rate rate_;
  std::unique_ptr<Timer> pump_timer_, apart_timer_, due_timer_, give_back_timer_, stop_timer_, abandon_timer_,
      metrics_timer_;
  // One-time passwords first, then by the order of claiming: a throttled message goes back to its own place. Behind all
  // of them those that may be at fault, see Suspects.
  std::map<std::uint64_t, Sending> sendings_;
  std::set<std::uint64_t> ready_;
  std::size_t ready_to_hold_ = 0;  // of these, in lanes whose messages are held when in doubt,
  std::size_t ready_apart_ = 0;    // and those that go apart
  bool turn_of_apart_ = false;
  Suspects suspects_;
  std::uint64_t claimed_count_ = 0;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> phones_;  // to which messages are under way
  // Which message a part belonged to whose answer came too late; see on_late_answer.
  std::map<std::uint64_t, std::pair<store::MessageId, std::uint16_t>> overdue_;
  std::size_t ahead_ = 16;  // claimed beyond the channel's capacity, so that it never runs dry during a claim
  Time claim_began_{};
  double claim_seconds_ = 0.01;  // that a claim takes, of late
  bool claiming_ = false, standing_by_ = false, stopping_ = false, abandoned_ = false;
  bool flush_posted_ = false, full_ask_ = false;
  WallMs paused_since_ = 0, draining_since_ = 0;
  Patience patience_;
  ReceiptWatch receipt_watch_;
  ErrorRate error_rate_;
  std::shared_ptr<const RoutingTable> account_seen_in_;
  std::vector<store::GatewayId> account_;  // gateways that share it; empty: this one alone
  log::Throttle unmatched_, inbound_{std::chrono::seconds(1)};
  bool moving_ = false;
  std::map<store::Queue, store::Waiting> looked_at_;  // how far move_waiting() came
  store::Batch outcomes_;
  std::vector<std::function<void(bool stored)>> owed_;
  std::size_t commits_running_ = 0;
  std::function<void()> stopped_;
  std::unique_ptr<Channel> channel_;  // last: it may call back while it goes
};

}  // namespace smsbridge::bridge
