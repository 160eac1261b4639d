// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/keys.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "bridge/cli/client.hpp"
#include "bridge/cli/commands.hpp"
#include "bridge/cli/exit_codes.hpp"
#include "bridge/cli/host_store.hpp"
#include "bridge/cli/table.hpp"
#include "bridge/config/units.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

struct KeyOptions {
  std::string config_file = "/etc/smsbridge/smsbridge.yaml";
  std::string tenant, name, expires, id, purpose;
  std::vector<std::string> scopes, addresses;
  bool owner = false, fineract = false;
};

struct Purpose {
  const char* name;
  const char* about;
  std::vector<std::string> scopes;
};

const std::vector<Purpose>& purposes() {
  static const std::vector<Purpose> list = {
      {"fineract-addon",
       "an add-on of the core banking system that sends and follows messages",
       {"messages:send", "messages:read", "content:read"}},
      {"monitoring",
       "a program that watches: sees states, and neither texts nor whole numbers",
       {"messages:read", "config:read", "system:read"}},
      {"integrator",
       "a program that sends, follows, cancels and tries again",
       {"messages:send", "messages:read", "messages:manage", "content:read", "config:read"}},
      {"operator", "a person who runs all of it", key_scopes()},
  };
  return list;
}

// What is not said is not guessed: a key that may do everything is not what most programs need.
std::vector<std::string> scopes_of(const KeyOptions& options) {
  std::vector<std::string> scopes = options.scopes;
  const auto purpose = std::ranges::find_if(purposes(), [&](const Purpose& p) { return options.purpose == p.name; });
  if (purpose != purposes().end()) scopes.insert(scopes.end(), purpose->scopes.begin(), purpose->scopes.end());
  if (!options.purpose.empty() && purpose == purposes().end())
    std::cerr << "error: '" << options.purpose << "' is nothing that a key is for\n";
  else if (scopes.empty())
    std::cerr << "error: say what the key is for\n";
  else
    return scopes;
  for (const auto& each : purposes()) {
    std::cerr << "  --for " << each.name << ": " << each.about << "\n      ";
    for (const auto& scope : each.scopes) std::cerr << " " << scope;
    std::cerr << "\n";
  }
  std::cerr << "hint: or choose with --scope\n";
  return {};
}

// Why the key cannot be made as it was asked for; nothing: it can.
std::optional<int> refuse_key(const KeyOptions& options, const Config& config, const store::Store& store,
                              const std::string& tenant) {
  const auto refuse = [](int code, const std::string& why) {
    std::cerr << "error: " << why << "\n";
    return code;
  };
  if (options.owner && (!options.tenant.empty() || options.fineract))
    return refuse(exit_usage, options.fineract ? "a key for Fineract is one tenant's: name it with --tenant"
                                               : "--owner is for all tenants: leave --tenant out");
  if (!options.owner && tenant.empty())
    return refuse(exit_usage, "several tenants are configured: name one with --tenant, or take --owner for all");
  if (!options.owner && std::ranges::find(config.tenants, tenant, &TenantSettings::name) == config.tenants.end() &&
      !store.reader().object("tenant/" + tenant))
    return refuse(exit_not_found, "there is no tenant '" + tenant + "'; name one with --tenant");
  for (const auto& address : options.addresses)
    if (!parse_network(address))
      return refuse(exit_usage, "'" + address + "' is not an address or a block such as 10.0.0.0/8");
  if (options.fineract && (!options.scopes.empty() || !options.purpose.empty()))
    return refuse(exit_usage, "a key for Fineract has no scopes: leave --for and --scope out");
  return std::nullopt;
}

// Nothing: it was said why not.
std::optional<std::vector<std::string>> checked_scopes(const KeyOptions& options) {
  if (options.fineract) return std::vector<std::string>();
  auto scopes = scopes_of(options);
  if (scopes.empty()) return std::nullopt;
  for (const auto& scope : scopes)
    if (std::ranges::find(key_scopes(), scope) == key_scopes().end()) {
      const auto close = text::nearest(scope, key_scopes());
      std::cerr << "error: there is no scope '" << scope << "'"
                << (close.empty() ? ": '--for operator' has all of them" : "; did you mean '" + close + "'?") << "\n";
      return std::nullopt;
    }
  return scopes;
}

// The only tenant there is, where none was named.
std::string tenant_meant(const KeyOptions& options, const Config& config, const store::Store& store) {
  const bool one = config.tenants.size() == 1 && store.reader().objects("tenant/").empty();
  return options.owner ? std::string() : options.tenant.empty() && one ? config.tenants.front().name : options.tenant;
}

