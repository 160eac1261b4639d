// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/smpp_fields.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using testing::ElementsAre, testing::IsEmpty;

GatewaySettings read(const std::string& keys, std::vector<std::string>& told) {
  json::object settings{{"name", "a"}, {"id", 1}, {"host", "127.0.0.1"}, {"port", 1}, {"system_id", "s"}};
  const auto more = json::parse("{" + keys + "}");
  for (const auto& [key, value] : more.as_object()) settings[key] = value;
  std::vector<ConfigProblem> problems;
  auto gateway = read_gateway(settings, ".", problems);
  for (const auto& problem : problems)
    told.push_back((problem.warning ? "warning: " : "") + problem.path + ": " + problem.text);
  return gateway;
}

TEST(SubmitFields, AreRead) {
  std::vector<std::string> told;
  const auto gateway = read(
      R"("interface_version": 5.0, "addr_ton": 1, "addr_npi": 9, "address_range": "^254",
         "addresses": {"name": "5/1", "short_code": "6/0", "number": "0/0", "destination": "2/8",
                       "destination_form": "national", "country": "KE"},
         "service_type": "BANK", "protocol_id": 65, "priority": 1, "lane_priority": {"otp": 4},
         "registered_delivery": "failure", "intermediate_receipts": true, "replace_if_present": true,
         "validity_min": "5m", "validity_max": "24h",
         "tlvs": [{"tag": "0x1400", "value": "1101"}, {"tag": 5121, "type": "u16", "value": 258}],
         "senders": [{"sender": "UMOJA", "type": "5/9", "service_type": "", "protocol_id": 0,
                      "tlvs": [{"tag": "0x1401", "type": "octets", "value": "00fF"}]},
                     {"tenant": "t", "service_type": "T"}])",
      told);
  EXPECT_THAT(told, IsEmpty());
  const auto& way = gateway.smpp();
  EXPECT_EQ(way.session.interface_version, 0x50);
  EXPECT_EQ(way.session.addr_ton, 1);
  EXPECT_EQ(way.session.addr_npi, 9);
  const auto& fields = way.fields;
  EXPECT_EQ(fields.addresses.name, (AddressType{5, 1}));
  EXPECT_EQ(fields.addresses.short_code, (AddressType{6, 0}));
  EXPECT_EQ(fields.addresses.number, (AddressType{0, 0}));
  EXPECT_EQ(fields.addresses.destination, (AddressType{2, 8}));
  EXPECT_EQ(fields.addresses.destination_form, AddressSettings::Form::national);
  EXPECT_EQ(fields.service_type, "BANK");
  EXPECT_EQ(fields.protocol_id, 65);
  EXPECT_EQ(fields.priority, 1);
  EXPECT_EQ(fields.lane_priority[0], 4);
  EXPECT_EQ(fields.lane_priority[1], std::nullopt);
  EXPECT_TRUE(gateway.hears_of_failures_only());
  EXPECT_TRUE(fields.intermediate && fields.replace_if_present);
  EXPECT_EQ(fields.validity_min_ms, 300'000);
  EXPECT_EQ(fields.validity_max_ms, 86'400'000);
  EXPECT_THAT(fields.tlvs, ElementsAre(CustomTlv{0x1400, "1101"}, CustomTlv{0x1401, "\x01\x02"}));
  ASSERT_EQ(fields.senders.size(), 2U);
  EXPECT_EQ(fields.senders[0].type, (AddressType{5, 9}));
  EXPECT_EQ(fields.senders[0].service_type, "") << "none, where the gateway has one";
  EXPECT_EQ(fields.senders[0].protocol_id, 0);
  EXPECT_THAT(fields.senders[0].tlvs, ElementsAre(CustomTlv{0x1401, std::string("\x00\xFF", 2)}));
  EXPECT_EQ(fields.senders[1].type, std::nullopt);
  EXPECT_EQ(fields.senders[1].service_type, "T");
}

