// SPDX-License-Identifier: MPL-2.0
#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// One line for each thing that needs somebody: the same as the console shows. The exit code is 1 when one is an error.
int status(const ClientOptions& options) {
  const auto answer = call(options, "GET", "/api/v1/attention");
  if (!answer.ok()) return report(answer);
  if (options.json) std::cout << json::serialize(answer.body) << "\n";
  const auto& items = answer.body.as_object().at("items").as_array();
  bool is_bad = false;
  for (const auto& item : items) {
    const auto& each = item.as_object();
    is_bad = is_bad || text_of(each, "severity") == "error";
    if (options.json) continue;
    std::cout << text_of(each, "severity") << ": " << text::printable(text_of(each, "what"));
    if (!each.at("since").is_null()) std::cout << ", since " << text_of(each, "since");
    if (const auto& count = each.at("messages"); count != json::value(0)) std::cout << "; messages: " << count;
    std::cout << "\n";
  }
  if (items.empty() && !options.json) std::cout << "all is well\n";
  return is_bad ? exit_failed : exit_done;
}

}  // namespace

void add_status(CLI::App& app, Run& run) {
  auto options = std::make_shared<ClientOptions>();
  auto* command = app.add_subcommand("status", "What needs somebody, the worst first; the exit code is 1 for an error");
  add_client_options(*command, *options);
  add_tenant_option(*command, *options);
  command->callback([options, &run] { run = [options] { return status(*options); }; });
}

}  // namespace smsbridge::bridge
