// SPDX-License-Identifier: MPL-2.0
// The configuration file before a daemon reads it: check-config, config schema.
#include "bridge/config/config.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/schema.hpp"

namespace smsbridge::bridge {
namespace {

struct CheckOptions {
  std::string file = "/etc/smsbridge/smsbridge.yaml";
  bool json = false, strict = false;
};

int check_config(const CheckOptions& options) {
  auto loaded = load_config(options.file);
  if (options.strict)
    for (auto& problem : loaded.problems) problem.warning = false;
  const bool ok = loaded.ok();
  for (const auto& p : loaded.problems) {
    if (options.json)
      std::cout << boost::json::serialize(boost::json::object{{"file", p.file},
                                                              {"line", p.line},
                                                              {"column", p.column},
                                                              {"severity", p.warning ? "warning" : "error"},
                                                              {"path", p.path},
                                                              {"text", p.text},
                                                              {"code", p.code}})
                << "\n";
    else
      std::cout << describe(p) << "\n";
  }
  if (ok && !options.json)
    std::cout << options.file << ": ok, " << loaded.config.tenants.size() << " tenant(s), "
              << loaded.config.gateways.size() << " gateway(s)\n";
  return ok ? exit_done : exit_bad_config;
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  auto options = std::make_shared<CheckOptions>();
  auto* check = app.add_subcommand("check-config", "Report every mistake of a configuration, with line and column");
  check->add_option("-c,--config", options->file, "Configuration file")->capture_default_str();
  check->add_flag("--strict", options->strict, "Warnings count as errors");
  check->add_flag("--json", options->json, "One JSON object a line");
  check->callback([options, &run] { run = [options] { return check_config(*options); }; });

  auto* group = app.add_subcommand("config", "The configuration file: schema");
  group->require_subcommand(1);
  group->add_subcommand("schema", "Its keys as a JSON Schema, for editors and programs")->callback([&run] {
    run = [] {
      std::cout << boost::json::serialize(config_schema()) << "\n";
      return exit_done;
    };
  });
}

}  // namespace smsbridge::bridge
