// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>

#include "bridge/delivery/under_way.hpp"
#include "bridge/policy/trust.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// What a gateway counts of its messages, and shows of itself. One shard, as its gateway.
class Tally {
 public:
  using Queues = std::map<store::TenantId, metrics::QueueMetrics*>;
  // The metrics outlive it.
  Tally(metrics::GatewayMetrics& metrics, Queues queues) : metrics_(metrics), queues_(std::move(queues)) {}

  // False: this tenant is there already.
  bool serve(store::TenantId tenant, metrics::QueueMetrics& queue) { return queues_.emplace(tenant, &queue).second; }
  const Queues& queues() const { return queues_; }

  void claimed(const store::Claimed& message, WallMs now);
  void submitted(const Attempt& attempt);  // a part of it
  void answered(Duration took);
  void throttled(Duration took);
  void moved(metrics::MoveReason reason) { metrics_.moves[reason]->Increment(); }
  void doubtful(store::TenantId tenant, metrics::DoubtPolicy how);
  // What became of an attempt that was made here.
  void settled(const store::Settlement& settlement, const Attempt& attempt);

  void show(bool can_send, bool paused, double rate);
  void show(const UnderWay& under_way);
  void show(const Trust& trust, Duration time);  // that passed since it was shown before

 private:
  metrics::GatewayMetrics& metrics_;
  Queues queues_;
};

}  // namespace smsbridge::bridge
