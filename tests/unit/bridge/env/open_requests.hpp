// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <deque>
#include <utility>

#include "bridge/env/http_transport.hpp"

namespace smsbridge::bridge {

// Keeps the requests; the test answers them.
struct OpenRequests : HttpTransport {
  struct Open {
    http_gateways::Request request;
    Done done;
  };
  explicit OpenRequests(std::deque<Open>& to) : open(to) {}
  void send(http_gateways::Request request, Done done) override {
    open.push_back({std::move(request), std::move(done)});
  }
  void abort() override {
    for (auto& each : std::exchange(open, {})) each.done({.end = End::perhaps_sent, .reply = {}, .detail = "aborted"});
  }
  std::deque<Open>& open;
};

}  // namespace smsbridge::bridge
