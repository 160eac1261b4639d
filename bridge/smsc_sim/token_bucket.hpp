// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge::smsc_sim {

// It holds a tenth of a second, as carriers measure in short slots.
class TokenBucket {
 public:
  // False: there is none at this time.
  bool take(double rate, Time now) {
    const double room = std::max(1.0, rate / 10);
    if (filled_) {
      const std::chrono::duration<double> passed = now - *filled_;
      tokens_ = std::min(room, tokens_ + passed.count() * rate);
    } else {
      tokens_ = room;
    }
    filled_ = now;
    // What a whole number of intervals gave is a token, whatever the rounding made of it.
    if (tokens_ < 1 - 1e-9) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double tokens_ = 0;
  std::optional<Time> filled_;
};

}  // namespace smsbridge::bridge::smsc_sim
