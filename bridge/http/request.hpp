// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge {

namespace http = boost::beast::http;

// Who is connected.
struct Peer {
  boost::asio::ip::address address;  // unspecified: of the control socket
  bool local = false;                // over the control socket: a user who may do everything
};

// A request as handlers see it. Lives until its answer is given.
struct HttpRequest {
  http::request<http::string_body> raw;
  std::string path;                          // decoded, slashes merged, no trailing slash, no query
  std::map<std::string, std::string> query;  // decoded
  std::vector<std::string> captures;         // what stood for {id} and the like
  Peer peer;
  boost::asio::any_io_executor executor;  // the shard's

  std::string_view header(http::field name) const { return raw[name]; }
  std::string_view header(std::string_view name) const { return raw[name]; }
  const std::string& body() const { return raw.body(); }
};

struct HttpResponse {
  http::status status = http::status::ok;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const std::string> shared_body{};  // instead of `body`: one for all who ask, not a copy each
  bool ends_connection = false;                      // who asked leaves it open, and asks no more by it
};

// Called once, on the shard of the request.
using Respond = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(const HttpRequest&, Respond)>;

struct Problem;

// What a listener does with requests.
struct HttpDoor {
  HttpHandler handle;
  // Asked when the header of a request with a body is there: the answer to one that is refused whatever its body holds.
  // Nobody fills our memory who has not shown a key.
  std::function<std::optional<HttpResponse>(const HttpRequest&)> before_body;
  // How refusals that happen before a handler are written: our problem+json, or Fineract's error shape.
  std::function<HttpResponse(const Problem&)> refuse;
};

// %2F counts as a slash, "//" as one: Fineract from 1.6 on asks for /sms%2Freport. False: a broken escape.
bool parse_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);
std::string percent_decoded(std::string_view text, bool plus_is_space, bool& ok);

}  // namespace smsbridge::bridge
