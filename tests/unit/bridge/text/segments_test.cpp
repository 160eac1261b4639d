// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/segments.hpp"

#include <gtest/gtest.h>

#include <string>

#include "bridge/text/gsm7.hpp"
#include "bridge/text/ucs2.hpp"
#include "bridge/text/utf8.hpp"

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
      return smpp::gsm7_decode(all, segmented.shift);
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
    const auto measured = measure(c.text, c.options);
    EXPECT_EQ(measured.parts, got->parts);
    EXPECT_EQ(measured.encoding, got->encoding);
    EXPECT_EQ(measured.units, got->units);
    EXPECT_EQ(measured.units_per_segment, got->units_per_segment);
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

National allowed(std::initializer_list<std::uint8_t> languages, bool single = true, bool locking = true) {
  National national{.single = single, .locking = locking};
  for (const auto language : languages) national.allow(language);
  return national;
}

TEST(Segments, TakesTheAlphabetThatTheGatewayAllows) {
  const auto hindi = repeat(50, "\u0928\u092E\u0938\u094D\u0924\u0947");
  const struct {
    const char* name;
    std::string text;
    TextOptions options;
    Encoding encoding;
    Shift shift;
    std::size_t parts, room;
    Octets header;
  } cases[] = {
      {"no table for a text of the alphabet",
       repeat(160, "a"),
       {.national = allowed({1})},
       Encoding::gsm7,
       {},
       1,
       160,
       {}},
      {"no table where none is allowed", repeat(80, "ğ"), {}, Encoding::ucs2, {}, 2, 67, {5, 0, 3, 0, 2, 1}},
      {"no table that saves nothing", repeat(70, "ğ"), {.national = allowed({1})}, Encoding::ucs2, {}, 1, 70, {}},
      {"a table behind the escape, where that does",
       repeat(71, "ğ"),
       {.national = allowed({1})},
       Encoding::gsm7,
       {.locking = 0, .single = 1},
       1,
       155,
       {3, 0x24, 1, 1}},
      {"one instead of the alphabet, where it does not",
       repeat(78, "ğ"),
       {.national = allowed({1})},
       Encoding::gsm7,
       {.locking = 1, .single = 0},
       1,
       155,
       {3, 0x25, 1, 1}},
      {"not where the gateway has only the other",
       repeat(78, "ğ"),
       {.national = allowed({1}, true, false)},
       Encoding::ucs2,
       {},
       2,
       67,
       {5, 0, 3, 0, 2, 1}},
      {"both",
       repeat(40, "ğ") + repeat(40, "{"),
       {.national = allowed({1}, true, true)},
       Encoding::gsm7,
       {.locking = 1, .single = 0},
       1,
       155,
       {3, 0x25, 1, 1}},
      {"both, as each lacks a character",
       repeat(130, "\u0905") + "\u0966\u0966",
       {.national = allowed({6})},
       Encoding::gsm7,
       {.locking = 6, .single = 6},
       1,
       152,
       {6, 0x24, 1, 6, 0x25, 1, 6}},
      {"numbered before the tables",
       hindi,
       {.national = allowed({6})},
       Encoding::gsm7,
       {.locking = 6, .single = 0},
       3,
       149,
       {8, 0, 3, 0, 3, 1, 0x25, 1, 6}},
      {"numbered with 16 bits",
       hindi,
       {.concat = Concat::udh16, .national = allowed({6})},
       Encoding::gsm7,
       {.locking = 6, .single = 0},
       3,
       148,
       {9, 8, 4, 0, 0, 3, 1, 0x25, 1, 6}},
      {"no tables in what the centre numbers",
       hindi,
       {.concat = Concat::sar, .national = allowed({6})},
       Encoding::ucs2,
       {},
       5,
       67,
       {}},
      {"but in one part",
       repeat(71, "ğ"),
       {.concat = Concat::sar, .national = allowed({1})},
       Encoding::gsm7,
       {.locking = 0, .single = 1},
       1,
       155,
       {3, 0x24, 1, 1}},
      {"of two languages the one that has it",
       repeat(90, "ã"),
       {.national = allowed({1, 3})},
       Encoding::gsm7,
       {.locking = 3, .single = 0},
       1,
       155,
       {3, 0x25, 1, 3}},
      {"two languages in one text",
       repeat(90, "ğã"),
       {.national = allowed({1, 3})},
       Encoding::ucs2,
       {},
       3,
       67,
       {5, 0, 3, 0, 3, 1}},
      {"a forced alphabet keeps its characters by a table",
       "ğ",
       {.charset = Charset::gsm7, .national = allowed({1})},
       Encoding::gsm7,
       {.locking = 0, .single = 1},
       1,
       155,
       {3, 0x24, 1, 1}},
      {"Latin-1 before UCS-2", repeat(71, "ç"), {.charset = Charset::gsm7_latin1}, Encoding::latin1, {}, 1, 140, {}},
      {"GSM before Latin-1", repeat(160, "é"), {.charset = Charset::gsm7_latin1}, Encoding::gsm7, {}, 1, 160, {}},
      {"UCS-2 behind Latin-1", "ж", {.charset = Charset::gsm7_latin1}, Encoding::ucs2, {}, 1, 70, {}},
      {"no GSM at all", repeat(140, "é"), {.charset = Charset::latin1_ucs2}, Encoding::latin1, {}, 1, 140, {}},
      {"nor for the euro", "€", {.charset = Charset::latin1_ucs2}, Encoding::ucs2, {}, 1, 70, {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = segment(c.text, c.options);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->encoding, c.encoding);
    EXPECT_EQ(got->shift, c.shift);
    EXPECT_EQ(got->parts, c.parts);
    EXPECT_EQ(got->units_per_segment, c.room);
    EXPECT_EQ(got->segments.front().udh, c.header);
    EXPECT_EQ(got->udhi, !c.header.empty());
    EXPECT_EQ(got->replaced, 0U);
    EXPECT_EQ(joined(*got), c.text);
    EXPECT_EQ(measure(c.text, c.options).parts, c.parts);
    EXPECT_EQ(measure(c.text, c.options).shift, c.shift);
  }
}

// Of every language: what its own tables have goes by them, and comes back the same.
TEST(Segments, EveryLanguageSavesParts) {
  for (const auto& language : smpp::national_languages()) {
    SCOPED_TRACE(language.name);
    std::string text;
    for (const auto* table : {language.locking, language.single})
      for (std::size_t code = 0; table != nullptr && code < table->size(); ++code)
        if ((*table)[code] > 0x7F && gsm7_code((*table)[code]) == gsm7_outside) append_utf8(text, (*table)[code]);
    while (measure(text).parts < 4) text += text;
    const TextOptions options{.national = allowed({language.id})};
    const auto got = segment(text, options);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->encoding, Encoding::gsm7);
    EXPECT_FALSE(got->shift.is_default());
    EXPECT_LT(got->parts, measure(text).parts);
    EXPECT_EQ(joined(*got), text);
  }
}

