// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/client.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/config.hpp"
#include "bridge/config/units.hpp"
#include "bridge/text/control.hpp"
#include "bridge/text/printable.hpp"
#include "bridge/text/time.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr auto answer_time = std::chrono::seconds(60);
constexpr std::uint64_t answer_bytes_max = 256u << 20;

using Request = http::request<http::string_body>;

template <class Stream>
ClientAnswer exchange(asio::io_context& io, Stream& stream, const Request& request, const std::string& where) {
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(answer_bytes_max);
  boost::system::error_code failure;
  stream.expires_after(answer_time);
  http::async_write(stream, request, [&](boost::system::error_code ec, std::size_t) {
    if (ec) return void(failure = ec);
    http::async_read(stream, buffer, parser,
                     [&](boost::system::error_code read_ec, std::size_t) { failure = read_ec; });
  });
  io.run();
  if (failure == beast::error::timeout)
    throw ClientError(exit_timed_out, "the daemon at " + where + " did not answer within a minute");
  if (failure)
    throw ClientError(exit_unreachable, "the connection to the daemon at " + where + " broke: " + failure.message());
  auto response = parser.release();
  ClientAnswer answer{.status = static_cast<int>(response.result_int()),
                      .body = nullptr,
                      .etag = std::string(response[http::field::etag])};
  boost::json::error_code ec;
  auto body = boost::json::parse(response.body(), ec);
  answer.body = ec ? boost::json::value(response.body()) : std::move(body);
  return answer;
}

}  // namespace

ClientAnswer call(const ClientOptions& options, const std::string& method, const std::string& target,
                  const std::string& body, const std::string& if_match) {
  asio::io_context io;
  Request request{http::string_to_verb(method), target, 11};
  request.set(http::field::host, "smsbridge");
  request.set(http::field::connection, "close");
  if (!body.empty()) request.set(http::field::content_type, body.front() == '{' ? "application/json" : "text/csv");
  if (!if_match.empty()) request.set(http::field::if_match, if_match);
  if (!options.tenant.empty()) request.set("Smsbridge-Tenant", options.tenant);
  request.body() = body;
  request.prepare_payload();
  try {
    if (options.server.empty()) {
      const auto loaded = load_config(options.config_file);
      if (!loaded.ok())
        throw ClientError(exit_bad_config,
                          describe(loaded.problems.front()) + (std::filesystem::exists(options.config_file)
                                                                   ? "\nhint: 'smsbridge check-config' says all of it"
                                                                   : "\nhint: name the configuration with --config"));
      beast::basic_stream<asio::local::stream_protocol> stream(io);
      boost::system::error_code ec;
      stream.socket().connect(asio::local::stream_protocol::endpoint(loaded.config.control_socket.string()), ec);
      if (ec)
        throw ClientError(exit_unreachable,
                          "cannot reach the daemon at " + loaded.config.control_socket.string() + ": " + ec.message() +
                              ". Is 'smsbridge serve' running with this configuration, and as the same user?");
      request.set("Smsbridge-User", local_user());
      return exchange(io, stream, request, loaded.config.control_socket.string());
    }
    if (options.server.starts_with("https:"))
      throw ClientError(exit_usage,
                        "this command speaks plain HTTP only: http://host:port, and over a network that "
                        "others reach through a tunnel");
    std::string key;
    if (!options.key_file.empty()) {
      std::ifstream in(options.key_file);
      if (!std::getline(in, key)) throw ClientError(exit_usage, "cannot read the key file " + options.key_file);
    }
    if (!key.empty()) request.set(http::field::authorization, "Bearer " + key);
    auto address = options.server;
    if (address.starts_with("http://")) address.erase(0, 7);
    while (address.ends_with('/')) address.pop_back();
    const auto colon = address.rfind(':');
    asio::ip::tcp::resolver resolver(io);
    beast::tcp_stream stream(io);
    boost::system::error_code ec;
    const auto found =
        resolver.resolve(address.substr(0, colon), colon == std::string::npos ? "9190" : address.substr(colon + 1), ec);
    if (!ec) asio::connect(stream.socket(), found, ec);
    if (ec) throw ClientError(exit_unreachable, "cannot reach " + options.server + ": " + ec.message());
    auto answer = exchange(io, stream, request, options.server);
    if (answer.status == 401 && key.empty())
      throw ClientError(exit_not_allowed,
                        "a daemon elsewhere asks for a key: --key-file FILE; 'smsbridge keys create' makes one there");
    return answer;
  } catch (const boost::system::system_error& error) {
    throw ClientError(exit_unreachable, "cannot ask the daemon" +
                                            (options.server.empty() ? std::string() : " at " + options.server) + ": " +
                                            error.code().message());
  }
}

