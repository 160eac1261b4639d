// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/client.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/config.hpp"
#include "bridge/config/units.hpp"
#include "bridge/env/http_call.hpp"
#include "bridge/text/control.hpp"
#include "bridge/text/printable.hpp"
#include "bridge/text/time.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::bridge {
namespace {

// By the control socket of the configuration, or to the server that is named.
HttpCall call_to(const ClientOptions& options, const std::string& target) {
  HttpCall call;
  call.request.headers.emplace_back("Host", "smsbridge");
  if (options.server.empty()) {
    const auto loaded = load_config(options.config_file);
    if (!loaded.ok())
      throw ClientError(exit_bad_config,
                        describe(loaded.problems.front()) + (std::filesystem::exists(options.config_file)
                                                                 ? "\nhint: 'smsbridge check-config' says all of it"
                                                                 : "\nhint: name the configuration with --config"));
    call.unix_socket = loaded.config.control_socket.string();
    call.request.url = "http://localhost" + target;
    call.request.headers.emplace_back("Smsbridge-User", local_user());
    return call;
  }
  if (options.server.starts_with("https:"))
    throw ClientError(exit_usage,
                      "this command speaks plain HTTP only: http://host:port, and over a network that others reach "
                      "through a tunnel");
  auto address = options.server;
  if (address.starts_with("http://")) address.erase(0, 7);
  while (address.ends_with('/')) address.pop_back();
  const bool has_port = address.rfind(':') != std::string::npos && !address.ends_with(']');
  call.request.url = "http://" + address + (has_port ? "" : ":9190") + target;
  std::string key;
  if (!options.key_file.empty()) {
    std::ifstream in(options.key_file);
    if (!std::getline(in, key)) throw ClientError(exit_usage, "cannot read the key file " + options.key_file);
  }
  if (!key.empty()) call.request.headers.emplace_back("Authorization", "Bearer " + key);
  return call;
}

}  // namespace

ClientAnswer call(const ClientOptions& options, const std::string& method, const std::string& target,
                  const std::string& body, const std::string& if_match) {
  auto call = call_to(options, target);
  auto& headers = call.request.headers;
  if (!body.empty()) headers.emplace_back("Content-Type", body.front() == '{' ? "application/json" : "text/csv");
  if (!if_match.empty()) headers.emplace_back("If-Match", if_match);
  if (!options.tenant.empty()) headers.emplace_back("Smsbridge-Tenant", options.tenant);
  call.request.method = method;
  call.request.body = body;
  const auto called = http_call(call);
  const auto where = options.server.empty() ? call.unix_socket : options.server;
  using End = HttpCalled::End;
  if (called.end == End::not_connected)
    throw ClientError(
        exit_unreachable,
        "cannot reach the daemon at " + where + ": " + called.why +
            (options.server.empty() ? ". Is 'smsbridge serve' running with this configuration, and as the same user?"
                                    : ""));
  if (called.end == End::timed_out)
    throw ClientError(exit_timed_out, "the daemon at " + where + " did not answer within a minute");
  if (called.end == End::broken)
    throw ClientError(exit_unreachable, "the connection to the daemon at " + where + " broke: " + called.why);
  const bool has_key = std::ranges::count(headers, "Authorization", &http_gateways::Headers::value_type::first) > 0;
  if (called.reply.status == 401 && !options.server.empty() && !has_key)
    throw ClientError(exit_not_allowed,
                      "a daemon elsewhere asks for a key: --key-file FILE; 'smsbridge keys create' makes one there");
  boost::json::error_code no_json;
  auto parsed = boost::json::parse(called.reply.body, no_json);
  return {.status = called.reply.status,
          .body = no_json ? boost::json::value(called.reply.body) : std::move(parsed),
          .etag = std::string(http_gateways::find_header(called.reply.headers, "ETag"))};
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
