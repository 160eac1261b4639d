// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/from_phone.hpp"

#include <gtest/gtest.h>

#include "smpp/text.hpp"

namespace smsbridge::bridge {
namespace {

smpp::Message delivered(std::string_view body, std::uint8_t esm_class = 0) {
  smpp::Message message;
  message.source = {1, 1, "254712345678"};
  message.destination = {3, 0, "22384"};
  message.esm_class = esm_class;
  message.short_message = smpp::as_octets(body);
  return message;
}

TEST(FromPhone, OverSmppIsTheBodyWithoutItsHeader) {
  const auto whole = from_phone(delivered("Habari"));
  EXPECT_EQ(std::tie(whole.from, whole.to, whole.body, whole.part, whole.parts),
            std::tuple("254712345678", "22384", "Habari", 1, 1));
  EXPECT_TRUE(whole.international);
  EXPECT_EQ(whole.data_coding, 0);
  const struct {
    const char* what;
    std::string_view octets;
    const char* reference;
    int part, parts;
  } cases[] = {
      {"an octet for the reference", {"\x05\x00\x03\xC8\x03\x02rest", 10}, "200", 2, 3},
      {"two octets", {"\x06\x08\x04\x01\xC8\x03\x02rest", 11}, "456", 2, 3},
      {"behind another element", {"\x09\x05\x02\x01\x01\x00\x03\x07\x02\x01rest", 14}, "7", 1, 2},
      {"number 0 of 3", {"\x05\x00\x03\xC8\x03\x00rest", 10}, "", 1, 1},
      {"number 4 of 3", {"\x05\x00\x03\xC8\x03\x04rest", 10}, "", 1, 1},
      {"1 of 1", {"\x05\x00\x03\xC8\x01\x01rest", 10}, "", 1, 1},
      {"0 of 0", {"\x05\x00\x03\xC8\x00\x00rest", 10}, "", 1, 1},
  };
  for (const auto& c : cases) {
    const auto part = from_phone(delivered(c.octets, 0x40));
    EXPECT_EQ(std::tie(part.body, part.reference, part.part, part.parts),
              std::tuple("rest", c.reference, c.part, c.parts))
        << c.what;
  }
}

TEST(FromPhone, SarParametersAreReadToo) {
  auto message = delivered("rest");
  const std::uint8_t reference[] = {1, 200}, total = 3, number = 2;
  message.tlvs = {{smpp::tag::sar_msg_ref_num, reference},
                  {smpp::tag::sar_total_segments, smpp::Octets(&total, 1)},
                  {smpp::tag::sar_segment_seqnum, smpp::Octets(&number, 1)}};
  const auto part = from_phone(message);
  EXPECT_EQ(std::tie(part.reference, part.part, part.parts), std::tuple("456", 2, 3));
}

TEST(FromPhone, OfAProviderIsText) {
  const auto message = from_phone(http_gateways::InboundSms{.provider_message_id = "x1",
                                                            .from = "+254712345678",
                                                            .to = "22384",
                                                            .text = "été",
                                                            .opt_out = true,
                                                            .part_reference = "9",
                                                            .part_number = 2,
                                                            .part_total = 2});
  EXPECT_EQ(std::tie(message.id, message.body, message.reference, message.part, message.parts, message.opt_out),
            std::tuple("x1", "été", "9", 2, 2, true));
  EXPECT_FALSE(message.data_coding);
}

}  // namespace
}  // namespace smsbridge::bridge
