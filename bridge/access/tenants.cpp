// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/tenants.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>
#include <chrono>

#include "bridge/env/log.hpp"
#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::string_view bearer_prefix = "sbk_";

std::string bearer_of(const HttpRequest& request) {
  const auto header = request.header(http::field::authorization);
  // The scheme may be written in any case, with any number of blanks behind it (RFC 9110 section 11.1).
  const auto scheme = header.substr(0, header.find(' '));
  auto encoded = header.substr(scheme.size());
  encoded.remove_prefix(std::min(encoded.find_first_not_of(' '), encoded.size()));
  if (boost::beast::iequals(scheme, "Bearer")) return std::string(encoded);
  if (!boost::beast::iequals(scheme, "Basic")) return {};
  std::string decoded(header.size(), '\0');
  std::size_t size = 0;
  if (::sodium_base642bin(reinterpret_cast<unsigned char*>(decoded.data()), decoded.size(), encoded.data(),
                          encoded.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
    return {};
  decoded.resize(size);
  const auto colon = decoded.find(':');
  return colon == std::string::npos ? std::string() : decoded.substr(colon + 1);
}

tl::unexpected<Problem> unauthenticated(std::string detail) {
  return tl::unexpected(Problem{.code = ProblemCode::unauthenticated, .detail = std::move(detail), .errors = {}});
}

Problem suspended(const TenantSettings& tenant) {
  return {.code = ProblemCode::forbidden, .detail = why_suspended(tenant), .errors = {}};
}

// Only the daemon's user and root reach the control socket; the command line tells on whose behalf.
std::string local_user(const HttpRequest& request) {
  const auto name = text::repaired_utf8(std::string(request.header("Smsbridge-User").substr(0, 64)));
  return (name.empty() ? "somebody" : name) + " on this host";
}

}  // namespace

std::string why_suspended(const TenantSettings& tenant) {
  return "the tenant '" + tenant.name +
         "' is suspended (enabled: false) and sends nothing: ask whoever runs the bridge";
}

bool Caller::may(std::string_view scope) const {
  return everything || std::ranges::find(scopes, scope) != scopes.end();
}

Tenants::Tenants(const std::vector<TenantSettingsPtr>& tenants, store::Store& store, metrics::Metrics& metrics,
                 const Clock& clock)
    : store_(store), metrics_(metrics), clock_(clock), uses_(store) {
  table_ = prepare(tenants);
}

std::shared_ptr<const Tenants::Table> Tenants::prepare(const std::vector<TenantSettingsPtr>& tenants) {
  const auto before = table_.load();
  auto by_name = std::make_shared<ByName>();
  auto table = std::make_shared<Table>();
  if (before) table->by_id = before->by_id;
  for (const auto& config : tenants) {
    const auto known = before ? before->by_name->find(config->name) : ByName::const_iterator();
    const Tenant* tenant = before && known != before->by_name->end() ? known->second : nullptr;
    if (!tenant || tenant->config != *config)
      tenant = &ever_
                    .emplace_back(config, Tenant{.id = tenant ? tenant->id : store_.tenant(config->name),
                                                 .config = *config,
                                                 .metrics = metrics_.tenant(config->name)})
                    .second;
    table->by_id[tenant->id] = by_name->emplace(config->name, tenant).first->second;
  }
  table->by_name = std::move(by_name);
  return table;
}

// Their records went with the tenant; what is known here alone would be written again.
void Tenants::take_over(const std::shared_ptr<const Table>& table) {
  const auto before = table_.exchange(table);
  for (const auto& [name, tenant] : *before->by_name)
    if (!table->by_name->contains(name)) uses_.forget(fineract_key_object(name, {}));
}

// Those beyond the labels share a gauge, which has the sum.
void Tenants::show_limits() const {
  std::map<metrics::Gauge*, std::int64_t> limits;
  for (const auto& [name, tenant] : *all())
    limits[tenant->metrics.queue_limit] += tenant->config.limits.queue.value_or(0);
  for (const auto& [gauge, limit] : limits) gauge->Set(static_cast<double>(limit));
}

std::map<store::TenantId, std::string> Tenants::names() const {
  std::map<store::TenantId, std::string> names;
  for (const auto& [id, tenant] : table_.load()->by_id) names[id] = tenant->config.name;
  return names;
}

const Tenant* Tenants::find(std::string_view name) const {
  const auto tenants = all();
  const auto it = tenants->find(name);
  return it == tenants->end() ? nullptr : it->second;
}

const Tenant* Tenants::find(store::TenantId id) const {
  const auto table = table_.load();
  const auto it = table->by_id.find(id);
  return it == table->by_id.end() ? nullptr : it->second;
}

tl::expected<const Tenant*, std::string_view> Tenants::by_fineract_headers(const HttpRequest& request) const {
  const auto refused = [](std::string_view why) { return tl::make_unexpected(why); };
  const auto name = request.header("Fineract-Platform-TenantId");
  const auto given = request.header("Fineract-Tenant-App-Key");
  const auto* tenant = find(name);
  if (!tenant) return refused(name.empty() ? "no header Fineract-Platform-TenantId" : "unknown tenant");
  if (given.empty()) {
    if (tenant->config.fineract_allow_empty_key) return tenant;
    return refused("no key in Fineract-Tenant-App-Key");
  }
  const auto object = fineract_key_object(name, fingerprint_of(given));
  const auto good = [&](bool of_settings) {
    uses_.note(object, clock_.wall(), of_settings);
    return tenant;
  };
  for (const auto& key : tenant->config.fineract_app_keys)
    if (!key.empty() && equal_secrets(key, given)) return good(true);
  const auto record = store_.reader().object(object);
  const auto key = record ? read_key(*record) : std::nullopt;
  if (!key || !equal_secrets(key->hash, hash_of(given))) return refused("wrong key in Fineract-Tenant-App-Key");
  if (key->expires_at && key->expires_at <= clock_.wall()) return refused("the key in Fineract-Tenant-App-Key expired");
  if (!comes_from(networks_of(key->addresses), request, key->id))
    return refused("the key in Fineract-Tenant-App-Key is not for this address");
  return good(false);
}

// Who is good for all tenants names the one he means.
tl::expected<Caller, Problem> Tenants::for_tenant(Caller caller, const HttpRequest& request) const {
  const auto name = request.header("Smsbridge-Tenant");
  const auto tenants = all();
  if (!name.empty()) {
    caller.tenant = find(name);
    if (!caller.tenant) return unauthenticated("there is no tenant '" + text::repaired_utf8(std::string(name)) + "'");
  } else if (tenants->size() == 1) {
    caller.tenant = tenants->begin()->second;
  }
  return caller;
}

tl::expected<Caller, Problem> Tenants::by_key(const HttpRequest& request) const {
  if (request.peer.local)
    return for_tenant(
        {.tenant = nullptr, .scopes = {}, .everything = true, .of_all_tenants = true, .who = local_user(request)},
        request);
  const auto bearer = bearer_of(request);
  if (bearer.empty()) {
    if (auto signed_in = sessions_.of(request)) {
      if (!*signed_in) return tl::unexpected(std::move(signed_in->error()));
      return of_person(std::move((*signed_in)->person), (*signed_in)->ends_at, request);
    }
    return unauthenticated(
        "send the header 'Authorization: Bearer sbk_...'; a key is made on the host by 'smsbridge keys create'");
  }
  const auto separator = bearer.find('_', bearer_prefix.size());
  if (!bearer.starts_with(bearer_prefix) || separator == std::string::npos)
    return unauthenticated("this is not a key of this bridge");
  const auto id = bearer.substr(bearer_prefix.size(), separator - bearer_prefix.size());
  const auto secret = std::string_view(bearer).substr(separator + 1);
  const auto kept = store_.reader().object("key/" + id);
  if (!kept) return unauthenticated("the key is not known, or was removed");
  const std::lock_guard lock(shown_keys_mutex_);
  auto shown = shown_keys_.find(id);
  if (shown == shown_keys_.end() || shown->second.record != kept->value ||
      !equal_secrets(shown->second.secret, secret)) {
    auto checked = check_key(*kept, secret);
    if (!checked) return tl::unexpected(checked.error());
    shown = shown_keys_.insert_or_assign(id, std::move(*checked)).first;
  }
  const auto expires_at = shown->second.caller.expires_at;
  if (expires_at && expires_at <= clock_.wall())
    return unauthenticated("the key expired at " + text::time_text(expires_at));
  if (!comes_from(shown->second.networks, request, id))
    return tl::unexpected(Problem{
        .code = ProblemCode::forbidden, .detail = "the key is not for the address you come from", .errors = {}});
  uses_.note(kept->key, clock_.wall());
  auto caller = shown->second.caller;
  if (caller.of_all_tenants) return for_tenant(std::move(caller), request);
  return of_one_tenant(std::move(caller), shown->second.tenant);
}

tl::expected<Caller, Problem> Tenants::of_one_tenant(Caller caller, const std::string& tenant) const {
  caller.tenant = find(std::string_view(tenant));
  if (!caller.tenant) return unauthenticated("the tenant that this is for is no longer configured");
  if (!caller.tenant->config.enabled) return tl::unexpected(suspended(caller.tenant->config));
  return caller;
}

tl::expected<Caller, Problem> Tenants::of_person(ConsolePerson person, store::WallMs ends_at,
                                                 const HttpRequest& request) const {
  const auto tenant = person.tenant;
  Caller caller{.scopes = scopes_of(person),
                .of_all_tenants = tenant.empty(),
                .who = person.name,
                .expires_at = ends_at,
                .person = std::move(person)};
  return tenant.empty() ? for_tenant(std::move(caller), request) : of_one_tenant(std::move(caller), tenant);
}

tl::expected<Tenants::ShownKey, Problem> Tenants::check_key(const store::Object& record,
                                                            std::string_view secret) const {
  const auto key = read_key(record);
  if (!key) return unauthenticated("the key's record in the store is damaged: make a new key");
  if (!equal_secrets(hash_of(secret), key->hash)) return unauthenticated("the key is not known, or was removed");
  ShownKey shown{.record = record.value,
                 .secret = std::string(secret),
                 .networks = networks_of(key->addresses),
                 .caller = {},
                 .tenant = key->tenant};
  shown.caller.expires_at = key->expires_at;
  shown.caller.scopes = key->scopes;
  shown.caller.of_all_tenants = shown.tenant.empty();
  shown.caller.who = "key " + key->id + (key->name.empty() ? "" : " (" + key->name + ")");
  return shown;
}

// One that is good, and comes from elsewhere, may be stolen.
bool Tenants::comes_from(const std::vector<Network>& networks, const HttpRequest& request,
                         const std::string& key) const {
  if (networks.empty()) return true;  // most keys are for any
  const auto address = request.peer.address.to_string();
  if (is_within(networks, address)) return true;
  if (const auto count = strangers_.due(key, clock_.now()))
    log::warn("access", "a key was used from an address that it is not for: was it stolen?", "key", key, "address",
              address, "times", count);
  return false;
}

}  // namespace smsbridge::bridge
