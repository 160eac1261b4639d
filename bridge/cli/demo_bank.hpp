// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>

#include "bridge/env/clock.hpp"
#include "bridge/http/endpoints.hpp"
#include "bridge/http/server.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// Stands in for a Fineract in the demo: one client, one loan, and the part of its API that tells of them. On a thread
// of its own.
class DemoBank {
 public:
  DemoBank();
  ~DemoBank();
  std::uint16_t port() const { return port_; }
  // From now on the API says so; Fineract would post a hook.
  void approve_loan() { is_approved_ = true; }

 private:
  std::vector<Endpoint> endpoints();

  SystemClock clock_;
  metrics::Metrics metrics_;
  BodyMemory bodies_;
  std::atomic<bool> is_approved_{false};
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace smsbridge::bridge
