// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/shard.hpp"

#include <algorithm>
#include <random>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration lag_interval = std::chrono::milliseconds(500);

std::uint64_t system_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Shard::Shard(int number, std::uint64_t seed, Clock& clock, metrics::Metrics& metrics)
    : work_(io_.get_executor()),
      clock_(clock),
      random_(seed),
      lag_(metrics.event_loop_lag_seconds("shard-" + std::to_string(number))),
      lag_timer_(clock.timer(io_.get_executor())) {}

void Shard::start() {
  thread_ = std::thread([this] {
    watch_lag();
    for (;;) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        // One request or one bind went wrong in a way nobody foresaw; the others go on.
        log::error("shard", "an exception escaped its handler", "error", error.what());
      }
    }
  });
}

void Shard::watch_lag() {
  const auto due = clock_.now() + lag_interval;
  lag_timer_->at(due, [this, due] {
    const auto now = clock_.now();
    lag_.Observe(std::chrono::duration<double>(now - due).count());
    watch_lag();
  });
}

void Shard::join() {
  if (thread_.joinable()) thread_.join();
}

std::vector<std::unique_ptr<Shard>> make_shards(int wanted, Clock& clock, metrics::Metrics& metrics) {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int count = wanted > 0 ? wanted : std::max(1, cores - 1);
  std::vector<std::unique_ptr<Shard>> shards;
  for (int number = 0; number < count; ++number)
    shards.push_back(std::make_unique<Shard>(number, system_seed(), clock, metrics));
  return shards;
}

std::vector<ShardPlace> places_on(const std::vector<std::unique_ptr<Shard>>& shards) {
  std::vector<ShardPlace> places;
  for (const auto& shard : shards) places.push_back({.executor = shard->executor(), .random = shard->random()});
  return places;
}

}  // namespace smsbridge::bridge
