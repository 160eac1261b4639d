// SPDX-License-Identifier: MPL-2.0
// Requests in flight (SMPP 3.4 section 2.8): which are open, since when, and until when an answer is waited for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "smpp/operations.hpp"
#include "smpp/time.hpp"

namespace smsbridge::smpp {

inline constexpr std::uint32_t sequence_max = 0x7FFFFFFF;  // SMPP 3.4 section 5.1.4

constexpr std::uint32_t next_sequence(std::uint32_t sequence) { return sequence >= sequence_max ? 1 : sequence + 1; }

struct Request {
  std::uint32_t sequence = 0;
  Command command = Command::submit_sm;
  std::uint64_t cookie = 0;  // the caller's name for it
  Time sent{};
  Time deadline{};
};

// Every operation takes constant time: requests live in fixed slots, chained in the order of their deadlines, and a
// table with open addressing finds the slot of a sequence number. Nothing is allocated after construction.
class Window {
 public:
  explicit Window(std::size_t size_max);

  // False when the window is full or the number is in use.
  bool open(const Request& request);
  // The request, still open; nothing for a number nobody waits for.
  const Request* find(std::uint32_t sequence) const;
  // Takes the request out. Nothing for an answer that nobody waits for (late or invented).
  std::optional<Request> close(std::uint32_t sequence);

  std::optional<Time> next_deadline() const;
  // Takes out one request whose deadline has passed; call again until there is nothing.
  std::optional<Request> take_expired(Time now);
  // Takes out the request that waits longest, for when the connection is gone.
  std::optional<Request> take_oldest();

  std::size_t size() const { return size_; }
  std::size_t free() const { return slots_.size() - size_; }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct Slot {
    Request request;
    std::uint32_t earlier = none;
    std::uint32_t later = none;  // of a free slot: the next free one
  };

  std::size_t home(std::uint32_t sequence) const;
  std::size_t place(std::uint32_t sequence) const;
  void erase_place(std::size_t hole);

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> table_;  // slot numbers, at most half full
  int table_shift_ = 0;               // leaves as many bits as the table has places
  std::uint32_t first_free_ = none;
  std::uint32_t first_ = none;
  std::uint32_t last_ = none;
  std::size_t size_ = 0;
};

// The last few thousand requests that were given up, so that a late answer still finds its message.
class GivenUp {
 public:
  explicit GivenUp(std::size_t size_max = 4096) : size_max_(size_max) {}
  void remember(std::uint32_t sequence, std::uint64_t cookie);
  std::optional<std::uint64_t> take(std::uint32_t sequence);
  void clear();

 private:
  std::size_t size_max_;
  std::deque<std::uint32_t> order_;
  std::unordered_map<std::uint32_t, std::uint64_t> cookies_;
};

}  // namespace smsbridge::smpp
