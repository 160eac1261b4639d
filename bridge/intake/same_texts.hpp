// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// How often an equal text went to one number: a loop somewhere sends hundreds, and each costs money and a customer.
//
// About, in memory of a fixed size, and forgotten at a restart: a message asks for a few cache lines and no disk. A day
// is counted from the first of equal texts on. Where there is no room, what was seen once gives way before what was
// seen often, and the oldest first: a loop is noticed, of two equal texts in a million others perhaps nothing is
// known. No text is taken for another one. Any thread.
class SameTexts {
 public:
  // One text that counts. It no longer does when this goes, unless it was kept.
  class Place {
   public:
    Place(SameTexts& owner, std::uint64_t text) : owner_(&owner), text_(text) {}
    Place(Place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), text_(other.text_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(text_, other.text_);
      return *this;
    }
    ~Place() {
      if (owner_) owner_->give_back(text_);
    }
    void keep() { owner_ = nullptr; }

   private:
    SameTexts* owner_;
    std::uint64_t text_;
  };

  // `text` stands for tenant, number and text. Nothing: it went `most` times within a day.
  std::optional<Place> take(std::uint64_t text, std::uint32_t most, Time now);

 private:
  struct Entry {
    std::uint64_t text = 0;
    std::uint32_t since_s = 0, count = 0;  // 0: nothing stands here
  };
  void give_back(std::uint64_t text);
  Entry* find(std::uint64_t text);

  std::mutex mutex_;            // guards entries_
  std::vector<Entry> entries_;  // in groups, of which a text has one; made when the first text comes
};

}  // namespace smsbridge::bridge
