// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/same_texts.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class SameTextsTest : public testing::Test {
 protected:
  // It goes, if it may.
  bool send(std::uint64_t text, std::uint32_t most = 3) {
    auto place = texts_.take(text, most, now_);
    if (place) place->keep();
    return place.has_value();
  }
  SameTexts texts_;
  Time now_ = Time{} + 100h;
};

TEST_F(SameTextsTest, CountsADayFromTheFirstOn) {
  EXPECT_TRUE(send(1));
  now_ += 23h;
  EXPECT_TRUE(send(1));
  EXPECT_TRUE(send(1));
  EXPECT_FALSE(send(1));
  EXPECT_TRUE(send(2));
  EXPECT_TRUE(send(1, 4)) << "the limit was raised meanwhile";
  now_ += 59min;
  EXPECT_FALSE(send(1));
  now_ += 1min;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(1));
  EXPECT_FALSE(send(1));
}

// Requests to a store that is broken go when it does, after everything else.
TEST(SameTexts, APlaceMayOutliveThem) {
  auto texts = std::make_unique<SameTexts>();
  auto place = texts->take(1, 1, Time{} + 100h);
  ASSERT_TRUE(place);
  texts.reset();
  place.reset();
}

TEST_F(SameTextsTest, WhatWasNotKeptDoesNotCount) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(texts_.take(1, 1, now_));
  {
    const auto first = texts_.take(1, 2, now_), second = texts_.take(1, 2, now_);
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(texts_.take(1, 2, now_));
    auto moved = texts_.take(2, 1, now_);
    const auto there = *std::move(moved);
    EXPECT_FALSE(texts_.take(2, 1, now_)) << "it is one, wherever it is";
  }
  EXPECT_TRUE(send(1, 1));
  EXPECT_FALSE(send(1, 1));
  EXPECT_TRUE(send(2, 1));
}

// A million others come between: they take the place of each other.
TEST_F(SameTextsTest, ALoopIsKnownAlsoAmongManyTexts) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(send(7));
  std::uint64_t other = 0x9E3779B97F4A7C15;
  for (int i = 0; i < 1'000'000; ++i) ASSERT_TRUE(send(other = other * 6364136223846793005 + 1442695040888963407, 1));
  EXPECT_FALSE(send(7));
}

}  // namespace
}  // namespace smsbridge::bridge
