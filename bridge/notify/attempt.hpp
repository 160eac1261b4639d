// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "bridge/env/clock.hpp"
#include "bridge/env/http_transport.hpp"
#include "metrics/metrics.hpp"
#include "store/journal.hpp"
#include "store/tasks.hpp"

namespace smsbridge::bridge {

// What one attempt to deliver came to.
struct HookAttempt {
  metrics::WebhookResult result = metrics::WebhookResult::network_error;
  int status = 0;  // 0: no answer came
  std::string detail;
  std::int64_t duration_ms = 0;
  WallMs again_after = 0;  // as it asked for by Retry-After, in ms; 0: it did not
};
HookAttempt attempt_of(const HttpTransport::Result& result, Duration took, WallMs now);

// The journal of a webhook has a line for each attempt at each event, found by what the event is about. The last one
// says how it ended, and holds the event, for a replay.
store::JournalLine journal_line(store::GatewayId webhook, const store::ClaimedTask& task, std::uint32_t number,
                                const HookAttempt& attempt, std::string_view end);
struct KeptAttempt {
  WallMs at = 0;
  std::string event, type;
  std::int64_t number = 0;
  std::string result;
  std::int64_t status = 0, duration_ms = 0;
  std::string detail, end, body;  // end: delivered, given_up; empty: another attempt follows
};
std::optional<KeptAttempt> read_attempt(const store::JournalEntry& entry);

}  // namespace smsbridge::bridge
