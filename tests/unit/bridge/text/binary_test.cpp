// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/binary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

using namespace std::string_literals;
using Bytes = std::vector<std::uint8_t>;

const std::string ports = "\x06\x05\x04\x0B\x84\x23\xF0"s;  // WAP push: 2948, 9200

std::string joined_octets(const Segmented& cut) {
  std::string all;
  for (const auto& segment : cut.segments) all.append(segment.body.begin(), segment.body.end());
  return all;
}

TEST(Binary, IsCutIntoWhatFits) {
  const auto udh8 = Concat::udh8, udh16 = Concat::udh16, sar = Concat::sar, payload = Concat::payload;
  const struct {
    const char* name;
    std::size_t octets;
    std::string header;
    Concat concat;
    std::vector<std::size_t> sizes;
    std::size_t parts;
    Bytes last_header;
  } cases[] = {
      {"one", 140, "", udh8, {140}, 1, {}},
      {"two", 141, "", udh8, {134, 7}, 2, {5, 0, 3, 0x34, 2, 2}},
      {"two with a long reference", 141, "", udh16, {133, 8}, 2, {6, 8, 4, 0x12, 0x34, 2, 2}},
      {"numbered by the centre", 141, "", sar, {134, 7}, 2, {}},
      {"divided by the centre", 141, "", payload, {141}, 2, {}},
      {"behind ports", 133, ports, udh8, {133}, 1, {6, 5, 4, 0x0B, 0x84, 0x23, 0xF0}},
      {"ports and numbers", 134, ports, udh8, {128, 6}, 2, {11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0, 3, 0x34, 2, 2}},
      {"a header is numbered also where the centre numbers",
       134,
       ports,
       sar,
       {128, 6},
       2,
       {11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0, 3, 0x34, 2, 2}},
      {"and where it divides", 134, ports, payload, {128, 6}, 2, {11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0, 3, 0x34, 2, 2}},
      {"as many as can be", 255 * 134, "", udh8, std::vector<std::size_t>(255, 134), 255, {5, 0, 3, 0x34, 255, 255}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string body;
    for (std::size_t i = 0; i < c.octets; ++i) body += static_cast<char>(i * 7);
    const auto cut = segment_binary(body, c.header, {.concat = c.concat, .reference = 0x1234});
    ASSERT_TRUE(cut);
    std::vector<std::size_t> sizes;
    for (const auto& segment : cut->segments) {
      sizes.push_back(segment.body.size());
      EXPECT_LE(c.concat == payload && c.header.empty() ? 0 : segment.udh.size() + segment.body.size(), 140U);
    }
    EXPECT_EQ(sizes, c.sizes);
    EXPECT_EQ(cut->parts, c.parts);
    EXPECT_EQ(cut->segments.back().udh, c.last_header);
    EXPECT_EQ(cut->udhi, !c.last_header.empty());
    EXPECT_EQ(joined_octets(*cut), body);
  }
}

TEST(Binary, SaysWhyItCannotBeCut) {
  const std::string numbered = "\x05\x00\x03\x01\x02\x01"s;
  EXPECT_TRUE(segment_binary(std::string(134, 'x'), numbered, {}));
  EXPECT_THAT(segment_binary(std::string(135, 'x'), numbered, {}).error(), testing::HasSubstr("numbers one part"));
  EXPECT_THAT(segment_binary(std::string(255 * 134 + 1, 'x'), "", {}).error(), testing::HasSubstr("255"));
  const auto long_header = "\x87\x70\x85"s + std::string(133, 'h');
  EXPECT_THAT(segment_binary(std::string(20, 'x'), long_header, {}).error(), testing::HasSubstr("no room"));
}

TEST(Binary, KnowsHeaders) {
  const struct {
    std::string header, why;
  } cases[] = {
      {"", ""},
      {ports, ""},
      {"\x00"s, ""},
      {"\x05\x05\x04\x0B\x84\x23\xF0"s, "length of the rest"},
      {"\x04\x05\x04\x0B\x84"s, "behind the end"},
      {"\x01\x05"s, "behind the end"},
      {"\x8B\x70\x89"s + std::string(137, 'h'), "at most 139"},
  };
  for (const auto& c : cases) EXPECT_THAT(why_not_a_header(c.header), testing::HasSubstr(c.why)) << c.header.size();
  EXPECT_EQ(why_not_a_header(ports), "");
}

}  // namespace
}  // namespace smsbridge::bridge::text
