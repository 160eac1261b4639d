// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/delivery/attempt.hpp"
#include "bridge/policy/patience.hpp"
#include "store/changes.hpp"
#include "store/reader.hpp"

namespace smsbridge::bridge {

// Which messages that wait at a gateway leave it, and where to: those that have waited for as long as their route lets
// them, of which nothing was sent, and for which there is another gateway. Pure: whatever else decides comes in.
struct Moving {
  store::GatewayId gateway = 0;  // that they leave
  const std::string& name;
  Patience patience;
  WallMs now = 0;
  std::function<RouteSettingsPtr(store::RouteId)> route;
  // The gateway that takes it, 0: none. Asked last, because it may take the place of that gateway's probe.
  std::function<store::GatewayId(const store::Content& content, const std::vector<store::GatewayId>& left)> elsewhere;

  // Of a queue: those behind keep their place.
  std::vector<store::Move> of(const store::Queue& queue, const std::vector<store::Waiting>& waiting) const;
  // One that is claimed already.
  std::optional<store::Settlement> of(const Attempt& attempt) const;

 private:
  store::GatewayId to(const store::Content& content, const std::vector<store::GatewayId>& left, WallMs due_at) const;
  std::string why() const;
};

}  // namespace smsbridge::bridge
