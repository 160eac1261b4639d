// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/custom_tlv.hpp"

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::string_literals;

TEST(CustomTlv, HasItsValueInOctets) {
  const struct {
    const char* type;
    std::string value;
    tl::expected<std::string, const char*> want;
  } cases[] = {
      {"string", "1101234567890123456", "1101234567890123456"s},
      {"string", "", ""s},
      {"string", std::string(255, 'x'), std::string(255, 'x')},
      {"string", std::string(256, 'x'), tl::unexpected<const char*>("256 octets, and at most 255")},
      {"string", "a\0b"s, tl::unexpected<const char*>("no NUL")},
      {"cstring", "ab", "ab\0"s},
      {"cstring", std::string(255, 'x'), tl::unexpected<const char*>("256 octets")},
      {"octets", "00fF10", "\x00\xFF\x10"s},
      {"octets", "0", tl::unexpected<const char*>("hex digits")},
      {"octets", "0x10", tl::unexpected<const char*>("hex digits")},
      {"u8", "255", "\xFF"s},
      {"u8", "256", tl::unexpected<const char*>("from 0 to 255")},
      {"u8", "-1", tl::unexpected<const char*>("from 0 to 255")},
      {"u8", "", tl::unexpected<const char*>("from 0 to 255")},
      {"u16", "258", "\x01\x02"s},
      {"u16", "0x0102", "\x01\x02"s},
      {"u16", "65536", tl::unexpected<const char*>("from 0 to 65535")},
      {"u32", "16909060", "\x01\x02\x03\x04"s},
      {"u32", "0x", tl::unexpected<const char*>("from 0 to 4294967295")},
      {"u64", "1", tl::unexpected<const char*>("not a type")},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.type) + " " + c.value);
    const auto octets = tlv_value(c.type, c.value);
    ASSERT_EQ(octets.has_value(), c.want.has_value()) << (octets ? "" : octets.error());
    if (octets)
      EXPECT_EQ(*octets, *c.want);
    else
      EXPECT_THAT(octets.error(), testing::HasSubstr(c.want.error()));
  }
}

TEST(CustomTlv, LeavesTagsAloneThatFollowFromOtherSettings) {
  EXPECT_EQ(parse_tag("0x1400"), 0x1400);
  EXPECT_EQ(parse_tag("5120"), 0x1400);
  EXPECT_EQ(parse_tag("0x0204"), 0x0204) << "user_message_reference is nobody else's";
  for (const auto* own : {"0x0005", "0x020C", "0x020e", "527", "0x0424"}) {
    ASSERT_FALSE(parse_tag(own)) << own;
    EXPECT_THAT(parse_tag(own).error(), testing::HasSubstr("is ours")) << own;
  }
  for (const auto* none : {"", "0", "0x10000", "DLT", "0x14 00", "-1"}) {
    ASSERT_FALSE(parse_tag(none)) << none;
    EXPECT_THAT(parse_tag(none).error(), testing::HasSubstr("is not the number of a TLV")) << none;
  }
}

TEST(CustomTlv, SaysWhereAListIsWrong) {
  const struct {
    const char *tlvs, *path, *text;
  } cases[] = {
      {R"([{"value": "x"}])", "tlvs[0]", "the key 'tag' is missing"},
      {R"([{"tag": "0x0424", "value": "x"}])", "tlvs[0].tag", "0x0424 is ours: message_payload is set by concat"},
      {R"([{"tag": "0x1400", "type": "u8", "value": "x"}])", "tlvs[0].value", "'x' is not a whole number"},
      {R"([{"tag": "0x1400", "type": "int", "value": 1}])", "tlvs[0].type", "'int' is not one of string, cstring"},
      {R"([{"tag": 5120}, {"tag": "0x1400"}])", "tlvs[1].tag", "the tag 0x1400 stands here twice"},
      {R"({"0x1400": "x"})", "tlvs", "must be a list"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.tlvs);
    std::vector<ConfigProblem> problems;
    read_gateway({{"name", "a"},
                  {"id", 1},
                  {"host", "127.0.0.1"},
                  {"port", 1},
                  {"system_id", "s"},
                  {"tlvs", boost::json::parse(c.tlvs)}},
                 ".", problems);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].path, c.path);
    EXPECT_THAT(problems[0].text, testing::StartsWith(c.text));
  }
  boost::json::array many;
  for (int tag = 0; tag < 21; ++tag) many.push_back(boost::json::object{{"tag", 0x1400 + tag}});
  std::vector<ConfigProblem> problems;
  read_gateway({{"name", "a"}, {"id", 1}, {"host", "127.0.0.1"}, {"port", 1}, {"system_id", "s"}, {"tlvs", many}}, ".",
               problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].text, "are more than 20");
}

}  // namespace
}  // namespace smsbridge::bridge
