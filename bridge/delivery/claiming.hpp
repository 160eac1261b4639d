// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <cstddef>

#include "bridge/env/clock.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

// How much a gateway asks of its queues, and how far ahead of its channel. Pure: what there is comes with Room, and the
// caller brings the time.
//
// A claim takes a commit, and meanwhile the windows must not run dry; what was claimed and not sent is in doubt after a
// crash, so it is no more than that.
class Claiming {
 public:
  struct Room {
    std::size_t capacity = 0;                    // parts that the channel has in flight at most
    std::size_t ahead_max = 0;                   // messages that may be claimed beyond it, for the channel's sake
    std::size_t free_now = 0;                    // parts that can be submitted now
    std::size_t taken = 0;                       // messages that take a place: under way, and not apart
    std::size_t ready = 0;                       // of these, those that can go
    std::size_t ready_to_hold = 0;               // of these, in lanes whose messages are held when in doubt
    double rate = 0;                             // parts a second, 0: no limit
    std::array<bool, store::lane_count> held{};  // lanes whose messages are held when in doubt
  };
  // What to ask for; no messages: nothing now.
  struct Plan {
    std::size_t messages = 0;
    std::array<std::size_t, store::lane_count> lane_max{};
  };
  Plan plan(const Room& room) const;

  void began(Time now) { began_ = now; }
  void answered(Time now);
  // After a claim that brought something: whether it was asked for all that was free, and what is left to go.
  void adapt(bool asked_for_all, bool got_any, std::size_t ready);

 private:
  static constexpr std::size_t ahead_min = 16, ahead_most = 2048;
  std::size_t ahead_ = ahead_min;
  Time began_{};
  double seconds_ = 0.01;  // that a claim takes, of late
};

}  // namespace smsbridge::bridge
