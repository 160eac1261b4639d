// SPDX-License-Identifier: MPL-2.0
// The configuration file before a daemon reads it: check-config, config schema.
#include "bridge/config/config.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>
#include <memory>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/config/carrier_profile.hpp"
#include "bridge/config/schema.hpp"
#include "bridge/config/yaml.hpp"

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

struct ProfileOptions {
  std::string name;
  bool json = false;
};

boost::json::object profile_json(const CarrierProfile& profile) {
  return {{"name", profile.name},
          {"about", profile.about()},
          {"settings", to_json(YAML::Load(std::string(profile.file))["settings"])}};
}

int show_profiles(const ProfileOptions& options) {
  if (options.name.empty()) {
    if (options.json) {
      boost::json::array all;
      for (const auto& profile : carrier_profiles()) all.push_back(profile_json(profile));
      std::cout << boost::json::serialize(all) << "\n";
      return exit_done;
    }
    Table table({"NAME", "ABOUT"}, ::isatty(STDOUT_FILENO) != 0);
    for (const auto& profile : carrier_profiles()) table.add({std::string(profile.name), profile.about()});
    table.print(std::cout);
    return exit_done;
  }
  const auto* profile = find_carrier_profile(options.name);
  if (!profile) {
    std::cerr << "error: there is no carrier profile '" << options.name
              << "'\nhint: 'smsbridge config profiles' lists them\n";
    return exit_not_found;
  }
  if (options.json)
    std::cout << boost::json::serialize(profile_json(*profile)) << "\n";
  else
    std::cout << profile->file;
  return exit_done;
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  auto options = std::make_shared<CheckOptions>();
  auto* check = app.add_subcommand("check-config", "Report every mistake of a configuration, with line and column");
  check->add_option("-c,--config", options->file, "Configuration file")->capture_default_str();
  check->add_flag("--strict", options->strict, "Warnings count as errors");
  check->add_flag("--json", options->json, "One JSON object a line");
  check->callback([options, &run] { run = [options] { return check_config(*options); }; });

  auto* group = app.add_subcommand("config", "The configuration file: schema, carrier profiles");
  group->require_subcommand(1);
  group->add_subcommand("schema", "Its keys as a JSON Schema, for editors and programs")->callback([&run] {
    run = [] {
      std::cout << boost::json::serialize(config_schema()) << "\n";
      return exit_done;
    };
  });
  auto profile = std::make_shared<ProfileOptions>();
  auto* profiles = group->add_subcommand(
      "profiles",
      "What is known of kinds of carriers, for 'profile' of a gateway by SMPP: all, or one as it is written");
  profiles->add_option("name", profile->name, "Name of the profile to show");
  profiles->add_flag("--json", profile->json, "As JSON");
  profiles->callback([profile, &run] { run = [profile] { return show_profiles(*profile); }; });
}

}  // namespace smsbridge::bridge
