// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

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
  class Table;
  // One text that counts. It no longer does when this goes, unless it was kept. It may outlive its owner.
  class Place {
   public:
    Place(std::shared_ptr<Table> table, std::uint64_t text) : table_(std::move(table)), text_(text) {}
    Place(Place&& other) noexcept : table_(std::move(other.table_)), text_(other.text_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(table_, other.table_);
      std::swap(text_, other.text_);
      return *this;
    }
    ~Place();
    void keep() { table_.reset(); }

   private:
    std::shared_ptr<Table> table_;
    std::uint64_t text_;
  };

  SameTexts();

  // `text` stands for tenant, number and text. Nothing: it went `most` times within a day.
  std::optional<Place> take(std::uint64_t text, std::uint32_t most, Time now);

 private:
  std::shared_ptr<Table> table_;
};

}  // namespace smsbridge::bridge
