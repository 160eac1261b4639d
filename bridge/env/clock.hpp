// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

namespace smsbridge::bridge {

// Elapsed time, for deadlines. The virtual clock of the simulation uses the same type.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
// Milliseconds since 1970 UTC, for people, validity and the queue. May jump forward.
using WallMs = std::int64_t;

// One alarm that can be moved. Its handler runs on the executor it was made for, never inside at().
class Timer {
 public:
  virtual ~Timer() = default;  // a handler that was not started is dropped
  virtual void at(Time due, std::function<void()> handler) = 0;
  virtual void cancel() = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual WallMs wall() const = 0;
  virtual std::unique_ptr<Timer> timer(boost::asio::any_io_executor executor) = 0;
};

// The machine's clocks and Asio's timers.
class SystemClock : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now(); }
  // Never goes back while the process lives: what waits in the queue would wait as much longer. After the system's
  // clock was set back it goes on from where it was.
  WallMs wall() const override;
  std::unique_ptr<Timer> timer(boost::asio::any_io_executor executor) override;

 private:
  mutable std::atomic<WallMs> ahead_of_steady_{std::numeric_limits<WallMs>::min()};  // the most that was seen
};

}  // namespace smsbridge::bridge
