// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/secrets.hpp"

#include <boost/json.hpp>
#include <set>

#include "bridge/config/secrets.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

void merge(json::value& target, const json::value& patch) {
  const auto* changes = patch.if_object();
  if (!changes) {
    target = patch;
    return;
  }
  if (!target.is_object()) target.emplace_object();
  auto& object = target.get_object();
  for (const auto& [key, value] : *changes)
    if (value.is_null())
      object.erase(key);
    else
      merge(object[key], value);
}

// What is a secret depends on the kind, which a patch need not name.
std::map<std::string, json::value> secrets_given(json::object patch, const json::object& settings) {
  if (const auto* kind = settings.if_contains("kind")) patch.emplace("kind", *kind);
  return secrets_of(std::move(patch));
}

}  // namespace

void merge_patch(json::object& settings, const json::object& patch) {
  const auto given = secrets_given(patch, settings);
  for_each_secret(settings, [&](json::value& secret, const std::string& place) {
    if (const auto it = given.find(place); it != given.end() && it->second.is_object()) secret = nullptr;
  });
  json::value whole = std::move(settings);
  merge(whole, patch);
  settings = std::move(whole.get_object());
}

std::map<std::string, json::value> secrets_of(json::object settings) {
  std::map<std::string, json::value> secrets;
  for_each_secret(settings, [&](json::value& secret, const std::string& place) { secrets[place] = secret; });
  return secrets;
}

std::vector<std::string> secrets_sent_elsewhere(const json::object& before, const json::object& after,
                                                const json::object& given) {
  if (addresses_of(before) == addresses_of(after)) return {};
  const auto known = secrets_of(before), told = secrets_given(given, before);
  std::vector<std::string> places;
  for (const auto& [place, secret] : secrets_of(after)) {
    const auto it = told.find(place);
    const bool is_told = it != told.end() && !is_hidden_secret(it->second);
    // The one is in our own address, the next goes to the proxy that it names, and the others sign, or are what
    // Fineract shows us, and go nowhere.
    static const std::set<std::string> stays = {"/callback_secret", "/proxy", "/secret", "/old_secret",
                                                "/fineract_app_key"};
    if (!stays.contains(place) && known.contains(place) && !is_told) places.push_back(place);
  }
  return places;
}

}  // namespace smsbridge::bridge
