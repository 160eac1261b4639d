// SPDX-License-Identifier: MPL-2.0
// How far a gateway is trusted, of all that is known of how it goes.
#include "bridge/policy/trust.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace smsbridge::bridge {
namespace {

using News = Trust::News;
using State = Trust::State;
constexpr WallMs quiet_after = 300'000;

std::string name(State state) {
  switch (state) {
    case State::down:
      return "down";
    case State::probing:
      return "probing";
    case State::tried:
      return "tried";
    case State::trusted:
      return "trusted";
  }
  return "?";
}
std::string name(News news) {
  switch (news) {
    case News::none:
      return {};
    case News::receipts_stopped:
      return " stopped";
    case News::receipts_come:
      return " come";
    case News::many_fail:
      return " many";
    case News::fewer_fail:
      return " fewer";
  }
  return "?";
}

// A gateway in words: "up" and "down" are seen, "slow" is up and throttled; "gone" and "back" are down and up between
// two looks; "taken" is a message whose receipt is
// awaited, "sent" one that has none, "failed" one that may pass later, "receipt" one that comes. "taken*20" is 20 of
// them, "+5" five seconds.
class Gateway {
 public:
  explicit Gateway(State known_as = State::down, WallMs quiet = quiet_after) : trust(quiet, known_as) {}
  Gateway& live(const std::string& words) {
    std::istringstream in(words);
    for (std::string word; in >> word;) {
      const auto star = word.find('*');
      const int times = star == std::string::npos ? 1 : std::stoi(word.substr(star + 1));
      for (int i = 0; i < times; ++i) news += name(happens(word.substr(0, star)));
    }
    return *this;
  }
  // "tried, throttled since 3", in seconds.
  std::string text() const {
    auto text = name(trust.state());
    if (const auto patience = trust.patience())
      text += std::string(patience->is_unreachable() ? ", unreachable" : ", throttled") + " since " +
              std::to_string((patience->since - begin) / 1000);
    return text;
  }
  Trust trust;
  std::string news;

