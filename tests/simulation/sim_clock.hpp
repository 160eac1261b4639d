// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>

#include "bridge/env/wall_clock.hpp"

namespace smsbridge::simulation {

using bridge::Duration;
using bridge::Time;
using bridge::WallMs;

// Virtual time. Alarms are sorted by time, then by a counter, so that one seed has one order of events. Time moves only
// in run_until(): everything that is ready runs, then the clock jumps to the next alarm.
class SimClock : public bridge::Clock {
 public:
  SimClock(boost::asio::io_context& io, WallMs wall_at_start)
      : io_(io), system_offset_(wall_at_start), true_offset_(wall_at_start) {}

  Time now() const override { return now_; }
  WallMs wall() const override;
  std::unique_ptr<bridge::Timer> timer(boost::asio::any_io_executor executor) override;

  // The machine's clock is set: to the true time, or to a wrong one.
  void jump_wall(WallMs by, bool truly = true);
  WallMs true_wall() const;
  // Over the last `span`, the earliest time of day that was shown.
  WallMs wall_before(Duration span) const;

  using AlarmId = std::pair<Time, std::uint64_t>;
  AlarmId at(Time due, std::function<void()> handler);
  AlarmId after(Duration delay, std::function<void()> handler) { return at(now_ + delay, std::move(handler)); }
  void cancel(const AlarmId& alarm) { alarms_.erase(alarm); }

  // Until then, or until `done` says so.
  void run_until(Time end, const std::function<bool()>& done = {});
  std::uint64_t alarms_fired() const { return fired_; }

 private:
  void run_ready();

  boost::asio::io_context& io_;
  Time now_{};
  WallMs system_offset_, true_offset_;  // of the machine's clock; the daemon goes by time_of_day_
  mutable bridge::WallClock time_of_day_;
  mutable std::optional<std::pair<Time, WallMs>> jumped_;  // the last jump that was followed, and by how much
  std::map<AlarmId, std::function<void()>> alarms_;
  std::uint64_t counter_ = 0, fired_ = 0;
};

}  // namespace smsbridge::simulation
