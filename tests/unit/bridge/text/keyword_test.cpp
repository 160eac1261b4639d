// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/keyword.hpp"

#include <gmock/gmock.h>

namespace smsbridge::bridge::text {
namespace {

TEST(Keyword, WordsAreWithoutCaseAccentsAndWhatStandsAround) {
  const struct {
    const char* text;
    std::vector<std::string> words;
  } cases[] = {
      {"STOP", {"stop"}},
      {"  «Stop!!»\n", {"stop"}},
      {"ARRÊT, s'il vous plaît", {"arret", "s", "il"}},
      {"arre\u0302t", {"arret"}},
      {"Łódź Şimdi", {"lodz", "simdi"}},
      {"रोकें।", {"रोकें"}},
      {"शुरू कर\u200Dें", {"शुरू", "करें"}},
      {"\uFEFFbal 2", {"bal", "2"}},
      {"ß Æ", {"ß", "Æ"}},
      {"one two three four", {"one", "two", "three"}},
      {"...", {}},
      {"", {}},
      {"good\xFFrest", {"good"}},
  };
  for (const auto& c : cases) EXPECT_EQ(words_of(c.text), c.words) << c.text;
}

}  // namespace
}  // namespace smsbridge::bridge::text
