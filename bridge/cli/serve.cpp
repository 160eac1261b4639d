// SPDX-License-Identifier: MPL-2.0
#include <iostream>
#include <memory>

#include "bridge/cli/command_line.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/daemon.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/version.hpp"

namespace smsbridge::bridge {

void add_serve(CLI::App& app, Run& run, const Programs& programs) {
  auto options = std::make_shared<DaemonOptions>();
  auto* command = app.add_subcommand("serve", "Run the daemon until SIGTERM or SIGINT");
  command->add_option("-c,--config", options->config_file, "Configuration file")->capture_default_str();
  command->add_option("--log-level", options->log_level, "trace, debug, info, warn or error; overrides log.level");
  command->add_option("--log-format", options->log_format, "auto, logfmt, json or pretty; overrides log.format");
  command->callback([options, &run, serve = programs.serve] { run = [options, serve] { return serve(*options); }; });

  app.add_subcommand("version", "Version, revision and compiler")->callback([&run] {
    run = [] {
      const auto& info = build_info();
      std::cout << "smsbridge " << info.version << " (" << info.revision << ", " << info.compiler << ")\n";
      return exit_done;
    };
  });
}

}  // namespace smsbridge::bridge
