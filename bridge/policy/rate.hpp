// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// How fast a gateway may submit: a token bucket whose rate falls by half when the carrier throttles and recovers by 5 %
// a second. A bucket and not a count per calendar second, which would allow double speed across the boundary.
class Rate {
 public:
  // `limit` in segments a second, 0: no limit of our own. Burst is a tenth of a second's worth, at least one.
  explicit Rate(double limit) : limit_(limit), current_(limit) {}

  // Takes one token, or says from when on it is worth asking again.
  std::optional<Time> take(Time now) {
    recover(now);
    if (now < paused_until_) return paused_until_;
    if (current_ <= 0) {
      note_sent(now);
      return std::nullopt;
    }
    const double burst = std::max(1.0, current_ / 10);
    tokens_ = std::min(burst, tokens_ + current_ * seconds(now - refilled_at_));
    refilled_at_ = now;
    if (tokens_ < 1.0)
      return now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>((1.0 - tokens_) / current_)) +
             std::chrono::milliseconds(1);
    tokens_ -= 1.0;
    note_sent(now);
    return std::nullopt;
  }

  // The carrier said "too fast" or "queue full". All answers of one window are one event.
  void throttled(Time now, Duration pause) {
    paused_until_ = std::max(paused_until_, now + pause);
    if (slowed_ && now - throttled_at_ < std::chrono::seconds(1)) return;
    slowed_ = true;
    throttled_at_ = now;
    const double measured = std::max(measured_, 2.0);
    const double floor = limit_ > 0 ? std::min(1.0, limit_) : 1.0;
    current_ = std::max(floor, (current_ > 0 ? std::min(current_, measured) : measured) / 2);
    recovered_at_ = now;
    tokens_ = 0;
    refilled_at_ = now;
  }

  double current() const { return current_; }  // 0: unlimited
  bool is_throttled(Time now) {
    recover(now);
    return now < paused_until_ || slowed_;
  }

 private:
  static double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

  void recover(Time now) {
    if (!slowed_) return;
    const auto steps = std::floor(seconds(now - recovered_at_));
    if (steps < 1) return;
    recovered_at_ += std::chrono::seconds(static_cast<long>(steps));
    current_ += std::max(0.5, current_ * 0.05) * steps;
    if (limit_ > 0 ? current_ >= limit_ : now - throttled_at_ > std::chrono::seconds(60)) {
      current_ = limit_;
      slowed_ = false;
    }
  }

  // Sending rate over the last whole second, to know what "half" is when there is no limit.
  void note_sent(Time now) {
    ++sent_;
    const auto elapsed = seconds(now - measured_since_);
    if (elapsed < 1.0) return;
    measured_ = elapsed < 5.0 ? sent_ / elapsed : sent_;
    sent_ = 0;
    measured_since_ = now;
  }

  double limit_, current_;
  double tokens_ = 1.0;
  double measured_ = 0, sent_ = 0;
  Time refilled_at_{}, measured_since_{}, recovered_at_{}, paused_until_{};
  Time throttled_at_{};
  bool slowed_ = false;  // below the limit, since throttled_at_
};

}  // namespace smsbridge::bridge
