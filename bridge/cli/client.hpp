// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smsbridge::bridge {

// The CLI's way to the daemon: its control socket on this host, or a server with a key.
struct ClientOptions {
  std::string config_file = "/etc/smsbridge/smsbridge.yaml";
  std::string server;  // http://host:port; empty: the control socket of the configuration
  std::string key_file;
  std::string tenant;
  bool json = false;  // print the API's own JSON
};

struct ClientAnswer {
  int status = 0;
  boost::json::value body;
  std::string etag;
  bool ok() const { return status >= 200 && status < 300; }
};

// Thrown when the daemon cannot be asked; the text says what, why and what to do.
class ClientError : public std::runtime_error {
 public:
  ClientError(int code, const std::string& text) : std::runtime_error(text), exit_code(code) {}
  const int exit_code;
};

ClientAnswer call(const ClientOptions& options, const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& if_match = {});
// Who is at this command line, for logs; behind sudo as well.
std::string local_user();

// The exit code that an answer stands for; prints the problem when it is one.
int report(const ClientAnswer& answer);

// A member of an answer as text; "-" when it is null or not there.
std::string text_of(const boost::json::object& object, std::string_view key);

// What is not empty, as "&key=value" each; values of `times` may say how long ago. Throws ClientError.
using Filters = std::vector<std::pair<std::string, std::string>>;
std::string query_of(const Filters& filters, const std::set<std::string>& times);

// Shows a list page by page, until `limit` items were shown: as the API has them, a line each, where that is wanted. An
// exit code other than done: an answer was a problem, which is printed.
struct Listed {
  int code = 0;
  std::size_t shown = 0;
  bool more = false;
};
Listed list_pages(const ClientOptions& options, const std::string& address, const std::string& query, std::size_t limit,
                  const std::function<void(const boost::json::object&)>& show);

std::string one_line(std::string text);
// "1h" is that long ago; what looks like a time is for the daemon to judge. Throws ClientError.
std::string time_or_ago(const std::string& text);

}  // namespace smsbridge::bridge
