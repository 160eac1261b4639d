// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/moving.hpp"
#include "bridge/delivery/tally.hpp"
#include "bridge/delivery/under_way.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/routing/router.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Takes what waits at a gateway to others, a commit at a time. Which messages leave is moving's to say; this one reads
// the queues, and writes. One shard, as its gateway.
class Mover {
 public:
  // They outlive it.
  struct Context {
    const GatewaySettings& settings;
    boost::asio::any_io_executor executor;
    Clock& clock;
    store::Store& store;
    const Router& router;
    UnderWay& under_way;
    Tally& tally;
  };
  struct Owner {
    std::function<std::optional<Patience>()> patience;                                // nothing: all stay
    std::function<void(UnderWay::Order order, store::Settlement settlement)> leaves;  // one that is claimed
    std::function<void()> write;                                                      // what left, now
    std::function<void()> answered;                                                   // look at is_moving()
  };
  Mover(Context context, Owner owner) : context_(std::move(context)), owner_(std::move(owner)) {}
  ~Mover() { *alive_ = false; }

  // Once a second: some messages of each queue.
  void look();
  // One that is claimed, and came back to its place.
  void look_at(UnderWay::Order order);
  void stop() { stopping_ = true; }
  bool is_moving() const { return moving_; }

 private:
  Moving moving(const Patience& patience) const;
  void leave(UnderWay::Order order, const Moving& moving);
  void look_into(const store::Queue& queue, const Moving& moving, store::Batch& batch);
  void commit(store::Batch batch, const Patience& patience);

  const Context context_;
  const Owner owner_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool moving_ = false, stopping_ = false;
  std::map<store::Queue, store::Waiting> looked_at_;  // how far it came
};

}  // namespace smsbridge::bridge
