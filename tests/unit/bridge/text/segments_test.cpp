// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/segments.hpp"

#include <gtest/gtest.h>

#include <string>

#include "bridge/text/gsm7.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge::text {
namespace {

using Octets = std::vector<std::uint8_t>;

std::string repeat(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::vector<std::size_t> body_sizes(const Segmented& segmented) {
  std::vector<std::size_t> out;
  for (const auto& part : segmented.segments) out.push_back(part.body.size());
  return out;
}

std::string joined(const Segmented& segmented) {
  Octets all;
  for (const auto& part : segmented.segments) all.insert(all.end(), part.body.begin(), part.body.end());
  switch (segmented.encoding) {
    case Encoding::gsm7:
      return gsm7_decode(all);
    case Encoding::ucs2:
      return utf8_from_utf16be(all);
    case Encoding::latin1:
      break;
  }
  return utf8_from_latin1(std::string(all.begin(), all.end()));
}

using Sizes = std::vector<std::size_t>;

TEST(Segments, SplitsAtTheBoundaries) {
  const std::string smile = "😀";
  const struct {
    const char* name;
    std::string text;
    TextOptions options;
    Encoding encoding;
    Sizes sizes;  // octets of each body
    std::size_t units;
    std::size_t units_per_segment;
  } cases[] = {
      {"empty", "", {}, Encoding::gsm7, {0}, 0, 160},
      {"159", repeat(159, "a"), {}, Encoding::gsm7, {159}, 159, 160},
      {"160", repeat(160, "a"), {}, Encoding::gsm7, {160}, 160, 160},
      {"161", repeat(161, "a"), {}, Encoding::gsm7, {153, 8}, 161, 153},
      {"153 x 2", repeat(306, "a"), {}, Encoding::gsm7, {153, 153}, 306, 153},
      {"153 x 2 + 1", repeat(307, "a"), {}, Encoding::gsm7, {153, 153, 1}, 307, 153},
      {"153 x 3", repeat(459, "a"), {}, Encoding::gsm7, {153, 153, 153}, 459, 153},
      {"80 euros fill one part", repeat(80, "€"), {}, Encoding::gsm7, {160}, 160, 160},
      {"an escape pair is not divided",
       repeat(152, "a") + "€" + repeat(10, "a"),
       {},
       Encoding::gsm7,
       {152, 12},
       164,
       153},
      {"a pair that just fits", repeat(151, "a") + "€" + repeat(10, "a"), {}, Encoding::gsm7, {153, 10}, 163, 153},
      {"pairs all along", repeat(81, "€"), {}, Encoding::gsm7, {152, 10}, 162, 153},
      {"one part more than the division says", "a" + repeat(153, "€"), {}, Encoding::gsm7, {153, 152, 2}, 307, 153},
      {"pairs cost the last part", repeat(153, "€"), {}, Encoding::gsm7, {152, 152, 2}, 306, 153},
      {"16 bit reference", repeat(161, "a"), {.concat = Concat::udh16}, Encoding::gsm7, {152, 9}, 161, 152},
      {"sar has the room of udh8", repeat(161, "a"), {.concat = Concat::sar}, Encoding::gsm7, {153, 8}, 161, 153},
      {"payload is one", repeat(161, "a"), {.concat = Concat::payload}, Encoding::gsm7, {161}, 161, 153},
      {"70 UTF-16 units", repeat(70, "ж"), {}, Encoding::ucs2, {140}, 70, 70},
      {"71", repeat(71, "ж"), {}, Encoding::ucs2, {134, 8}, 71, 67},
      {"71 with 16 bit reference", repeat(71, "ж"), {.concat = Concat::udh16}, Encoding::ucs2, {132, 10}, 71, 66},
      {"35 emoji", repeat(35, smile), {}, Encoding::ucs2, {140}, 70, 70},
      {"36 emoji, pairs whole", repeat(36, smile), {}, Encoding::ucs2, {132, 12}, 72, 67},
      {"a surrogate pair is not divided", repeat(66, "ж") + smile + "жжж", {}, Encoding::ucs2, {132, 10}, 71, 67},
      {"a surrogate pair that just fits", repeat(65, "ж") + smile + "жжжж", {}, Encoding::ucs2, {134, 8}, 71, 67},
      {"latin1 140", repeat(140, "ç"), {.charset = Charset::latin1}, Encoding::latin1, {140}, 140, 140},
      {"latin1 141", repeat(141, "ç"), {.charset = Charset::latin1}, Encoding::latin1, {134, 7}, 141, 134},
      {"latin1 141 with 16 bit reference",
       repeat(141, "ç"),
       {.charset = Charset::latin1, .concat = Concat::udh16},
       Encoding::latin1,
       {133, 8},
       141,
       133},
      {"forced ucs2", "abc", {.charset = Charset::ucs2}, Encoding::ucs2, {6}, 3, 70},
      {"one outside character makes all UCS2", repeat(70, "a") + "ç", {}, Encoding::ucs2, {134, 8}, 71, 67},
      {"CR LF as is", "a\r\nb", {}, Encoding::gsm7, {4}, 4, 160},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = segment(c.text, c.options);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->encoding, c.encoding);
    EXPECT_EQ(body_sizes(*got), c.sizes);
    EXPECT_EQ(got->units, c.units);
    EXPECT_EQ(got->units_per_segment, c.units_per_segment);
    EXPECT_EQ(got->replaced, 0U);
    EXPECT_EQ(joined(*got), c.text);
    const bool has_header = c.sizes.size() > 1 && c.options.concat != Concat::sar;
    EXPECT_EQ(got->udhi, has_header);
    for (std::size_t i = 0; i < got->segments.size(); ++i) {
      EXPECT_EQ(got->segments[i].number, i + 1);
      EXPECT_EQ(got->segments[i].udh.empty(), !has_header);
    }
    if (c.options.charset == Charset::automatic && c.options.concat == Concat::udh8) {
      EXPECT_EQ(measure(c.text).parts, c.sizes.size());
      EXPECT_EQ(measure(c.text).encoding, got->encoding);
    }
  }
}

TEST(Segments, WritesHeaders) {
  const auto text = repeat(161, "a");
  const auto short_reference = segment(text, {.concat = Concat::udh8, .reference = 0x1234});
  ASSERT_TRUE(short_reference);
  EXPECT_EQ(short_reference->segments[0].udh, (Octets{0x05, 0x00, 0x03, 0x34, 0x02, 0x01}));
  EXPECT_EQ(short_reference->segments[1].udh, (Octets{0x05, 0x00, 0x03, 0x34, 0x02, 0x02}));
  const auto long_reference = segment(text, {.concat = Concat::udh16, .reference = 0x1234});
  ASSERT_TRUE(long_reference);
  EXPECT_EQ(long_reference->segments[1].udh, (Octets{0x06, 0x08, 0x04, 0x12, 0x34, 0x02, 0x02}));
}

TEST(Segments, NamesTheDataCoding) {
  EXPECT_EQ(segment("a")->data_coding, 0);
  EXPECT_EQ(segment("a", {.charset = Charset::latin1})->data_coding, 3);
  EXPECT_EQ(segment("ж")->data_coding, 8);
  EXPECT_EQ(segment("ж€")->segments[0].body, (Octets{0x04, 0x36, 0x20, 0xAC}));
}

TEST(Segments, ReplacesInForcedCharsets) {
  const struct {
    const char* name;
    std::string text;
    Charset charset;
    std::string want;
    std::size_t replaced;
  } cases[] = {
      {"one mark for an emoji of two units", "a😀b", Charset::gsm7, "a?b", 1},
      {"gsm7 keeps its extension", "€ç", Charset::gsm7, "€?", 1},
      {"latin1 has no euro", "€ç", Charset::latin1, "?ç", 1},
      {"every one counts", "жжж", Charset::gsm7, "???", 3},
      {"ucs2 has all", "ж😀", Charset::ucs2, "ж😀", 0},
      {"a question mark is not a replacement", "?", Charset::gsm7, "?", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = segment(c.text, {.charset = c.charset});
    ASSERT_TRUE(got);
    EXPECT_EQ(joined(*got), c.want);
    EXPECT_EQ(got->replaced, c.replaced);
  }
}

TEST(Segments, Refuses) {
  const struct {
    const char* name;
    std::string text;
    TextOptions options;
    std::size_t segments_max;
    TextError want;
  } cases[] = {
      {"invalid UTF-8", "a\xC3", {}, 255, TextError::invalid_utf8},
      {"invalid UTF-8 in a forced charset", "a\xC3", {.charset = Charset::gsm7}, 255, TextError::invalid_utf8},
      {"invalid UTF-8 for latin1", "\xE9", {.charset = Charset::latin1}, 255, TextError::invalid_utf8},
      {"NUL", std::string("a\0b", 3), {}, 255, TextError::nul_character},
      {"NUL in UCS2", std::string("ж\0", 3), {.charset = Charset::ucs2}, 255, TextError::nul_character},
      {"256 parts", repeat(255 * 153 + 1, "a"), {}, 255, TextError::too_many_segments},
      {"a header cannot count more than 255", repeat(255 * 153 + 1, "a"), {}, 1000, TextError::too_many_segments},
      {"the caller's limit", repeat(161, "a"), {}, 1, TextError::too_many_segments},
      {"payload is limited by the parts it becomes",
       repeat(307, "a"),
       {.concat = Concat::payload},
       2,
       TextError::too_many_segments},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = segment(c.text, c.options, c.segments_max);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), c.want);
    EXPECT_FALSE(explain(got.error()).empty());
  }
}

