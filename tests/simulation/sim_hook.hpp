// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bridge/env/http_transport.hpp"
#include "bridge/env/random.hpp"
#include "tests/simulation/options.hpp"
#include "tests/simulation/sim_clock.hpp"

namespace smsbridge::simulation {

// An event as a receiver of a webhook got it.
struct ToldEvent {
  std::string id, type, message, state;
};

// A receiver of webhooks, without HTTP: it reads what the daemon posts, and may be down, refuse, or lose its answer.
class SimHook {
 public:
  using Told = std::function<void(const ToldEvent&)>;
  SimHook(const HookFaults& faults, std::uint64_t seed, SimClock& clock, Told told)
      : faults_(faults), clock_(clock), random_(seed), told_(std::move(told)) {}

  void set_down(bool down) { down_ = down; }
  void heal() {
    down_ = false;
    faults_ = {};
  }
  static std::string host(std::size_t place) { return "hook-" + std::to_string(place + 1); }

  // Requests to a receiver go to it, all others by `others`.
  static std::unique_ptr<bridge::HttpTransport> transport(const std::vector<std::unique_ptr<SimHook>>& hooks,
                                                          std::unique_ptr<bridge::HttpTransport> others,
                                                          SimClock& clock, boost::asio::any_io_executor executor);

 private:
  class Transport;
  int take(const http_gateways::Request& request);

  HookFaults faults_;
  SimClock& clock_;
  bridge::Random random_;
  Told told_;
  bool down_ = false;
};

}  // namespace smsbridge::simulation
