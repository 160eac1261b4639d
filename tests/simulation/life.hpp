// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <functional>
#include <memory>

namespace smsbridge::simulation {

// One life of the daemon's process: what is posted to its executor runs on the world's loop, in its order, as long as
// the process lives. With its end everything that has not run yet is gone, and whatever is posted later.
class Life {
 public:
  explicit Life(boost::asio::io_context& io) : state_(std::make_shared<State>(State{.io = io})) {}
  ~Life() { end(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  boost::asio::any_io_executor executor() const { return Executor(state_); }
  void end() {
    state_->alive = false;
    std::exchange(state_->ready, {}).clear();
  }

 private:
  struct State {
    boost::asio::io_context& io;
    bool alive = true;
    std::deque<std::function<void()>> ready{};
  };

  // What asio::any_io_executor asks of an executor.
  class Executor {
   public:
    explicit Executor(std::shared_ptr<State> state) : state_(std::move(state)) {}
    template <class Handler>
    void execute(Handler handler) const {
      if (!state_->alive) return;
      state_->ready.push_back([moved = std::make_shared<Handler>(std::move(handler))] { (*moved)(); });
      boost::asio::post(state_->io, [state = state_] {
        if (!state->alive) return;
        const auto next = std::move(state->ready.front());
        state->ready.pop_front();
        next();
      });
    }
    boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return state_->io; }
    static constexpr boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) noexcept {
      return boost::asio::execution::blocking.never;
    }
    Executor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
    bool operator==(const Executor& other) const noexcept { return state_ == other.state_; }
    bool operator!=(const Executor& other) const noexcept { return state_ != other.state_; }

   private:
    std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_;
};

}  // namespace smsbridge::simulation
