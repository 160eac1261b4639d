// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/wall_clock.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

constexpr WallMs day = 24ll * 3600 * 1000, start = 1'790'000'000'000;

class WallClockTest : public testing::Test {
 protected:
  // The time of day when `passed` have gone by on the steady clock, less what went by truly: how far it is off.
  WallMs off(WallMs passed, WallMs system_off) {
    return clock_.at(passed, start + passed + system_off) - start - passed;
  }
  WallClock clock_;
};

TEST_F(WallClockTest, FollowsSmallStepsAtOnceAndNeverGoesBackForThem) {
  EXPECT_EQ(off(0, 0), 0);
  EXPECT_EQ(off(1000, 900), 900);
  EXPECT_EQ(off(2000, 300), 900) << "it stands still instead";
  EXPECT_EQ(off(3000, 1200), 1200);
  EXPECT_FALSE(clock_.take_jump());
}

TEST_F(WallClockTest, AJumpAheadThatIsMendedNeverHappened) {
  EXPECT_EQ(off(0, 0), 0);
  EXPECT_EQ(off(1000, 3 * day), 0);
  const auto jump = clock_.take_jump();
  ASSERT_TRUE(jump);
  EXPECT_EQ(jump->by, 3 * day);
  EXPECT_FALSE(jump->followed);
  EXPECT_EQ(off(200'000, 3 * day), 0);
  EXPECT_EQ(off(201'000, 0), 0);
  EXPECT_EQ(off(1'000'000, 3 * day), 0) << "another jump, which is doubted anew";
  EXPECT_FALSE(clock_.take_jump()->followed);
}

TEST_F(WallClockTest, AJumpAheadThatStaysIsFollowedAfterMinutes) {
  EXPECT_EQ(off(0, 0), 0);
  EXPECT_EQ(off(1000, 3 * day), 0);
  EXPECT_EQ(off(300'999, 3 * day + 50), 0);
  EXPECT_EQ(off(301'000, 3 * day + 100), 3 * day + 100);
  const auto jump = clock_.take_jump();
  ASSERT_TRUE(jump);
  EXPECT_TRUE(jump->followed);
}

TEST_F(WallClockTest, ACorrectionBackIsFollowedAtOnce) {
  EXPECT_EQ(off(0, 7'200'000), 7'200'000);
  EXPECT_EQ(off(1000, 0), 0);
  const auto jump = clock_.take_jump();
  ASSERT_TRUE(jump);
  EXPECT_EQ(jump->by, -7'200'000);
  EXPECT_TRUE(jump->followed);
}

}  // namespace
}  // namespace smsbridge::bridge
