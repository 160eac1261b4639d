// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/lines.hpp"

#include <gtest/gtest.h>

#include "bridge/notify/event.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class LinesTest : public testing::Test {
 protected:
  // An event of a message, of this time.
  void add(const std::string& about, WallMs at = 1000) {
    lines_.add(
        {.task = {.tenant = 1, .kind = "webhook/1", .key = make_event(WebhookEvent::submitted, about, at, {}).key}});
  }
  std::vector<Delivery*> take(std::size_t most = 100) { return lines_.take(most, now_); }
  static std::string abouts(const std::vector<Delivery*>& taken) {
    std::string text;
    for (const auto* each : taken)
      text += std::string(event_about(each->task.task.key)) + std::to_string(event_at(each->task.task.key)) + " ";
    return text;
  }
  Lines lines_;
  Time now_{};
};

TEST_F(LinesTest, TheFirstOfEachMessageMayGo) {
  add("a", 1), add("a", 2), add("b", 3), add("c", 4);
  EXPECT_EQ(abouts(take(2)), "a1 b3 ");
  EXPECT_EQ(abouts(take()), "c4 ");
  EXPECT_EQ(abouts(take()), "") << "the second of a waits for the first";
  EXPECT_EQ(lines_.size(), 4u);
  EXPECT_EQ(lines_.oldest_at(), 1);
}

TEST_F(LinesTest, TheNextFollowsWhenItEnded) {
  add("a", 1), add("a", 2);
  lines_.end(*take().front());
  EXPECT_EQ(lines_.oldest_at(), 2);
  const auto next = take();
  EXPECT_EQ(abouts(next), "a2 ");
  lines_.end(*next.front());
  EXPECT_EQ(lines_.size(), 0u);
  EXPECT_EQ(lines_.oldest_at(), 0);
}

TEST_F(LinesTest, OneThatWaitsHoldsUpItsOwnMessageOnly) {
  add("a", 1), add("a", 2), add("b", 3);
  const auto taken = take();
  lines_.put_back(*taken[0], now_ + 5s);
  lines_.end(*taken[1]);
  EXPECT_FALSE(lines_.can_send(now_));
  EXPECT_EQ(lines_.next_due(), now_ + 5s);
  EXPECT_EQ(abouts(take()), "");
  now_ += 5s;
  EXPECT_TRUE(lines_.can_send(now_));
  EXPECT_EQ(abouts(take()), "a1 ");
}

TEST_F(LinesTest, WhatIsTooOldAndMayGoIsFound) {
  add("a", 1), add("b", 20), add("c", 5);
  EXPECT_EQ(event_at(lines_.take_older(10, now_)->task.task.key), 1);
  EXPECT_EQ(event_at(lines_.take_older(10, now_)->task.task.key), 5);
  EXPECT_EQ(lines_.take_older(10, now_), nullptr);
}

TEST_F(LinesTest, OfTooManyThatWereRefusedTheOldestIsFound) {
  add("a"), add("b"), add("c");
  const auto taken = take();
  lines_.put_back(*taken[0], now_ + 9s);
  lines_.put_back(*taken[1], now_ + 1s);
  EXPECT_EQ(lines_.take_waiting(2), nullptr);
  EXPECT_EQ(lines_.take_waiting(1), taken[0]);
  EXPECT_EQ(lines_.take_waiting(1), nullptr);
}

TEST_F(LinesTest, AllGoBack) {
  add("a", 1), add("a", 2), add("b", 3);
  EXPECT_EQ(lines_.take_all().size(), 3u);
  EXPECT_EQ(lines_.size(), 0u);
  EXPECT_TRUE(take().empty());
}

}  // namespace
}  // namespace smsbridge::bridge
