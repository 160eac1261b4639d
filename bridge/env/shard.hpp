// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/env/random.hpp"
#include "bridge/env/shard_place.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// One thread with its own io_context, and what lives on it: listening sockets and gateways. No locks between them.
class Shard {
 public:
  Shard(int number, std::uint64_t seed, Clock& clock, metrics::Metrics& metrics);
  void start();
  void join();

  boost::asio::io_context& io() { return io_; }
  boost::asio::any_io_executor executor() { return io_.get_executor(); }
  Random& random() { return random_; }

 private:
  void watch_lag();
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  Clock& clock_;
  Random random_;
  prometheus::Histogram& lag_;
  std::unique_ptr<Timer> lag_timer_;
  std::thread thread_;
};

// `count` of them; 0: one less than the cores, at least one.
std::vector<std::unique_ptr<Shard>> make_shards(int count, Clock& clock, metrics::Metrics& metrics);
std::vector<ShardPlace> places_on(const std::vector<std::unique_ptr<Shard>>& shards);

}  // namespace smsbridge::bridge
