// SPDX-License-Identifier: MPL-2.0
// Writes what is shipped with the program for others: rules for Prometheus, boards for Grafana.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/embedded.hpp"

// The build lists them in this file: SHIPPED(number, name, path).
#define SHIPPED(number, name, file) SMSBRIDGE_EMBED(smsbridge_shipped_##number, file)
#include SMSBRIDGE_MONITORING
#undef SHIPPED

namespace smsbridge::bridge {
namespace {

namespace fs = std::filesystem;

constexpr EmbeddedFile shipped_files[] = {
#define SHIPPED(number, name, file) {name, smsbridge_shipped_##number##_begin, smsbridge_shipped_##number##_end},
#include SMSBRIDGE_MONITORING
#undef SHIPPED
};

struct GenerateOptions {
  std::string folder = ".";
  bool force = false;
};

bool is_written(const fs::path& path, const EmbeddedFile& file) {
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(file.begin, file.end - file.begin);
  out.close();
  return out.good();
}

// Nothing is written over unless that is wanted: what is there may have been changed.
int generate(const GenerateOptions& options, const std::string& what) {
  const auto prefix = what + "/";
  for (const auto& file : shipped_files)
    if (const auto path = fs::path(options.folder) / file.name;
        file.name.starts_with(prefix) && !options.force && fs::exists(path)) {
      std::cerr << "error: " << path.string() << " is there already; --force writes over it\n";
      return exit_conflict;
    }
  for (const auto& file : shipped_files) {
    if (!file.name.starts_with(prefix)) continue;
    const auto path = fs::path(options.folder) / file.name;
    if (!is_written(path, file)) {
      std::cerr << "error: " << path.string() << " cannot be written\n";
      return exit_storage;
    }
    std::cout << path.string() << "\n";
  }
  std::cerr << "hint: docs/monitoring.md says where they go\n";
  return exit_done;
}

}  // namespace

void add_generate(CLI::App& app, Run& run) {
  auto options = std::make_shared<GenerateOptions>();
  auto* group = app.add_subcommand("generate", "Write files for Prometheus, Alertmanager and Grafana");
  group->require_subcommand(1);
  const auto add = [&](const char* what, const char* about) {
    auto* command = group->add_subcommand(what, about);
    command->add_option("--to", options->folder, "Folder; they go into one of its folders")->capture_default_str();
    command->add_flag("--force", options->force, "Write over what is there");
    command->callback([options, what, &run] { run = [options, what] { return generate(*options, what); }; });
  };
  add("prometheus", "Recording rules, alerts, and how to scrape");
  add("alertmanager", "An example of who is told of which alert");
  add("grafana", "Four dashboards, and their provisioning");
}

}  // namespace smsbridge::bridge
