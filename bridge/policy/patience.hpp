// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <string_view>

#include "bridge/config/route.hpp"
#include "metrics/labels.hpp"

namespace smsbridge::bridge {

// Why what waits at a gateway may leave it, and when it has waited for long enough. Pure.
struct Patience {
  metrics::MoveReason reason = metrics::MoveReason::unreachable;  // or throttled
  WallMs since = 0;

  // Of a message that was due at `due_at`, as its route wants it.
  WallMs ends(const RouteSettings& route, store::Lane lane, WallMs due_at) const {
    const auto& waits = is_unreachable() ? route.unreachable_after : route.throttled_after;
    return std::max(due_at, since) + waits[static_cast<std::size_t>(lane)];
  }
  bool is_unreachable() const { return reason == metrics::MoveReason::unreachable; }
  std::string_view words() const { return is_unreachable() ? "cannot send" : "is throttled"; }
};

}  // namespace smsbridge::bridge
