// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/env/random.hpp"
#include "smpp/dialect.hpp"

namespace smsbridge::bridge::smsc_sim {

// What chance decides in a centre; the same seed decides the same.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}

  bool happens(double probability) { return probability > 0 && random_.chance(std::min(probability, 1.0)); }

  Duration drawn(Duration delay, Duration jitter) {
    return jitter > Duration::zero() ? delay + Duration(random_.between(0, jitter.count())) : delay;
  }

  smpp::MessageState outcome(const std::vector<std::pair<smpp::MessageState, double>>& weights) {
    if (weights.size() == 1) return weights.front().first;
    double total = 0;
    for (const auto& [state, weight] : weights) total += weight;
    auto drawn_weight = static_cast<double>(random_.next() >> 11) * 0x1p-53 * total;
    for (const auto& [state, weight] : weights) {
      if (drawn_weight < weight) return state;
      drawn_weight -= weight;
    }
    return smpp::MessageState::delivered;
  }

 private:
  Random random_;
};

}  // namespace smsbridge::bridge::smsc_sim
