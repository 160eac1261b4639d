// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "bridge/config.hpp"
#include "bridge/ingest/http.hpp"
#include "bridge/ingest/problem.hpp"

namespace smsbridge::bridge {

// Everything has a limit; a client that reaches one gets a clear answer, then the connection closes.
struct HttpLimits {
  std::size_t header_bytes = 16 * 1024;  // old Fineracts send an Accept-Charset of 3 KiB
  std::size_t body_bytes = 1 << 20;
  Duration header_time = std::chrono::seconds(20);  // from the first octet to the last of the header
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::minutes(5);  // Fineract does not repeat a POST on a connection that was closed
  Duration write_time = std::chrono::seconds(60);
  std::size_t connections = 4096;
};

// One listening socket of one shard. Requests of a connection are answered one after the other.
class HttpServer {
 public:
  // How refusals that happen before a handler are written: our problem+json, or Fineract's error shape.
  using Refuse = std::function<HttpResponse(const Problem&)>;

  HttpServer(boost::asio::io_context& io, const HttpLimits& limits, HttpHandler handler, Refuse refuse);
  ~HttpServer();

  // Throws boost::system::system_error when the address cannot be used. Several shards may share one address: the first
  // one is told so, and makes sure that nobody else listens there. Returns the port, which the system chose if
  // `address.port` was 0.
  std::uint16_t listen(const ListenAddress& address, bool first);
  // The control socket: only the daemon's own user and root get in, and they may do everything.
  void listen_local(const std::string& path);
  // Accepts nothing more; open connections end after their running request.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smsbridge::bridge
