// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/tally.hpp"

#include <limits>

namespace smsbridge::bridge {
namespace {

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

metrics::PartEncoding label_of(store::Encoding encoding) {
  switch (encoding) {
    case store::Encoding::gsm7:
      return metrics::PartEncoding::gsm7;
    case store::Encoding::ucs2:
      return metrics::PartEncoding::ucs2;
    case store::Encoding::latin1:
      return metrics::PartEncoding::latin1;
    case store::Encoding::gsm7_shift:
      return metrics::PartEncoding::gsm7_shift;
    case store::Encoding::binary:
      break;
  }
  return metrics::PartEncoding::binary;
}

}  // namespace

void Tally::claimed(const store::Claimed& message, WallMs now) {
  metrics_.routed->Increment();
  if (message.attempt == 1) metrics_.submit_delay_seconds->Observe(static_cast<double>(now - message.due_at) / 1000.0);
}

void Tally::submitted(const Attempt& attempt) {
  metrics_.parts_submitted[label_of(attempt.message().content.encoding)]->Increment();
}

void Tally::answered(Duration took) { metrics_.submit_duration_seconds->Observe(seconds(took)); }

void Tally::throttled(Duration took) {
  answered(took);
  metrics_.retries[metrics::RetryReason::throttled]->Increment();
}

void Tally::doubtful(store::TenantId tenant, metrics::DoubtPolicy how) {
  if (const auto it = queues_.find(tenant); it != queues_.end()) it->second->doubtful_sends[how]->Increment();
}

void Tally::settled(const store::Settlement& settlement, const Attempt& attempt) {
  const auto tenant = attempt.message().content.tenant;
  if (std::holds_alternative<store::MovedTo>(settlement.what))
    moved(attempt.is_refused() ? metrics::MoveReason::refused : metrics::MoveReason::retries_used_up);
  if (std::holds_alternative<store::Held>(settlement.what)) doubtful(tenant, metrics::DoubtPolicy::hold);
  const auto* const later = std::get_if<store::RetryLater>(&settlement.what);
  if (!later) return;
  if (later->doubtful) doubtful(tenant, metrics::DoubtPolicy::resend);
  metrics_.retries[later->doubtful ? metrics::RetryReason::timeout : metrics::RetryReason::temporary]->Increment();
}

void Tally::show(bool can_send, bool paused, double rate) {
  metrics_.up->Set(can_send ? 1 : 0);
  metrics_.enabled->Set(paused ? 0 : 1);
  // 0 would read as a gateway that sends nothing.
  metrics_.rate_limit_messages_per_second->Set(rate > 0 ? rate : std::numeric_limits<double>::infinity());
}

void Tally::show(const UnderWay& under_way) {
  std::map<store::TenantId, double> in_flight;
  for (const auto& [order, sending] : under_way.all()) ++in_flight[sending.attempt.message().content.tenant];
  for (const auto& [tenant, queue] : queues_) queue->messages[metrics::QueueState::in_flight]->Set(in_flight[tenant]);
}

void Tally::show(const Trust& trust, Duration time) {
  if (trust.is_throttled()) metrics_.throttled_seconds->Increment(seconds(time));
  metrics_.receipts_quiet->Set(trust.receipts_quiet_since() ? 1 : 0);
}

}  // namespace smsbridge::bridge
