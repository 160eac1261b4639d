// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <utility>

#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// Time moves when a test says so, and every alarm goes off at its time.
class VirtualClock : public Clock {
 public:
  Time now() const override { return now_; }
  WallMs wall() const override {
    return wall_begin_ + std::chrono::duration_cast<std::chrono::milliseconds>(now_ - Time{}).count();
  }
  std::unique_ptr<Timer> timer(boost::asio::any_io_executor) override { return std::make_unique<Alarm>(*this); }

  // Only the time of day: no alarm goes off.
  void set_ahead(Duration by) { wall_begin_ += std::chrono::duration_cast<std::chrono::milliseconds>(by).count(); }
  void advance(Duration by) {
    const auto end = now_ + by;
    while (!alarms_.empty() && alarms_.begin()->first <= end) {
      const auto alarm = alarms_.extract(alarms_.begin());
      now_ = alarm.key();
      std::exchange(alarm.mapped()->handler, nullptr)();
    }
    now_ = end;
  }

 private:
  struct Alarm : Timer {
    explicit Alarm(VirtualClock& owner) : clock(owner) {}
    ~Alarm() override { cancel(); }
    void at(Time due, std::function<void()> todo) override {
      cancel();
      handler = std::move(todo);
      clock.alarms_.emplace(due, this);
    }
    void cancel() override {
      std::erase_if(clock.alarms_, [this](const auto& each) { return each.second == this; });
      handler = nullptr;
    }
    VirtualClock& clock;
    std::function<void()> handler;
  };
  Time now_{};
  WallMs wall_begin_ = 1'787'389'200'000;
  std::multimap<Time, Alarm*> alarms_;
};

}  // namespace smsbridge::bridge
