// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/env/random.hpp"

namespace smsbridge::bridge {

// What the answer to a webhook's request means. Whether this event or its receiver is at fault decides who waits.
enum class HookVerdict : std::uint8_t {
  taken,        // 2xx
  refused,      // it answers, and does not want this: only this event, and what follows it of its message, waits
  unreachable,  // it does not answer, or says that it cannot now: all its events wait
  gone,         // 410: it wants none any more (Standard Webhooks 1.0, "Consumer endpoint")
};
// `status`: 0 where no answer came.
inline HookVerdict verdict_of(int status) {
  if (status >= 200 && status < 300) return HookVerdict::taken;
  if (status == 410) return HookVerdict::gone;
  const bool cannot_now =
      status == 0 || status == 408 || status == 425 || status == 429 || (status >= 502 && status <= 504);
  return cannot_now ? HookVerdict::unreachable : HookVerdict::refused;
}

// How long an event waits after it failed for the n-th time, from 1: +-10 %, so that what failed together does not come
// together again.
inline WallMs hook_delay(const std::vector<WallMs>& retry, std::size_t failures, Random& random) {
  const auto delay = retry[std::min(failures, retry.size()) - 1];
  return delay + random.between(-delay / 10, delay / 10);
}

// An event is given up when it failed as often as there are delays and once more, or for as long as they last.
inline bool is_given_up(const std::vector<WallMs>& retry, std::size_t failures, WallMs age) {
  return failures > retry.size() || age >= std::accumulate(retry.begin(), retry.end(), WallMs{0});
}

// Whether a receiver can be sent to. One that cannot is tried with one request at a time, by its schedule; requests
// that were under way together fail once.
class HookBackoff {
 public:
  // What a request carries, so that its failure is known for an old one.
  std::uint64_t round() const { return round_; }
  bool is_failing() const { return failures_ > 0; }
  Time again_at() const { return again_at_; }
  // True: it was well, or had failed anew; `delay` is asked for then only.
  template <class Delay>
  bool failed(std::uint64_t round, Time now, const Delay& delay) {
    if (round != round_) return false;
    ++round_;
    again_at_ = now + std::chrono::milliseconds(delay(++failures_));
    return true;
  }
  // True: it was failing.
  bool answered() {
    const bool was_failing = failures_ > 0;
    if (was_failing) ++round_;
    failures_ = 0;
    return was_failing;
  }

 private:
  std::size_t failures_ = 0;
  std::uint64_t round_ = 0;
  Time again_at_{};
};

}  // namespace smsbridge::bridge
