// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>

#include "store/message.hpp"

namespace smsbridge::bridge {

// What Fineract was told last of its messages, and when. For people who compare both sides; in memory, since the start
// and of the newest messages only. Any thread.
class Told {
 public:
  struct Entry {
    int status = 0;  // Fineract's number
    store::WallMs at = 0;
  };
  void note(store::MessageId id, int status, store::WallMs at) {
    const std::lock_guard lock(mutex_);
    told_[id] = {status, at};
    if (told_.size() > told_max) told_.erase(told_.begin());
  }
  std::optional<Entry> find(store::MessageId id) const {
    const std::lock_guard lock(mutex_);
    const auto it = told_.find(id);
    return it == told_.end() ? std::nullopt : std::optional(it->second);
  }

 private:
  static constexpr std::size_t told_max = 65'536;
  mutable std::mutex mutex_;
  std::map<store::MessageId, Entry> told_;
};

}  // namespace smsbridge::bridge
