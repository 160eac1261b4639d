// SPDX-License-Identifier: MPL-2.0
// People who sign in to the console, made and changed on the host: the first owner, and who forgot his password.
#include "bridge/access/console_people.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "bridge/access/keys.hpp"
#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/host_store.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

struct ConsoleOptions {
  std::string config_file = "/etc/smsbridge/smsbridge.yaml";
  std::string name, role, tenant, language;
  bool sees_content = false;
};

int refused(int code, const std::string& why) {
  std::cerr << "error: " << why << "\n";
  return code;
}

int nobody_of(const std::string& name) {
  return refused(exit_not_found, "there is no person '" + name + "'; 'smsbridge people list' shows them");
}

int changed_just_now(const std::string& name) {
  return refused(exit_conflict, "somebody changed '" + name + "' just now: try again");
}

// Where a browser on this host finds the daemon.
std::string console_address(const Config& config) {
  const bool is_any = config.api.host == "0.0.0.0" || config.api.host == "::";
  return "http://" + (is_any ? std::string("localhost") : config.api.host) + ":" + std::to_string(config.api.port);
}

void print_link(const Config& config, const ConsolePerson& person, const std::string& token) {
  std::cout << console_address(config) << "/console/welcome#" << token << "\n";
  std::cerr << person.name << " opens this link and sets a password; it works once, until "
            << text::time_text(person.welcome_expires_at) << "\n";
}

std::optional<int> refuse_person(const ConsoleOptions& options, const Config& config, const store::Store& store) {
  if (const auto why = name_fault(options.name)) return refused(exit_usage, *why);
  if (!find_role(options.role))
    return refused(exit_usage, "'" + options.role + "' is no role: viewer, sender, operator or owner");
  const bool is_known =
      options.tenant.empty() ||
      std::ranges::find(config.tenants, options.tenant, &TenantSettings::name) != config.tenants.end() ||
      store.reader().object("tenant/" + options.tenant);
  if (!is_known) return refused(exit_not_found, "there is no tenant '" + options.tenant + "'");
  return std::nullopt;
}

int create_person(const ConsoleOptions& options) {
  return with_host_store(options.config_file, [&](const Config& config, store::Store& store, Clock& clock) {
    if (const auto code = refuse_person(options, config, store)) return *code;
    ConsolePerson person{.name = options.name,
                         .role = options.role,
                         .tenant = options.tenant,
                         .language = options.language,
                         .sees_content = options.sees_content,
                         .created_at = clock.wall(),
                         .made_by = local_user() + " on this host"};
    const auto token = invite(person, clock.wall() + welcome_ms);
    if (!add_person(store, person))
      return refused(exit_conflict, "there is somebody of this name already; 'smsbridge people invite " + person.name +
                                        "' makes a link for another password");
    note_on_host("person", person.name, "made");
    print_link(config, person, token);
    return exit_done;
  });
}

int invite_again(const ConsoleOptions& options) {
  return with_host_store(options.config_file, [&](const Config& config, store::Store& store, Clock& clock) {
    auto person = find_person(store, options.name);
    if (!person) return nobody_of(options.name);
    const auto token = invite(*person, clock.wall() + welcome_ms);
    if (!keep_person(store, *person)) return changed_just_now(options.name);
    note_on_host("person", person->name, "invited again");
    print_link(config, *person, token);
    return exit_done;
  });
}

int list_console_people(const ConsoleOptions& options) {
  return with_host_store(options.config_file, [](const Config&, store::Store& store, Clock&) {
    Table table({"NAME", "ROLE", "TENANT", "STATE", "SEES TEXTS", "LAST SEEN", "MADE BY"},
                ::isatty(STDOUT_FILENO) != 0);
    for (const auto& person : console_people(store)) {
      const auto seen = store.reader().object(use_of(object_of(person)));
      table.add({person.name, person.role, person.tenant.empty() ? "(all)" : person.tenant,
                 person.disabled           ? "disabled"
                 : person.password.empty() ? "invited"
                                           : "can sign in",
                 std::ranges::count(scopes_of(person), "content:read") > 0 ? "yes" : "no",
                 seen ? text::time_text(std::strtoll(seen->value.c_str(), nullptr, 10)) : "never", person.made_by});
    }
    table.print(std::cout);
    return exit_done;
  });
}

// Whoever is signed in is not any more.
int set_disabled(const ConsoleOptions& options, bool disabled) {
  return with_host_store(options.config_file, [&](const Config&, store::Store& store, Clock& clock) {
    auto person = find_person(store, options.name);
    if (!person) return nobody_of(options.name);
    person->disabled = disabled;
    person->sessions_from = clock.wall() + 1;
    if (!keep_person(store, *person)) return changed_just_now(options.name);
    note_on_host("person", person->name, disabled ? "disabled" : "enabled");
    return exit_done;
  });
}

int remove_for_good(const ConsoleOptions& options) {
  return with_host_store(options.config_file, [&](const Config&, store::Store& store, Clock&) {
    if (!remove_person(store, options.name)) return nobody_of(options.name);
    note_on_host("person", options.name, "removed");
    return exit_done;
  });
}

}  // namespace

void add_console_people(CLI::App& people, Run& run) {
  auto options = std::make_shared<ConsoleOptions>();
  const auto add = [&](const char* name, const char* about, bool of_one, const std::function<int()>& work) {
    auto* command = people.add_subcommand(name, about);
    command->add_option("-c,--config", options->config_file, "Configuration file")->capture_default_str();
    if (of_one) command->add_option("name", options->name, "The name that he signs in with")->required();
    command->callback([work, &run] { run = work; });
    return command;
  };
  auto* make = add("create", "Let somebody sign in to the console: prints a link, once", true,
                   [options] { return create_person(*options); });
  make->add_option("--role", options->role, "viewer, sender, operator or owner")->required();
  make->add_option("--tenant", options->tenant, "For this one only; for all of them when not given");
  make->add_option("--language", options->language, "Of the console, such as sw; the browser's when not given");
  make->add_flag("--sees-texts", options->sees_content, "A viewer or sender sees texts and whole numbers, too");
  add("invite", "Make another link, for somebody who forgot his password", true,
      [options] { return invite_again(*options); });
  add("list", "Who can sign in to the console, and what he may", false,
      [options] { return list_console_people(*options); });
  add("disable", "Let somebody sign in no more, and end his sessions", true,
      [options] { return set_disabled(*options, true); });
  add("enable", "Let him sign in again", true, [options] { return set_disabled(*options, false); });
  add("remove", "Forget somebody", true, [options] { return remove_for_good(*options); });
}

}  // namespace smsbridge::bridge
