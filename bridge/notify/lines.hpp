// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "store/tasks.hpp"

namespace smsbridge::bridge {

// An event that was claimed for a receiver.
struct Delivery {
  store::ClaimedTask task;
  std::uint64_t number = 0;    // in the order in which they were claimed
  std::size_t failures = 0;    // how often it was refused
  std::uint32_t attempts = 0;  // since it was claimed
};

// What is claimed for one receiver. The events of a message stand in a line, in the order in which they happened, and
// only the first may be sent; so one that has to wait holds up its own message and no other. One shard.
class Lines {
 public:
  void add(store::ClaimedTask task);
  // Those that may be sent now, the oldest first; each is under way until it is put back or ended.
  std::vector<Delivery*> take(std::size_t most, Time now);
  void put_back(Delivery& delivery, Time due);
  store::ClaimedTask end(Delivery& delivery);
  // One that may be sent, and is older than this; nullptr: there is none. It is under way then.
  Delivery* take_older(WallMs than, Time now);
  // Of those that wait for their time after a refusal the one that was claimed first; nullptr: there are at most
  // `most`. It is under way then.
  Delivery* take_waiting(std::size_t most);

  std::size_t size() const { return times_.size(); }
  bool can_send(Time now) const { return !ready_.empty() || (!waiting_.empty() && waiting_.begin()->first <= now); }
  std::optional<Time> next_due() const;
  // When what was claimed first happened; 0: there is nothing.
  WallMs oldest_at() const { return times_.empty() ? 0 : times_.begin()->second; }
  // All of them, and it is empty.
  std::vector<store::ClaimedTask> take_all();

 private:
  using Line = std::deque<std::unique_ptr<Delivery>>;
  void wake(Time now);

  std::map<std::string, Line, std::less<>> lines_;
  std::map<std::uint64_t, Delivery*> ready_;
  std::multimap<Time, Delivery*> waiting_;
  std::map<std::uint64_t, WallMs> times_;  // when each happened
  std::uint64_t last_ = 0;
};

}  // namespace smsbridge::bridge
