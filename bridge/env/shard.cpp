// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/shard.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration lag_interval = std::chrono::milliseconds(500);

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

}  // namespace smsbridge::bridge
