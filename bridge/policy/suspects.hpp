// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <map>
#include <optional>

#include "bridge/env/clock.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

// Messages that may be at fault for what their way out said or did: it refused the account, was too busy for them, or
// closed the connection while they were under way. A peer's words do not always tell a message's fault from the
// account's, so these messages go apart from the others, and how the others fare tells. Remembered by id: the message
// may return to its queue and be claimed again meanwhile. Pure: the caller brings the time.
class Suspects {
 public:
  enum class Apart : std::uint8_t {
    no,
    behind,  // after others, which show whether the way out is at fault
    alone,   // with nothing else under way on its bind: that was lost with several messages on it
  };

  enum class Blamed : std::uint8_t {
    first,
    known,  // what was submitted before that says the same, as another part of the message
    again,
  };
  // The way out was blamed by this message, submitted at `submitted_at`. It waits for `wait` before it is tried again
  // with no other at hand.
  Blamed blamed(store::MessageId id, Time submitted_at, Time now, Duration wait) {
    const auto [it, fresh] = suspects_.try_emplace(id);
    const bool known = !fresh && it->second.apart == Apart::behind && submitted_at < it->second.since;
    it->second = {.apart = Apart::behind, .since = now, .try_at = now + wait};
    forget_some();
    return fresh ? Blamed::first : known ? Blamed::known : Blamed::again;
  }
  // The connection was lost while this and other messages were under way.
  void lost(store::MessageId id, Time now) {
    suspects_[id] = {.apart = Apart::alone, .since = now, .try_at = now};
    forget_some();
  }
  // The way out was too busy for this message. Returns whether it was for others too since one passed: then nobody is
  // at fault, and the order stays.
  bool throttled(store::MessageId id) {
    if (throttled_last_ && *throttled_last_ != id) {
      all_throttled_ = true;
      cleared(*throttled_last_);
    }
    throttled_last_ = id;
    return all_throttled_;
  }
  // Another message, which went out at `submitted_at`, was taken, or refused for its own sake.
  void passed(Time submitted_at) {
    last_passed_ = std::max(last_passed_, submitted_at);
    throttled_last_.reset();
    all_throttled_ = false;
  }
  void cleared(store::MessageId id) { suspects_.erase(id); }

  Apart apart(store::MessageId id) const {
    const auto it = suspects_.find(id);
    return it == suspects_.end() ? Apart::no : it->second.apart;
  }
  // Others passed since it was blamed: if it happens again, this message is at fault.
  // What passed long ago says nothing of the way out as it is now.
  bool others_passed(store::MessageId id, Time now) const {
    const auto it = suspects_.find(id);
    return it != suspects_.end() && it->second.apart == Apart::behind && last_passed_ >= it->second.since &&
           now - last_passed_ <= passed_lately;
  }
  // When it is tried although no other was; see blamed().
  Time try_at(store::MessageId id) const {
    const auto it = suspects_.find(id);
    return it == suspects_.end() ? Time{} : it->second.try_at;
  }

 private:
  struct Suspicion {
    Apart apart = Apart::behind;
    Time since{}, try_at{};
  };
  static constexpr std::size_t suspects_max = 4096;
  static constexpr Duration passed_lately = std::chrono::minutes(1);

  void forget_some() {  // those whose messages ended elsewhere, as the oldest ids
    while (suspects_.size() > suspects_max) suspects_.erase(suspects_.begin());
  }

  std::map<store::MessageId, Suspicion> suspects_;
  Time last_passed_ = Time::min();
  std::optional<store::MessageId> throttled_last_;  // since then
  bool all_throttled_ = false;
};

}  // namespace smsbridge::bridge
