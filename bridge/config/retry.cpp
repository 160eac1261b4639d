// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/retry.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"

namespace smsbridge::bridge {
namespace {

void check(ConfigSection& s, const RetryPolicy& retry) {
  check_first_delay(s, "first", retry.delay_first_ms, "max", retry.delay_max_ms);
}

void check(ConfigSection& s, const LaneRetry& retry) {
  if (retry.delay_first_ms && retry.delay_max_ms)
    check_first_delay(s, "first", *retry.delay_first_ms, "max", *retry.delay_max_ms);
}

template <class Retry>
const Keys<Retry>& keys_of() {
  using K = Keys<Retry>;
  static const K keys(
      {
          K::duration_ms("first", &Retry::delay_first_ms, 10, day, "Delay after a temporary error; it doubles"),
          K::duration_ms("max", &Retry::delay_max_ms, 10, 7 * day, "The longest delay"),
          K::integer("attempts", &Retry::attempts_max, 1, 1000, "Most attempts"),
          K::duration_ms("resend_delay", &Retry::resend_delay_ms, 0, hour,
                         "Delay before a message in doubt goes out again"),
          K::duration_ms("hold", &Retry::hold_ms, second, 30 * day,
                         "How long a message in doubt that is held waits for a receipt"),
      },
      [](ConfigSection& s, Retry& retry) { check(s, retry); });
  return keys;
}

}  // namespace

RetryPolicy retry_of(RetryPolicy gateway, const LaneRetry& lane) {
  gateway.delay_first_ms = lane.delay_first_ms.value_or(gateway.delay_first_ms);
  gateway.delay_max_ms = lane.delay_max_ms.value_or(std::max(gateway.delay_max_ms, gateway.delay_first_ms));
  gateway.attempts_max = lane.attempts_max.value_or(gateway.attempts_max);
  gateway.resend_delay_ms = lane.resend_delay_ms.value_or(gateway.resend_delay_ms);
  gateway.hold_ms = lane.hold_ms.value_or(gateway.hold_ms);
  return gateway;
}

const Keys<RetryPolicy>& retry_keys() { return keys_of<RetryPolicy>(); }
const Keys<LaneRetry>& lane_retry_keys() { return keys_of<LaneRetry>(); }

}  // namespace smsbridge::bridge
