// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/sim_clock.hpp"

#include <boost/asio/post.hpp>

namespace smsbridge::simulation {
namespace {

// A handler that was posted before cancel(), at() or the end of the timer finds another number and does nothing.
class SimTimer : public bridge::Timer {
 public:
  SimTimer(SimClock& clock, boost::asio::any_io_executor executor) : clock_(clock), executor_(std::move(executor)) {}
  ~SimTimer() override { SimTimer::cancel(); }
  void at(Time due, std::function<void()> handler) override {
    cancel();
    handler_ = std::make_shared<std::function<void()>>(std::move(handler));
    alarm_ = clock_.at(due, [this, current = current_, number = *current_] {
      alarm_.reset();
      // It goes along: one that keeps its own timer goes with it where the process dies before it runs.
      boost::asio::post(executor_, [current, number, ready = std::move(handler_)] {
        if (*current == number) (*ready)();
      });
    });
  }
  void cancel() override {
    ++*current_;
    if (alarm_) clock_.cancel(*alarm_);
    alarm_.reset();
    handler_.reset();
  }

 private:
  SimClock& clock_;
  boost::asio::any_io_executor executor_;
  std::shared_ptr<std::uint64_t> current_ = std::make_shared<std::uint64_t>(0);
  std::shared_ptr<std::function<void()>> handler_;
  std::optional<SimClock::AlarmId> alarm_;
};

WallMs milliseconds(Duration span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); }

}  // namespace

WallMs SimClock::wall() const {
  const auto steady = milliseconds(now_.time_since_epoch());
  const auto wall = time_of_day_.at(steady, steady + system_offset_);
  if (const auto jump = time_of_day_.take_jump(); jump && jump->followed) jumped_ = {now_, jump->by};
  return wall;
}

WallMs SimClock::wall_before(Duration span) const {
  const auto passed = wall() - milliseconds(span);
  return jumped_ && jumped_->first + span >= now_ ? std::min(passed, passed - jumped_->second) : passed;
}

WallMs SimClock::true_wall() const { return true_offset_ + milliseconds(now_.time_since_epoch()); }

void SimClock::jump_wall(WallMs by, bool truly) {
  wall();  // somebody looks at it all the time
  system_offset_ += by;
  if (truly) true_offset_ += by;
}

std::unique_ptr<bridge::Timer> SimClock::timer(boost::asio::any_io_executor executor) {
  return std::make_unique<SimTimer>(*this, std::move(executor));
}

SimClock::AlarmId SimClock::at(Time due, std::function<void()> handler) {
  const AlarmId alarm{std::max(due, now_), ++counter_};
  alarms_.emplace(alarm, std::move(handler));
  return alarm;
}

void SimClock::run_ready() {
  io_.restart();
  io_.poll();
}

void SimClock::run_until(Time end, const std::function<bool()>& done) {
  for (run_ready(); !(done && done()); run_ready()) {
    const auto next = alarms_.begin();
    if (next == alarms_.end() || next->first.first > end) break;
    now_ = next->first.first;
    ++fired_;
    const auto handler = std::move(next->second);
    alarms_.erase(next);
    handler();
  }
  if (!done) now_ = std::max(now_, end);
}

}  // namespace smsbridge::simulation
