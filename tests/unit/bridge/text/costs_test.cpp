// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/costs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smsbridge::bridge::text {
namespace {

TEST(Costs, NamesTheCharactersThatForceUcs2) {
  const auto forcing = forcing_ucs2("a“b” ж\u200B😀é e\u0301", 100);
  ASSERT_EQ(forcing.size(), 5U) << "é is in the alphabet, however it is written";
  EXPECT_EQ(forcing[0].character, "“");
  EXPECT_EQ(forcing[0].code_point, "U+201C");
  EXPECT_EQ(forcing[0].position, 2U);
  EXPECT_EQ(forcing[0].replacement, "\"");
  EXPECT_EQ(forcing[2].code_point, "U+0436");
  EXPECT_FALSE(forcing[2].replaceable);
  EXPECT_TRUE(forcing[3].replaceable) << "by nothing";
  EXPECT_EQ(forcing[3].replacement, "");
  EXPECT_EQ(forcing[4].code_point, "U+1F600");
  EXPECT_EQ(forcing[4].position, 8U);
  EXPECT_EQ(forcing_ucs2("““““", 3).size(), 3U);
  EXPECT_TRUE(forcing_ucs2("plain €", 3).empty());
}

std::string told(const std::string& utf8, const TextOptions& options = {}) {
  std::string out;
  for (const auto& cost : costs(utf8, options)) {
    out += out.empty() ? "" : ", ";
    out += cost.encoding == Encoding::gsm7 ? "gsm7" : cost.encoding == Encoding::latin1 ? "latin1" : "ucs2";
    if (cost.shift.single != 0) out += " single " + std::string(table_name(cost.shift.single));
    if (cost.shift.locking != 0) out += " locking " + std::string(table_name(cost.shift.locking));
    out += (cost.transliterated ? " transliterated " : " ") + std::to_string(cost.parts);
  }
  return out;
}

std::string many(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Costs, TellsEachAlphabetThatHasTheText) {
  EXPECT_EQ(told("Habari"), "gsm7 1, latin1 1, ucs2 1");
  EXPECT_EQ(told("Habari €"), "gsm7 1, ucs2 1");
  EXPECT_EQ(told(many(100, "ç")),
            "gsm7 locking turkish 1, gsm7 single spanish 2, gsm7 locking portuguese 1, latin1 1, ucs2 2, gsm7 "
            "transliterated 1");
  EXPECT_EQ(told(many(100, "ğ")), "gsm7 locking turkish 1, ucs2 2, gsm7 transliterated 1");
  EXPECT_EQ(told("ж"), "ucs2 1");
  EXPECT_EQ(told(many(80, "e\u0301")), "gsm7 1, latin1 1, ucs2 3") << "with the accents on their letters";
}

TEST(Costs, SaysWhatHasToBeSet) {
  const auto text = many(100, "ğ");
  const auto all = costs(text, {});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(how_to_allow(all[0], {}, false), "national: [tr] at the gateway, where the carrier passes it on");
  EXPECT_EQ(how_to_allow(all[1], {}, false), "");
  EXPECT_EQ(how_to_allow(all[2], {}, false), "transliterate: true in the message, or at the tenant");
  EXPECT_EQ(how_to_allow(all[2], {}, true), "");
  TextOptions turkish;
  turkish.national.allow(1);
  EXPECT_EQ(how_to_allow(all[0], turkish, false), "");
  turkish.national.locking = false;
  EXPECT_EQ(how_to_allow(all[0], turkish, false),
            "national_tables: both at the gateway, where the carrier passes them on");
  EXPECT_EQ(how_to_allow(all[1], {.charset = Charset::gsm7}, false), "charset: auto at the gateway");
  EXPECT_EQ(how_to_allow(all[0], {.charset = Charset::ucs2}, false), "charset: auto at the gateway");
  EXPECT_EQ(how_to_allow(costs("ç", {})[3], {}, false), "charset: gsm7_latin1 at the gateway");
  EXPECT_EQ(how_to_allow(costs("ç", {})[3], {.charset = Charset::latin1_ucs2}, false), "");
}

}  // namespace
}  // namespace smsbridge::bridge::text
