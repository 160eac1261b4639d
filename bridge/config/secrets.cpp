// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/secrets.hpp"

#include "bridge/config/gateway.hpp"
#include "bridge/config/keys.hpp"
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
    for (auto* more : {smpp_infos, provider_infos, webhook_infos})
      for (auto& key : more()) all.push_back(std::move(key));
    return all;
  }();
  return keys;
}

}  // namespace

boost::json::object addresses_of(const boost::json::object& settings) {
  boost::json::object addresses;
  for (const auto& key : keys_of_objects())
    if (const auto* value = settings.if_contains(key.name); value && key.decides_address)
      addresses["/" + key.name] = *value;
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

void for_each_secret(boost::json::object& settings,
                     const std::function<void(boost::json::value& secret, const std::string& place)>& body) {
  const auto visit = [&](boost::json::object& object, const std::string& base, std::string_view key) {
    if (auto* value = object.if_contains(key); value && !value->is_null()) body(*value, base + "/" + std::string(key));
  };
  for (const auto& key : keys_of_objects()) {
    const auto* value = settings.if_contains(key.name);
    if (key.type == KeyInfo::Type::secret || (value && key.url && holds_a_password(*value)))
      visit(settings, "", key.name);
  }
  const auto* kind = kind_of(settings);
  auto* account = settings.if_contains("account");
  if (!kind || !account || !account->is_object()) return;
  for (const auto& setting : kind->settings) {
    const auto* value = account->get_object().if_contains(setting.name);
    if (setting.secret || (value && holds_a_password(*value))) visit(account->get_object(), "/account", setting.name);
  }
}

}  // namespace smsbridge::bridge
