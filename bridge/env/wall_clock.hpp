// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// The time of day as the daemon goes by it. It follows the system's clock, but not at once when that jumps ahead: a
// jump of days that is mended within seconds would have sent what is scheduled and ended what waits, for good. A
// correction back is followed at once. Any thread; the caller brings both clocks, in milliseconds.
class WallClock {
 public:
  static constexpr WallMs ahead_at_once_ms = 10'000;  // so far ahead it is followed at once
  static constexpr WallMs back_unnoticed_ms = 1'000;  // so far back it stands still instead
  static constexpr WallMs jump_believed_after_ms = 300'000;

  struct Jump {
    WallMs by = 0;
    bool followed = false;
  };

  WallMs at(WallMs steady, WallMs system) {
    if (is_as_before(steady, system)) return steady + followed_.load(std::memory_order_relaxed);
    return steady + follow(steady, system - steady);
  }
  // The system's clock goes on as it is followed.
  bool is_as_before(WallMs steady, WallMs system) const {
    const auto ahead = system - steady;
    const auto followed = followed_.load(std::memory_order_relaxed);
    return followed != unset && ahead <= followed && ahead >= followed - back_unnoticed_ms &&
           !doubted_.load(std::memory_order_relaxed);
  }

  // What happened since the last call, for the log; several at once are told as the last one.
  std::optional<Jump> take_jump() {
    const std::lock_guard lock(mutex_);
    return std::exchange(jump_, std::nullopt);
  }

 private:
  WallMs follow(WallMs steady, WallMs ahead) {
    const std::lock_guard lock(mutex_);
    auto followed = followed_.load(std::memory_order_relaxed);
    const auto by = followed == unset ? 0 : ahead - followed;
    if (by > ahead_at_once_ms) {
      const auto kept = jumped_to_ && ahead - *jumped_to_ < ahead_at_once_ms && *jumped_to_ - ahead < ahead_at_once_ms;
      if (!kept) {
        jumped_to_ = ahead;
        jumped_at_ = steady;
        jump_ = {.by = by, .followed = false};
      }
      doubted_ = true;
      if (steady - jumped_at_ < jump_believed_after_ms) return followed;
    }
    jumped_to_.reset();
    doubted_ = false;
    if (by <= 0 && by >= -back_unnoticed_ms && followed != unset) return followed;
    if (by > ahead_at_once_ms || by < 0) jump_ = {.by = by, .followed = true};
    followed_ = ahead;
    return ahead;
  }

  static constexpr WallMs unset = std::numeric_limits<WallMs>::min();
  std::atomic<WallMs> followed_{unset};  // how far the time of day is ahead of the steady clock
  std::atomic<bool> doubted_{false};     // the system's clock is far ahead of what is followed
  std::mutex mutex_;                     // guards what follows
  std::optional<WallMs> jumped_to_;
  WallMs jumped_at_ = 0;
  std::optional<Jump> jump_;
};

}  // namespace smsbridge::bridge
