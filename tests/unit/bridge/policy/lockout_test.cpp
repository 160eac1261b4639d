// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/lockout.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using std::chrono::seconds;

TEST(LockoutTest, AfterFiveTriesEachWaitIsTwiceAsLong) {
  Lockout lockout;
  Time now{};
  const auto waits = [&] { return std::chrono::duration_cast<seconds>(lockout.wait("ops", now)).count(); };
  for (int n = 0; n < 4; ++n) lockout.failed("ops", now);
  EXPECT_EQ(waits(), 0);
  for (const auto expected : {2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900}) {
    lockout.failed("ops", now);
    EXPECT_EQ(waits(), expected);
    now += seconds(expected) - std::chrono::milliseconds(1);
    EXPECT_GT(lockout.wait("ops", now), Duration{});
    now += std::chrono::milliseconds(1);
    EXPECT_EQ(lockout.wait("ops", now), Duration{});
  }
  EXPECT_EQ(lockout.wait("amina", now), Duration{}) << "nobody else waits";
}

TEST(LockoutTest, TheRightOneAndAnHourForgetWhatWasBefore) {
  Lockout lockout;
  Time now{};
  for (int n = 0; n < 5; ++n) lockout.failed("ops", now);
  lockout.succeeded("ops");
  EXPECT_EQ(lockout.wait("ops", now), Duration{});
  for (int n = 0; n < 4; ++n) lockout.failed("ops", now);
  EXPECT_EQ(lockout.wait("ops", now), Duration{}) << "all five are free again";
  now += std::chrono::hours(1) + seconds(1);
  lockout.failed("ops", now);
  EXPECT_EQ(lockout.wait("ops", now), Duration{});
}

// Made-up names take no memory without end, and do not make those be forgotten that wait.
TEST(LockoutTest, WhoMakesUpNamesFreesNobody) {
  Lockout lockout;
  const Time now{};
  for (int n = 0; n < 8; ++n) lockout.failed("ops", now);
  for (int n = 0; n < 30'000; ++n) lockout.failed("made up " + std::to_string(n), now);
  EXPECT_GT(lockout.wait("ops", now), Duration{});
}

}  // namespace
}  // namespace smsbridge::bridge
