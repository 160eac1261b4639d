// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/claiming.hpp"

#include <algorithm>

namespace smsbridge::bridge {
namespace {

constexpr std::size_t ready_to_hold_max = 16;

std::size_t less(std::size_t from, std::size_t what) { return from - std::min(from, what); }

}  // namespace

Claiming::Plan Claiming::plan(const Room& room) const {
  const auto capacity = room.capacity + std::min(ahead_, room.ahead_max);
  if (room.taken >= capacity || room.ready > ahead_ / 2) return {};
  Plan plan{.messages = capacity - room.taken};
  if (room.rate > 0) {
    // Nothing is claimed long before its turn: after a crash it would be in doubt for nothing.
    const auto second = static_cast<std::size_t>(room.rate) + 1;
    plan.messages = std::min(plan.messages, less(second, room.ready));
    if (plan.messages == 0) return {};
  }
  plan.lane_max.fill(plan.messages);
  // What is held when in doubt is claimed when the channel takes it at once; a little more, because under load there is
  // always something ready and such a lane would never have its turn.
  auto to_hold = less(room.free_now, room.ready);
  auto in_hand = ready_to_hold_max;
  if (room.rate > 0) {
    // With a rate not even that leaves at once, but what its tokens let out until another claim is back.
    in_hand = 1 + static_cast<std::size_t>(room.rate * seconds_);
    to_hold = 0;
  }
  to_hold = std::max(to_hold, less(in_hand, room.ready_to_hold));
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    if (room.held[lane]) plan.lane_max[lane] = to_hold;
  return plan;
}

void Claiming::answered(Time now) {
  const auto took = std::chrono::duration<double>(now - began_).count();
  seconds_ += (std::min(took, 1.0) - seconds_) / 8;
}

void Claiming::adapt(bool asked_for_all, bool got_any, std::size_t ready) {
  // The windows ran dry while the claim was on its way, and there is more: claim further ahead next time.
  if (asked_for_all && got_any && ready == 0)
    ahead_ = std::min(ahead_most, ahead_ * 2);
  else if (ready > ahead_ / 2)
    ahead_ = std::max(ahead_min, ahead_ - ahead_ / 8);
}

}  // namespace smsbridge::bridge