namespace {

std::string problem_line(const boost::json::object& error) {
  const std::string pointer(error.at("pointer").as_string()), detail(error.at("detail").as_string());
  return text::printable(pointer.empty() ? detail : pointer + ": " + detail);
}

}  // namespace

std::string local_user() {
  if (const char* name = std::getenv("SUDO_USER"); name && !text::has_control(name)) return name;
  const auto* entry = ::getpwuid(::getuid());
  return entry ? entry->pw_name : "uid " + std::to_string(::getuid());
}

int report(const ClientAnswer& answer) {
  if (answer.ok()) return exit_done;
  std::string detail = "the daemon answered " + std::to_string(answer.status);
  if (const auto* object = answer.body.if_object()) {
    if (const auto* text = object->if_contains("detail"); text && text->is_string())
      detail = std::string(text->as_string());
    std::cerr << "error: " << text::printable(detail) << "\n";
    if (const auto* errors = object->if_contains("errors");
        errors && errors->is_array() && errors->as_array().size() > 1)
      for (const auto& error : errors->as_array()) std::cerr << "  " << problem_line(error.as_object()) << "\n";
  } else {
    std::cerr << "error: " << detail << "\n";
  }
  switch (answer.status) {
    case 401:
    case 403:
      return exit_not_allowed;
    case 404:
      return exit_not_found;
    case 409:
    case 412:
      return exit_conflict;
    default:
      return exit_failed;
  }
}

std::string query_of(const Filters& filters, const std::set<std::string>& times) {
  std::string query;
  for (const auto& [key, value] : filters)
    if (!value.empty())
      query += "&" + key + "=" + http_gateways::percent_encode(times.contains(key) ? time_or_ago(value) : value);
  return query;
}

Listed list_pages(const ClientOptions& options, const std::string& address, const std::string& query, std::size_t limit,
                  const std::function<void(const boost::json::object&)>& show) {
  constexpr std::size_t page_items = 500;
  Listed listed{.code = exit_done};
  std::string cursor;
  do {
    auto target = address + "?limit=" + std::to_string(std::min(limit - listed.shown, page_items)) + query;
    if (!cursor.empty()) target += "&cursor=" + http_gateways::percent_encode(cursor);
    const auto answer = call(options, "GET", target);
    if (!answer.ok()) return {.code = report(answer), .shown = listed.shown};
    const auto& body = answer.body.as_object();
    for (const auto& item : body.at("items").as_array()) {
      ++listed.shown;
      if (options.json)
        std::cout << text::printable(boost::json::serialize(item)) << "\n";
      else
        show(item.as_object());
    }
    cursor = body.at("next_cursor").is_string() ? std::string(body.at("next_cursor").as_string()) : "";
  } while (!cursor.empty() && listed.shown < limit);
  listed.more = !cursor.empty();
  return listed;
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  return text;
}

std::string time_or_ago(const std::string& text) {
  const auto ago = parse_duration_ms(text);
  if (!ago && text.find('-') == 4) return text;
  if (!ago)
    throw ClientError(exit_usage, "'" + text::printable(text) +
                                      "' is neither a time such as 2026-11-24T00:00:00Z nor how long ago, such as 1h");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return text::time_text(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() - *ago);
}

std::string text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (!value || value->is_null()) return "-";
  return value->is_string() ? std::string(value->as_string()) : boost::json::serialize(*value);
}

void add_client_options(CLI::App& command, ClientOptions& options) {
  command.add_option("-c,--config", options.config_file, "Configuration of the daemon on this host")
      ->capture_default_str();
  command.add_option("--server", options.server, "Address of a daemon elsewhere, http://host:port");
  command.add_option("--key-file", options.key_file, "File with a bearer key, for --server");
  command.add_flag("--json", options.json, "The API's own JSON");
}

void add_tenant_option(CLI::App& command, ClientOptions& options) {
  command.add_option("--tenant", options.tenant, "Tenant; needed when several are configured");
}

}  // namespace smsbridge::bridge
