// SPDX-License-Identifier: MPL-2.0
// A lane's own retry schedule over its gateway's.
#include "bridge/config/retry.hpp"

#include <gtest/gtest.h>

#include "bridge/config/keys.hpp"

namespace smsbridge::bridge {
namespace {

// "first max attempts resend_delay hold", in seconds.
std::string text_of(const RetryPolicy& retry) {
  std::string text;
  for (const auto value : {retry.delay_first_ms, retry.delay_max_ms, WallMs{1000} * retry.attempts_max,
                           retry.resend_delay_ms, retry.hold_ms})
    text += (text.empty() ? "" : " ") + std::to_string(value / 1000);
  return text;
}

TEST(LaneRetry, TakesWhatTheLaneSaysAndTheRestFromItsGateway) {
  const RetryPolicy gateway{.delay_first_ms = 30'000,
                            .delay_max_ms = 600'000,
                            .attempts_max = 5,
                            .resend_delay_ms = 1'000,
                            .hold_ms = 7'200'000};
  struct {
    const char* name;
    LaneRetry lane;
    const char* want;
  } const cases[] = {
      {"nothing of its own", {}, "30 600 5 1 7200"},
      {"a campaign is in no hurry",
       {.delay_first_ms = 300'000, .delay_max_ms = 7'200'000, .attempts_max = 12},
       "300 7200 12 1 7200"},
      {"a code is tried fast and not for long",
       {.delay_first_ms = 2'000, .attempts_max = 3, .hold_ms = 60'000},
       "2 600 3 1 60"},
      {"a first delay beyond the gateway's longest", {.delay_first_ms = 3'600'000}, "3600 3600 5 1 7200"},
      {"a longest below the gateway's first", {.delay_max_ms = 10'000}, "30 10 5 1 7200"},
      {"when in doubt", {.resend_delay_ms = 20'000}, "30 600 5 20 7200"},
  };
  for (const auto& c : cases) EXPECT_EQ(text_of(retry_of(gateway, c.lane)), c.want) << c.name;
}

struct Read {
  LaneRetry retry;
  std::vector<ConfigProblem> problems;
};
Read read(const std::string& yaml) {
  Read result;
  const std::filesystem::path folder;
  ConfigSection section(YAML::Load(yaml), "lanes.otp", "file", folder, result.problems);
  section.section("retry", [&](ConfigSection& retry) { lane_retry_keys().read(retry, result.retry); });
  section.finish();
  return result;
}

TEST(LaneRetry, OnlyWhatIsGivenIsItsOwn) {
  EXPECT_EQ(read("{}").retry, LaneRetry{});
  EXPECT_EQ(read("retry: {first: 5m, attempts: 12}").retry, (LaneRetry{.delay_first_ms = 300'000, .attempts_max = 12}));
  EXPECT_EQ(read("retry: {max: 2h, resend_delay: 3s, hold: 1h}").retry,
            (LaneRetry{.delay_max_ms = 7'200'000, .resend_delay_ms = 3'000, .hold_ms = 3'600'000}));
}

TEST(LaneRetry, SaysWhatIsWrong) {
  for (const auto& [yaml, path] : {std::pair{"retry: {attempts: 0}", "lanes.otp.retry.attempts"},
                                   {"retry: {first: 1h, max: 5m}", "lanes.otp.retry.first"},
                                   {"retry: {frist: 1h}", "lanes.otp.retry.frist"}}) {
    const auto result = read(yaml);
    ASSERT_EQ(result.problems.size(), 1u) << yaml;
    EXPECT_EQ(result.problems.front().path, path);
  }
}

}  // namespace
}  // namespace smsbridge::bridge
