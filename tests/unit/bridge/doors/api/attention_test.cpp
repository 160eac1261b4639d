// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/attention.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

constexpr WallMs now = 1'790'000'000'000;

std::string told(const Seen& seen) {
  std::string text;
  for (const auto& each : attention_of(seen, now))
    text += std::string(word(each.severity)) + " " + each.code + " " + each.name + " " + std::to_string(each.messages) +
            (each.action.empty() ? "" : " " + each.action) + "\n";
  return text;
}

Seen with(GatewayStatus status, std::int64_t waiting = 0) {
  Seen seen;
  seen.gateways.push_back({"mtn", std::move(status), waiting});
  return seen;
}
Seen with(Webhooks::Shown shown) {
  Seen seen;
  seen.webhooks.push_back({"crm", std::move(shown)});
  return seen;
}
Webhooks::Shown webhook(WallMs gone_at, WallMs oldest_at) {
  return {.status = {.last_error = "HTTP 500"}, .gone_at = gone_at, .waiting = 7, .oldest_at = oldest_at};
}

TEST(AttentionTest, IsEmptyWhenAllIsWell) {
  EXPECT_EQ(told(with({.state = "up"}, 100)), "");
  EXPECT_EQ(told(with(webhook(0, now - 60'000))), "") << "a minute is not late";
  EXPECT_EQ(told({.all_tenants = true}), "");
}

TEST(AttentionTest, SaysWhatAGatewayLacks) {
  EXPECT_EQ(told(with({.state = "down", .down_since = 5}, 412)), "error gateway-down mtn 412 reconnect\n");
  EXPECT_EQ(told(with({.state = "paused", .paused_since = 5}, 3)), "warning gateway-paused mtn 3 resume\n");
  EXPECT_EQ(told(with({.state = "paused", .paused_since = 5})), "info gateway-paused mtn 0 resume\n");
  EXPECT_EQ(told(with({.state = "up", .draining_since = 5}, 2)), "info gateway-draining mtn 2 resume\n");
  EXPECT_EQ(told(with({.state = "up", .receipts_quiet_since = 5})), "warning receipts-stopped mtn 0\n");
  EXPECT_EQ(told(with({.state = "up", .throttled = true}, 9)), "info gateway-throttled mtn 9\n");
  EXPECT_EQ(told(with({.state = "down", .draining_since = 5}, 2)), "error gateway-down mtn 2 reconnect\n")
      << "that it takes nothing new is the smaller harm";
}

TEST(AttentionTest, GivesTheReasonOfTheAccountOrElseOfASession) {
  GatewayStatus status{.state = "down"};
  status.sessions = {{.number = 0}, {.number = 1, .last_error = "ESME_RINVPASWD"}};
  EXPECT_EQ(attention_of(with(status), now).front().what, "mtn cannot send (ESME_RINVPASWD)");
  status.last_error = "refused";
  EXPECT_EQ(attention_of(with(status), now).front().what, "mtn cannot send (refused)");
  EXPECT_EQ(attention_of(with({.state = "down"}), now).front().what, "mtn cannot send");
}

TEST(AttentionTest, SaysWhenAReceiverIsGoneOrBehind) {
  EXPECT_EQ(told(with(webhook(5, now - 3'600'000))), "warning webhook-gone crm 7 resume\n");
  EXPECT_EQ(told(with(webhook(0, now - 3'600'000))), "warning webhook-behind crm 7\n");
}

TEST(AttentionTest, TheStoreIsShownToWhoSeesAllTenants) {
  EXPECT_EQ(told({.all_tenants = false, .store_broken = true}), "");
  EXPECT_EQ(told({.all_tenants = true, .store_broken = true, .store_failing = true}), "error store-broken store 0\n");
  EXPECT_EQ(told({.all_tenants = true, .store_failing = true}), "error store-failing store 0\n");
  EXPECT_EQ(told({.all_tenants = true, .store_full = true}), "error store-full store 0\n");
}

TEST(AttentionTest, TheWorstComesFirstAndOfTheseWhatHoldsUpMost) {
  Seen seen{.doubtful = 4, .all_tenants = true};
  seen.gateways = {{"airtel", {.state = "down"}, 1},
                   {"mtn", {.state = "paused", .paused_since = 5}, 0},
                   {"safaricom", {.state = "down"}, 50}};
  seen.webhooks = {{"crm", webhook(5, 5)}};
  EXPECT_EQ(told(seen),
            "error gateway-down safaricom 50 reconnect\nerror gateway-down airtel 1 reconnect\n"
            "warning webhook-gone crm 7 resume\nwarning doubtful  4\ninfo gateway-paused mtn 0 resume\n");
}

}  // namespace
}  // namespace smsbridge::bridge
