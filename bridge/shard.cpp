// SPDX-License-Identifier: MPL-2.0
#include "bridge/shard.hpp"

#include <boost/asio/post.hpp>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration lag_interval = std::chrono::milliseconds(500);
constexpr Duration stuck_after = std::chrono::seconds(10);

}  // namespace

Shard::Shard(int number, std::uint64_t seed, Clock& clock, metrics::Metrics& metrics)
    : work_(io_.get_executor()),
      clock_(clock),
      random_(seed),
      lag_(metrics.event_loop_lag_seconds("shard-" + std::to_string(number))),
      lag_timer_(clock.timer(io_.get_executor())) {}

void Shard::start() {
  last_round_ = clock_.now().time_since_epoch().count();
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
    last_round_ = now.time_since_epoch().count();
    watch_lag();
  });
}

bool Shard::is_alive(Time now) const { return now - Time(Duration(last_round_.load())) < stuck_after; }

void Shard::release() {
  boost::asio::post(io_, [this] {
    lag_timer_->cancel();
    work_.reset();
  });
}

void Shard::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace smsbridge::bridge