int make_key(const KeyOptions& options) {
  return with_host_store(options.config_file, [&](const Config& config, store::Store& store, Clock& clock) {
    const auto tenant = tenant_meant(options, config, store);
    if (const auto code = refuse_key(options, config, store, tenant)) return *code;
    const auto scopes = checked_scopes(options);
    if (!scopes) return exit_usage;
    store::WallMs expires_at = 0;
    if (!options.expires.empty()) {
      const auto validity = parse_duration_ms(options.expires);
      if (!validity) {
        std::cerr << "error: '" << options.expires << "' is not a duration such as 90d\n";
        return exit_usage;
      }
      expires_at = clock.wall() + *validity;
    }
    const auto key = create_key(store, {.kind = options.fineract ? Key::Kind::fineract : Key::Kind::api,
                                        .id = {},
                                        .tenant = tenant,
                                        .name = options.name,
                                        .scopes = *scopes,
                                        .addresses = options.addresses,
                                        .hash = {},
                                        .created_at = clock.wall(),
                                        .expires_at = expires_at,
                                        .made_by = local_user()});
    note_on_host("key", key.id, "made");
    std::cout << key.bearer << "\n";
    std::cerr << "key " << key.id << " for " << (options.owner ? "all tenants" : "tenant " + tenant)
              << (options.fineract ? ", which its Fineract sends as tenant_app_key" : "")
              << "; it is shown this once only\n";
    return exit_done;
  });
}

std::string joined_by_comma(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

// As the daemon kept it, once a minute.
std::string last_used(const store::Store& store, const Key& key) {
  const auto kept = store.reader().object(use_of(object_of(key)));
  return kept ? text::time_text(std::strtoll(kept->value.c_str(), nullptr, 10)) : "never";
}

int list_keys(const KeyOptions& options) {
  return with_host_store(options.config_file, [](const Config&, store::Store& store, Clock&) {
    Table table({"ID", "TENANT", "NAME", "EXPIRES", "SCOPES", "MADE BY", "ADDRESSES", "LAST USED"},
                ::isatty(STDOUT_FILENO) != 0);
    for (const auto& key : kept_keys(store))
      table.add({key.id, key.tenant.empty() ? "(all)" : key.tenant, key.name,
                 key.expires_at ? text::time_text(key.expires_at) : "never",
                 key.kind == Key::Kind::fineract ? "(Fineract)" : joined_by_comma(key.scopes), key.made_by,
                 key.addresses.empty() ? "any" : joined_by_comma(key.addresses), last_used(store, key)});
    table.print(std::cout);
    return exit_done;
  });
}

int remove_listed_key(const KeyOptions& options) {
  return with_host_store(options.config_file, [&](const Config&, store::Store& store, Clock&) {
    const auto keys = kept_keys(store);
    const auto key = std::ranges::find(keys, options.id, &Key::id);
    if (key != keys.end() && remove_key(store, *key)) return note_on_host("key", options.id, "removed"), exit_done;
    std::cerr << "error: there is no key '" << options.id << "'; 'smsbridge keys list' shows them\n";
    return exit_not_found;
  });
}

}  // namespace

void add_keys(CLI::App& app, Run& run) {
  auto options = std::make_shared<KeyOptions>();
  auto* keys = app.add_subcommand("keys", "API keys: create, list, remove");
  keys->require_subcommand(1);
  keys->fallthrough();
  keys->add_option("-c,--config", options->config_file, "Configuration file")->capture_default_str();
  auto* make = keys->add_subcommand("create", "Make a bearer key and print it, once");
  make->add_option("--tenant", options->tenant, "Tenant; not needed when there is only one");
  make->add_flag("--owner", options->owner, "For all tenants, and for gateways and routes, which they share");
  make->add_option("--name", options->name, "Whose it is, for 'keys list'");
  make->add_option("--for", options->purpose, "fineract-addon, monitoring, integrator or operator: chooses the scopes");
  make->add_option("--scope", options->scopes, "Scopes, beside those of --for")->delimiter(',');
  make->add_flag("--fineract", options->fineract, "What the tenant's Fineract sends as tenant_app_key");
  make->add_option("--address", options->addresses, "Address or block that it may come from, as often as needed")
      ->allow_extra_args(false);
  make->add_option("--expires", options->expires, "Validity such as 90d; for ever when not given");
  make->callback([options, &run] { run = [options] { return make_key(*options); }; });
  keys->add_subcommand("list", "Each key: whose it is, what it may, from where, and when it was used last")
      ->callback([options, &run] { run = [options] { return list_keys(*options); }; });
  auto* gone = keys->add_subcommand("remove", "Make a key invalid at once");
  gone->add_option("id", options->id, "Id of the key, as listed")->required();
  gone->callback([options, &run] { run = [options] { return remove_listed_key(*options); }; });
}

}  // namespace smsbridge::bridge