TEST(SubmitFields, SayWhatIsWrong) {
  const struct {
    const char *keys, *want;
  } cases[] = {
      {R"("addresses": {"name": "5-0"})", "addresses.name: '5-0' is not a type of number and a numbering plan"},
      {R"("addresses": {"name": "5/0/1"})", "addresses.name: '5/0/1' is not"},
      {R"("addresses": {"number": "256/0"})", "addresses.number: '256/0' is not"},
      {R"("addresses": {"number": "-1/0"})", "addresses.number: '-1/0' is not"},
      {R"("addresses": {"number": "7/0"})", "warning: addresses.number: '7/0' is none of the standard's"},
      {R"("addresses": {"destination_form": "national"})", "addresses.destination_form: the national form takes"},
      {R"("addresses": {"destination_form": "00"})", "addresses.destination_form: '00' is not one of digits, plus"},
      {R"("addresses": {"country": "XX"})", "addresses.country: 'XX' is not an ISO 3166 country"},
      {R"("service_type": "ABCDEF")", "service_type: is longer than 5 characters"},
      {R"("service_type": "é")", "service_type: is made of ASCII"},
      {R"("protocol_id": 256)", "protocol_id: '256' is not a whole number from 0 to 255"},
      {R"("priority": 5)", "priority: '5' is not a whole number from 0 to 4"},
      {R"("priority": 4)", "priority: 4 is of SMPP 5.0"},
      {R"("lane_priority": {"campaign": 4})", "lane_priority: 4 is of SMPP 5.0"},
      {R"("lane_priority": {"adverts": 1})", "lane_priority.adverts: unknown key"},
      {R"("registered_delivery": "success")", "registered_delivery: 'success' is of SMPP 5.0"},
      {R"("validity_min": "2h", "validity_max": "1h")", "validity_min: is longer than 'validity_max', which is 1h"},
      {R"("validity_max": "29d")", "validity_max: '29d' is out of range"},
      {R"("interface_version": 52)", "interface_version: '52' is not one of 3.3, 3.4, 5.0"},
      {R"("interface_version": 3.3, "bind": "pair", "concat": "sar")", "concat: goes by TLVs, which SMPP 3.3"},
      {R"("interface_version": 3.3, "bind": "pair", "concat": "payload")", "concat: goes by TLVs, which SMPP 3.3"},
      {R"("interface_version": 3.3, "bind": "pair", "dialect": {"flash": "tlv"})", "dialect: flash: tlv goes by TLVs"},
      {R"("interface_version": 3.3, "bind": "pair", "tlvs": [{"tag": "0x1400", "value": "x"}])", "tlvs: goes by TLVs"},
      {R"("interface_version": 3.3, "bind": "pair", "senders": [{"sender": "A", "tlvs": [{"tag": "0x1400"}]}])",
       "senders[0].tlvs: goes by TLVs"},
      {R"("interface_version": 3.3)", "warning: bind: SMPP 3.3 has no transceivers"},
      {R"("senders": [{"type": "5/0"}])", "senders[0]: names neither a sender nor a tenant"},
      {R"("senders": [{"sender": "UMOJASACCOKE"}])", "senders[0].sender: 'UMOJASACCOKE' is no sender: a name has at"},
      {R"("senders": [{"sender": "A"}, {"sender": "A"}])", "senders[1].sender: two rows are for the same messages"},
      {R"("senders": [{"sender": "A", "service_type": "ABCDEF"}])", "senders[0].service_type: is longer than 5"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.keys);
    std::vector<std::string> told;
    read(c.keys, told);
    ASSERT_EQ(told.size(), 1U) << testing::PrintToString(told);
    EXPECT_THAT(told[0], testing::StartsWith(c.want));
  }
}

TEST(SubmitFields, AreThoseOfTheStandardWhereNothingIsSaid) {
  std::vector<std::string> told;
  const auto gateway = read("", told);
  EXPECT_THAT(told, IsEmpty());
  const auto& fields = gateway.smpp().fields;
  EXPECT_EQ(gateway.smpp().session.interface_version, 0x34);
  EXPECT_EQ(fields.addresses.name, (AddressType{5, 0}));
  EXPECT_EQ(fields.addresses.short_code, (AddressType{3, 0}));
  EXPECT_EQ(fields.addresses.number, (AddressType{1, 1}));
  EXPECT_EQ(fields.addresses.destination, std::nullopt);
  EXPECT_FALSE(gateway.hears_of_failures_only());
}

}  // namespace
}  // namespace smsbridge::bridge
