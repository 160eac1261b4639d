// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <random>

namespace smsbridge::bridge {

// Jitter and choices. Seeded by the system in production, by the run's seed in the simulation; one a shard.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() { return engine_(); }
  // Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  template <class D>
  D jitter(D value, double part) {  // value +- part
    const auto span = static_cast<std::int64_t>(static_cast<double>(value.count()) * part);
    return value + D(between(-span, span));
  }
  bool chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace smsbridge::bridge
