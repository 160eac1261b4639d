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

TEST(MessageFields, OctetsAreHexAndStandAlone) {
  struct {
    const char *fields, *wrong;
  } const cases[] = {
      {R"("binary": "00fF")", ""},
      {R"("binary": "00ff", "udh": "0605040b8423f0", "data_coding": 245)", ""},
      {R"("binary": "00ff", "flash": true)", ""},
      {R"("client_ref": "no text")", "/text missing;"},
      {R"("binary": "")", "/binary bad-value;"},
      {R"("binary": "0")", "/binary bad-value;"},
      {R"("binary": "zz")", "/binary bad-value;"},
      {R"("binary": 7)", "/binary bad-value;"},
      {R"("binary": "00", "udh": "0505040b8423f0")", "/udh bad-value;"},
      {R"("binary": "00", "udh": "04050b8423")", "/udh bad-value;"},
      {R"("binary": "00", "data_coding": 256)", "/data_coding bad-value;"},
      {R"("binary": "00", "data_coding": -1)", "/data_coding bad-value;"},
      {R"("binary": "00", "data_coding": 4.5)", "/data_coding bad-value;"},
      {R"("binary": "00", "data_coding": 4, "flash": true)", "/flash bad-value;"},
      {R"("binary": "00", "transliterate": true)", "/transliterate bad-value;"},
  };
  const VirtualClock clock;
  const Router router(std::make_shared<RoutingTable>(Config{}), {}, clock);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fields);
    const auto read =
        read_submission(json::parse(R"({"to": "0712345678", )" + std::string(c.fields) + "}"), Directory(router), 0);
    std::string wrong;
    if (!read)
      for (const auto& error : read.error().errors) wrong += error.pointer + " " + error.code + ";";
    EXPECT_EQ(wrong, c.wrong);
  }
  const auto long_one = json::object{{"to", "0712345678"}, {"binary", std::string(20002, 'a')}};
  EXPECT_EQ(read_submission(long_one, Directory(router), 0).error().errors.at(0).code, std::string("too-long"));
  const auto read =
      read_submission(json::parse(R"({"to": "1", "binary": "00ff", "udh": "03240101"})"), Directory(router), 0);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->octets, std::string("\x00\xFF", 2));
  EXPECT_EQ(read->header, "\x03\x24\x01\x01");
}

TEST(MessageFields, OfATemplateStandInsteadOfAText) {
  struct {
    const char *fields, *wrong;
  } const cases[] = {
      {R"("template": "approved")", ""},
      {R"("template": "approved", "language": "sw", "variables": {"a": [1, {"b": null}]})", ""},
      {R"("template": "")", "/template bad-value;"},
      {R"("template": "approved", "binary": "00ff")", "/template bad-value;"},
      {R"("template": "approved", "language": "SW")", "/language bad-value;"},
      {R"("template": "approved", "language": "swahili")", "/language too-long;"},
      {R"("template": "approved", "variables": [1])", "/variables bad-type;"},
  };
  const VirtualClock clock;
  const Router router(std::make_shared<RoutingTable>(Config{}), {}, clock);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fields);
    const auto read =
        read_submission(json::parse(R"({"to": "0712345678", )" + std::string(c.fields) + "}"), Directory(router), 0);
    std::string wrong;
    if (!read)
      for (const auto& error : read.error().errors) wrong += error.pointer + " " + error.code + ";";
    EXPECT_EQ(wrong, c.wrong);
  }
  const auto read =
      read_submission(json::parse(R"({"to": "1", "template": "approved", "language": "sw", "variables": {"a": 1}})"),
                      Directory(router), 0);
  ASSERT_TRUE(read && read->by_template);
  EXPECT_EQ(read->by_template->language, "sw");
  EXPECT_EQ(read->by_template->values, (json::object{{"a", 1}}));
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
      {R"("triggered_by": "amina, inbound rule hours")", ""},
      {R"("triggered_by": "inbound rule hours")", "/triggered_by bad-value;"},
      {R"("from": "")", "/from bad-value;"},
      {R"("from": 7)", "/from bad-type;"},
      {R"("country": "KEN")", "/country too-long;"},
      {R"("lane": "fast", "gateway": "h")", "/lane bad-value;/gateway bad-value;"},
      {R"("flash": true, "transliterate": false)", ""},
      {R"("flash": "yes")", "/flash bad-type;"},
      {R"("tlvs": [{"tag": "0x1401", "value": "1107"}, {"tag": 5122, "type": "u16", "value": 7}])", ""},
      {R"("tlvs": [])", ""},
      {R"("tlvs": {"tag": 5121})", "/tlvs bad-type;"},
      {R"("tlvs": ["0x1401"])", "/tlvs/0 bad-type;"},
      {R"("tlvs": [{"value": "x"}])", "/tlvs/0/tag bad-value;"},
      {R"("tlvs": [{"tag": "0x0424", "value": "x"}])", "/tlvs/0/tag bad-value;"},
      {R"("tlvs": [{"tag": 5121}, {"tag": "0x1401"}])", "/tlvs/1/tag bad-value;"},
      {R"("tlvs": [{"tag": 5121, "type": "u8", "value": 256}])", "/tlvs/0 bad-value;"},
      {R"("tlvs": [{"tag": 5121, "type": 7}])", "/tlvs/0 bad-value;"},
      {R"("tlvs": [{"tag": 5121, "length": 7}])", "/tlvs/0/length unknown-field;"},
      {R"("tlvs": [{"tag": 5121, "value": true}])", "/tlvs/0/value bad-type;"},
      {R"("tlvs": [{"tag": 5121, "value": 1e30}])", "/tlvs/0/value bad-type;"},
      {R"("tlvs": [{"tag": 5121, "value": null}])", "/tlvs/0/value bad-type;"},
      {R"("transliterate": 1)", "/transliterate bad-type;"},
      {R"("binary": "00ff")", "/binary bad-value;"},
      {R"("udh": "0605040b8423f0")", "/udh bad-value;"},
      {R"("data_coding": 4)", "/data_coding bad-value;"},
      {R"("template": "approved")", "/template bad-value;"},
      {R"("language": "sw")", "/language bad-value;"},
      {R"("variables": {})", "/variables bad-value;"},
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
