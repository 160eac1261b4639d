// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/clock.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

namespace smsbridge::bridge {
namespace {

class SystemTimer : public Timer {
 public:
  explicit SystemTimer(boost::asio::any_io_executor executor) : timer_(std::move(executor)) {}
  ~SystemTimer() override { *current_ = 0; }
  void at(Time due, std::function<void()> handler) override {
    timer_.expires_at(due);
    // A handler that was queued before cancel() or before the next at() must not run: it finds another number.
    const auto number = ++*current_;
    timer_.async_wait([current = current_, number, handler = std::move(handler)](boost::system::error_code ec) {
      if (!ec && *current == number) handler();
    });
  }
  void cancel() override {
    ++*current_;
    timer_.cancel();
  }

 private:
  std::shared_ptr<std::uint64_t> current_ = std::make_shared<std::uint64_t>(0);
  boost::asio::steady_timer timer_;
};

}  // namespace

WallMs SystemClock::wall() const {
  const auto ms = [](auto duration) { return std::chrono::floor<std::chrono::milliseconds>(duration).count(); };
  const WallMs steady = ms(now().time_since_epoch());
  const WallMs ahead = ms(std::chrono::system_clock::now().time_since_epoch()) - steady;
  auto most = ahead_of_steady_.load(std::memory_order_relaxed);
  while (ahead > most && !ahead_of_steady_.compare_exchange_weak(most, ahead, std::memory_order_relaxed)) {
  }
  return steady + std::max(most, ahead);
}

std::unique_ptr<Timer> SystemClock::timer(boost::asio::any_io_executor executor) {
  return std::make_unique<SystemTimer>(std::move(executor));
}

}  // namespace smsbridge::bridge
