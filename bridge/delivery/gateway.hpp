// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/claims.hpp"
#include "bridge/delivery/incoming.hpp"
#include "bridge/delivery/learnt_ids.hpp"
#include "bridge/delivery/mover.hpp"
#include "bridge/delivery/outcome_writer.hpp"
#include "bridge/delivery/paces.hpp"
#include "bridge/delivery/tally.hpp"
#include "bridge/delivery/turns.hpp"
#include "bridge/delivery/under_way.hpp"
#include "bridge/delivery/watch.hpp"
#include "bridge/env/random.hpp"
#include "bridge/policy/retry.hpp"
#include "bridge/routing/opt_outs.hpp"
#include "bridge/routing/quiet_time.hpp"
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
  std::shared_ptr<Pace> pace;         // of the account, which other gateways may share
  std::shared_ptr<IdLearning> ids{};  // likewise; nullptr: there is nothing to learn
  KeepFromPhone keep{};               // perhaps empty: what phones say is then counted, and gone
  const OptOuts* opt_outs = nullptr;  // nullptr: nobody opted out
  QuietTime* quiet_time = nullptr;    // nullptr: there is none
};

// Takes messages out of the queue, gives them to its channel, and writes down what became of them.
//
// It holds no queue of its own: it claims from the store what its channel can take soon, so a million waiting messages
// are not a million objects. A claim and each outcome are durable before their effect shows outside. It takes the
// channel's news and asks the others what follows: claims bring messages, turns submit them, an attempt says what came
// of it, watch sees how it goes, mover takes away what waits too long, and the writer brings outcomes to the store. One
// shard; all calls and callbacks run there.
class Gateway : private Channel::Owner {
 public:
  using MakeChannel = std::function<std::unique_ptr<Channel>(Channel::Owner&)>;
  Gateway(GatewaySettingsPtr config, GatewayContext context, const MakeChannel& make_channel);
  ~Gateway() override;

  void start();
  // These queues got something; only those of this gateway are given.
  void due(const std::vector<store::Queue>& queues) {
    claims_.due(queues);
    claims_.claim();
  }
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

  void cancel(const store::Message& message, std::function<void(Channel::CancelAnswer)> done) {
    channel_->cancel(message, std::move(done));
  }

  GatewayStatus status() const;
  const GatewaySettings& config() const { return config_; }

 private:
  void on_answer(std::uint64_t cookie, Answer answer) override;
  void on_throttled(std::uint64_t cookie, Duration pause, const std::string& why) override;
  void on_not_taken(std::uint64_t cookie) override;
  Blame on_blamed(std::uint64_t cookie, Answer if_at_fault) override;
  void on_late_answer(std::uint64_t cookie, std::string provider_id) override;
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                  std::function<void(bool stored)> answer) override;
  // No receipt: it does not show that receipts come.
  void on_learnt(store::ReceiptRecorded learnt) override {
    outcomes_.add(incoming_.of_account(std::move(learnt)), [](bool) {});
  }
  // Answered once it is on disk: the carrier repeats it otherwise.
  void on_inbound(FromPhone message, std::function<void(bool kept)> answer) override {
    incoming_.from_phone(message.from);
    if (!context_.keep) return answer(true);
    context_.keep(config_, std::move(message), context_.executor, std::move(answer));
  }
  void on_room() override { pump(); }
  void on_up_or_down() override;
  void on_closed() override;
  bool is_sending_to(std::string_view phone) const override { return under_way_.is_to(phone); }
  bool may_leave(std::uint64_t cookie) override {
    const auto* const sending = under_way_.in_flight(cookie);
    return !sending || !context_.quiet_time || !context_.quiet_time->of(sending->attempt.message().content);
  }

  // From the queue to the channel.
  Claims::Owner owner_of_claims();
  std::optional<Claiming::Room> room() const;
  void take(std::vector<store::Claimed> messages);
  void take(store::Claimed&& message);
  void pump();
  void give_back_unsent();
  void give_back_soon();

  // From the channel to the store.
  UnderWay::Sending forget(UnderWay::Order order);
  void settle(UnderWay::Order order);
  // STOP stops the very next message, also one that was claimed before it came.
  std::string why_not(const store::Content& c) const {
    return context_.opt_outs ? context_.opt_outs->refusal_at_last(c.tenant, c.lane, c.to) : std::string();
  }
  std::optional<Quiet> later(const store::Content& c) const {
    return context_.quiet_time ? context_.quiet_time->at_last(c) : std::nullopt;
  }

  // How it goes.
  void see() { watch_.see(context_.clock.wall(), context_.pace->is_throttled(context_.clock.now())); }
  void look();
  void look_each_second();

  void check_stopped();
  RetryPolicy policy(store::Lane lane) const;
  UnderWay::Lanes held_lanes() const;
  bool paused() const { return paused_since_ != 0; }
  bool can_send() const { return !paused() && channel_->is_up(); }

  const GatewaySettingsPtr config_kept_;
  const GatewaySettings& config_;
  GatewayContext context_;
  std::unique_ptr<Timer> give_back_timer_, stop_timer_, abandon_timer_, look_timer_;
  UnderWay under_way_;
  bool stopping_ = false;
  WallMs paused_since_ = 0;
  Watch watch_;
  Incoming incoming_;
  Tally tally_;
  Claims claims_;
  Turns turns_;
  Mover mover_;
  OutcomeWriter outcomes_;
  PaceKeeper pace_keeper_;
  IdLessons ids_;
  std::function<void()> stopped_;
  std::unique_ptr<Channel> channel_;  // last: it may call back while it goes
};

}  // namespace smsbridge::bridge
