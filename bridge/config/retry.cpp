// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/retry.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/reader.hpp"

namespace smsbridge::bridge {
namespace {

constexpr WallMs second = 1000, hour = 3600 * second, day = 24 * hour;

void read_keys(ConfigSection& s, RetryPolicy& retry) {
  s.read_duration_ms("first", retry.delay_first_ms, 10, day);
  s.read_duration_ms("max", retry.delay_max_ms, 10, 7 * day);
  s.read("attempts", retry.attempts_max, 1, 1000);
  s.read_duration_ms("resend_delay", retry.resend_delay_ms, 0, hour);
  s.read_duration_ms("hold", retry.hold_ms, second, 30 * day);
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

void read_retry(ConfigSection& s, RetryPolicy& retry) {
  s.section("retry", [&](ConfigSection& r) {
    read_keys(r, retry);
    check_first_delay(r, "first", retry.delay_first_ms, "max", retry.delay_max_ms);
  });
}

void read_retry(ConfigSection& s, LaneRetry& retry) {
  s.section("retry", [&](ConfigSection& r) {
    RetryPolicy given;
    read_keys(r, given);
    if (r.has("first")) retry.delay_first_ms = given.delay_first_ms;
    if (r.has("max")) retry.delay_max_ms = given.delay_max_ms;
    if (r.has("attempts")) retry.attempts_max = given.attempts_max;
    if (r.has("resend_delay")) retry.resend_delay_ms = given.resend_delay_ms;
    if (r.has("hold")) retry.hold_ms = given.hold_ms;
    if (retry.delay_first_ms && retry.delay_max_ms)
      check_first_delay(r, "first", *retry.delay_first_ms, "max", *retry.delay_max_ms);
  });
}

}  // namespace smsbridge::bridge
