// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/ucs2.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace smsbridge::bridge::text {
namespace {

TEST(Ucs2, ReadsUtf8Strictly) {
  const struct {
    const char* name;
    std::string text;
    std::optional<std::u16string> want;
  } cases[] = {
      {"empty", "", u""},
      {"one to three octets", "aé€", u"aé€"},
      {"surrogate pair", "😀", u"😀"},
      {"last code point", "\xF4\x8F\xBF\xBF", u"\U0010FFFF"},
      {"beyond the last", "\xF4\x90\x80\x80", std::nullopt},
      {"truncated", "a\xE2\x82", std::nullopt},
      {"lone continuation", "\x80", std::nullopt},
      {"missing continuation", "\xC3(", std::nullopt},
      {"overlong slash", "\xC0\xAF", std::nullopt},
      {"overlong in three octets", "\xE0\x80\xAF", std::nullopt},
      {"overlong in four octets", "\xF0\x80\x80\xAF", std::nullopt},
      {"encoded surrogate", "\xED\xA0\x80", std::nullopt},
      {"never in UTF-8", "\xFF", std::nullopt},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(utf16_from_utf8(c.text), c.want);
    EXPECT_EQ(is_valid_utf8(c.text), c.want.has_value());
  }
}

TEST(Ucs2, ReadsUtf16Leniently) {
  const struct {
    const char* name;
    std::vector<std::uint8_t> octets;
    std::string want;
  } cases[] = {
      {"empty", {}, ""},
      {"plain", {0x00, 0x41, 0x20, 0xAC}, "A€"},
      {"pair", {0xD8, 0x3D, 0xDE, 0x00}, "😀"},
      {"odd last octet dropped", {0x00, 0x41, 0x00}, "A"},
      {"lone high", {0xD8, 0x3D, 0x00, 0x41}, "\uFFFD\x41"},
      {"high at the end", {0xD8, 0x3D}, "\uFFFD"},
      {"lone low", {0xDE, 0x00}, "\uFFFD"},
      {"two highs, then low", {0xD8, 0x3D, 0xD8, 0x3D, 0xDE, 0x00}, "\uFFFD😀"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(utf8_from_utf16be(c.octets), c.want);
  }
}

TEST(Ucs2, RepairsWhatIsNotUtf8AndNothingElse) {
  const struct {
    const char* name;
    std::string octets;
    std::string want;
  } cases[] = {
      {"empty", "", ""},
      {"valid", "aé€😀", "aé€😀"},
      {"Latin-1", "caf\xE9", "café"},
      {"one bad octet among good ones", "Wanjik\u0169 \xE9 \u20AC", "Wanjikũ é €"},
      {"cut in a character", "x\xE2\x82", "x\u00E2\u0082"},
      {"overlong", "\xC0\xAF", "\u00C0\u00AF"},
      {"a surrogate", "\xED\xA0\x80", "\u00ED\u00A0\u0080"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(repaired_utf8(c.octets), c.want);
    EXPECT_TRUE(is_valid_utf8(repaired_utf8(c.octets)));
  }
}

TEST(Ucs2, CutsNoCharacterInTwo) {
  const std::string text = "aé€😀";  // 1, 2, 3 and 4 octets
  const std::size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t room = 0; room < std::size(want); ++room) {
    EXPECT_EQ(cut_utf8(text, room).size(), want[room]) << room;
    EXPECT_TRUE(is_valid_utf8(cut_utf8(text, room))) << room;
  }
}

TEST(Ucs2, ReadsLatin1) { EXPECT_EQ(utf8_from_latin1("a\xE9\xFF"), "aéÿ"); }

}  // namespace
}  // namespace smsbridge::bridge::text
