// SPDX-License-Identifier: MPL-2.0
#include "bridge/access/tenants.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>
#include <chrono>

#include "bridge/text/time.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::string_view bearer_prefix = "sbk_";

std::string hex(const unsigned char* data, std::size_t size) {
  std::string text(2 * size + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), data, size);
  text.pop_back();
  return text;
}

// The secret has 256 random bits, so a fast hash is enough.
std::string hashed(std::string_view secret) {
  std::array<unsigned char, crypto_generichash_BYTES> hash;
  ::crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(secret.data()), secret.size(),
                       nullptr, 0);
  return hex(hash.data(), hash.size());
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

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

std::string random_hex(std::size_t octets) {
  std::vector<unsigned char> raw(octets);
  ::randombytes_buf(raw.data(), raw.size());
  return hex(raw.data(), raw.size());
}

bool Caller::may(std::string_view scope) const {
  return everything || std::ranges::find(scopes, scope) != scopes.end();
}

Tenants::Tenants(const std::vector<TenantSettingsPtr>& tenants, store::Store& store, metrics::Metrics& metrics,
                 const Clock& clock)
    : store_(store), metrics_(metrics), clock_(clock) {
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
                    .emplace_back(config, Tenant{.id = store_.tenant(config->name),
                                                 .config = *config,
                                                 .metrics = metrics_.tenant(config->name)})
                    .second;
    table->by_id[tenant->id] = by_name->emplace(config->name, tenant).first->second;
  }
  table->by_name = std::move(by_name);
  return table;
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
  for (const auto& key : tenant->config.fineract_app_keys)
    if (!key.empty() && equal(key, given)) return tenant;
  return refused("wrong key in Fineract-Tenant-App-Key");
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
  if (bearer.empty())
    return unauthenticated(
        "send the header 'Authorization: Bearer sbk_...'; a key is made on the host by 'smsbridge keys create'");
  const auto separator = bearer.find('_', bearer_prefix.size());
  if (!bearer.starts_with(bearer_prefix) || separator == std::string::npos)
    return unauthenticated("this is not a key of this bridge");
  const auto id = bearer.substr(bearer_prefix.size(), separator - bearer_prefix.size());
  const auto secret = std::string_view(bearer).substr(separator + 1);
  const auto kept = store_.reader().object("key/" + id);
  if (!kept) return unauthenticated("the key is not known, or was removed");
  const std::lock_guard lock(shown_keys_mutex_);
  auto shown = shown_keys_.find(id);
  if (shown == shown_keys_.end() || shown->second.record != kept->value || !equal(shown->second.secret, secret)) {
    auto checked = check_key(kept->value, secret);
    if (!checked) return tl::unexpected(checked.error());
    shown = shown_keys_.insert_or_assign(id, std::move(*checked)).first;
  }
  const auto expires_at = shown->second.expires_at;
  if (expires_at && expires_at <= clock_.wall())
    return unauthenticated("the key expired at " + text::time_text(expires_at));
  auto caller = shown->second.caller;
  if (caller.of_all_tenants) return for_tenant(std::move(caller), request);
  caller.tenant = find(std::string_view(shown->second.tenant));
  if (!caller.tenant) return unauthenticated("the key's tenant is no longer configured");
  if (!caller.tenant->config.enabled) return tl::unexpected(suspended(caller.tenant->config));
  return caller;
}

tl::expected<Tenants::ShownKey, Problem> Tenants::check_key(const std::string& record, std::string_view secret) const
    try {
  const auto key = boost::json::parse(record).as_object();
  if (!equal(hashed(secret), key.at("hash").as_string()))
    return unauthenticated("the key is not known, or was removed");
  ShownKey shown{.record = record,
                 .secret = std::string(secret),
                 .caller = {},
                 .tenant = std::string(key.at("tenant").as_string()),
                 .expires_at = key.at("expires_at").as_int64()};
  for (const auto& scope : key.at("scopes").as_array()) shown.caller.scopes.emplace_back(scope.as_string());
  shown.caller.of_all_tenants = shown.tenant.empty();
  shown.caller.who = "key " + std::string(key.at("id").as_string());
  if (const auto& name = key.at("name").as_string(); !name.empty()) shown.caller.who += " (" + std::string(name) + ")";
  return shown;
} catch (const std::exception&) {
  return unauthenticated("the key's record in the store is damaged: make a new key");
}

const std::vector<std::string>& key_scopes() {
  static const std::vector<std::string> scopes = {"messages:send", "messages:read", "messages:manage",
                                                  "content:read",  "config:read",   "config:write",
                                                  "keys:manage",   "system:read",   "system:manage"};
  return scopes;
}

std::vector<std::string> keys_of_tenant(const store::Store& store, std::string_view tenant) {
  std::vector<std::string> keys;
  for (const auto& record : store.reader().objects("key/")) {
    boost::json::error_code unreadable;
    const auto key = boost::json::parse(record.value, unreadable);
    const auto* of = unreadable || !key.is_object() ? nullptr : key.get_object().if_contains("tenant");
    if (of && of->is_string() && std::string_view(of->get_string()) == tenant) keys.push_back(record.key);
  }
  return keys;
}

NewKey create_key(store::Store& store, const std::string& tenant, const std::string& name,
                  const std::vector<std::string>& scopes, store::WallMs now, store::WallMs expires_at,
                  const std::string& made_by) {
  const auto id = random_hex(4), secret = random_hex(32);
  boost::json::array list;
  for (const auto& scope : scopes) list.emplace_back(scope);
  store::Batch batch;
  batch.objects.push_back({.key = "key/" + id,
                           .value = boost::json::serialize(boost::json::object{{"id", id},
                                                                               {"tenant", tenant},
                                                                               {"name", name},
                                                                               {"scopes", list},
                                                                               {"hash", hashed(secret)},
                                                                               {"created_at", now},
                                                                               {"expires_at", expires_at},
                                                                               {"made_by", made_by}}),
                           .expected = {}});
  store.commit_and_wait(std::move(batch));
  return {.id = id, .bearer = std::string(bearer_prefix) + id + "_" + secret};
}

}  // namespace smsbridge::bridge
