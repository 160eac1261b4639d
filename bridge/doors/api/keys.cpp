// SPDX-License-Identifier: MPL-2.0
// /api/v1/tenants/{name}/keys: what lets a tenant and its Fineract in, and when it was used.
#include "bridge/access/keys.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "bridge/config/units.hpp"
#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/env/log.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::size_t key_name_max = 100, key_addresses_max = 50;

std::string_view kind_word(Key::Kind kind) { return kind == Key::Kind::fineract ? "fineract" : "api"; }

json::object key_json(const Services& services, const Key& key, bool of_settings) {
  return {{"id", key.id},
          {"kind", kind_word(key.kind)},
          {"name", text_or_null(key.name)},
          {"scopes", texts(key.scopes)},
          {"addresses", texts(key.addresses)},
          {"created_at", time_or_null(key.created_at)},
          {"expires_at", time_or_null(key.expires_at)},
          {"last_used_at", time_or_null(services.tenants.uses().at(object_of(key)))},
          {"made_by", text_or_null(key.made_by)},
          {"of_settings", of_settings}};
}

// Those that stand in the tenant's settings, which nobody may read, are told by their fingerprints.
std::vector<Key> keys_of_settings(const TenantSettings& tenant) {
  std::vector<Key> keys;
  for (const auto& secret : tenant.fineract_app_keys)
    if (!secret.empty())
      keys.push_back({.kind = Key::Kind::fineract, .id = fingerprint_of(secret), .tenant = tenant.name});
  return keys;
}

struct Asker {
  Caller caller;
  const Tenant& tenant;
};

// Who may see and change the keys of the tenant in the path; otherwise the answer has been given.
std::optional<Asker> admit_to_keys(Services& services, const HttpRequest& request, const Respond& respond) {
  auto caller = admit(services, request, "keys:manage", respond);
  if (!caller) return std::nullopt;
  const auto& name = request.captures.front();
  const auto* tenant = services.tenants.find(name);
  if (tenant && (caller->of_all_tenants || caller->tenant->id == tenant->id))
    return Asker{.caller = std::move(*caller), .tenant = *tenant};
  respond(to_response(no_such("tenant", name)));
  return std::nullopt;
}

void list_keys(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto asker = admit_to_keys(services, request, respond);
  if (!asker) return;
  json::array items;
  for (const auto& key : keys_of_settings(asker->tenant.config)) items.push_back(key_json(services, key, true));
  for (const auto& key : kept_keys(services.store, asker->tenant.config.name))
    items.push_back(key_json(services, key, false));
  respond(page_of(request, std::move(items), {}));
}

std::vector<std::string> words_in(const json::value& value, const std::string& pointer,
                                  std::vector<FieldError>& errors) {
  std::vector<std::string> words;
  const auto* list = value.if_array();
  if (!list) return errors.push_back({pointer, "bad-type", "must be a list of texts"}), words;
  for (const auto& each : *list)
    if (each.is_string())
      words.emplace_back(each.get_string());
    else
      errors.push_back({pointer, "bad-type", "must be a list of texts"});
  return words;
}

void read_key_field(Key& key, std::string_view name, const json::value& value, store::WallMs now,
                    std::vector<FieldError>& errors) {
  const auto pointer = "/" + std::string(name);
  const auto* text = value.if_string();
  if (name == "scopes") {
    key.scopes = words_in(value, pointer, errors);
    for (const auto& scope : key.scopes)
      if (std::ranges::find(key_scopes(), scope) == key_scopes().end())
        errors.push_back({pointer, "bad-value", "there is no scope '" + scope + "'"});
  } else if (name == "addresses") {
    key.addresses = words_in(value, pointer, errors);
    if (key.addresses.size() > key_addresses_max) errors.push_back({pointer, "too-long", "at most 50 addresses"});
    for (const auto& address : key.addresses)
      if (!parse_network(address))
        errors.push_back({pointer, "bad-value", "'" + address + "' is not an address or a block such as 10.0.0.0/8"});
  } else if (name == "kind") {
    if (!text || (*text != "api" && *text != "fineract"))
      return errors.push_back({pointer, "bad-value", "kind is api or fineract"});
    key.kind = *text == "fineract" ? Key::Kind::fineract : Key::Kind::api;
  } else if (name == "name") {
    if (!text || text->size() > key_name_max)
      return errors.push_back({pointer, "bad-value", "name is a text of at most 100 octets"});
    key.name = std::string_view(*text);
  } else if (name == "expires") {
    const auto validity = text ? parse_duration_ms(std::string_view(*text)) : std::nullopt;
    if (!validity) return errors.push_back({pointer, "bad-value", "expires is a duration such as 90d"});
    key.expires_at = now + *validity;
  } else {
    errors.push_back({pointer, "unknown-field", "the fields are kind, name, scopes, addresses and expires"});
  }
}

