// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <istream>
#include <iterator>

#include "bridge/text/utf8.hpp"

namespace smsbridge::bridge {

YamlFile read_yaml(std::istream& in) {
  const std::string content{std::istreambuf_iterator<char>(in), {}};
  std::string_view rest = content;
  // What begins with the byte order mark of UTF-16 the library reads.
  if (rest.starts_with("\xFE\xFF") || rest.starts_with("\xFF\xFE")) rest = {};
  for (YAML::Mark mark; !rest.empty();) {
    const auto character = text::take_code_point(rest);
    if (character == text::invalid_code_point) throw YAML::Exception(mark, "not UTF-8: save it as UTF-8");
    mark.line += character == '\n' ? 1 : 0;
    mark.column = character == '\n' ? 0 : mark.column + 1;
  }
  const auto documents = YAML::LoadAll(content);
  const auto more = std::find_if(documents.begin() + (documents.empty() ? 0 : 1), documents.end(),
                                 [](const YAML::Node& node) { return !node.IsNull(); });
  return {.tree = documents.empty() ? YAML::Node() : documents.front(),
          .more = more == documents.end() ? std::nullopt : std::optional(more->Mark())};
}

YAML::Node to_yaml(const boost::json::value& value) {
  if (const auto* object = value.if_object()) {
    YAML::Node map(YAML::NodeType::Map);
    // Not by map[key], which would take the second of two equal keys for the first.
    for (const auto& [key, member] : *object) map.force_insert(std::string(key), to_yaml(member));
    return map;
  }
  if (const auto* array = value.if_array()) {
    YAML::Node list(YAML::NodeType::Sequence);
    for (const auto& item : *array) list.push_back(to_yaml(item));
    return list;
  }
  if (const auto* text = value.if_string()) {
    YAML::Node scalar(std::string(text->begin(), text->end()));
    scalar.SetTag("!");  // as if it stood in quotes
    return scalar;
  }
  if (value.is_null()) return YAML::Node(YAML::NodeType::Null);
  // Boost.JSON writes 3.4 as 3.4E0.
  if (const auto* number = value.if_double()) {
    auto written = fmt::format("{}", *number);
    if (written.find_first_of(".en") == std::string::npos) written += ".0";
    return YAML::Node(written);
  }
  return YAML::Node(boost::json::serialize(value));
}

boost::json::value to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    boost::json::object object;
    for (const auto& entry : node) object[entry.first.Scalar()] = to_json(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    boost::json::array array;
    for (const auto& item : node) array.push_back(to_json(item));
    return array;
  }
  if (!node.IsScalar()) return nullptr;
  const auto& text = node.Scalar();
  // What stands in quotes is text; the rest may be a number or a truth.
  if (node.Tag() == "!") return boost::json::value(text);
  if (text == "true") return true;
  if (text == "false") return false;
  if (text == "null" || text == "~") return nullptr;
  std::int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec == std::errc() && end == text.data() + text.size() && std::to_string(number) == text) return number;
  return boost::json::value(text);
}

}  // namespace smsbridge::bridge