TEST(Segments, PayloadCountsThePartsThatTheCentreMakes) {
  const struct {
    const char* name;
    std::string text;
    std::size_t want;
  } cases[] = {
      {"one", repeat(160, "a"), 1},
      {"septets", repeat(161, "a"), 2},
      {"pairs cut short", repeat(153, "€"), 3},
      {"UTF-16 units", repeat(135, "ж"), 3},
      {"as many as there can be", repeat(255 * 153, "a"), 255},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto whole = segment(c.text, {.concat = Concat::payload});
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->segments.size(), 1U);
    EXPECT_EQ(whole->parts, c.want);
    const auto cut = segment(c.text);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->parts, c.want);
    EXPECT_EQ(cut->segments.size(), c.want);
  }
}

TEST(Segments, AllowsUpTo255Parts) {
  const auto text = repeat(255 * 153, "a");
  const auto got = segment(text);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->segments.size(), 255U);
  EXPECT_EQ(got->segments.back().udh, (Octets{0x05, 0x00, 0x03, 0x00, 0xFF, 0xFF}));
  EXPECT_EQ(got->segments.back().number, 255);
  EXPECT_EQ(joined(*got), text);
  EXPECT_EQ(measure(text).parts, 255U);
  EXPECT_EQ(measure(text + "a").parts, 256U) << "counting knows no limit";
}

TEST(Segments, CountsNothingForWhatIsRefused) {
  EXPECT_EQ(measure("\xC3").parts, 0U);
  EXPECT_EQ(measure(std::string(1, '\0')).parts, 0U);
  EXPECT_EQ(measure("ж\xC3").parts, 0U);
}

// Counting and splitting are two pieces of code; pairs at every offset keep them honest.
TEST(Segments, CountingAgreesWithSplitting) {
  for (const char* pair : {"€", "😀"}) {
    for (std::size_t lead = 0; lead < 330; ++lead) {
      const auto text = repeat(lead, "a") + repeat(lead % 7 + 1, pair) + repeat(lead % 11, "a") + repeat(90, pair);
      const auto got = segment(text);
      ASSERT_TRUE(got);
      ASSERT_EQ(measure(text).parts, got->segments.size()) << "lead " << lead << " of " << pair;
      ASSERT_EQ(joined(*got), text);
    }
  }
}

}  // namespace
}  // namespace smsbridge::bridge::text
