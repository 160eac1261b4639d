// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "bridge/config/listen_address.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// Everything has a limit; a client that reaches one gets a clear answer, then the connection closes.
struct HttpLimits {
  std::string name = "api";              // of the listener, in the log
  std::size_t header_bytes = 16 * 1024;  // old Fineracts send an Accept-Charset of 3 KiB
  std::size_t body_bytes = 1 << 20;
  std::size_t framing_bytes = 16 * 1024;  // what is neither header nor body: chunk sizes, their extensions, trailers
  Duration first_time = std::chrono::seconds(10);   // until the first octet of a new connection
  Duration header_time = std::chrono::seconds(20);  // from the first octet to the last of the header
  Duration body_time = std::chrono::seconds(60);
  Duration idle_time = std::chrono::minutes(5);  // Fineract does not repeat a POST on a connection that was closed
  Duration write_time = std::chrono::seconds(60);
  std::size_t connections = 4096;
  std::size_t connections_per_address = 256;
  bool spares_loopback = true;  // from the limit of an address: proxies and tools of this machine share theirs
};

// The text is for a person: which address, and why not.
class ListenError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The bodies of all listeners are kept in memory until they are answered, and share what they may take. Any thread.
class BodyMemory {
 public:
  BodyMemory(std::size_t bytes_max, metrics::Gauge& shown) : bytes_max_(bytes_max), shown_(shown) {}
  bool take(std::size_t bytes) {
    if (used_.fetch_add(bytes) + bytes > bytes_max_) {
      used_ -= bytes;
      return false;
    }
    shown_.Increment(static_cast<double>(bytes));
    return true;
  }
  void give_back(std::size_t bytes) {
    used_ -= bytes;
    shown_.Decrement(static_cast<double>(bytes));
  }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> used_{0};
  metrics::Gauge& shown_;
};

// One listening socket of one shard. Requests of a connection are answered one after the other. When no more
// connections may be open, the one makes room that waited longest without a request: first those that never sent any,
// last those that have shown a key.
class HttpServer {
 public:
  HttpServer(boost::asio::io_context& io, Clock& clock, HttpLimits limits, HttpDoor door, metrics::HttpMetrics& metrics,
             BodyMemory& bodies);
  ~HttpServer();

  // Throws ListenError when the address cannot be used. Several shards may share one address: the first
  // one is told so, and makes sure that nobody else listens there. Returns the port, which the system chose if
  // `address.port` was 0.
  std::uint16_t listen(const ListenAddress& address, bool first);
  // The control socket: only the daemon's own user and root get in, and they may do everything. What is no socket, or
  // belongs to a daemon that lives, is left alone.
  void listen_local(const std::string& path);
  // Accepts nothing more; open connections end after their running request.
  void stop();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace smsbridge::bridge