// What a key for Fineract may without a scope: post messages, read texts and states, and make gateways for its tenant.
constexpr std::array scopes_of_fineract = {"messages:send", "messages:read", "content:read", "config:write"};

// Nobody makes a key that may more than his own, or for longer.
void check_rights(const Key& key, const Caller& caller, std::vector<FieldError>& errors) {
  if (key.kind == Key::Kind::fineract && !key.scopes.empty())
    errors.push_back({"/scopes", "bad-value", "a key for Fineract has none: it posts messages and reads their states"});
  if (key.kind == Key::Kind::api && key.scopes.empty())
    errors.push_back({"/scopes", "missing", "say what the key is for, such as [messages:send, messages:read]"});
  for (const auto& scope : key.scopes)
    if (!caller.may(scope))
      errors.push_back(
          {"/scopes", "bad-value", "your own key lacks the scope " + scope + ", so it gives it to nobody"});
  if (key.kind == Key::Kind::fineract)
    for (const auto* scope : scopes_of_fineract)
      if (!caller.may(scope))
        errors.push_back({"/kind", "bad-value",
                          std::string("a key for Fineract may what the scope ") + scope +
                              " allows, which your own key lacks, so it gives it to nobody"});
  if (caller.expires_at && (!key.expires_at || key.expires_at > caller.expires_at))
    errors.push_back({"/expires", "bad-value",
                      "your own key expires at " + text::time_text(caller.expires_at) +
                          ", and none that it makes is good for longer: give an 'expires' that ends before"});
}

void make_key(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto asker = admit_to_keys(services, request, respond);
  if (!asker) return;
  const auto body = read_json(request);
  if (!body) return respond(to_response(body.error()));
  const auto now = services.clock.wall();
  Key key{.tenant = asker->tenant.config.name, .created_at = now, .made_by = asker->caller.who};
  std::vector<FieldError> errors;
  if (!body->is_object()) errors.push_back({"", "bad-type", "send a JSON object"});
  if (const auto* fields = body->if_object())
    for (const auto& [name, value] : *fields) read_key_field(key, name, value, now, errors);
  check_rights(key, asker->caller, errors);
  if (!errors.empty()) return respond(to_response(invalid(std::move(errors))));
  try {
    const auto made = create_key(services.store, key);
    key.id = made.id;
    log::info("access", "a key was made", "key", made.id, "kind", kind_word(key.kind), "tenant", key.tenant, "by",
              asker->caller.who);
    auto shown = key_json(services, key, false);
    shown["key"] = made.bearer;
    respond({.status = http::status::created, .body = json::serialize(shown), .headers = {}});
  } catch (const std::exception& error) {
    respond(to_response({.code = ProblemCode::store_full, .detail = error.what(), .errors = {}}));
  }
}

void remove_key_of(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto asker = admit_to_keys(services, request, respond);
  if (!asker) return;
  const auto& id = request.captures.at(1);
  const auto& tenant = asker->tenant.config;
  if (const auto own = keys_of_settings(tenant); std::ranges::find(own, id, &Key::id) != own.end())
    return respond(to_response({.code = ProblemCode::state_conflict,
                                .detail = "the key stands in the tenant's settings (fineract_app_key): change these",
                                .errors = {}}));
  const auto kept = kept_keys(services.store, tenant.name);
  const auto key = std::ranges::find(kept, id, &Key::id);
  if (key == kept.end()) return respond(to_response(no_such("key", id)));
  try {
    const auto shown = key_json(services, *key, false);
    remove_key(services.store, *key);
    log::info("access", "a key was removed", "key", id, "tenant", tenant.name, "by", asker->caller.who);
    respond({.body = json::serialize(shown), .headers = {}});
  } catch (const std::exception& error) {
    respond(to_response({.code = ProblemCode::store_full, .detail = error.what(), .errors = {}}));
  }
}

}  // namespace

std::vector<Endpoint> key_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/tenants/{name}/keys";
  return {on_aside(services, get, base, list_keys), on_aside(services, post, base, make_key),
          on_aside(services, delete_, base + "/{id}", remove_key_of)};
}

}  // namespace smsbridge::bridge
