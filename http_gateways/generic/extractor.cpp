// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/extractor.hpp"

#include <boost/json/serialize.hpp>
#include <map>

#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {

std::string json_pointer(const Node& node) {
  auto pointer = node.text();
  bool good = pointer.empty() || pointer.starts_with('/');
  for (std::size_t i = 0; i < pointer.size(); ++i)
    if (pointer[i] == '~') good = good && i + 1 < pointer.size() && (pointer[i + 1] == '0' || pointer[i + 1] == '1');
  if (!good) node.fail("not a JSON pointer, as in \"/id\"");
  return pointer;
}

ListExtractor::ListExtractor(const Node& node) {
  node.allow({"json", "regex"});
  const auto members = node.members();
  if (members.size() != 1) node.fail("one of json or regex is needed");
  const auto& [word, argument] = members.front();
  if (word == "json") {
    pointer_ = json_pointer(argument);
  } else {
    pattern_.emplace(argument);
    if (!pattern_->has_group()) argument.fail("a group in ( ) must say what to take");
  }
}

std::vector<ListElement> ListExtractor::elements_of(const Message& callback) const {
  std::vector<ListElement> all;
  if (pattern_) {
    for (auto& piece : pattern_->groups_of(callback.body)) all.push_back({.body = std::move(piece)});
    return all;
  }
  const auto* value = callback.json ? at(*callback.json, pointer_) : nullptr;
  const auto* list = value ? value->if_array() : nullptr;
  if (!list) return all;
  std::size_t octets = 0;
  for (const auto& each : *list) {
    if (all.size() == list_elements_max) break;
    ListElement element{.json = &each};
    // For regular expressions, which are not for long lists of JSON.
    if (octets < list_octets_max) octets += (element.body = boost::json::serialize(each)).size();
    if (const auto* object = each.if_object())
      for (const auto& [name, member] : *object) element.fields.emplace_back(name, text_of(&member));
    all.push_back(std::move(element));
  }
  return all;
}

Extractor::Extractor(const Node& node, Of of) {
  static const std::map<std::string_view, Source> sources = {{"json", Source::json},     {"regex", Source::regex},
                                                             {"header", Source::header}, {"param", Source::param},
                                                             {"query", Source::query},   {"const", Source::constant}};
  node.allow({"json", "regex", "header", "param", "query", "const"});
  const auto members = node.members();
  if (members.size() != 1) node.fail("one of json, regex, header, param, query or const is needed");
  const auto& [word, argument] = members.front();
  source_ = sources.at(word);
  if (of == Of::reply && (source_ == Source::param || source_ == Source::query))
    argument.fail("a reply has no parameters");
  if (source_ == Source::json) {
    name_ = json_pointer(argument);
  } else if (source_ == Source::regex) {
    pattern_.emplace(argument);
    if (!pattern_->has_group()) argument.fail("a group in ( ) must say what to take");
  } else if (source_ == Source::constant) {
    name_ = argument.text();
  } else {
    name_ = argument.non_empty_text();
  }
}

std::optional<std::string> Extractor::find(const Message& message) const {
  switch (source_) {
    case Source::json: {
      const auto* value = message.json ? at(*message.json, name_) : nullptr;
      if (!value || value->is_object() || value->is_array()) return std::nullopt;
      return text_of(value);
    }
    case Source::regex:
      return pattern_->group_of(message.body);
    case Source::header: {
      const auto value = find_header(message.headers, name_);
      return value.empty() ? std::nullopt : std::optional(std::string(value));
    }
    case Source::param:
      if (message.element)
        if (auto value = find_field(*message.element, name_)) return value;
      return message.fields ? find_field(*message.fields, name_) : std::nullopt;
    case Source::query:
      return message.query ? find_field(*message.query, name_) : std::nullopt;
    case Source::constant:
      return name_;
  }
  return std::nullopt;
}

}  // namespace smsbridge::http_gateways
