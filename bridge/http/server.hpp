// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "bridge/config/listen_address.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/http/limits.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// The text is for a person: which address, and why not.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// One listening socket of one shard. Requests of a connection are answered one after the other. When no more
// connections may be open, the one makes room that waited longest without a request: first those that never sent any,
// last those that have shown a key.
class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, Clock& clock, HttpLimits limits, HttpDoor door,
             metrics::HttpMetrics& metrics, BodyMemory& bodies);
  ~HttpServer();

  // Throws ListenError when the address cannot be used. Several shards may share one address: the first
  // one is told so, and makes sure that nobody else listens there. Returns the port, which the system chose if
  // `address.port` was 0.
  std::uint16_t listen(const ListenAddress& address, bool first);
  // The control socket: only the daemon's own user and root get in, and they may do everything. What is no socket, or
  // belongs to a daemon that lives, is left alone.
  void listen_local(const std::string& path);
  // One that came, by a socket or a simulated network, on the executor.
  void admit(std::unique_ptr<Stream> stream, const Peer& peer);
  // Accepts nothing more; open connections end after their running request.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smsbridge::bridge
