// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "bridge/config/gateway.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/routing/router.hpp"
#include "metrics/metrics.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// What a carrier sends by itself, receipts and messages of phones: counted, and said where people can do something
// about it, however many there are. One shard, as its gateway.
class Incoming {
 public:
  // They outlive it.
  struct Context {
    const GatewaySettings& settings;
    const Clock& clock;
    metrics::GatewayMetrics& metrics;
    const Router& router;
  };
  explicit Incoming(Context context) : context_(context) {}

  // The receipt as the store wants it: with the gateways to whose messages it may belong.
  store::ReceiptRecorded receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state);
  // Those that match nothing are told by the store, once that is sure: see UnmatchedReceipts.
  store::ReceiptRecorded of_account(store::ReceiptRecorded receipt) {
    receipt.account = account();
    return receipt;
  }
  void receipts_stored(const std::vector<store::Receipted>& receipts);
  void receipts_given_back(std::size_t receipts) const;
  void from_phone(std::string_view phone);

 private:
  const std::vector<store::GatewayId>& account();

  const Context context_;
  std::shared_ptr<const RoutingTable> account_seen_in_;
  std::vector<store::GatewayId> account_;  // gateways that share it; empty: this one alone
  log::Throttle from_phones_{std::chrono::seconds(1)};
};

}  // namespace smsbridge::bridge
