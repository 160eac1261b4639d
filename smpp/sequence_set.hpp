// SPDX-License-Identifier: MPL-2.0
// The sequence numbers of requests that are not answered yet, to notice one that is used twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smsbridge::smpp {

// Clients count upwards, so the low bits of the numbers in use differ, and a slot for each of their values is a set
// that allocates nothing and never searches. Numbers that collide anyway make it larger, up to a limit; beyond that
// they are only counted, and a repetition may stay unnoticed.
class SequenceSet {
 public:
  // False when the number is in the set.
  bool insert(std::uint32_t sequence) {
    while (true) {
      auto& slot = slots_[sequence & (slots_.size() - 1)];
      if (slot == used(sequence)) return false;
      if (slot == 0 || slots_.size() >= slots_max) {
        if (slot == 0) slot = used(sequence);
        ++size_;
        return true;
      }
      grow();
    }
  }
  void erase(std::uint32_t sequence) {
    auto& slot = slots_[sequence & (slots_.size() - 1)];
    if (slot == used(sequence)) slot = 0;
    if (size_ > 0) --size_;
  }
  bool contains(std::uint32_t sequence) const { return slots_[sequence & (slots_.size() - 1)] == used(sequence); }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t slots_max = 1 << 17;
  static std::uint64_t used(std::uint32_t sequence) { return std::uint64_t{1} << 32 | sequence; }

  void grow() {
    std::vector<std::uint64_t> larger(2 * slots_.size());
    // What differed in fewer low bits differs in more of them too: nothing collides here.
    for (const auto slot : slots_)
      if (slot != 0) larger[slot & (larger.size() - 1)] = slot;
    slots_.swap(larger);
  }

  std::vector<std::uint64_t> slots_ = std::vector<std::uint64_t>(64);  // 0: free
  std::size_t size_ = 0;
};

}  // namespace smsbridge::smpp
