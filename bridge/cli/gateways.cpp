// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <boost/json.hpp>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct GatewayOptions : ClientOptions {
  bool json = false;
  std::string name;
};

std::vector<std::string> row(const json::object& g) {
  std::size_t bound = 0;
  std::string error = "-";
  for (const auto& session : g.at("sessions").as_array()) {
    if (session.as_object().at("state").as_string() == "bound") ++bound;
    if (const auto& last = session.as_object().at("last_error"); last.is_string())
      error = std::string(last.as_string());
  }
  return {std::string(g.at("name").as_string()),
          json::serialize(g.at("id")),
          std::string(g.at("state").as_string()),
          std::to_string(bound) + "/" + std::to_string(g.at("sessions").as_array().size()),
          json::serialize(g.at("window_in_use")) + "/" + json::serialize(g.at("window_limit")),
          json::serialize(g.at("queued")),
          json::serialize(g.at("in_flight")),
          json::serialize(g.at("awaiting_receipt")),
          error};
}

int show(const GatewayOptions& options, const std::string& method, const std::string& target) {
  const auto answer = call(options, method, target);
  if (!answer.ok()) return report(answer);
  if (options.json) {
    std::cout << json::serialize(answer.body) << "\n";
    return exit_done;
  }
  Table table({"NAME", "ID", "STATE", "BINDS", "WINDOW", "QUEUED", "IN FLIGHT", "AWAITING", "LAST ERROR"},
              ::isatty(STDOUT_FILENO) != 0);
  const auto& object = answer.body.as_object();
  if (const auto* items = object.if_contains("items"))
    for (const auto& item : items->as_array()) table.add(row(item.as_object()));
  else
    table.add(row(object));
  table.print(std::cout);
  return exit_done;
}

}  // namespace

void add_gateways(CLI::App& app, Run& run) {
  auto options = std::make_shared<GatewayOptions>();
  auto* gateways = app.add_subcommand("gateways", "Binds, windows and queues of the gateways");
  gateways->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, bool one, std::string method, std::string suffix) {
    auto* command = gateways->add_subcommand(name, what);
    command->add_option("-c,--config", options->config_file, "Configuration of the daemon on this host")
        ->capture_default_str();
    command->add_option("--server", options->server, "Address of a daemon elsewhere, http://host:port");
    command->add_option("--key-file", options->key_file, "File with a bearer key, for --server");
    command->add_flag("--json", options->json, "The API's own JSON");
    if (one) command->add_option("name", options->name, "Name of the gateway")->required();
    command->callback([options, one, method = std::move(method), suffix = std::move(suffix), &run] {
      run = [options, one, method, suffix] {
        return show(*options, method, "/api/v1/gateways" + (one ? "/" + options->name : "") + suffix);
      };
    });
  };
  add("list", "All gateways", false, "GET", "");
  add("show", "One gateway", true, "GET", "");
  add("pause", "Submit nothing until resumed; binds stay, messages wait", true, "POST", "/pause");
  add("resume", "Submit again", true, "POST", "/resume");
}

}  // namespace smsbridge::bridge
