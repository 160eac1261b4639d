// SPDX-License-Identifier: MPL-2.0
#pragma once
// One connection of a client: read the header, read the body, let the handler answer, write, again.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>

#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/http/connections.hpp"
#include "bridge/http/limits.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// What the connections of a listener share. It lives as long as the last of them.
struct Listener {
  Listener(boost::asio::any_io_executor executor, Clock& clock, HttpLimits limits, HttpDoor door,
           metrics::HttpMetrics& http_metrics, BodyMemory& bodies)
      : executor(std::move(executor)),
        clock(clock),
        limits(std::move(limits)),
        door(std::move(door)),
        unmatched(http_metrics.endpoint("other", metrics::HttpMethod::other, 404)),
        bodies(bodies),
        connections(this->limits, clock, http_metrics) {}

  const boost::asio::any_io_executor executor;
  Clock& clock;
  const HttpLimits limits;
  const HttpDoor door;
  metrics::HttpEndpointMetrics& unmatched;
  BodyMemory& bodies;
  Connections connections;
  log::Throttle repaired, refused;
  bool stopping = false;
};

// Serves what was accepted until it is closed. `counted` is the address that the limit of an address counts; none for
// those it spares.
void serve(std::shared_ptr<Listener> listener, std::unique_ptr<Stream> stream, const Peer& peer,
           const boost::asio::ip::address& counted);

}  // namespace smsbridge::bridge
