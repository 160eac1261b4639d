// SPDX-License-Identifier: MPL-2.0
// How this bridge and a Fineract get on.
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// The exit code is 1 when something has to be mended.
int check_fineract(const ClientOptions& options) {
  const auto answer = call(options, "POST", "/api/v1/fineract/check");
  if (!answer.ok()) return report(answer);
  const auto& result = answer.body.as_object();
  const int code = result.at("ok").as_bool() ? exit_done : exit_failed;
  if (options.json) {
    std::cout << json::serialize(result) << "\n";
    return code;
  }
  Table table({"ABOUT", "STATE", "DETAIL"}, ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : result.at("items").as_array()) {
    const auto& each = item.as_object();
    table.add({text_of(each, "about"), text_of(each, "state"), text::printable(text_of(each, "detail"))});
  }
  table.print(std::cout);
  for (const auto& item : result.at("items").as_array())
    if (const auto& each = item.as_object(); !each.at("advice").is_null())
      std::cout << "\n" << text_of(each, "about") << ": " << text::printable(text_of(each, "advice")) << "\n";
  return code;
}

}  // namespace

void add_fineract(CLI::App& app, Run& run) {
  auto options = std::make_shared<ClientOptions>();
  auto* fineract = app.add_subcommand("fineract", "The Fineract of a tenant");
  fineract->require_subcommand(1);
  auto* check = fineract->add_subcommand(
      "check", "Whether it answers, knows us, and is set up to send by this bridge; the exit code is 1 when not");
  add_client_options(*check, *options);
  add_tenant_option(*check, *options);
  check->callback([options, &run] { run = [options] { return check_fineract(*options); }; });
}

}  // namespace smsbridge::bridge
