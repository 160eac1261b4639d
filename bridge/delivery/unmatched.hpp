// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>

#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/routing/router.hpp"
#include "metrics/metrics.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// Receipts that have no message so far: how many there are, and those that the store gave up as nobody's, counted for
// the gateway that brought them, and said to people with what can be done. Any thread.
class UnmatchedReceipts {
 public:
  // They outlive it.
  struct Context {
    metrics::Metrics& metrics;
    const Router& router;
    const Clock& clock;
  };
  explicit UnmatchedReceipts(Context context) : context_(context) {}

  void given_up(const store::GivenUp& receipts);
  // How many are parked now, of each gateway.
  void show(const std::map<store::GatewayId, std::size_t>& parked) const;

 private:
  const Context context_;
  log::Throttle said_;
};

}  // namespace smsbridge::bridge
