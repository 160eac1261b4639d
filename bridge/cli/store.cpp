// SPDX-License-Identifier: MPL-2.0
#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/config/config.hpp"
#include "store/errors.hpp"
#include "store/verify.hpp"

namespace smsbridge::bridge {
namespace {

struct VerifyOptions {
  std::string config_file = "/etc/smsbridge/smsbridge.yaml";
  bool json = false;
};

void print_json(const std::filesystem::path& path, const store::Verification& found) {
  boost::json::object states;
  for (std::size_t state = 0; state < store::state_count; ++state)
    states[store::name(static_cast<store::State>(state))] = found.by_state[state];
  boost::json::array findings;
  for (const auto& finding : found.findings)
    findings.push_back({{"table", finding.table}, {"key", finding.key}, {"what", finding.why}});
  std::cout << boost::json::serialize(boost::json::object{
                   {"path", path.string()},
                   {"ok", found.ok()},
                   {"damage", found.damage ? boost::json::value(*found.damage) : boost::json::value(nullptr)},
                   {"messages", found.messages},
                   {"states", states},
                   {"unreadable", found.unreadable},
                   {"broken", found.broken},
                   {"aside", found.aside},
                   {"findings", findings}})
            << "\n";
}

void print(const std::filesystem::path& path, const store::Verification& found) {
  std::cout << path.string() << ": " << (found.ok() ? "ok" : "NOT ok") << "\n";
  if (found.damage) {
    std::cout << "  the file is damaged: " << *found.damage
              << "\n  restore a backup of the folder, or move it away to start with an empty one\n";
    return;
  }
  std::cout << "  messages    " << found.messages << "\n";
  for (std::size_t state = 0; state < store::state_count; ++state)
    if (found.by_state[state])
      std::cout << "    " << store::name(static_cast<store::State>(state)) << "  " << found.by_state[state] << "\n";
  std::cout << "  unreadable  " << found.unreadable << "\n  broken      " << found.broken << "\n  put aside   "
            << found.aside << "\n";
  for (const auto& finding : found.findings)
    std::cout << "  " << finding.table << " " << finding.key << ": " << finding.why << "\n";
  if (const auto all = found.unreadable + found.broken + found.aside; all > found.findings.size())
    std::cout << "  and " << all - found.findings.size() << " more\n";
}

int verify(const VerifyOptions& options) {
  const auto loaded = load_config(options.config_file);
  if (!loaded.ok()) {
    for (const auto& problem : loaded.problems) std::cerr << describe(problem) << "\n";
    return exit_bad_config;
  }
  const auto& path = loaded.config.store_path;
  try {
    const auto found = store::verify(path);
    options.json ? print_json(path, found) : print(path, found);
    return found.ok() ? exit_done : exit_failed;
  } catch (const store::OpenError& error) {
    std::cerr << "error: " << error.what() << "\n";
    return exit_bad_config;
  }
}

}  // namespace

void add_store(CLI::App& app, Run& run) {
  auto* group = app.add_subcommand("store", "The store's file: verify");
  group->require_subcommand(1);
  auto options = std::make_shared<VerifyOptions>();
  auto* check = group->add_subcommand(
      "verify",
      "Read the whole store and say what is damaged or disagrees; changes nothing, also while the daemon runs");
  check->add_option("-c,--config", options->config_file, "Configuration of the daemon on this host")
      ->capture_default_str();
  check->add_flag("--json", options->json, "One JSON object");
  check->callback([options, &run] { run = [options] { return verify(*options); }; });
}

}  // namespace smsbridge::bridge
