// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/command_line.hpp"

#include <iostream>
#include <optional>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/text/nearest.hpp"

namespace smsbridge::bridge {
namespace {

std::vector<std::string> names_of(const CLI::App& commands) {
  std::vector<std::string> names;
  for (const auto* command : commands.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// The last command that was understood, and the words that led to it.
std::pair<const CLI::App*, std::string> understood(const CLI::App& app) {
  const auto* at = &app;
  std::string words = app.get_name();
  for (; !at->get_subcommands().empty(); words += " " + at->get_name()) at = at->get_subcommands().front();
  return {at, words};
}

// A word that is no command where one could stand, or no option.
int refuse_word(const CLI::App& app, const std::string& word) {
  const auto [at, words] = understood(app);
  const auto close = text::nearest(word, names_of(*at));
  const bool option = word.starts_with('-');
  std::cerr << "error: there is no " << (option ? "option" : "command") << " '" << word << "'\nhint: "
            << (option || close.empty() || close == word ? "see '" + words + " --help'"
                                                         : "did you mean '" + close + "'?")
            << "\n";
  return exit_usage;
}

void add_commands(CLI::App& app, Run& run, const Programs& programs) {
  app.require_subcommand(1);
  app.set_help_all_flag("--help-all", "Help for all commands");
  add_serve(app, run, programs);
  add_reload(app, run);
  add_config(app, run);
  add_messages(app, run);
  add_import(app, run);
  add_gateways(app, run);
  add_routes(app, run);
  add_webhooks(app, run);
  add_inbound(app, run);
  add_templates(app, run);
  add_events(app, run);
  add_status(app, run);
  add_people(app, run);
  add_schedules(app, run);
  add_tenants(app, run);
  add_receipts(app, run);
  add_fineract(app, run);
  add_apply(app, run);
  add_usage(app, run);
  add_generate(app, run);
  add_store(app, run);
  add_keys(app, run);
  add_trying_out(app, run, programs);
  add_inspect(app, run);
  // Behind the commands, which would have it too.
  app.footer(
      "Start with:\n"
      "  smsbridge demo --once                  see a batch go through a simulated carrier\n"
      "  smsbridge check-config -c FILE         every mistake of a configuration at once\n"
      "  smsbridge serve -c FILE                run the daemon\n"
      "  smsbridge messages list -c FILE        what is in the queue, and what became of it\n"
      "\nExit codes: 0 done, 1 failed, 2 usage, 3 partly done, 4 not allowed, 5 not found, 6 conflict,\n"
      "69 daemon unreachable, 74 storage failed, 75 timed out, 78 bad configuration, 130 interrupted.");
}

// Nothing: a command was chosen. Else the exit code.
std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ExtrasError& error) {
    const auto close = argc > 1 ? text::nearest(argv[1], names_of(app)) : std::string();
    std::cerr << "error: " << error.what()
              << (close.empty() || close == argv[1] ? "" : "\nhint: did you mean '" + close + "'?") << "\n";
    return exit_usage;
  } catch (const CLI::RequiredError& error) {
    // A word that is no command is missing where one is required; say which.
    const auto [at, words] = understood(app);
    if (const auto left = app.remaining(true); !left.empty() && !names_of(*at).empty())
      return refuse_word(app, left.front());
    std::cerr << "error: " << error.what() << "\nhint: see '" << words << " --help'\n";
    return exit_usage;
  } catch (const CLI::ParseError& error) {
    // Who asks a command that there is not for its help has a typing error, not an answer.
    if (const auto left = app.remaining(true); error.get_exit_code() == 0 && !left.empty())
      return refuse_word(app, left.front());
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
}

}  // namespace

int command_line(int argc, char** argv, const Programs& programs) {
  CLI::App app("smsbridge carries SMS between core banking (Mifos X, Apache Fineract) and mobile carriers.",
               "smsbridge");
  Run run;
  add_commands(app, run, programs);
  if (const auto code = parse(app, argc, argv)) return *code;
  try {
    return run();
  } catch (const ClientError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return error.exit_code;
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return exit_failed;
  }
}

}  // namespace smsbridge::bridge
