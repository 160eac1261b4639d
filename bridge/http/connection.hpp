// SPDX-License-Identifier: MPL-2.0
#pragma once
// One connection of a client: read the header, read the body, let the handler answer, write, again.
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>

#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/connections.hpp"
#include "bridge/http/limits.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// What the connections of a listener share. It lives as long as the last of them.
struct Listener {
  Listener(boost::asio::io_context& io, Clock& clock, HttpLimits limits, HttpDoor door,
           metrics::HttpMetrics& http_metrics, BodyMemory& bodies)
      : io(io),
        clock(clock),
        limits(std::move(limits)),
        door(std::move(door)),
        unmatched(http_metrics.endpoint("other", metrics::HttpMethod::other, 404)),
        bodies(bodies),
        connections(this->limits, clock, http_metrics) {}

  boost::asio::io_context& io;
  Clock& clock;
  const HttpLimits limits;
  const HttpDoor door;
  metrics::HttpEndpointMetrics& unmatched;
  BodyMemory& bodies;
  Connections connections;
  log::Throttle repaired, refused;
  bool stopping = false;
};

template <class Protocol>
using StreamSocket = boost::asio::basic_stream_socket<Protocol, boost::asio::io_context::executor_type>;

struct Peer {
  boost::asio::ip::address counted;  // that the limit of an address counts; none for those it spares
  bool from_loopback = false;
};

// Serves what was accepted until it is closed. For TCP and for local sockets.
template <class Protocol>
void serve(std::shared_ptr<Listener> listener, StreamSocket<Protocol> socket, const Peer& peer);

}  // namespace smsbridge::bridge
