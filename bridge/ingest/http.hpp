// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge {

namespace http = boost::beast::http;

// A request as handlers see it. Lives until its answer is given.
struct HttpRequest {
  http::request<http::string_body> raw;
  std::string path;                          // decoded, slashes merged, no trailing slash, no query
  std::map<std::string, std::string> query;  // decoded
  std::vector<std::string> captures;         // what stood for {id} and the like
  bool local = false;                        // came over the control socket from a user who may do everything
  boost::asio::any_io_executor executor;     // the shard's

  std::string_view header(http::field name) const { return raw[name]; }
  std::string_view header(std::string_view name) const { return raw[name]; }
  const std::string& body() const { return raw.body(); }
};

struct HttpResponse {
  http::status status = http::status::ok;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// Called once, on the shard of the request.
using Respond = std::function<void(HttpResponse)>;
using HttpHandler = std::function<void(const HttpRequest&, Respond)>;

// %2F counts as a slash, "//" as one: Fineract from 1.6 on asks for /sms%2Freport. False: a broken escape.
bool parse_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);
std::string percent_decoded(std::string_view text, bool plus_is_space, bool& ok);

}  // namespace smsbridge::bridge
