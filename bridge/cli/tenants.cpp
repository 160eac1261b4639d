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
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

struct TenantOptions : ClientOptions {
  std::string name, id, key_name, expires;
  std::vector<std::string> scopes, addresses;
  bool fineract = false;
};

std::string words_of(const json::value& list, const char* none) {
  std::string text;
  for (const auto& each : list.as_array()) text += (text.empty() ? "" : ",") + std::string(each.as_string());
  return text.empty() ? none : text;
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
                 text_of(tenant, "sender"), words_of(tenant.at("languages"), "-"), text_of(tenant, "time_zone"),
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

std::string keys_address(const TenantOptions& options) { return address_of("tenant", options.name) + "/keys"; }

int list_tenant_keys(const TenantOptions& options) {
  const auto answer = call(options, "GET", keys_address(options));
  if (!answer.ok()) return report(answer);
  Table table({"ID", "KIND", "NAME", "EXPIRES", "SCOPES", "ADDRESSES", "LAST USED", "MADE BY"},
              ::isatty(STDOUT_FILENO) != 0);
  for (const auto& item : answer.body.as_object().at("items").as_array()) {
    const auto& key = item.as_object();
    if (options.json)
      std::cout << json::serialize(key) << "\n";
    else
      table.add({text_of(key, "id"), text_of(key, "kind"), text_of(key, "name"), text_of(key, "expires_at"),
                 words_of(key.at("scopes"), "-"), words_of(key.at("addresses"), "any"), text_of(key, "last_used_at"),
                 key.at("of_settings").as_bool() ? "(settings)" : text_of(key, "made_by")});
  }
  if (!options.json) table.print(std::cout);
  return exit_done;
}

int make_tenant_key(const TenantOptions& options) {
  json::object wanted{{"kind", options.fineract ? "fineract" : "api"}, {"name", options.key_name}};
  if (!options.scopes.empty()) wanted["scopes"] = json::array(options.scopes.begin(), options.scopes.end());
  if (!options.addresses.empty()) wanted["addresses"] = json::array(options.addresses.begin(), options.addresses.end());
  if (!options.expires.empty()) wanted["expires"] = options.expires;
  const auto answer = call(options, "POST", keys_address(options), json::serialize(wanted));
  if (!answer.ok()) return report(answer);
  const auto& key = answer.body.as_object();
  std::cout << (options.json ? json::serialize(key) : text_of(key, "key")) << "\n";
  std::cerr << "key " << text_of(key, "id") << "; it is shown this once only\n";
  return exit_done;
}

int remove_tenant_key(const TenantOptions& options) {
  const auto answer = call(options, "DELETE", keys_address(options) + "/" + http_gateways::percent_encode(options.id));
  if (!answer.ok()) return report(answer);
  std::cout << "key " << options.id << " is good no more\n";
  return exit_done;
}

void add_key_commands(CLI::App& tenants, const std::shared_ptr<TenantOptions>& options, Run& run) {
  const auto add = [&](const char* name, const char* what, int (*work)(const TenantOptions&)) {
    auto* command = tenants.add_subcommand(name, what);
    add_client_options(*command, *options);
    command->add_option("name", options->name, "Name of the tenant")->required();
    command->callback([options, work, &run] { run = [options, work] { return work(*options); }; });
    return command;
  };
  add("keys", "Its keys, of the API and for its Fineract, and when each was used last", list_tenant_keys);
  auto* maker = add("make-key", "Make a key and print it, once", make_tenant_key);
  maker->add_flag("--fineract", options->fineract, "What its Fineract sends as tenant_app_key");
  maker->add_option("--key-name", options->key_name, "Whose it is");
  maker->add_option("--scope", options->scopes, "Scopes, of one for the API")->delimiter(',');
  maker->add_option("--address", options->addresses, "Address or block that it may come from, as often as needed")
      ->allow_extra_args(false);
  maker->add_option("--expires", options->expires, "Validity such as 90d; for ever when not given");
  add("remove-key", "Make a key invalid at once", remove_tenant_key)
      ->add_option("id", options->id, "Id of the key, as listed")
      ->required();
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
  add_key_commands(*tenants, options, run);
  add_object_commands(*tenants, "tenant", run);
}

}  // namespace smsbridge::bridge
