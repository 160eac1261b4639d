// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/schema.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "bridge/config/config.hpp"
#include "bridge/config/keys.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Type = KeyInfo::Type;

// YAML makes numbers and truths of what stands without quotes; the reader takes them as they are written.
const json::object scalar{{"type", {"string", "number", "boolean"}}};

json::object ref(const std::string& name) { return {{"$ref", "#/$defs/" + name}}; }
json::object pattern(const char* text) { return {{"type", "string"}, {"pattern", text}}; }
json::object one_or_several(json::object item) {
  return {{"anyOf", {item, json::object{{"type", "array"}, {"items", item}}}}};
}
json::array words(const std::vector<std::string>& list) { return json::array(list.begin(), list.end()); }

// 3.4 without quotes is a number to YAML.
json::array choices_of(const KeyInfo& key) {
  auto all = words(key.choices);
  for (const auto& word : key.choices) {
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc() && end == word.data() + word.size()) all.emplace_back(number);
  }
  return all;
}

json::object section_of(const std::vector<KeyInfo>& keys);

json::object type_of(const KeyInfo& key) {
  switch (key.type) {
    case Type::text:
      return scalar;
    case Type::file:
      return {{"type", "string"}};
    case Type::texts:
      return one_or_several(scalar);
    case Type::boolean:
      return {{"enum", {true, false, "yes", "no", "on", "off"}}};
    case Type::integer:
      return {{"type", "integer"}, {"minimum", key.low}, {"maximum", key.high}};
    case Type::rate:
      return {{"anyOf", {json::object{{"type", "number"}, {"exclusiveMinimum", 0}}, pattern("^[0-9.]+(/s)?$")}}};
    case Type::duration:
      return pattern("^([0-9]+(ms|d|h|m|s))+$");
    case Type::size:
      return {{"anyOf", {json::object{{"type", "integer"}, {"minimum", 0}}, pattern("^[0-9]+(B|KiB|MiB|GiB|TiB)?$")}}};
    case Type::money:
      return {{"anyOf", {json::object{{"type", "number"}, {"minimum", 0}}, pattern("^[0-9]+(\\.[0-9]{1,6})?$")}}};
    case Type::address:
      return pattern("^.+:[0-9]+$");
    case Type::choice:
      return {{"enum", choices_of(key)}};
    case Type::choices:
      return one_or_several({{"enum", words(key.choices)}});
    case Type::secret:
      return ref("secret");
    case Type::secrets:
      return one_or_several(ref("secret"));
    case Type::words:
      return {{"type", "object"}, {"additionalProperties", {{"enum", words(key.choices)}}}};
    case Type::tree:
      return {{"type", "object"}};
    case Type::section:
      return section_of(key.inside);
    case Type::list:
      return {{"type", "array"}, {"items", section_of(key.inside)}};
  }
  return {};
}

json::object property_of(const KeyInfo& key) {
  auto schema = type_of(key);
  if (!key.help.empty()) schema["description"] = key.help + ".";
  if (!key.usual.is_null()) schema["default"] = key.usual;
  if (key.type == Type::secret || key.type == Type::secrets) schema["writeOnly"] = true;
  if (key.live) schema["x-live"] = true;
  return schema;
}

void require(json::object& schema, const std::vector<KeyInfo>& keys) {
  json::array names;
  for (const auto& key : keys)
    if (key.required || key.of_file) names.emplace_back(key.name);
  if (!names.empty()) schema["required"] = std::move(names);
}

json::object section_of(const std::vector<KeyInfo>& keys) {
  json::object properties;
  for (const auto& key : keys) properties[key.name] = property_of(key);
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  require(schema, keys);
  return schema;
}

json::object account_of(const http_gateways::Kind& kind) {
  json::object properties;
  json::array required;
  for (const auto& setting : kind.settings) {
    json::object property = setting.secret ? ref("secret") : json::object();
    if (setting.secret) property["writeOnly"] = true;
    if (!setting.help.empty()) property["description"] = setting.help;
    properties[setting.name] = std::move(property);
    if (setting.required) required.emplace_back(setting.name);
  }
  json::object schema{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

// A key that belongs to another kind is an error.
json::object none_of(const std::vector<KeyInfo>& keys) {
  json::object properties;
  for (const auto& key : keys) properties[key.name] = false;
  return properties;
}

// All keys that any kind has, so that an editor can offer them; the kind says which of them there are.
json::object gateway_schema() {
  auto all = gateway_infos();
  const auto smpp = smpp_infos(), provider = provider_infos();
  for (const auto* more : {&smpp, &provider})
    for (auto key : *more) {
      key.required = key.of_file = false;
      all.push_back(std::move(key));
    }
  auto schema = section_of(all);
  json::array names{"smpp"};
  for (const auto& kind : http_gateways::kinds()) names.emplace_back(kind.name);
  schema["properties"].as_object()["kind"].as_object()["enum"] = names;
  schema["properties"].as_object()["kind"].as_object().erase("type");
  const auto is = [](std::string_view name) { return json::object{{"properties", {{"kind", {{"const", name}}}}}}; };
  // Without a kind it goes by SMPP.
  json::object by_smpp{{"properties", none_of(provider)}};
  require(by_smpp, smpp);
  json::array rules;
  rules.push_back(
      json::object{{"if", is("smpp")}, {"then", std::move(by_smpp)}, {"else", {{"properties", none_of(smpp)}}}});
  for (const auto& kind : http_gateways::kinds()) {
    auto only = is(kind.name);
    only["required"] = json::array{"kind"};
    rules.push_back(json::object{{"if", std::move(only)}, {"then", {{"properties", {{"account", account_of(kind)}}}}}});
  }
  schema["allOf"] = std::move(rules);
  return schema;
}

}  // namespace

json::object config_schema() {
  auto schema = section_of(config_infos());
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Configuration of smsbridge";
  schema["required"] = json::array{"tenants"};
  schema["properties"].as_object()["gateways"].as_object()["items"] = ref("gateway");
  json::array places;
  for (const auto* kind : {"file", "env", "credential"})
    places.push_back({{"type", "object"},
                      {"properties", {{kind, {{"type", "string"}}}}},
                      {"required", json::array{kind}},
                      {"additionalProperties", false}});
  places.push_back({{"type", {"string", "number", "boolean"}}, {"deprecated", true}});
  schema["$defs"] = json::object{
      {"gateway", gateway_schema()},
      {"secret",
       {{"description", "Where the secret stands: a file, a variable of the environment, or a credential of systemd."},
        {"anyOf", std::move(places)}}}};
  return schema;
}

}  // namespace smsbridge::bridge
