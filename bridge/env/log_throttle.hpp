// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge::log {

// What a peer can repeat as often as it likes is said once a minute, with how often it was. Any thread.
class Throttle {
 public:
  explicit Throttle(Duration period = std::chrono::minutes(1)) : period_(period) {}

  // How many times `key` came since it was last said, if it is to be said now; 0: not now.
  std::uint64_t due(const std::string& key, Time now, std::uint64_t count = 1) {
    const std::lock_guard lock(mutex_);
    // Keys can come from outside, a new one each time: beyond some they are said as one.
    if (seen_.size() >= keys_max && !seen_.contains(key)) forget(now);
    auto& seen = seen_.size() >= keys_max && !seen_.contains(key) ? others_ : seen_[key];
    seen.count += count;
    if (seen.said && now - seen.at < period_) return 0;
    seen.said = true;
    seen.at = now;
    return std::exchange(seen.count, 0);
  }

 private:
  static constexpr std::size_t keys_max = 256;
  struct Seen {
    std::uint64_t count = 0;
    bool said = false;
    Time at;
  };
  void forget(Time now) {
    std::erase_if(seen_, [&](const auto& entry) {
      if (now - entry.second.at < period_) return false;
      others_.count += entry.second.count;
      return true;
    });
  }
  const Duration period_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;
  Seen others_;
};

}  // namespace smsbridge::bridge::log
