// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <utility>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// Notices that receipts, which came, come no more. Pure: the caller brings the time.
class ReceiptWatch {
 public:
  explicit ReceiptWatch(WallMs quiet_after_ms) : quiet_after_ms_(quiet_after_ms) {}  // 0: never

  // A message was taken, and its receipt is waited for.
  void awaited(WallMs now) {
    if (awaited_++ == 0) awaited_since_ = now;
  }
  // True: they had been quiet.
  bool came() {
    any_came_ = true;
    awaited_ = 0;
    return std::exchange(quiet_since_, 0) != 0;
  }
  // True once when they have become quiet.
  bool became_quiet(WallMs now) {
    if (quiet_since_ || !any_came_ || !quiet_after_ms_ || awaited_ < awaited_min ||
        now - awaited_since_ < quiet_after_ms_)
      return false;
    quiet_since_ = now;
    return true;
  }
  WallMs quiet_since() const { return quiet_since_; }  // 0: they are not

 private:
  static constexpr std::size_t awaited_min = 20;  // fewer phones may well be off
  const WallMs quiet_after_ms_;
  bool any_came_ = false;
  std::size_t awaited_ = 0;   // since the last receipt
  WallMs awaited_since_ = 0;  // the first of these
  WallMs quiet_since_ = 0;
};

}  // namespace smsbridge::bridge