 private:
  News happens(const std::string& word) {
    if (word[0] == '+') return now += 1000 * std::stoi(word), News::none;
    if (word == "taken" || word == "sent") return trust.taken(now, word == "taken");
    if (word == "failed") return trust.failed();
    if (word == "receipt") return trust.receipt_came();
    trust.can_send(word != "down" && word != "gone");
    return word == "gone" || word == "back" ? News::none : trust.see(now, word == "slow");
  }
  static constexpr WallMs begin = 1'000'000;
  WallMs now = begin;
};

TEST(Trust, IsOneStateOfAllThatIsKnown) {
  struct Case {
    const char* name;
    const char* life;
    const char* want;
  };
  const Case cases[] = {
      {"it was never up", "down", "down, unreachable since 0"},
      {"it came up", "up", "probing"},
      {"and takes a message", "up taken", "trusted"},
      {"it failed one", "up failed", "probing"},
      {"it went down", "up taken +5 down +5 down", "down, unreachable since 5"},
      {"and came back", "up taken +5 down +5 up", "probing"},
      {"what was on its way down shows nothing", "up taken down taken up", "probing"},
      {"it takes messages again", "up taken +5 down +5 up taken", "trusted"},
      {"gone since it was seen", "up taken +5 gone", "down"},
      {"gone and back since it was seen", "up taken +5 gone back", "probing"},
      {"back since it was seen", "up taken +5 down +5 back", "probing, unreachable since 5"},
      {"throttled", "up taken +5 slow +5 slow", "tried, throttled since 5"},
      {"throttled, and no longer", "up taken slow up", "trusted"},
      {"throttled once more", "up taken slow up +5 slow", "tried, throttled since 5"},
      {"throttled while it is probed", "up +5 slow", "probing, throttled since 5"},
      {"throttled and down", "up taken +5 slow +5 down", "down, unreachable since 10"},
      {"half of the last twenty failed", "up sent*10 failed*10", "probing"},
      {"one less did", "up sent*11 failed*9", "trusted"},
      {"too few to tell", "up sent failed*10", "trusted"},
      {"and a quarter after that", "up sent*10 failed*10 sent*15 failed*5", "probing"},
      {"and a fifth", "up sent*10 failed*10 sent*16 failed*4", "trusted"},
      {"receipts stopped", "up receipt taken*20 +300 up", "probing"},
      {"not for long enough", "up receipt taken*20 +299 up", "trusted"},
      {"none ever came", "up taken*20 +300 up", "trusted"},
      {"too few are awaited", "up receipt taken*19 +300 up", "trusted"},
      {"none is awaited", "up receipt sent*20 +300 up", "trusted"},
      {"receipts stopped, and it takes messages", "up receipt taken*20 +300 up taken*5", "probing"},
      {"receipts come again", "up receipt taken*20 +300 up receipt", "trusted"},
      {"after a time without a way out", "up receipt taken*20 +300 up down up receipt", "trusted"},
      {"while there is none", "up receipt taken*20 +300 down receipt", "down, unreachable since 300"},
      {"a receipt alone shows nothing", "up taken down up receipt", "probing"},
      {"receipts stopped and many fail", "up receipt taken*20 +300 up failed*10", "probing"},
      {"many fail, and receipts come again", "up receipt taken*20 +300 up failed*10 receipt", "probing"},
      {"fewer fail, and none comes", "up receipt taken*20 +300 up failed*10 taken*20", "probing"},
  };
  for (const auto& each : cases) EXPECT_EQ(Gateway().live(each.life).text(), each.want) << each.name;
}

// What waits is not to begin its wait anew each time.
TEST(Trust, OneThatComesAndGoesIsDownAllTheWhile) {
  struct Case {
    const char* life;
    const char* want;
  };
  const Case cases[] = {
      {"up +5 down +5 up +5 down", "down, unreachable since 5"},
      {"up +5 down +5 up +59 up +1 down", "down, unreachable since 5"},
      {"up +5 down +5 up +60 up down", "down, unreachable since 70"},
      {"up +5 down +5 up +1 taken +1 down", "down, unreachable since 12"},
      {"up +5 down +5 up +1 failed +1 down", "down, unreachable since 5"},
      {"up taken +5 gone back +5 down", "down, unreachable since 10"},
  };
  for (const auto& each : cases) EXPECT_EQ(Gateway().live(each.life).text(), each.want) << each.life;
}

TEST(Trust, WhatChangedIsSaidOnce) {
  struct Case {
    const char* life;
    const char* news;
  };
  const Case cases[] = {
      {"up taken slow down up taken", ""},
      {"up sent*10 failed*15", " many"},
      {"up sent*10 failed*15 sent*40", " many fewer"},
      {"up receipt taken*20 +300 up +1 up +1 up", " stopped"},
      {"up receipt taken*20 +300 up receipt receipt", " stopped come"},
      {"up receipt taken*20 +300 down receipt", " stopped come"},
  };
  for (const auto& each : cases) EXPECT_EQ(Gateway().live(each.life).news, each.news) << each.life;
  EXPECT_EQ(Gateway(State::down, 0).live("up receipt taken*50 +3000 up").news, "") << "nobody wants to know";
}

TEST(Trust, AGatewayThatTakesThePlaceOfAnotherIsKnownAsThatWas) {
  for (const auto known_as : {State::trusted, State::tried}) {
    EXPECT_EQ(Gateway(known_as).live("up").text(), "trusted");
    EXPECT_EQ(Gateway(known_as).live("down up").text(), "probing") << "it was not up at once";
  }
  for (const auto known_as : {State::down, State::probing}) EXPECT_EQ(Gateway(known_as).live("up").text(), "probing");
}

TEST(Trust, ShowsSinceWhen) {
  Gateway gateway;
  gateway.live("up taken +5 down");
  EXPECT_EQ(gateway.trust.down_since(), 1'005'000);
  EXPECT_FALSE(gateway.trust.is_throttled());
  gateway.live("+1 slow");
  EXPECT_EQ(gateway.trust.down_since(), 0) << "it is up, though not trusted yet";
  EXPECT_TRUE(gateway.trust.is_throttled());
  EXPECT_EQ(gateway.trust.receipts_quiet_since(), 0);
  gateway.live("receipt taken*20 +300 up");
  EXPECT_EQ(gateway.trust.receipts_quiet_since(), 1'306'000);
}

}  // namespace
}  // namespace smsbridge::bridge
