// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bridge/delivery/claiming.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/policy/fair_share.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Brings a gateway what it can send soon: asks the store for it, one claim at a time, and where nothing waits has the
// next message handed over by the commit that brings it. How much is claiming's to say, of whom fair share's. One
// shard, as its gateway.
class Claims {
 public:
  struct Context {
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    store::GatewayId gateway = 0;
  };
  // All are called on the shard.
  struct Owner {
    std::function<std::optional<Claiming::Room>()> room;    // nothing: nothing can be sent now
    std::function<std::size_t()> ready;                     // messages that can go, and not apart
    std::function<void(std::vector<store::Claimed>)> take;  // may call claim()
    std::function<void()> failed;                           // the disk did not take it: claim() is to come later
    std::function<void()> answered;                         // look at is_asking()
  };
  Claims(Context context, Owner owner)
      : context_(std::move(context)), owner_(std::move(owner)), due_timer_(context_.clock.timer(context_.executor)) {}
  ~Claims() { *alive_ = false; }

  // These queues got something.
  void due(const std::vector<store::Queue>& queues);
  // The next claim looks into all lanes of this tenant.
  void look_at(store::TenantId tenant);
  void claim();
  // Nothing is handed over any more, until the next claim finds nothing.
  void withdraw();
  // What was accepted after `since` stays in the queue; 0: nothing does.
  void drain(WallMs since) { draining_since_ = since; }
  // Once nothing is claimed any more: brings what was handed over before, and is_asking() until then.
  void ask_for_the_rest();
  bool is_asking() const { return asking_; }

 private:
  void claimed(store::ClaimResult result);
  void stand_by(const Claiming::Plan& plan);
  void handed_over(store::ClaimResult result);
  void arm_due_timer();
  store::ClaimDone when_claimed();

  const Context context_;
  const Owner owner_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  FairShare share_;
  Claiming claiming_;
  std::unique_ptr<Timer> due_timer_;
  bool asking_ = false, asked_for_all_ = false, standing_by_ = false;
  WallMs draining_since_ = 0;
};

}  // namespace smsbridge::bridge
