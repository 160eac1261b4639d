// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "smpp/operations.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::smpp {

// PDUs on their way to the peer. What is being written does not move while more is added.
class OutputQueue {
 public:
  void put(Command command, std::uint32_t status, std::uint32_t sequence) {
    const auto before = queued_.size();
    encode(queued_, Header{.command_id = static_cast<std::uint32_t>(command), .status = status, .sequence = sequence});
    count(command, before);
  }
  // False: a field does not fit, and nothing was added.
  template <class Pdu>
  [[nodiscard]] bool put(Command command, std::uint32_t sequence, const Pdu& pdu) {
    const auto before = queued_.size();
    if (encode(queued_, Header{.command_id = static_cast<std::uint32_t>(command), .sequence = sequence}, pdu))
      return false;
    count(command, before);
    return true;
  }

  // What is to be written next.
  Octets front() const {
    if (writing_done_ == writing_.size()) {
      writing_.clear();
      writing_done_ = 0;
      writing_.swap(queued_);
    }
    return Octets(writing_).subspan(writing_done_);
  }
  void wrote(std::size_t octets) { writing_done_ = std::min(writing_done_ + octets, writing_.size()); }
  void clear() {
    queued_.clear();
    writing_.clear();
    writing_done_ = 0;
  }

  std::size_t size() const { return writing_.size() - writing_done_ + queued_.size(); }
  std::uint64_t octets_put() const { return octets_put_; }  // since the beginning
  const PduCounts& counts() const { return counts_; }       // likewise

 private:
  void count(Command command, std::size_t size_before) {
    octets_put_ += queued_.size() - size_before;
    ++counts_[operation_index(static_cast<std::uint32_t>(command))];
  }

  mutable Buffer writing_, queued_;
  mutable std::size_t writing_done_ = 0;
  std::uint64_t octets_put_ = 0;
  PduCounts counts_{};
};

}  // namespace smsbridge::smpp
