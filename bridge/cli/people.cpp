// SPDX-License-Identifier: MPL-2.0
// People: those of the tenant's Fineract, and those who sign in to the console.
#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <optional>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/printable.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct PeopleOptions : ClientOptions {
  std::map<std::string, std::string> asked{{"client", ""}, {"staff", ""}, {"group", ""}, {"number", ""}, {"lane", ""}};
};

// The exit code is 1 when nothing can be sent.
int check_person(const PeopleOptions& options) {
  std::string query;
  for (const auto& [key, value] : options.asked)
    if (!value.empty()) query += (query.empty() ? "?" : "&") + key + "=" + http_gateways::percent_encode(value);
  const auto answer = call(options, "GET", "/api/v1/send-check" + query);
  if (!answer.ok()) return report(answer);
  const auto& check = answer.body.as_object();
  const bool can_send = check.at("can_send").as_bool();
  if (options.json) {
    std::cout << json::serialize(check) << "\n";
    return can_send ? exit_done : exit_failed;
  }
  std::cout << (can_send ? "can be sent to" : text::printable(text_of(check, "reason")));
  for (const auto* key : {"name", "number", "language"})
    if (!check.at(key).is_null()) std::cout << (can_send ? " " : ", ") << text::printable(text_of(check, key));
  std::cout << "\n";
  return can_send ? exit_done : exit_failed;
}

}  // namespace

void add_people(CLI::App& app, Run& run) {
  auto options = std::make_shared<PeopleOptions>();
  auto* people = app.add_subcommand("people", "Who signs in to the console, and who of Fineract can get messages");
  people->require_subcommand(1);
  auto* check = people->add_subcommand("check", "Whether somebody can get a message; the exit code is 1 when not");
  add_client_options(*check, *options);
  add_tenant_option(*check, *options);
  static const std::map<std::string, const char*> help = {{"client", "Id of a client in Fineract"},
                                                          {"staff", "Id of a member of staff there"},
                                                          {"group", "Id of a group there: whether a member can"},
                                                          {"number", "A number instead"},
                                                          {"lane", "otp, transaction, reminder or campaign"}};
  for (auto& [key, value] : options->asked) check->add_option("--" + key, value, help.at(key));
  add_console_people(*people, run);
  check->callback([options, &run] { run = [options] { return check_person(*options); }; });
}

}  // namespace smsbridge::bridge
