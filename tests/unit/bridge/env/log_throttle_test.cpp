// SPDX-License-Identifier: MPL-2.0
#include "bridge/env/log_throttle.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge::log {
namespace {

using namespace std::chrono_literals;

TEST(Throttle, SaysTheFirstAndThenHowMany) {
  const Time start{};
  Throttle throttle(1min);
  EXPECT_EQ(throttle.due("a", start), 1U);
  EXPECT_EQ(throttle.due("a", start + 1s), 0U);
  EXPECT_EQ(throttle.due("b", start + 1s), 1U) << "each key by itself";
  EXPECT_EQ(throttle.due("a", start + 59s, 5), 0U);
  EXPECT_EQ(throttle.due("a", start + 60s), 7U) << "with those that were not said";
  EXPECT_EQ(throttle.due("a", start + 61s), 0U);
  EXPECT_EQ(throttle.due("a", start + 1h), 2U);
}

TEST(Throttle, KeysFromOutsideCostNeitherMemoryNorLines) {
  const Time start{};
  Throttle throttle(1min);
  EXPECT_EQ(throttle.due("known", start), 1U);
  for (int i = 0; i < 255; ++i) EXPECT_EQ(throttle.due(std::to_string(i), start), 1U);
  EXPECT_EQ(throttle.due("one more", start), 1U) << "for all that follow";
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(throttle.due("new " + std::to_string(i), start), 0U);
  EXPECT_EQ(throttle.due("known", start), 0U) << "is not forgotten";
  EXPECT_EQ(throttle.due("new", start + 1min), 1U) << "there is room again";
  for (int i = 0; i < 255; ++i) throttle.due(std::to_string(i), start + 1min);
  EXPECT_EQ(throttle.due("newer", start + 1min), 1002U)
      << "with those that were not said, and what was left of `known`";
}

}  // namespace
}  // namespace smsbridge::bridge::log
