// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <map>
#include <string>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// How long somebody waits who guesses passwords: five tries, and then twice as long after each, up to a quarter of an
// hour. By name and by address; one thread.
class Lockout {
 public:
  // What is left of the wait; 0: he may try.
  Duration wait(const std::string& who, Time now) const {
    const auto it = tries_.find(who);
    return it == tries_.end() ? Duration{} : std::max(Duration{}, it->second.until - now);
  }
  void failed(const std::string& who, Time now) {
    if (tries_.size() >= kept_max && !tries_.contains(who)) forget(now);
    auto& tries = tries_[who];
    if (now - tries.at > forgotten_after) tries = {};
    tries.at = now;
    if (++tries.count < free_tries) return;
    const auto doubled = std::min(tries.count - free_tries, doublings_max);
    tries.until = now + std::min(first_wait * (1 << doubled), longest_wait);
  }
  void succeeded(const std::string& who) { tries_.erase(who); }

 private:
  static constexpr int free_tries = 5, doublings_max = 10;
  static constexpr Duration first_wait = std::chrono::seconds(2), longest_wait = std::chrono::minutes(15),
                            forgotten_after = std::chrono::hours(1);
  static constexpr std::size_t kept_max = 10'000;
  struct Tries {
    int count = 0;
    Time at{}, until{};
  };
  // Whoever makes up names makes those that wait least be forgotten, not those that wait.
  void forget(Time now) {
    if (std::erase_if(tries_, [&](const auto& entry) { return entry.second.until <= now; }) == 0)
      tries_.erase(std::ranges::min_element(tries_, {}, [](const auto& entry) { return entry.second.until; }));
  }

  std::map<std::string, Tries> tries_;
};

}  // namespace smsbridge::bridge
