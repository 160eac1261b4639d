// SPDX-License-Identifier: MPL-2.0
// What stands in the submits of a message, by how its carrier takes alphabets.
#include "bridge/delivery/smpp_message.hpp"

#include <gtest/gtest.h>

#include "smpp/content.hpp"

namespace smsbridge::bridge {
namespace {

using smpp::Flash;
using Bytes = std::vector<std::uint8_t>;

std::string repeated(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

store::Claimed claimed(std::string text) {
  store::Claimed message;
  message.id = 1;
  message.content.to = "+254712345678";
  message.content.text = std::move(text);
  return message;
}

// As a phone would show it, and which part of how many; by the PDUs alone.
std::string read_back(const SmppMessage& outgoing, const smpp::Dialect& dialect) {
  std::string text;
  for (std::size_t i = 0; i < outgoing.segments.size(); ++i) {
    const auto message = segment_message(outgoing, i);
    const auto data = smpp::split_user_data(message.payload(), message.esm_class);
    const auto part = smpp::part_of(message, data);
    EXPECT_EQ(part.number, static_cast<int>(i + 1));
    EXPECT_EQ(part.total, static_cast<int>(outgoing.segments.size()));
    text += smpp::utf8_of(data, message.data_coding, dialect);
  }
  return text;
}

TEST(SmppMessage, CarriesEachAlphabetAsTheCarrierTakesIt) {
  using text::Charset, text::Concat;
  const struct {
    const char* name;
    std::string text;
    void (*set)(SmppSettings&);
    bool flash;
    std::uint8_t data_coding;
    std::size_t parts;
    bool tlv;
  } cases[] = {
      {"GSM", "@€ hello", [](SmppSettings&) {}, false, 0, 1, false},
      {"GSM as 1", "@€ hello", [](SmppSettings& s) { s.dialect.gsm7_coding = 1; }, false, 1, 1, false},
      {"packed", "@€ hello", [](SmppSettings& s) { s.dialect.gsm7_packed = true; }, false, 0, 1, false},
      {"packed in parts", repeated(400, "k"), [](SmppSettings& s) { s.dialect.gsm7_packed = true; }, false, 0, 3,
       false},
      {"packed, 16 bit numbers", repeated(400, "k"),
       [](SmppSettings& s) {
         s.dialect.gsm7_packed = true;
         s.concat = Concat::udh16;
       },
       false, 0, 3, false},
      {"packed, numbered by TLVs", repeated(400, "k"),
       [](SmppSettings& s) {
         s.dialect.gsm7_packed = true;
         s.concat = Concat::sar;
       },
       false, 0, 3, false},
      {"packed by a national table", repeated(200, "ğ"),
       [](SmppSettings& s) {
         s.dialect.gsm7_packed = true;
         s.national = {1};
       },
       false, 0, 2, false},
      {"a national table", repeated(80, "ğ"), [](SmppSettings& s) { s.national = {1}; }, false, 0, 1, false},
      {"one kind of tables only", repeated(71, "ğ"),
       [](SmppSettings& s) {
         s.national = {1};
         s.national_tables = SmppSettings::Tables::single;
       },
       false, 0, 1, false},
      {"Latin-1", "çé", [](SmppSettings& s) { s.charset = Charset::latin1_ucs2; }, false, 3, 1, false},
      {"Latin-1 as 0", "çé",
       [](SmppSettings& s) {
         s.charset = Charset::latin1_ucs2;
         s.dialect.latin1_coding = 0;
       },
       false, 0, 1, false},
      {"UCS-2", "ж", [](SmppSettings&) {}, false, 8, 1, false},
      {"message_payload", repeated(200, "ж"), [](SmppSettings& s) { s.concat = Concat::payload; }, false, 8, 1, false},
      {"flash", "hello", [](SmppSettings&) {}, true, 0x10, 1, false},
      {"flash of UCS-2", "ж", [](SmppSettings&) {}, true, 0x18, 1, false},
      {"flash as a class", "hello", [](SmppSettings& s) { s.dialect.flash = Flash::classes; }, true, 0xF0, 1, false},
      {"flash of UCS-2 has no class", "ж", [](SmppSettings& s) { s.dialect.flash = Flash::classes; }, true, 0x18, 1,
       false},
      {"flash by a TLV", "ж", [](SmppSettings& s) { s.dialect.flash = Flash::tlv; }, true, 8, 1, true},
      {"flash of Latin-1", "ç", [](SmppSettings& s) { s.charset = Charset::latin1_ucs2; }, true, 3, 1, true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    GatewaySettings gateway;
    c.set(gateway.smpp());
    auto message = claimed(c.text);
    message.content.flash = c.flash;
    const auto out = make_outgoing(message, gateway, 0);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->data_coding, c.data_coding);
    EXPECT_EQ(out->segments.size(), c.parts);
    EXPECT_EQ(read_back(*out, gateway.smpp().dialect), c.text);
    for (std::size_t i = 0; i < out->segments.size(); ++i) {
      const auto pdu = segment_message(*out, i);
      const auto* tlv = pdu.find_tlv(0x0005);
      ASSERT_EQ(tlv != nullptr, c.tlv);
      const auto flash = tlv ? Bytes(tlv->value.begin(), tlv->value.end()) : Bytes{1};
      EXPECT_EQ(flash, Bytes{1});
      const auto size = out->segments[i].user_data.size();
      EXPECT_LE(size, gateway.smpp().dialect.gsm7_packed ? 140U : 0xFFFFU) << "packed is what is on the air";
    }
  }
}

TEST(SmppMessage, CarriesOctets) {
  const struct {
    const char* name;
    std::size_t octets;
    std::string header;
    std::int16_t data_coding;
    bool flash;
    text::Concat concat;
    std::uint8_t want;
    std::size_t parts;
    bool udhi, payload, sar;
  } cases[] = {
      {"as most take them", 140, "", -1, false, text::Concat::udh8, 4, 1, false, false, false},
      {"as it was set", 10, "", 0xF5, false, text::Concat::udh8, 0xF5, 1, false, false, false},
      {"flash", 10, "", -1, true, text::Concat::udh8, 0x14, 1, false, false, false},
      {"with a header", 10, "\x03\x70\x01\x01", -1, false, text::Concat::udh8, 4, 1, true, false, false},
      {"in parts", 141, "", -1, false, text::Concat::udh16, 4, 2, true, false, false},
      {"numbered by TLVs", 141, "", -1, false, text::Concat::sar, 4, 2, false, false, true},
      {"a header and numbers are one header", 141, "\x03\x70\x01\x01", -1, false, text::Concat::sar, 4, 2, true, false,
       false},
      {"message_payload", 141, "", -1, false, text::Concat::payload, 4, 1, false, true, false},
      {"but not with a header", 141, "\x03\x70\x01\x01", -1, false, text::Concat::payload, 4, 2, true, false, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    GatewaySettings gateway;
    gateway.smpp().concat = c.concat;
    gateway.smpp().dialect.gsm7_packed = true;
    auto message = claimed("");
    message.content.encoding = store::Encoding::binary;
    for (std::size_t i = 0; i < c.octets; ++i) message.content.octets += static_cast<char>(255 - i);
    message.content.header = c.header;
    message.content.data_coding = c.data_coding;
    message.content.flash = c.flash;
    const auto out = make_outgoing(message, gateway, 0);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->data_coding, c.want);
    EXPECT_EQ(out->segments.size(), c.parts);
    std::string octets;
    for (std::size_t i = 0; i < out->segments.size(); ++i) {
      const auto pdu = segment_message(*out, i);
      EXPECT_EQ((pdu.esm_class & 0x40) != 0, c.udhi);
      EXPECT_EQ(pdu.find_tlv(0x0424) != nullptr, c.payload);
      EXPECT_EQ(pdu.find_tlv(0x020C) != nullptr, c.sar);
      const auto data = smpp::split_user_data(pdu.payload(), pdu.esm_class);
      EXPECT_EQ(data.has_header, c.udhi);
      octets.append(data.body.begin(), data.body.end());
    }
    EXPECT_EQ(octets, message.content.octets);
  }
}

TEST(SmppMessage, WritesSenderAndPhoneAsTheCarrierWantsThem) {
  using Form = AddressSettings::Form;
  const struct {
    const char* name;
    const char *from, *to;
    void (*set)(AddressSettings&);
    const char* source;
    AddressType source_type;
    const char* destination;
    AddressType destination_type;
  } cases[] = {
      {"as most do", "UMOJA", "+254712345678", [](AddressSettings&) {}, "UMOJA", {5, 0}, "254712345678", {1, 1}},
      {"a short code", "22384", "+254712345678", [](AddressSettings&) {}, "22384", {3, 0}, "254712345678", {1, 1}},
      {"a short code, abbreviated",
       "22384",
       "+254712345678",
       [](AddressSettings& a) {
         a.short_code = {6, 0};
       },
       "22384",
       {6, 0},
       "254712345678",
       {1, 1}},
      {"a number",
       "+254711000000",
       "+254712345678",
       [](AddressSettings& a) {
         a.number = {0, 1};
       },
       "254711000000",
       {0, 1},
       "254712345678",
       {1, 1}},
      {"a name",
       "2547SACCO",
       "+254712345678",
       [](AddressSettings& a) {
         a.name = {5, 1};
       },
       "2547SACCO",
       {5, 1},
       "254712345678",
       {1, 1}},
      {"no sender",
       "",
       "+254712345678",
       [](AddressSettings& a) {
         a.name = {5, 1};
       },
       "",
       {0, 0},
       "254712345678",
       {1, 1}},
      {"plus",
       "A",
       "+254712345678",
       [](AddressSettings& a) { a.destination_form = Form::plus; },
       "A",
       {5, 0},
       "+254712345678",
       {1, 1}},
      {"the phone of no type",
       "A",
       "+254712345678",
       [](AddressSettings& a) {
         a.destination = AddressType{0, 0};
       },
       "A",
       {5, 0},
       "254712345678",
       {0, 0}},
      {"national",
       "A",
       "+254712345678",
       [](AddressSettings& a) {
         a.destination_form = Form::national;
         a.country = "KE";
       },
       "A",
       {5, 0},
       "712345678",
       {2, 1}},
      {"national, of a type",
       "A",
       "+254712345678",
       [](AddressSettings& a) {
         a.destination_form = Form::national;
         a.country = "KE";
         a.destination = AddressType{2, 8};
       },
       "A",
       {5, 0},
       "712345678",
       {2, 8}},
      {"a phone of another country",
       "A",
       "+256712345678",
       [](AddressSettings& a) {
         a.destination_form = Form::national;
         a.country = "KE";
         a.destination = AddressType{2, 8};
       },
       "A",
       {5, 0},
       "256712345678",
       {1, 1}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    GatewaySettings gateway;
    c.set(gateway.smpp().fields.addresses);
    auto message = claimed("hello");
    message.content.from = c.from;
    message.content.to = c.to;
    const auto out = make_outgoing(message, gateway, 0);
    ASSERT_TRUE(out);
    const auto pdu = segment_message(*out, 0);
    EXPECT_EQ(pdu.source.digits, c.source);
    EXPECT_EQ((AddressType{pdu.source.ton, pdu.source.npi}), c.source_type);
    EXPECT_EQ(pdu.destination.digits, c.destination);
    EXPECT_EQ((AddressType{pdu.destination.ton, pdu.destination.npi}), c.destination_type);
  }
}

TEST(SmppMessage, FillsTheFieldsOfItsSenderAndTenant) {
  GatewaySettings gateway;
  auto& fields = gateway.smpp().fields;
  fields.service_type = "BANK";
  fields.protocol_id = 0x41;
  fields.priority = 1;
  fields.lane_priority[static_cast<std::size_t>(store::Lane::otp)] = 3;
  fields.replace_if_present = true;
  fields.tlvs = {{0x1400, "all"}, {0x1402, "hash"}};
  fields.senders = {{.sender = "UMOJA",
                     .tenant = "",
                     .type = AddressType{5, 9},
                     .service_type = "",
                     .protocol_id = 0,
                     .tlvs = {{0x1401, "umoja"}}},
                    {.sender = "",
                     .tenant = "pesa",
                     .type = {},
                     .service_type = "PESA",
                     .protocol_id = {},
                     .tlvs = {{0x1400, "pesa"}}},
                    {.sender = "254711000000",
                     .tenant = "pesa",
                     .type = AddressType{2, 1},
                     .service_type = {},
                     .protocol_id = {},
                     .tlvs = {{0x1401, "both"}}}};
  const struct {
    const char *from, *tenant;
    const char* service_type;
    std::uint8_t protocol_id;
    AddressType type;
    std::vector<CustomTlv> tlvs;
  } cases[] = {
      {"SACCO", "umoja", "BANK", 0x41, {5, 0}, {{0x1400, "all"}, {0x1402, "hash"}}},
      {"UMOJA", "umoja", "", 0, {5, 9}, {{0x1400, "all"}, {0x1402, "hash"}, {0x1401, "umoja"}}},
      {"UMOJA", "pesa", "PESA", 0, {5, 9}, {{0x1400, "pesa"}, {0x1402, "hash"}, {0x1401, "umoja"}}},
      {"SACCO", "pesa", "PESA", 0x41, {5, 0}, {{0x1400, "pesa"}, {0x1402, "hash"}}},
      {"+254711000000", "pesa", "PESA", 0x41, {2, 1}, {{0x1400, "pesa"}, {0x1402, "hash"}, {0x1401, "both"}}},
      {"+254711000000", "", "BANK", 0x41, {1, 1}, {{0x1400, "all"}, {0x1402, "hash"}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.from) + " " + c.tenant);
    auto message = claimed(repeated(161, "x"));
    message.content.from = c.from;
    message.content.lane = c.tenant == std::string("pesa") ? store::Lane::otp : store::Lane::campaign;
    const auto out = make_outgoing(message, gateway, 0, c.tenant);
    ASSERT_TRUE(out);
    for (std::size_t part = 0; part < 2; ++part) {
      const auto pdu = segment_message(*out, part);
      EXPECT_EQ(pdu.service_type, c.service_type);
      EXPECT_EQ(pdu.protocol_id, c.protocol_id);
      EXPECT_EQ(pdu.priority_flag, message.content.lane == store::Lane::otp ? 3 : 1);
      EXPECT_EQ(pdu.replace_if_present, 1);
      EXPECT_EQ((AddressType{pdu.source.ton, pdu.source.npi}), c.type);
      std::vector<CustomTlv> tlvs;
      for (const auto& tlv : pdu.tlvs) tlvs.push_back({tlv.tag, std::string(tlv.value.begin(), tlv.value.end())});
      EXPECT_EQ(tlvs, c.tlvs) << "in every part";
    }
  }
}

TEST(SmppMessage, AsksForTheReceiptsThatAreWanted) {
  using Receipts = SubmitFields::Receipts;
  const struct {
    bool receipts;
    Receipts kind;
    bool intermediate;
    std::uint8_t want;
  } cases[] = {{true, Receipts::final, false, 0x01},
               {true, Receipts::failure, false, 0x02},
               {true, Receipts::success, false, 0x03},
               {true, Receipts::final, true, 0x11},
               {false, Receipts::failure, true, 0x00}};
  for (const auto& c : cases) {
    GatewaySettings gateway;
    gateway.receipts = c.receipts;
    gateway.smpp().fields.registered_delivery = c.kind;
    gateway.smpp().fields.intermediate = c.intermediate;
    EXPECT_EQ(segment_message(*make_outgoing(claimed("x"), gateway, 0), 0).registered_delivery, c.want);
  }
}

TEST(SmppMessage, SaysHowLongToTry) {
  using Validity = SmppSettings::Validity;
  constexpr store::WallMs now = 1'764'500'000'000, minute = 60'000, hour = 60 * minute;  // 2025-11-30T10:53:20Z
  const struct {
    const char* name;
    Validity form;
    store::WallMs left, least, most;
    const char* want;
  } cases[] = {
      {"all of it", Validity::relative, 2 * hour, 0, 0, "000000020000000R"},
      {"capped", Validity::relative, 48 * hour, 0, 24 * hour, "000001000000000R"},
      {"below the cap", Validity::relative, 2 * hour, 0, 24 * hour, "000000020000000R"},
      {"the shortest", Validity::relative, minute, 5 * minute, 0, "000000000500000R"},
      {"above the shortest", Validity::relative, 6 * minute, 5 * minute, 24 * hour, "000000000600000R"},
      {"a rest of a second", Validity::relative, 1, 0, 0, "000000000001000R"},
      {"no longer than 28 days", Validity::relative, 1000 * hour, 0, 0, "000028000000000R"},
      {"a point in time", Validity::absolute, 2 * hour, 0, 0, "251130125320000+"},
      {"a point in time, capped", Validity::absolute, 48 * hour, 0, hour, "251130115320000+"},
      {"a point in time, never in the past", Validity::absolute, 1, 0, 0, "251130105321000+"},
      {"not at all", Validity::none, 2 * hour, 5 * minute, hour, ""},
      {"it has ended", Validity::absolute, -1, 5 * minute, 0, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    GatewaySettings gateway;
    gateway.smpp().validity = c.form;
    gateway.smpp().fields.validity_min_ms = c.least;
    gateway.smpp().fields.validity_max_ms = c.most;
    auto message = claimed("x");
    message.expires_at = now + c.left;
    EXPECT_EQ(segment_message(*make_outgoing(message, gateway, now), 0).validity_period, c.want);
  }
}

TEST(SmppMessage, TellsWhatIsLeftOfItsValidityWhenItLeaves) {
  GatewaySettings gateway;
  auto message = claimed("x");
  constexpr store::WallMs now = 1'764'500'000'000, hour = 3'600'000;
  message.expires_at = now + 2 * hour;
  auto outgoing = *make_outgoing(message, gateway, now);
  renew_validity(outgoing, gateway.smpp(), now + 999);
  EXPECT_EQ(outgoing.validity, "000000020000000R");
  renew_validity(outgoing, gateway.smpp(), now + hour);
  EXPECT_EQ(segment_message(outgoing, 0).validity_period, "000000010000000R") << "it waited for its turn";
  renew_validity(outgoing, gateway.smpp(), now - hour);
  EXPECT_EQ(outgoing.validity, "000000030000000R") << "the clock was set back";
}

TEST(SmppMessage, HasNoTlvInVersion33) {
  GatewaySettings gateway;
  gateway.smpp().session.interface_version = smpp::version_33;
  gateway.smpp().charset = text::Charset::latin1_ucs2;
  auto message = claimed("ç");
  EXPECT_TRUE(segment_message(*make_outgoing(message, gateway, 0), 0).tlvs.empty());
  message.content.flash = true;
  const auto out = make_outgoing(message, gateway, 0);
  ASSERT_FALSE(out) << "only a TLV could say so of Latin-1";
  EXPECT_NE(out.error().find("SMPP 3.3"), std::string::npos);
  message = claimed("x");
  message.content.tlvs = {{0x1401, "1107"}};
  EXPECT_FALSE(make_outgoing(message, gateway, 0));
}

TEST(SmppMessage, BringsTlvsOfItsOwn) {
  GatewaySettings gateway;
  gateway.smpp().fields.tlvs = {{0x1400, "bank"}, {0x1401, "usual"}};
  gateway.smpp().fields.senders = {{.sender = "UMOJA",
                                    .tenant = {},
                                    .type = {},
                                    .service_type = {},
                                    .protocol_id = {},
                                    .tlvs = {{0x1401, "sender"}}}};
  auto message = claimed("x");
  message.content.from = "UMOJA";
  message.content.tlvs = {{0x1401, "message"}, {0x1402, "hash"}};
  EXPECT_EQ(make_outgoing(message, gateway, 0)->tlvs,
            (std::vector<CustomTlv>{{0x1400, "bank"}, {0x1401, "message"}, {0x1402, "hash"}}));
}

TEST(SmppMessage, HasNoMorePartsThanItsGatewaySends) {
  GatewaySettings gateway;
  gateway.segments_max = 1;
  auto message = claimed(repeated(161, "a"));
  EXPECT_FALSE(make_outgoing(message, gateway, 0));
  message.content.encoding = store::Encoding::binary;
  message.content.octets = std::string(141, 'x');
  EXPECT_FALSE(make_outgoing(message, gateway, 0));
}

}  // namespace
}  // namespace smsbridge::bridge
