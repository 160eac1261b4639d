// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "tests/simulation/sim_network.hpp"

namespace smsbridge::simulation {

namespace http = boost::beast::http;

// Whoever asks the daemon something over HTTP: Fineract, users of the API, providers that call back. Connections are
// kept for later requests, requests come in pieces, and an answer that takes too long is not waited for.
class HttpClient : public Caller {
 public:
  using Request = http::request<http::string_body>;
  using Response = http::response<http::string_body>;
  using Answered = std::function<void(std::optional<Response>)>;  // nothing: whether it was heard is not known

  HttpClient(SimClock& clock, bridge::Random& random, SimNetwork& network)
      : clock_(clock), random_(random), network_(network) {}

  void ask(std::uint16_t port, Request request, Answered answered);

  void connected(std::uint64_t session, std::uint64_t connection) override;
  void received(std::uint64_t session, const std::string& octets) override;
  void closed(std::uint64_t session) override;

 private:
  struct Session {
    std::uint16_t port = 0;
    std::optional<std::uint64_t> connection;
    std::string unsent;
    Answered answered;  // nothing: it is kept for the next request
    std::uint64_t asked = 0;
    boost::beast::flat_buffer buffer;
    std::optional<http::response_parser<http::string_body>> parser;
  };
  using Sessions = std::map<std::uint64_t, Session>;
  Sessions::iterator session_for(std::uint16_t port);
  void send(Session& session);
  void finish(std::uint64_t session, std::optional<Response> response, bool keep);

  SimClock& clock_;
  bridge::Random& random_;
  SimNetwork& network_;
  Sessions sessions_;
  std::uint64_t last_session_ = 0, asked_ = 0;
};

}  // namespace smsbridge::simulation
