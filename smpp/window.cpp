// SPDX-License-Identifier: MPL-2.0
#include "smpp/window.hpp"

#include <algorithm>
#include <bit>

namespace smsbridge::smpp {

Window::Window(std::size_t size_max) : slots_(std::max<std::size_t>(size_max, 1)) {
  table_.assign(std::bit_ceil(2 * slots_.size() + 1), none);
  table_shift_ = 32 - std::countr_zero(table_.size());
  for (std::size_t i = slots_.size(); i-- > 0;) {
    slots_[i].later = first_free_;
    first_free_ = static_cast<std::uint32_t>(i);
  }
}

bool Window::open(const Request& request) {
  if (first_free_ == none) return false;
  const auto at = place(request.sequence);
  if (table_[at] != none) return false;

  const auto number = first_free_;
  auto& slot = slots_[number];
  first_free_ = slot.later;
  slot.request = request;
  table_[at] = number;
  ++size_;

  // Deadlines nearly always grow with the sequence numbers, so this loop rarely takes a step.
  auto before = last_;
  while (before != none && slots_[before].request.deadline > request.deadline) before = slots_[before].earlier;
  slot.earlier = before;
  slot.later = before == none ? first_ : slots_[before].later;
  (slot.earlier == none ? first_ : slots_[slot.earlier].later) = number;
  (slot.later == none ? last_ : slots_[slot.later].earlier) = number;
  return true;
}

const Request* Window::find(std::uint32_t sequence) const {
  const auto number = table_[place(sequence)];
  return number == none ? nullptr : &slots_[number].request;
}

std::optional<Request> Window::close(std::uint32_t sequence) {
  const auto at = place(sequence);
  const auto number = table_[at];
  if (number == none) return std::nullopt;
  erase_place(at);

  auto& slot = slots_[number];
  (slot.earlier == none ? first_ : slots_[slot.earlier].later) = slot.later;
  (slot.later == none ? last_ : slots_[slot.later].earlier) = slot.earlier;
  slot.later = first_free_;
  first_free_ = number;
  --size_;
  return slot.request;
}

std::optional<Time> Window::next_deadline() const {
  if (first_ == none) return std::nullopt;
  return slots_[first_].request.deadline;
}

std::optional<Request> Window::take_expired(Time now) {
  if (first_ == none || slots_[first_].request.deadline > now) return std::nullopt;
  return take_oldest();
}

std::optional<Request> Window::take_oldest() {
  if (first_ == none) return std::nullopt;
  return close(slots_[first_].request.sequence);
}

std::size_t Window::home(std::uint32_t sequence) const {
  // Multiplied by 2^32 / golden ratio: consecutive numbers, which would be one long run, land far apart.
  return std::size_t{sequence * 0x9E3779B9u} >> table_shift_;
}

// Where the sequence number is, or the gap where it would be put.
std::size_t Window::place(std::uint32_t sequence) const {
  const auto mask = table_.size() - 1;
  auto at = home(sequence);
  while (table_[at] != none && slots_[table_[at]].request.sequence != sequence) at = (at + 1) & mask;
  return at;
}

// Closes the gap by moving later entries of the same run forward, so that no markers of deleted entries are needed.
void Window::erase_place(std::size_t hole) {
  const auto mask = table_.size() - 1;
  for (auto at = (hole + 1) & mask; table_[at] != none; at = (at + 1) & mask) {
    const auto wanted = home(slots_[table_[at]].request.sequence);
    if (((at - wanted) & mask) >= ((at - hole) & mask)) {
      table_[hole] = table_[at];
      hole = at;
    }
  }
  table_[hole] = none;
}

void GivenUp::remember(std::uint32_t sequence, std::uint64_t cookie) {
  if (order_.size() >= size_max_) {
    cookies_.erase(order_.front());
    order_.pop_front();
  }
  if (cookies_.insert_or_assign(sequence, cookie).second) order_.push_back(sequence);
}

std::optional<std::uint64_t> GivenUp::take(std::uint32_t sequence) {
  const auto found = cookies_.find(sequence);
  if (found == cookies_.end()) return std::nullopt;
  const auto cookie = found->second;
  cookies_.erase(found);
  std::erase(order_, sequence);
  return cookie;
}

void GivenUp::clear() {
  order_.clear();
  cookies_.clear();
}

}  // namespace smsbridge::smpp
