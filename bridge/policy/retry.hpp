// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <variant>

#include "bridge/config/retry.hpp"
#include "bridge/env/random.hpp"

namespace smsbridge::bridge {

// How an attempt ended, whatever the carrier or provider called it.
enum class Outcome {
  refused,    // it never will
  temporary,  // not now: try again later
  unknown,    // perhaps sent: no answer came
};

struct RetryAfter {
  WallMs delay_ms;
};
struct Hold {
  WallMs wait_ms;
};
struct GiveUp {
  const char* why;  // counted and shown
};
using NextStep = std::variant<RetryAfter, Hold, GiveUp>;

// Throttling never comes here: it slows the gateway and does not end the attempt. `in_doubt`: an earlier attempt was
// perhaps sent already. `expires` 0: never.
inline NextStep decide(const RetryPolicy& policy, Outcome outcome, int attempt, bool in_doubt, WallMs now,
                       WallMs expires, Random& random) {
  WallMs delay = 0;
  switch (outcome) {
    case Outcome::refused:
      return GiveUp{"refused"};
    case Outcome::unknown:
      // Sent again once: a carrier that takes everything and answers nothing would deliver every copy.
      if (policy.doubt == DoubtPolicy::hold || in_doubt || attempt >= policy.attempts_max) return Hold{policy.hold_ms};
      delay = policy.resend_delay_ms;
      break;
    case Outcome::temporary:
      if (attempt >= policy.attempts_max) return GiveUp{"retries used up"};
      delay = std::min(policy.delay_max_ms, policy.delay_first_ms << std::min(attempt - 1, 20));
      delay = random.between(delay / 2, delay);  // jitter: half to full
      break;
  }
  if (expires && now + delay >= expires) {
    if (outcome == Outcome::unknown) return Hold{policy.hold_ms};
    return GiveUp{"validity ends before the next attempt"};
  }
  return RetryAfter{delay};
}

}  // namespace smsbridge::bridge
