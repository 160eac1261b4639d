// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/clusters.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace smsbridge::bridge::text {
namespace {

TEST(Clusters, AreWhatReadersTakeForCharacters) {
  const struct {
    const char* name;
    std::vector<std::string> clusters;
  } cases[] = {
      {"letters", {"a", "b", "ж"}},
      {"a line's end", {"a", "\r\n", "\n", "\r", "b"}},
      {"a letter and its accent", {"e\u0301", "e"}},
      {"an emoji and its colour", {"👍🏽", "👍"}},
      {"a family", {"👨\u200D👩\u200D👧", "x"}},
      {"a heart that is one by its selector", {"❤\uFE0F", "!"}},
      {"flags, two letters each", {"🇰🇪", "🇺🇬", "🇹🇿"}},
      {"a key cap", {"1\uFE0F\u20E3", "2"}},
      {"a syllable of Hindi with its sign", {"\u0915\u093F", "\u0924\u093E"}},
      {"a syllable of Tamil", {"\u0BA8\u0BBF", "\u0BA9"}},
      {"Thai", {"\u0E01\u0E33", "\u0E02"}},
      {"Korean letters that make a syllable", {"\u1112\u1161\u11AB", "\uAE00"}},
      {"an accent alone at the beginning", {"\u0301", "a"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string text;
    for (const auto& cluster : c.clusters) text += cluster;
    std::vector<std::string> got;
    for (std::string_view rest = text; !rest.empty();) got.emplace_back(take_cluster(rest));
    EXPECT_EQ(got, c.clusters);
  }
}

TEST(Clusters, PutsAccentsOnTheirLetters) {
  EXPECT_EQ(composed("caf\u0065\u0301"), "café");
  EXPECT_EQ(composed("u\u0303"), "ũ");
  EXPECT_EQ(composed("café"), "") << "nothing stands by itself";
  EXPECT_EQ(composed("\u0915\u093C"), "") << "of other scripts nothing is asked";
  EXPECT_EQ(composed("\xC3"), "");
}

}  // namespace
}  // namespace smsbridge::bridge::text
