// SPDX-License-Identifier: MPL-2.0
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/objects.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct TenantOptions : ClientOptions {
  std::string name;
};

std::string all_languages(const json::object& tenant) {
  std::string languages;
  for (const auto& each : tenant.at("languages").as_array())
    languages += (languages.empty() ? "" : ",") + std::string(each.as_string());
  return languages.empty() ? "-" : languages;
}

std::string state_of_tenant(const json::object& tenant) {
  return tenant.at("enabled").as_bool() ? "active" : "suspended";
}

int list_tenants(const TenantOptions& options) {
  const auto answer = call(options, "GET", address_of("tenant"));
  if (!answer.ok()) return report(answer);
  Table table({"NAME", "STATE", "COUNTRY", "SENDER", "LANGUAGES", "TIME ZONE", "MANAGED BY", "DESCRIPTION"},
              ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& tenant = item.as_object();
    if (options.json)
      std::cout << json::serialize(tenant) << "\n";
    else
      table.add({text_of(tenant, "name"), state_of_tenant(tenant), text_of(tenant, "default_country"),
                 text_of(tenant, "sender"), all_languages(tenant), text_of(tenant, "time_zone"),
                 text_of(tenant, "managed_by"), one_line(text_of(tenant, "description"))});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

int show_tenant(const TenantOptions& options) {
  const auto answer = call(options, "GET", address_of("tenant", options.name));
  if (!answer.ok()) return report(answer);
  const auto& tenant = answer.body.as_object();
  if (options.json) {
    std::cout << json::serialize(tenant) << "\n";
    return exit_done;
  }
  Table table({"FIELD", "VALUE"}, ::isatty(STDOUT_FILENO) != 0, any_width);
  table.add({"state", state_of_tenant(tenant)});
  for (const auto* field : {"number", "managed_by"}) table.add({field, text_of(tenant, field)});
  for (const auto& [key, value] : tenant.at("settings").as_object())
    table.add({std::string(key),
               value.is_string() ? text::printable(value.get_string()) : text::printable(json::serialize(value))});
  table.print(std::cout);
  return exit_done;
}

}  // namespace

void add_tenants(CLI::App& app, Run& run) {
  auto options = std::make_shared<TenantOptions>();
  auto* tenants = app.add_subcommand("tenants", "Who sends: make, change, suspend and remove them");
  tenants->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, int (*work)(const TenantOptions&)) {
    auto* command = tenants->add_subcommand(name, what);
    add_client_options(*command, *options);
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("list", "All tenants", list_tenants);
  add("show", "One tenant and its settings", show_tenant)
      ->add_option("name", options->name, "Name of the tenant")
      ->required();
  add_object_commands(*tenants, "tenant", run);
}

}  // namespace smsbridge::bridge
