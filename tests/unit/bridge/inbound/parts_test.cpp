// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/parts.hpp"

#include <gtest/gtest.h>

#include "bridge/inbound/record.hpp"
#include "store/marks.hpp"

namespace smsbridge::bridge {
namespace {

FromPhone part(int number, int total, std::string body, std::optional<std::uint8_t> coding = 0) {
  FromPhone message;
  message.from = "+254712345678";
  message.to = "22384";
  message.body = std::move(body);
  message.data_coding = coding;
  message.reference = "7";
  message.part = number;
  message.parts = total;
  return message;
}

std::string joined(std::initializer_list<FromPhone> parts) {
  PartsSoFar message;
  for (const auto& each : parts) message.parts.emplace(each.part, each);
  return joined_text(message);
}

TEST(Parts, AreJoinedBeforeTheyAreRead) {
  EXPECT_EQ(joined({part(2, 2, "world"), part(1, 2, "hello ")}), "hello world");
  const std::string euro = "\x1B\x65";  // GSM 03.38: the escape and its character in two parts
  EXPECT_EQ(joined({part(1, 2, "5 " + euro.substr(0, 1)), part(2, 2, euro.substr(1) + "!")}), "5 €!");
  EXPECT_EQ(joined({part(1, 2, std::string("\xD8\x3D", 2), 8), part(2, 2, std::string("\xDE\x00", 2), 8)}), "😀");
  EXPECT_EQ(joined({part(1, 2, "abc", 0), part(2, 2, std::string("\x04\x16", 2), 8)}), "abcЖ") << "in two alphabets";
  EXPECT_EQ(joined({part(1, 2, "été ", std::nullopt), part(2, 2, "là", std::nullopt)}), "été là");
}

TEST(Parts, WhatLacksIsShown) {
  PartsSoFar message;
  for (const auto& each : {part(2, 4, "two"), part(3, 4, "three")}) message.parts.emplace(each.part, each);
  EXPECT_EQ(joined_text(message), "[...]twothree[...]");
  EXPECT_EQ(message.missing(), (std::vector{1, 4}));
  EXPECT_FALSE(message.is_whole());
}

TEST(Parts, AreReadAsTheyWereKept) {
  for (const auto& each : {part(2, 3, std::string("\x00\x1B\xFFz", 4)), part(1, 255, "भाग \"1\"", std::nullopt)}) {
    const auto kept = read_part(value_of({.tenant = 4, .gateway = "mtn", .since = 123, .part = each}));
    ASSERT_TRUE(kept);
    EXPECT_EQ(std::tie(kept->tenant, kept->gateway, kept->since), std::tuple(4u, "mtn", 123));
    const auto& p = kept->part;
    EXPECT_EQ(std::tie(p.from, p.to, p.body, p.data_coding, p.reference, p.part, p.parts),
              std::tie(each.from, each.to, each.body, each.data_coding, each.reference, each.part, each.parts));
    EXPECT_EQ(group_key("mtn", p), group_key("mtn", each));
    EXPECT_LE(value_of(*kept).size(), store::mark_value_max);
  }
  for (const auto* broken :
       {"", "{", "[]", R"({"part":0,"parts":2})", R"({"part":1,"parts":2,"coding":0,"octets":"x"})"})
    EXPECT_FALSE(read_part(broken)) << broken;
}

TEST(Parts, AreTheSameOnlyWithTheSameContent) {
  const auto first = part(1, 2, "a");
  EXPECT_EQ(group_key("mtn", first), group_key("mtn", part(2, 2, "b")));
  EXPECT_NE(group_key("mtn", first), group_key("orange", first));
  EXPECT_NE(group_key("mtn", first), group_key("mtn", part(1, 3, "a")));
  EXPECT_EQ(seen_key("mtn", first), seen_key("mtn", part(1, 2, "a")));
  EXPECT_NE(seen_key("mtn", first), seen_key("mtn", part(1, 2, "b")));
  EXPECT_NE(seen_key("mtn", first), seen_key("mtn", part(2, 2, "a")));
  auto with_id = first, again = part(1, 2, "other");
  with_id.id = again.id = "x1";
  EXPECT_EQ(seen_key("mtn", with_id), seen_key("mtn", again)) << "the carrier's id decides";
}

TEST(InboundRecord, IsReadAsItWasKept) {
  const InboundRecord record{.gateway = "mtn",
                             .from = "+254712345678",
                             .to = "22384",
                             .text = "STOP \"x\"\n",
                             .parts = 3,
                             .missing = {1, 3},
                             .carrier_id = "c",
                             .keyword = "stop",
                             .rule = "r",
                             .action = "opt_out",
                             .answered = true,
                             .unanswered = "why"};
  const auto read = read_inbound(body_of(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(body_of(*read), body_of(record));
  EXPECT_EQ(read->missing, record.missing);
  EXPECT_EQ(read_inbound(body_of({.gateway = "g"}))->parts, 1);
  EXPECT_FALSE(read_inbound("no JSON"));
}

}  // namespace
}  // namespace smsbridge::bridge
