// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/secrets.hpp"

#include "bridge/config/gateway.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/tenant.hpp"
#include "bridge/config/webhook.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {
namespace {

// http://user:password@host, or a secret that was taken out already.
bool holds_a_password(const boost::json::value& value) {
  if (value.is_object()) return value.get_object().contains("sealed");
  if (!value.is_string()) return false;
  const std::string_view text = value.get_string();
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto at = text.find('@', scheme + 3);
  return at != std::string_view::npos && at < text.find('/', scheme + 3);
}

const http_gateways::Kind* kind_of(const boost::json::object& settings) {
  const auto* name = settings.if_contains("kind");
  return name && name->is_string() ? http_gateways::find_kind(std::string_view(name->get_string())) : nullptr;
}

// Of every kind: what does not belong to this one is refused later, and is kept from the eye all the same.
const std::vector<KeyInfo>& keys_of_objects() {
  static const auto keys = [] {
    auto all = gateway_infos();
    for (auto* more : {smpp_infos, provider_infos, webhook_infos, tenant_infos})
      for (auto& key : more()) all.push_back(std::move(key));
    return all;
  }();
  return keys;
}

// Also in the sections of an object, such as a tenant's `fineract`.
void add_addresses(const std::vector<KeyInfo>& keys, const boost::json::object& settings, const std::string& base,
                   boost::json::object& addresses) {
  for (const auto& key : keys) {
    const auto* value = settings.if_contains(key.name);
    if (!value) continue;
    if (key.decides_address)
      addresses[base + "/" + key.name] = *value;
    else if (key.type == KeyInfo::Type::section && value->is_object())
      add_addresses(key.inside, value->get_object(), base + "/" + key.name, addresses);
  }
}

using VisitSecret = std::function<void(boost::json::value& secret, const std::string& place)>;

// A list of secrets is one secret: it is given, kept and hidden as a whole.
void visit_secrets(const std::vector<KeyInfo>& keys, boost::json::object& settings, const std::string& base,
                   const VisitSecret& body) {
  for (const auto& key : keys) {
    auto* value = settings.if_contains(key.name);
    if (!value || value->is_null()) continue;
    const auto place = base + "/" + key.name;
    const bool is_secret = key.type == KeyInfo::Type::secret || key.type == KeyInfo::Type::secrets;
    if (is_secret || (key.url && holds_a_password(*value)))
      body(*value, place);
    else if (key.type == KeyInfo::Type::section && value->is_object())
      visit_secrets(key.inside, value->get_object(), place, body);
  }
}

}  // namespace

boost::json::object addresses_of(const boost::json::object& settings) {
  boost::json::object addresses;
  add_addresses(keys_of_objects(), settings, {}, addresses);
  const auto* kind = kind_of(settings);
  const auto* account = settings.if_contains("account");
  if (!kind || !account || !account->is_object()) return addresses;
  for (const auto& setting : kind->settings)
    if (const auto* value = account->get_object().if_contains(setting.name); value && setting.address)
      addresses["/account/" + std::string(setting.name)] = *value;
  return addresses;
}

boost::json::value hidden_secret() { return {{"sealed", true}}; }
bool is_hidden_secret(const boost::json::value& value) { return value == hidden_secret(); }

void for_each_secret(boost::json::object& settings, const VisitSecret& body) {
  visit_secrets(keys_of_objects(), settings, {}, body);
  const auto* kind = kind_of(settings);
  auto* account = settings.if_contains("account");
  if (!kind || !account || !account->is_object()) return;
  for (const auto& setting : kind->settings) {
    auto* value = account->get_object().if_contains(setting.name);
    if (value && !value->is_null() && (setting.secret || holds_a_password(*value)))
      body(*value, "/account/" + std::string(setting.name));
  }
}

}  // namespace smsbridge::bridge
