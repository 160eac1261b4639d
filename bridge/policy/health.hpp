// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <optional>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// A circuit breaker: after several failures in a row nothing is tried for a while, then one message is, and its fate
// decides. Failures are what the way out is to blame for: no connection, credentials, faults of the provider. Pure: the
// caller brings the time.
class Health {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  // A refusal that more tries cannot mend opens it at once, and for longer.
  void failed(Time now, bool lasting = false) {
    if (state_ == State::open) return;
    if (!lasting && state_ == State::closed && ++failures_ < failures_max) return;
    state_ = State::open;
    failures_ = 0;
    wait_ = std::clamp(wait_ * 2, lasting ? lasting_first : wait_first, lasting ? lasting_max : wait_max);
    until_ = now + wait_;
  }
  // A refusal of the account, in words that may mean one message alone. As long as it could be used before, other
  // messages show which, one at a time; the third that is refused opens it, or the second refusal of the same one.
  // `refused`: more tries cannot mend it. `unavailable`: for how long the provider says that it is.
  void blamed(Time now, bool again, bool refused, std::optional<Duration> unavailable) {
    if (state_ == State::open) return;
    if (!again && wait_ == Duration::zero() && ++blamed_ < blamed_max) {
      state_ = State::half_open;
      return;
    }
    // Only one message says so: others wait for no more than the first pause before they may show it.
    if (again) wait_ = Duration::zero();
    blamed_ = 0;
    if (refused || !unavailable) failed(now, true);
    if (unavailable) this->unavailable(now + *unavailable);
  }
  // The provider itself says when it can be used again. That is no failure to be counted besides, and may be later than
  // what was known.
  void unavailable(Time until) {
    until_ = state_ == State::open ? std::max(until_, until) : until;
    state_ = State::open;
    named_until_ = until_;
  }
  // Somebody mended it, or wants to know: what it said of its time before holds no more.
  void try_now() {
    if (state_ != State::open) return;
    state_ = State::half_open;
    named_until_ = {};
  }
  // Not the answer to a request that went out before the provider named its time.
  void succeeded(Time now) {
    if (now < named_until_) return;
    state_ = State::closed;
    failures_ = blamed_ = 0;
    wait_ = Duration::zero();
  }
  bool is_closed() const { return state_ == State::closed; }
  State state(Time now) {
    if (state_ == State::open && now >= until_) state_ = State::half_open;
    return state_;
  }
  Time until() const { return until_; }  // while open

 private:
  static constexpr int failures_max = 5, blamed_max = 3;
  static constexpr Duration wait_first = std::chrono::seconds(5), wait_max = std::chrono::minutes(2);
  static constexpr Duration lasting_first = std::chrono::seconds(30), lasting_max = std::chrono::minutes(10);
  State state_ = State::closed;
  int failures_ = 0, blamed_ = 0;
  Duration wait_ = Duration::zero();
  Time until_{}, named_until_{};
};

}  // namespace smsbridge::bridge
