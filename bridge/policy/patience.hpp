// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <string_view>

#include "bridge/config/route.hpp"
#include "metrics/labels.hpp"

namespace smsbridge::bridge {

// Since when a gateway cannot send, or is throttled, and how long a route lets its messages wait for that. Pure: the
// caller brings the time.
class Patience {
 public:
  void see(WallMs now, bool can_send, bool throttled) {
    if (!can_send) {
      if (!down_since_) down_since_ = now;
      up_since_ = 0;
    } else {
      if (!up_since_) up_since_ = now;
      if (now - up_since_ >= trusted_after_ms) down_since_ = 0;
    }
    if (!throttled)
      throttled_since_ = 0;
    else if (!throttled_since_)
      throttled_since_ = now;
  }
  void accepted() { down_since_ = 0; }

  bool is_down() const { return up_since_ == 0; }
  bool is_throttled() const { return throttled_since_ != 0; }
  WallMs down_since() const { return is_down() ? down_since_ : 0; }
  bool is_tried() const { return is_down() || throttled_since_ != 0; }
  // When a message that was due at `due_at` has waited for as long as its route lets it.
  WallMs ends(const RouteSettings& route, store::Lane lane, WallMs due_at) const {
    const auto index = static_cast<std::size_t>(lane);
    return is_down() ? std::max(due_at, down_since_) + route.unreachable_after[index]
                     : std::max(due_at, throttled_since_) + route.throttled_after[index];
  }
  metrics::MoveReason reason() const {
    return is_down() ? metrics::MoveReason::unreachable : metrics::MoveReason::throttled;
  }
  std::string_view words() const { return is_down() ? "cannot send" : "is throttled"; }

 private:
  static constexpr WallMs trusted_after_ms = 60'000;  // a gateway that comes and goes counts as down all the while
  WallMs down_since_ = 0;                             // or paused; 0: it can send, and is trusted again
  WallMs up_since_ = 0;                               // 0: it cannot send
  WallMs throttled_since_ = 0;                        // 0: it is not
};

}  // namespace smsbridge::bridge
