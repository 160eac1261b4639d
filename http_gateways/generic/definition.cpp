// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/generic/definition.hpp"

#include <algorithm>
#include <boost/json/object.hpp>

#include "http_gateways/json.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::size_t places_max = 100, steps_max = 2000;
constexpr std::size_t path_octets_max = 250;  // every value below has it in its own path

// Whole characters: it is told, in an answer too.
std::string beginning(std::string_view text, std::size_t octets_max) {
  if (text.size() > octets_max)
    while (octets_max > 0 && (static_cast<unsigned char>(text[octets_max]) & 0xC0) == 0x80) --octets_max;
  return std::string(text.substr(0, octets_max));
}

}  // namespace

void Node::fail(const std::string& what) const { throw BadSettings(path_.empty() ? what : path_ + ": " + what); }

void Node::allow(std::initializer_list<std::string_view> names) const {
  for (const auto& [name, member] : members())
    if (std::ranges::find(names, std::string_view(name)) == names.end()) {
      std::string all;
      for (const auto& each : names) all += (all.empty() ? "" : ", ") + std::string(each);
      member.fail("there is no such member; known are " + all);
    }
}

std::optional<Node> Node::find(std::string_view name) const {
  for (auto& [each, member] : members())
    if (each == name && !member.value().is_null()) return member;
  return std::nullopt;
}

Node Node::need(std::string_view name) const {
  auto member = find(name);
  if (!member) fail("'" + std::string(name) + "' is missing");
  return *member;
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  const auto* object = value_->if_object();
  if (!object) fail("must be an object");
  std::vector<std::pair<std::string, Node>> all;
  for (const auto& [name, value] : *object)
    all.emplace_back(std::string(name), child(value, (path_.empty() ? "" : ".") + std::string(name)));
  return all;
}

std::vector<Node> Node::elements() const {
  const auto* array = value_->if_array();
  if (!array) fail("must be a list");
  std::vector<Node> all;
  for (std::size_t i = 0; i < array->size(); ++i) all.push_back(child((*array)[i], "[" + std::to_string(i) + "]"));
  return all;
}

Node Node::child(const boost::json::value& value, std::string_view name) const {
  auto path = path_ + beginning(name, path_octets_max);
  if (path.size() > path_octets_max) path = beginning(path, path_octets_max - 3) + "...";
  return {value, std::move(path), taken_};
}

void Node::take(Share share, std::size_t amount) const {
  auto& taken = share == Share::places ? taken_->places : taken_->steps;
  taken += amount;
  if (share == Share::places && taken > places_max)
    fail("a definition has at most " + std::to_string(places_max) +
         " variables in all, each of which may hold a whole text: leave out what the provider does not need");
  if (share == Share::steps && taken > steps_max)
    fail("the patterns of the definition take more than " + std::to_string(steps_max) +
         " steps in all: look for less in some of them");
}

std::string Node::text() const {
  if (!value_->is_string() && !value_->is_number() && !value_->is_bool()) fail("must be a string");
  return text_of(value_);
}

std::string Node::non_empty_text() const {
  auto all = text();
  if (all.empty()) fail("must not be empty");
  return all;
}

std::int64_t Node::integer(std::int64_t least, std::int64_t most) const {
  const auto number = integer_of(value_);
  if (!number || *number < least || *number > most)
    fail("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return *number;
}

bool Node::flag() const {
  const auto yes = boolean_of(value_);
  if (!yes) fail("must be true or false");
  return *yes;
}

void Node::check_header_text(std::string_view text) const {
  if (text.find_first_of(ends_header) != std::string_view::npos) fail("line ends cannot be in a header");
}

}  // namespace smsbridge::http_gateways
