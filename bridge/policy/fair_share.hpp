// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <map>
#include <vector>

#include "store/changes.hpp"

namespace smsbridge::bridge {

// Divides a gateway's free places among its queues: lanes by weight, so that none starves, and the tenants of a lane in
// turn. Knows which queues may have something due; holds no messages. Pure: the caller brings the wall time.
class FairShare {
 public:
  // Something was put into this queue that is due, or will be.
  void mark(const store::Queue& queue) {
    auto& state = queues_[queue];
    state.ready = true;
    state.marked_during_claim = state.claiming;
  }
  // A claim is on its way: what is marked from now on may come too late for it.
  void claiming(const std::vector<store::Want>& wants) {
    for (const auto& want : wants) queues_[want.queue].claiming = true;
  }
  // What the claim left behind in its queues.
  void claimed(const std::vector<store::QueueEnd>& ends) {
    for (const auto& end : ends) {
      auto& state = queues_[end.queue];
      state = {.ready = end.more_due || state.marked_during_claim, .next_due = end.next_due};
    }
  }
  // It failed: ask again.
  void claim_failed() {
    for (auto& [queue, state] : queues_)
      if (state.claiming) state.claiming = state.marked_during_claim = false;
  }

  // What was handed over without being asked for. It may be older than a claim that is under way.
  void handed_over(const std::vector<store::QueueEnd>& ends) {
    for (const auto& end : ends) {
      auto& state = queues_[end.queue];
      if (end.more_due) state.ready = true, state.marked_during_claim = state.claiming;
      if (end.next_due && (!state.next_due || end.next_due < state.next_due)) state.next_due = end.next_due;
    }
  }

  // How `free` places are used. `lane_max` bounds single lanes below that. Goes on where the last call stopped, so that
  // a lane of little weight has its turn however few places there are at a time.
  std::vector<store::Want> wants(std::size_t free, store::WallMs now,
                                 const std::array<std::size_t, store::lane_count>& lane_max) {
    std::array<std::vector<std::pair<const store::Queue*, std::uint32_t>>, store::lane_count> ready;
    for (auto& [queue, state] : queues_) {
      if (state.next_due && state.next_due <= now) state.ready = true;
      if (state.ready) ready[static_cast<std::size_t>(queue.lane)].emplace_back(&queue, 0);
    }
    std::array<std::size_t, store::lane_count> given{};
    for (std::size_t passed_over = 0; free > 0 && passed_over <= store::lane_count;) {
      auto& queues = ready[lane_];
      if (turns_left_ == 0 || queues.empty() || given[lane_] >= lane_max[lane_]) {
        lane_ = (lane_ + 1) % store::lane_count;
        turns_left_ = weights[lane_];
        ++passed_over;
        continue;
      }
      ++queues[next_tenant_[lane_]++ % queues.size()].second;
      ++given[lane_];
      --turns_left_;
      --free;
      passed_over = 0;
    }
    std::vector<store::Want> wants;
    for (const auto& queues : ready)
      for (const auto& [queue, count] : queues)
        if (count > 0) wants.push_back({.queue = *queue, .count = count});
    return wants;
  }

  // When a queue that has nothing due now will have something; 0: unknown until mark().
  store::WallMs next_due() const {
    store::WallMs earliest = 0;
    for (const auto& [queue, state] : queues_)
      if (!state.ready && state.next_due && (!earliest || state.next_due < earliest)) earliest = state.next_due;
    return earliest;
  }

 private:
  static constexpr std::array<std::size_t, store::lane_count> weights = {16, 8, 4,
                                                                         1};  // otp, transaction, reminder, campaign
  struct State {
    bool ready = false, claiming = false, marked_during_claim = false;
    store::WallMs next_due = 0;
  };
  std::map<store::Queue, State> queues_;
  std::array<std::size_t, store::lane_count> next_tenant_{};
  std::size_t lane_ = 0, turns_left_ = weights[0];
};

}  // namespace smsbridge::bridge
