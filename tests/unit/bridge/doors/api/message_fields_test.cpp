// SPDX-License-Identifier: MPL-2.0
// The fields of a message: the table that reads them is the contract's.
#include "bridge/doors/api/message_fields.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "bridge/doors/api/contract.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object schema(const char* name) {
  return json::parse(contract_json()).at("components").at("schemas").at(name).as_object();
}

std::set<std::string> names_of(const json::value& list) {
  std::set<std::string> names;
  for (const auto& name : list.as_array()) names.emplace(name.as_string());
  return names;
}

TEST(MessageFields, AreThoseOfTheContract) {
  const auto contract = schema("MessageRequest"), preview = schema("PreviewRequest");
  std::set<std::string> in_contract, in_preview, read, previewed, required;
  for (const auto& [name, type] : contract.at("properties").as_object()) in_contract.emplace(name);
  for (const auto& [name, type] : preview.at("properties").as_object()) in_preview.emplace(name);
  for (const auto& field : message_fields()) {
    read.emplace(field.name);
    if (field.in_preview) previewed.emplace(field.name);
    if (field.required) required.emplace(field.name);
  }
  EXPECT_EQ(read, in_contract);
  EXPECT_EQ(previewed, in_preview);
  EXPECT_EQ(required, names_of(contract.at("required")));
}

TEST(MessageFields, HaveTheLengthsOfTheContract) {
  int compared = 0;
  const auto contract = schema("MessageRequest");
  for (const auto& [name, type] : contract.at("properties").as_object()) {
    const auto* length = type.as_object().if_contains("maxLength");
    const auto field = std::ranges::find(message_fields(), std::string_view(name), &MessageField::name);
    if (!length || field == message_fields().end()) continue;
    EXPECT_EQ(field->characters, static_cast<std::size_t>(length->as_int64())) << name;
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

}  // namespace
}  // namespace smsbridge::bridge
