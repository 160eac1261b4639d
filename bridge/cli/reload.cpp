// SPDX-License-Identifier: MPL-2.0
#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/cut_off.hpp"
#include "bridge/cli/exit_codes.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

std::string joined_words(const json::value& words) {
  std::string text;
  for (const auto& word : words.as_array()) text += (text.empty() ? "" : ", ") + std::string(word.as_string());
  return text;
}

// "  gateways: new third; changed first"
void print_reloaded(const json::object& answer, const char* done) {
  std::cout << done << "\n";
  for (const auto* what :
       {"tenants", "gateways", "routes", "webhooks", "inbound_rules", "templates", "events", "schedules"}) {
    std::string line;
    for (const auto* how : {"new", "changed", "removed"})
      if (const auto names = joined_words(answer.at(what).as_object().at(how)); !names.empty())
        line += (line.empty() ? " " : "; ") + std::string(how) + " " + names;
    if (!line.empty()) std::cout << "  " << what << ":" << line << "\n";
  }
  if (const auto lanes = joined_words(answer.at("lanes")); !lanes.empty())
    std::cout << "  lanes: changed " << lanes << "\n";
  if (answer.at("prices").as_bool()) std::cout << "  prices: changed\n";
  if (const auto keys = joined_words(answer.at("takes_restart")); !keys.empty())
    std::cout << "  takes a restart: " << keys << "\n";
}

struct ReloadOptions : ClientOptions {
  bool yes = false, dry_run = false;
};

int reload(const ReloadOptions& options) {
  auto answer = call(options, "POST", "/api/v1/config/reload?dry_run=true");
  if (answer.ok()) confirm_cut_off(answer, options.yes || options.dry_run);
  // Also where it was refused: the daemon then knows, and its metrics and log say, that the file is another.
  if (!options.dry_run && (answer.ok() || answer.status == 422))
    answer = call(options, "POST", "/api/v1/config/reload");
  if (answer.ok() && options.json)
    std::cout << json::serialize(answer.body) << "\n";
  else if (answer.ok())
    print_reloaded(answer.body.as_object(), options.dry_run ? "could be reloaded" : "reloaded");
  return answer.status == 422 ? (report(answer), exit_bad_config) : report(answer);
}

}  // namespace

void add_reload(CLI::App& app, Run& run) {
  auto options = std::make_shared<ReloadOptions>();
  auto* command =
      app.add_subcommand("reload",
                         "Take over tenants, keys, lanes, gateways, routes, webhooks, inbound rules, templates, "
                         "schedules and prices of the changed configuration file");
  add_client_options(*command, *options);
  command->add_flag("-n,--dry-run", options->dry_run, "Only say what would change");
  command->add_flag("-y,--yes", options->yes, "Do not ask, whoever is cut off");
  command->callback([options, &run] { run = [options] { return reload(*options); }; });
}

}  // namespace smsbridge::bridge
