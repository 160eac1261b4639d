// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "bridge/delivery/per_account.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/policy/pace.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// The pace of each account: one for all gateways that use it, and what it has learnt outlives the process. Any thread.
class Paces {
 public:
  std::shared_ptr<Pace> of(const GatewaySettingsPtr& gateway, const store::Store& store, WallMs now);

 private:
  PerAccount<Pace> paces_;
};

// Writes down what the pace of a gateway's account has learnt, now and then. On the gateway's shard, once a second.
class PaceKeeper {
 public:
  PaceKeeper(const GatewaySettings& gateway, std::shared_ptr<Pace> pace) : gateway_(gateway), pace_(std::move(pace)) {}
  void look(store::Store& store, const boost::asio::any_io_executor& executor, Time now, WallMs wall);

 private:
  const GatewaySettings& gateway_;
  const std::shared_ptr<Pace> pace_;
  Pace::Learnt kept_;
  Time kept_at_{};
};

}  // namespace smsbridge::bridge
