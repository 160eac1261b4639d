// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/claims.hpp"

#include <algorithm>
#include <utility>

namespace smsbridge::bridge {
namespace {

constexpr Duration due_check_max = std::chrono::seconds(60);

}  // namespace

void Claims::due(const std::vector<store::Queue>& queues) {
  for (const auto& queue : queues) share_.mark(queue);
}

void Claims::look_at(store::TenantId tenant) {
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    share_.mark({.gateway = context_.gateway, .tenant = tenant, .lane = static_cast<store::Lane>(lane)});
}

void Claims::claim() {
  if (asking_) return;
  const auto room = owner_.room();
  if (!room) return;
  const auto plan = claiming_.plan(*room);
  if (plan.messages == 0) return;
  auto wants = share_.wants(std::min(plan.messages, store::claim_messages_max), context_.clock.wall(), plan.lane_max);
  if (wants.empty()) {
    arm_due_timer();
    return stand_by(plan);
  }
  withdraw();
  std::size_t asked = 0;
  for (auto& want : wants) {
    asked += want.count;
    want.accepted_until = draining_since_;
  }
  asked_for_all_ = asked == plan.messages;
  asking_ = true;
  claiming_.began(context_.clock.now());
  share_.claiming(wants);
  context_.store.claim(std::move(wants), context_.executor, when_claimed());
}

store::ClaimDone Claims::when_claimed() {
  return [this, alive = alive_](store::ClaimResult result) {
    if (*alive) claimed(std::move(result));
  };
}

void Claims::claimed(store::ClaimResult result) {
  asking_ = false;
  claiming_.answered(context_.clock.now());
  if (result.error != store::Error::none) {
    share_.claim_failed();
    owner_.failed();
    return owner_.answered();
  }
  share_.claimed(result.ends);
  claiming_.adapt(asked_for_all_, !result.messages.empty(), owner_.ready());
  owner_.take(std::move(result.messages));
  claim();
  owner_.answered();
}

// An empty claim: its answer comes behind everything that was taken before.
void Claims::ask_for_the_rest() {
  if (std::exchange(asking_, true)) return;
  context_.store.claim(std::vector<store::Want>{}, context_.executor, when_claimed());
}

// Nothing waits: the next message is handed over by the commit that brings it.
void Claims::stand_by(const Claiming::Plan& plan) {
  if (standing_by_ || draining_since_) return;
  standing_by_ = true;
  store::StandingClaim standing{.gateway = context_.gateway, .count = static_cast<std::uint32_t>(plan.messages)};
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    standing.lane_max[lane] = static_cast<std::uint32_t>(std::min(plan.lane_max[lane], plan.messages));
  context_.store.stand_by(standing, context_.executor, [this, alive = alive_](store::ClaimResult result) {
    if (*alive) handed_over(std::move(result));
  });
}

void Claims::withdraw() {
  standing_by_ = false;
  context_.store.stand_by({.gateway = context_.gateway}, context_.executor, {});
}

void Claims::handed_over(store::ClaimResult result) {
  standing_by_ = false;
  share_.handed_over(result.ends);
  owner_.take(std::move(result.messages));
}

void Claims::arm_due_timer() {
  const auto next = share_.next_due();
  if (!next) return;
  const auto wait = std::chrono::milliseconds(std::max<WallMs>(1, next - context_.clock.wall()));
  // The wall clock may be set meanwhile: look again after a minute at the latest.
  due_timer_->at(context_.clock.now() + std::min<Duration>(wait, due_check_max), [this] { claim(); });
}

}  // namespace smsbridge::bridge
