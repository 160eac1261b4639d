// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/webhook.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

TEST(HookVerdict, SaysWhoIsAtFault) {
  const std::vector<std::pair<HookVerdict, std::vector<int>>> table = {
      {HookVerdict::taken, {200, 202, 204, 299}},
      {HookVerdict::refused, {199, 300, 301, 302, 400, 401, 404, 422, 500, 501, 505}},
      {HookVerdict::unreachable, {0, 408, 425, 429, 502, 503, 504}},
      {HookVerdict::gone, {410}}};
  for (const auto& [verdict, statuses] : table)
    for (const auto status : statuses) EXPECT_EQ(verdict_of(status), verdict) << status;
}

TEST(HookRetry, FollowsItsScheduleWithTenPercent) {
  const std::vector<WallMs> retry{5'000, 300'000};
  Random random(1);
  WallMs least = 5'000, most = 5'000;
  for (int i = 0; i < 500; ++i) {
    const auto delay = hook_delay(retry, 1, random);
    least = std::min(least, delay), most = std::max(most, delay);
    EXPECT_NEAR(static_cast<double>(hook_delay(retry, 2, random)), 300'000, 30'000);
    EXPECT_NEAR(static_cast<double>(hook_delay(retry, 9, random)), 300'000, 30'000) << "the last one stays";
  }
  EXPECT_NEAR(static_cast<double>(least), 4'500, 50);
  EXPECT_NEAR(static_cast<double>(most), 5'500, 50);
  EXPECT_FALSE(is_given_up(retry, 2, 0));
  EXPECT_TRUE(is_given_up(retry, 3, 0));
  EXPECT_FALSE(is_given_up(retry, 0, 304'999));
  EXPECT_TRUE(is_given_up(retry, 0, 305'000));
}

TEST(HookBackoff, CountsWhatWasUnderWayTogetherOnce) {
  HookBackoff backoff;
  std::vector<std::size_t> asked;
  const auto delay = [&](std::size_t failures) { return asked.push_back(failures), WallMs{1000}; };
  const auto together = backoff.round();
  EXPECT_TRUE(backoff.failed(together, Time{}, delay));
  EXPECT_FALSE(backoff.failed(together, Time{} + 1s, delay));
  EXPECT_TRUE(backoff.is_failing());
  EXPECT_EQ(backoff.again_at(), Time{} + 1s);
  EXPECT_TRUE(backoff.failed(backoff.round(), Time{} + 1s, delay));
  EXPECT_EQ(asked, (std::vector<std::size_t>{1, 2}));
  EXPECT_TRUE(backoff.answered());
  EXPECT_FALSE(backoff.answered());
  EXPECT_FALSE(backoff.is_failing());
  EXPECT_TRUE(backoff.failed(backoff.round(), Time{} + 2s, delay));
  EXPECT_EQ(asked.back(), 1u) << "it begins anew";
}

}  // namespace
}  // namespace smsbridge::bridge
