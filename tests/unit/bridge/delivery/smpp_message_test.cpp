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
