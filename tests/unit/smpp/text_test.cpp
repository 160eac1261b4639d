// SPDX-License-Identifier: MPL-2.0
#include "smpp/text.hpp"

#include <gtest/gtest.h>

#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

TEST(Text, UserDataHeader) {
  struct {
    const char* name;
    const char* payload;
    std::uint8_t esm_class;
    std::size_t elements;
    const char* body;
  } const cases[] = {
      {"concatenation", "05 00 03 2A 02 01 4869", 0x40, 1, "4869"},
      {"two elements", "08 24 01 01 00 03 2A 02 01 48", 0x44, 2, "48"},
      {"header only", "05 00 03 2A 02 01", 0x40, 1, ""},
      {"not announced", "05 00 03 2A 02 01 4869", 0x00, 0, "050003 2A02014869"},
      {"longer than the text", "FF 00 03 2A", 0x40, 0, "FF00032A"},
      {"element beyond the header", "05 00 09 2A 02 01 4869", 0x40, 0, "0500092A02014869"},
      {"half an element", "01 00 4869", 0x40, 0, "01004869"},
      {"length zero", "00 4869", 0x40, 0, "004869"},
      {"empty", "", 0x40, 0, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto payload = octets(c.payload);
    const auto data = split_user_data(payload, c.esm_class);
    EXPECT_EQ(data.elements.size(), c.elements);
    EXPECT_EQ(data.has_header, c.elements > 0);
    EXPECT_EQ(hex(data.body), hex(octets(c.body)));
  }
}

TEST(Text, Ucs2) {
  EXPECT_EQ(utf8_from_ucs2(octets("00480069")), "Hi");
  EXPECT_EQ(utf8_from_ucs2(octets("0048 20AC 00")), "H\u20AC") << "odd length";
  EXPECT_EQ(utf8_from_ucs2(octets("D83DDE00")), "\U0001F600");
  EXPECT_EQ(utf8_from_ucs2(octets("D83D0041")),
            "\uFFFD"
            "A")
      << "high surrogate alone";
  EXPECT_EQ(utf8_from_ucs2(octets("DE000041")),
            "\uFFFD"
            "A")
      << "low surrogate alone";
  EXPECT_EQ(utf8_from_ucs2(octets("D83D")), "\uFFFD");
}

TEST(Text, Utf8OrLatin1) {
  EXPECT_EQ(utf8_from_unknown(octets("C3A9")), "\u00E9");
  EXPECT_EQ(utf8_from_unknown(octets("E9")), "\u00E9");
  for (const auto* bad : {"C080", "E08080", "EDA080", "F4908080", "F0808080", "C3", "FF", "80", "E282"})
    EXPECT_FALSE(is_utf8(as_text(octets(bad)))) << bad;
  for (const auto* good : {"", "41", "C3A9", "E282AC", "ED9FBF", "F09F9880", "F48FBFBF"})
    EXPECT_TRUE(is_utf8(as_text(octets(good)))) << good;
}

}  // namespace
}  // namespace smsbridge::smpp
