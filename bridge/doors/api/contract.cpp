// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/contract.hpp"

#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <charconv>

#include "bridge/config/embedded.hpp"

SMSBRIDGE_EMBED(smsbridge_openapi, SMSBRIDGE_OPENAPI_FILE)

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Plain scalars have YAML's core types, quoted ones are strings.
json::value scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t whole = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return whole;
  double number = 0;
  parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
  return json::value(text);
}

json::value converted(const YAML::Node& node) {
  if (node.IsMap()) {
    json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = converted(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(converted(item));
    return array;
  }
  return node.IsScalar() ? scalar(node) : json::value(nullptr);
}

}  // namespace

std::string_view contract_yaml() {
  return {smsbridge_openapi_begin, static_cast<std::size_t>(smsbridge_openapi_end - smsbridge_openapi_begin)};
}

const std::string& contract_json() {
  static const std::string text = json::serialize(converted(YAML::Load(std::string(contract_yaml()))));
  return text;
}

}  // namespace smsbridge::bridge
