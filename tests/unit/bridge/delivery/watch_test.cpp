// SPDX-License-Identifier: MPL-2.0
// What routes and people are told of how a gateway goes.
#include "bridge/delivery/watch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

class WatchTest : public testing::Test {
 protected:
  static std::shared_ptr<const RoutingTable> table(const GatewaySettingsPtr& gateway) {
    auto table = std::make_shared<RoutingTable>();
    if (gateway) table->gateways = {gateway};
    return table;
  }
  static GatewaySettingsPtr settings() {
    auto settings = std::make_shared<GatewaySettings>();
    settings->name = "main";
    settings->id = 7;
    settings->receipts_quiet_ms = 1000;
    return settings;
  }
  void see(bool can_send = true, bool throttled = false) {
    watch_.can_send(can_send);
    watch_.see(clock_.wall(), throttled);
  }
  void take(int messages) {
    for (int i = 0; i < messages; ++i) watch_.taken(clock_.wall(), true);
  }

  VirtualClock clock_;
  const GatewaySettingsPtr settings_ = settings();
  Router router_{table(settings_), {}, clock_};
  Watch watch_{*settings_, router_};
};

TEST_F(WatchTest, RoutesKnowAtOnce) {
  EXPECT_EQ(router_.state_of(7), "down");
  see();
  EXPECT_EQ(router_.state_of(7), "probing");
  take(1);
  EXPECT_EQ(router_.state_of(7), "up");
  see(true, true);
  EXPECT_EQ(router_.trust_in(7), Trust::State::tried);
  EXPECT_EQ(router_.state_of(7), "up");
  see(false);
  EXPECT_EQ(router_.state_of(7), "down");
}

TEST_F(WatchTest, ATableThatForgotTheGatewayIsToldAgain) {
  see();
  take(1);
  router_.replace(table(nullptr));
  router_.replace(table(settings_));
  EXPECT_EQ(router_.state_of(7), "down");
  see();
  EXPECT_EQ(router_.state_of(7), "up");
}

TEST_F(WatchTest, OneThatTakesThePlaceOfAnotherIsTrustedAsThatWas) {
  see();
  take(1);
  Watch next(*settings_, router_);
  next.can_send(true);
  EXPECT_EQ(router_.state_of(7), "up");
}

TEST_F(WatchTest, PeopleAreToldOnceOfEachChange) {
  see();
  take(10);
  const auto many = logged([&] {
    for (int i = 0; i < 15; ++i) watch_.failed();
  });
  EXPECT_EQ(std::ranges::count(many, '\n'), 1) << many;
  EXPECT_NE(many.find("many messages fail"), std::string::npos) << many;
  EXPECT_NE(many.find("gateway=main"), std::string::npos) << many;
  EXPECT_EQ(router_.state_of(7), "probing");
  const auto fewer = logged([&] { take(30); });
  EXPECT_EQ(std::ranges::count(fewer, '\n'), 1) << fewer;
  EXPECT_NE(fewer.find("fewer messages fail"), std::string::npos) << fewer;
  EXPECT_EQ(router_.state_of(7), "up");

  watch_.receipt_came();
  take(20);
  clock_.advance(std::chrono::seconds(1));
  const auto stopped = logged([&] { see(), see(); });
  EXPECT_EQ(std::ranges::count(stopped, '\n'), 1) << stopped;
  EXPECT_NE(stopped.find("receipts have stopped coming"), std::string::npos) << stopped;
  EXPECT_EQ(router_.state_of(7), "probing");
  const auto come = logged([&] { watch_.receipt_came(), watch_.receipt_came(); });
  EXPECT_EQ(std::ranges::count(come, '\n'), 1) << come;
  EXPECT_NE(come.find("receipts come again"), std::string::npos) << come;
  EXPECT_EQ(router_.state_of(7), "up");
}

}  // namespace
}  // namespace smsbridge::bridge
