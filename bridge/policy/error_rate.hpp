// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <bitset>
#include <cstddef>

namespace smsbridge::bridge {

// Whether too many of the last submissions failed for reasons that may pass. Pure.
class ErrorRate {
 public:
  void ended(bool failed) {
    last_[next_++ % window] = failed;
    // Between the limits it stays as it is, so that it does not change with every message.
    if (next_ >= window && last_.count() >= window / 2) high_ = true;
    if (last_.count() <= window / 5) high_ = false;
  }
  bool is_high() const { return high_; }

 private:
  static constexpr std::size_t window = 20;
  std::bitset<window> last_;
  std::size_t next_ = 0;
  bool high_ = false;
};

}  // namespace smsbridge::bridge
