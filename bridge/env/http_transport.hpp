// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/env/network.hpp"
#include "bridge/env/stream.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

struct HttpOptions {
  Duration connect_timeout = std::chrono::seconds(5);
  Duration request_timeout = std::chrono::seconds(30);  // for all of it: name, connection, request and answer
  std::string proxy;                                    // empty: none, whatever the environment says
  TlsOptions tls;                                       // its `enabled` is of no use: the URL says it
  std::size_t answer_bytes_max = 64 * 1024;
  std::size_t connections_max = 8;
  Targets targets;                 // checked when a connection is made: names change
  std::vector<std::string> names;  // "host:port:address,address": known without asking a name server
};

// Requests to one HTTP provider, over connections that are kept. Lives on one shard.
class HttpTransport {
 public:
  enum class End : std::uint8_t {
    answered,
    not_sent,      // name, connection, certificate: surely nothing reached the provider
    perhaps_sent,  // the request left, or began to, and no whole answer came
  };
  struct Result {
    End end = End::not_sent;
    http_gateways::Reply reply;
    std::string detail;  // for people; without end == answered
    bool timed_out = false;
    bool refused = false;  // by us: the address is none that it may go to
  };
  // Called once, on the transport's executor, never inside send().
  using Done = std::function<void(Result)>;

  virtual ~HttpTransport() = default;
  // Never follows redirects and never sends a request twice. What holds a line break in its address or a header does
  // not leave.
  virtual void send(http_gateways::Request request, Done done) = 0;
  // Every open request ends at once.
  virtual void abort() = 0;
};

using MakeHttpTransport =
    std::function<std::unique_ptr<HttpTransport>(boost::asio::any_io_executor executor, const HttpOptions& options)>;

// By libcurl, on the executor's loop.
std::unique_ptr<HttpTransport> make_curl_transport(boost::asio::any_io_executor executor, const HttpOptions& options);

}  // namespace smsbridge::bridge
