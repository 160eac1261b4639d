// SPDX-License-Identifier: MPL-2.0
// The fields of a message: the table that reads them is the contract's.
#include "bridge/doors/api/message_fields.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "bridge/doors/api/contract.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

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

TEST(MessageFields, SayWhereEachMistakeIs) {
  struct {
    const char *fields, *wrong;
  } const cases[] = {
      {R"("validity": "441d", "lane": "otp", "client_ref": "r-1", "gateway": "g")", ""},
      {R"("colour": "red")", "/colour unknown-field;"},
      {R"("validity": "442d")", "/validity bad-value;"},
      {R"("validity": 38102401)", "/validity bad-value;"},
      {R"("validity": 0)", "/validity bad-value;"},
      {R"("client_ref": "two\nlines")", "/client_ref bad-value;"},
      {R"("from": "")", "/from bad-value;"},
      {R"("from": 7)", "/from bad-type;"},
      {R"("country": "KEN")", "/country too-long;"},
      {R"("lane": "fast", "gateway": "h")", "/lane bad-value;/gateway bad-value;"},
  };
  Config config;
  config.gateways = {{.name = "g", .id = 1}};
  const VirtualClock clock;
  const Router router(std::make_shared<RoutingTable>(config), {}, clock);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fields);
    const auto message = json::parse(R"({"to": "0712345678", "text": "Habari", )" + std::string(c.fields) + "}");
    const auto read = read_submission(message, Directory(router), clock.wall());
    std::string wrong;
    if (!read)
      for (const auto& error : read.error().errors) wrong += error.pointer + " " + error.code + ";";
    EXPECT_EQ(wrong, c.wrong);
  }
}

}  // namespace
}  // namespace smsbridge::bridge
