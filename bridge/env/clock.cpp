// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/clock.hpp"

#include <boost/asio/steady_timer.hpp>

#include "bridge/env/wall_clock.hpp"

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

SystemClock::SystemClock() : wall_(std::make_unique<WallClock>()) {}
SystemClock::~SystemClock() = default;

WallMs SystemClock::wall() const {
  const auto ms = [](auto duration) { return std::chrono::floor<std::chrono::milliseconds>(duration).count(); };
  // Both at one instant: a thread that is put aside between them would see the time of day run ahead. A look at the
  // clock is not cheap, and this is called several times a message.
  constexpr auto same_instant = std::chrono::milliseconds(1);
  auto steady = now();
  auto system = std::chrono::system_clock::now();
  const auto is_as_before = [&] {
    return wall_->is_as_before(ms(steady.time_since_epoch()), ms(system.time_since_epoch()));
  };
  for (int tries = 0; tries < 3 && !is_as_before() && now() - steady > same_instant; ++tries) {
    steady = now();
    system = std::chrono::system_clock::now();
  }
  return wall_->at(ms(steady.time_since_epoch()), ms(system.time_since_epoch()));
}

std::unique_ptr<Timer> SystemClock::timer(boost::asio::any_io_executor executor) {
  return std::make_unique<SystemTimer>(std::move(executor));
}

}  // namespace smsbridge::bridge