TEST(Segments, KeepsTogetherWhatIsReadAsOne) {
  const std::string family = "👨\u200D👩\u200D👧";  // 8 units
  const struct {
    const char* name;
    std::string text;
    TextOptions options;
    std::vector<std::size_t> octets;
  } cases[] = {
      {"a family at the end of a part", repeat(60, "ж") + family + "жжж", {}, {120, 22}},
      {"that just fits", repeat(59, "ж") + family + "жжжж", {}, {134, 8}},
      {"a flag", repeat(65, "ж") + "🇰🇪" + "жж", {}, {130, 12}},
      {"an accent", repeat(66, "ж") + "a\u0323" + "жжж", {}, {132, 10}},
      {"the sign of a syllable", repeat(66, "\u0915") + "\u0915\u093F" + "\u0915\u0915\u0915", {}, {132, 10}},
      {"in a national alphabet",
       repeat(148, "\u0915") + "\u0915\u093F" + "\u0915\u0915\u0915\u0915\u0915\u0915",
       {.national = allowed({6})},
       {148, 8}},
      {"a line's end", repeat(152, "a") + "\r\n" + repeat(8, "a"), {}, {152, 10}},
      {"longer than a part: divided after all", "ж" + std::string("a") + repeat(70, "\u0323"), {}, {134, 10}},
      {"not asked for", repeat(60, "ж") + family + "жжж", {.clusters = false}, {132, 10}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = segment(c.text, c.options);
    ASSERT_TRUE(got);
    EXPECT_EQ(body_sizes(*got), c.octets);
    EXPECT_EQ(joined(*got), c.text);
    EXPECT_EQ(measure(c.text, c.options).parts, c.octets.size());
  }
}

TEST(Segments, AnAccentByItselfIsReadAsItsLetter) {
  const auto got = segment("cafe\u0301");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->encoding, Encoding::gsm7);
  EXPECT_EQ(joined(*got), "café");
  EXPECT_EQ(measure("cafe\u0301").encoding, Encoding::gsm7);
  EXPECT_EQ(joined(*segment("cafe\u0301 ж")), "cafe\u0301 ж") << "UCS-2 has it as it was given";
  EXPECT_EQ(joined(*segment("fac\u0327ade", {.charset = Charset::latin1})), "façade");
  EXPECT_EQ(joined(*segment("e\u0301 fac\u0327ade", {.charset = Charset::gsm7})), "é fa?ade");
}

// Counting and splitting are two pieces of code; pairs at every offset keep them honest.
TEST(Segments, CountingAgreesWithSplitting) {
  for (const char* pair : {"€", "😀", "👨\u200D👩\u200D👧"}) {
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
