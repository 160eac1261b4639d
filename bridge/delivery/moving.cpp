// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/moving.hpp"

#include <fmt/format.h>

#include "store/rules.hpp"

namespace smsbridge::bridge {

std::vector<store::Move> Moving::of(const store::Queue& queue, const std::vector<store::Waiting>& waiting) const {
  std::vector<store::Move> moves;
  for (const auto& [due_at, message] : waiting) {
    if (!store::untouched(message.progress.segments)) continue;
    const auto there = to(message.content, message.progress.left, due_at);
    if (!there) continue;
    moves.push_back({.id = message.id,
                     .from = gateway,
                     .to = there,
                     .tenant = queue.tenant,
                     .lane = queue.lane,
                     .due_at = due_at,
                     .why = why()});
  }
  return moves;
}

std::optional<store::Settlement> Moving::of(const Attempt& attempt) const {
  if (!attempt.is_untouched()) return std::nullopt;
  const auto& message = attempt.message();
  const auto there = to(message.content, message.left, message.due_at);
  if (!there) return std::nullopt;
  return store::Settlement{.id = message.id,
                           .attempt = message.attempt,
                           .what = store::MovedTo{.gateway = there, .sent = false},
                           .status_message = why(),
                           .segments = {}};
}

store::GatewayId Moving::to(const store::Content& content, const std::vector<store::GatewayId>& left,
                            WallMs due_at) const {
  const auto its_route = route(content.route);
  if (!its_route || now < patience.ends(*its_route, content.lane, due_at)) return 0;
  return elsewhere(content, left);
}

std::string Moving::why() const { return fmt::format("{} {}", name, patience.words()); }

}  // namespace smsbridge::bridge
