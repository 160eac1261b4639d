// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace smsbridge::bridge {

// Elapsed time, for deadlines. The virtual clock of the simulation uses the same type.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
// Milliseconds since 1970 UTC, for people, validity and the queue. May jump; see WallClock.
using WallMs = std::int64_t;

// One alarm that can be moved. Its handler runs on the executor it was made for, never inside at().
class Timer {
 public:
  virtual ~Timer() = default;  // a handler that was not started is dropped
  virtual void at(Time due, std::function<void()> handler) = 0;
  virtual void cancel() = 0;
};

class WallClock;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual WallMs wall() const = 0;
  virtual std::unique_ptr<Timer> timer(boost::asio::any_io_executor executor) = 0;
  // Tells of jumps; nullptr: there are none.
  virtual WallClock* time_of_day() const { return nullptr; }
};

// The machine's clocks and Asio's timers.
class SystemClock : public Clock {
 public:
  SystemClock();
  ~SystemClock() override;
  Time now() const override { return std::chrono::steady_clock::now(); }
  WallMs wall() const override;
  std::unique_ptr<Timer> timer(boost::asio::any_io_executor executor) override;
  WallClock* time_of_day() const override { return wall_.get(); }

 private:
  std::unique_ptr<WallClock> wall_;
};

}  // namespace smsbridge::bridge
