// SPDX-License-Identifier: MPL-2.0
// Which gateway a message takes: routes, prices, and whether a way out can be used.
#include "bridge/routing/router.hpp"

#include <gtest/gtest.h>

#include <map>

#include "bridge/delivery/provider_message.hpp"
#include "bridge/policy/health.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class ManualClock : public Clock {
 public:
  Time now() const override { return now_; }
  WallMs wall() const override { return wall_; }
  std::unique_ptr<Timer> timer(boost::asio::any_io_executor) override { return nullptr; }
  Time now_ = Time{} + 1h;
  WallMs wall_ = 1'787'389'200'000;  // 2026-08-22 09:00 UTC
};

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"a", "b", "c"}) {
      GatewaySettings gateway;
      gateway.name = name;
      gateway.id = static_cast<store::GatewayId>(config_.gateways.size() + 1);
      config_.gateways.push_back(gateway);
    }
  }
  RouteSettings& route(const std::string& name, std::vector<RouteSettings::Via> via) {
    RouteSettings route;
    route.name = name;
    route.id = static_cast<store::GatewayId>(101 + config_.routes.size());
    route.via = std::move(via);
    return config_.routes.emplace_back(std::move(route));
  }
  Router router() { return Router(std::make_shared<RoutingTable>(config_), {{1, "umoja"}}, clock_); }
  static void all_up(Router& router) {
    for (store::GatewayId id = 1; id <= 3; ++id) router.trust(id, Trust::State::trusted);
  }
  static RouteQuery query() { return {.tenant = "umoja", .to = "+254712345678", .from = "UMOJA", .without = {}}; }

  Config config_;
  ManualClock clock_;
};

TEST_F(RouterTest, TheFirstRouteThatFitsIsTaken) {
  const RouteSettings any{.name = "it", .id = 7, .via = {{.gateway = "a"}}};
  const auto with = [&](auto change) {
    auto route = any;
    change(route);
    return route;
  };
  struct {
    const char* name;
    RouteSettings route;
    bool fits;
  } const cases[] = {
      {"no condition", any, true},
      {"its tenant", with([](auto& r) { r.tenants = {"umoja"}; }), true},
      {"another tenant", with([](auto& r) { r.tenants = {"other"}; }), false},
      {"its country", with([](auto& r) {
         r.countries = {"UG", "KE"};
       }),
       true},
      {"another country", with([](auto& r) { r.countries = {"UG"}; }), false},
      {"a prefix", with([](auto& r) {
         r.prefixes = {"+25473", "+25471"};
       }),
       true},
      {"other prefixes", with([](auto& r) { r.prefixes = {"+25473"}; }), false},
      {"its sender", with([](auto& r) { r.senders = {"UMOJA"}; }), true},
      {"another sender", with([](auto& r) { r.senders = {"SACCO"}; }), false},
      {"its lane", with([](auto& r) { r.lanes = {store::Lane::transaction}; }), true},
      {"another lane", with([](auto& r) { r.lanes = {store::Lane::otp}; }), false},
      {"noon in Nairobi, within", with([](auto& r) { r.from_minute = 11 * 60, r.zone = "Africa/Nairobi"; }), true},
      {"noon in Nairobi, later", with([](auto& r) { r.from_minute = 13 * 60, r.zone = "Africa/Nairobi"; }), false},
      {"until this minute", with([](auto& r) { r.until_minute = 9 * 60; }), false},
      {"until the next", with([](auto& r) { r.until_minute = 9 * 60 + 1; }), true},
      {"over midnight, by day", with([](auto& r) { r.from_minute = 20 * 60, r.until_minute = 6 * 60; }), false},
      {"over midnight, its morning", with([](auto& r) { r.from_minute = 20 * 60, r.until_minute = 10 * 60; }), true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    config_.routes = {c.route};
    auto it = router();
    std::vector<RouteStep> steps;
    EXPECT_EQ(it.choose(query(), clock_.wall(), &steps).route != nullptr, c.fits);
    ASSERT_FALSE(steps.empty());
    EXPECT_FALSE(steps.front().why.empty());
  }
}

TEST_F(RouterTest, GatewaysThatCannotCarryAMessageArePassedOver) {
  config_.gateways[0].smpp().session.interface_version = smpp::version_33;
  config_.gateways[1].way = ProviderSettings{};
  route("r", {{.gateway = "a"}, {.gateway = "b"}, {.gateway = "c"}});
  auto it = router();
  all_up(it);
  auto with_tlvs = query(), binary = query();
  with_tlvs.has_tlvs = true;
  binary.texts_do = false;
  EXPECT_EQ(it.choose(query(), 0).gateways, (std::vector<store::GatewayId>{1, 2, 3}));
  EXPECT_EQ(it.choose(with_tlvs, 0).gateways, (std::vector<store::GatewayId>{2, 3}));
  EXPECT_EQ(it.choose(binary, 0).gateways, (std::vector<store::GatewayId>{1, 3}));
  store::Content content{.tenant = 1, .gateway = 2, .route = 101, .to = "+254712345678"};
  content.tlvs = {{0x1401, "1107"}};
  EXPECT_EQ(it.next(content, {}, 2, 0, Router::Ask::anyway), 3u);
}

TEST_F(RouterTest, GatewaysComeInTheOrderOfTheRouteAndThoseThatAreDownLast) {
  route("r", {{.gateway = "a"}, {.gateway = "b"}, {.gateway = "c"}});
  auto it = router();
  all_up(it);
  EXPECT_EQ(it.choose(query(), 0).gateways, (std::vector<store::GatewayId>{1, 2, 3}));
  it.trust(1, Trust::State::down);
  EXPECT_EQ(it.choose(query(), 0).gateways, (std::vector<store::GatewayId>{2, 3, 1}));
  auto left_b = query();
  left_b.without = {2};
  EXPECT_EQ(it.choose(left_b, 0).gateways, (std::vector<store::GatewayId>{3, 1}));
  EXPECT_EQ(it.pick(query(), 0).second, 2u);
  it.drain(2, true);
  EXPECT_EQ(it.choose(query(), 0).gateways, (std::vector<store::GatewayId>{3, 1})) << "nothing new for b";
  for (const store::GatewayId other : {1, 3}) it.drain(other, true);
  EXPECT_EQ(it.pick(query(), 0).second, 0u);
  auto waits = query();
  waits.may_wait_drained = true;
  EXPECT_EQ(it.pick(waits, 0).second, 2u) << "the one of them that can send, when it may again";
  it.drain(1, false);
  EXPECT_EQ(it.pick(waits, 0).second, 1u) << "although it is down: nothing new for those that are drained";
  for (const store::GatewayId drained : {2, 3}) it.drain(drained, false);
  for (store::GatewayId id = 1; id <= 3; ++id) it.trust(id, Trust::State::down);
  EXPECT_EQ(it.pick(query(), 0).second, 1u) << "it waits for the first one";
}

TEST_F(RouterTest, AGatewayThatCameBackIsProbed) {
  route("r", {{.gateway = "a"}, {.gateway = "b"}});
  auto it = router();
  all_up(it);
  it.trust(1, Trust::State::probing);
  EXPECT_EQ(it.state_of(1), "probing");
  EXPECT_EQ(it.pick(query(), 0).second, 1u) << "the probe";
  EXPECT_EQ(it.pick(query(), 0).second, 2u) << "one a second";
  clock_.now_ += 1s;
  EXPECT_EQ(it.pick(query(), 0).second, 1u);
  it.trust(1, Trust::State::trusted);
  EXPECT_EQ(it.state_of(1), "up");
  EXPECT_EQ(it.pick(query(), 0).second, 1u);
  EXPECT_EQ(it.pick(query(), 0).second, 1u);
}

TEST_F(RouterTest, WhatAGatewayIsTrustedWithAsItSays) {
  struct {
    const char* name;
    Trust::State state;
    const char* shown;
    bool usable, probed;  // probed: once a second
  } const cases[] = {{"down", Trust::State::down, "down", false, false},
                     {"probing", Trust::State::probing, "probing", true, true},
                     {"tried", Trust::State::tried, "up", true, false},
                     {"trusted", Trust::State::trusted, "up", true, false}};
  route("r", {{.gateway = "a"}, {.gateway = "b"}});
  auto it = router();
  EXPECT_EQ(it.state_of(1), "down") << "it has said nothing yet";
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    it.trust(1, c.state);
    clock_.now_ += 1s;
    EXPECT_EQ(it.trust_in(1), c.state);
    EXPECT_EQ(it.state_of(1), c.shown);
    EXPECT_EQ(it.usable(1), c.usable);
    EXPECT_EQ(it.admit(1), c.usable);
    EXPECT_EQ(it.admit(1), c.usable && !c.probed);
    EXPECT_EQ(it.usable(1), c.usable && !c.probed);
  }
  it.trust(99, Trust::State::trusted);
  EXPECT_EQ(it.state_of(99), "down") << "there is no such gateway";
}

TEST_F(RouterTest, WeightsAndPricesDecideTheOrder) {
  auto& r = route("r", {{.gateway = "a", .weight = 3}, {.gateway = "b", .weight = 1}, {.gateway = "c", .weight = 0}});
  r.order = RouteSettings::Order::weighted;
  config_.prices.add(1, "+254", {.part = 800'000, .currency = "KES"});
  config_.prices.add(1, "+25471", {.part = 900'000, .currency = "KES"});
  config_.prices.add(2, "", {.part = 500'000, .currency = "KES"});
  auto it = router();
  all_up(it);
  std::map<store::GatewayId, int> first;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    auto q = query();
    q.seed = seed;
    ++first[it.choose(q, 0).gateways.front()];
  }
  EXPECT_NEAR(first[1], 3000, 150);
  EXPECT_NEAR(first[2], 1000, 150);
  EXPECT_EQ(first[3], 0) << "weight 0 is only for what the others leave";
  const auto replace = [&] { it.replace(std::make_shared<RoutingTable>(config_)); };
  config_.routes.front().order = RouteSettings::Order::cheapest;
  replace();
  EXPECT_EQ(it.choose(query(), 0).gateways, (std::vector<store::GatewayId>{2, 1, 3})) << "an unknown price is the last";
  config_.routes.front().price_max = 1'700'000;
  replace();
  auto two_parts = query();
  two_parts.parts = 2;
  EXPECT_EQ(it.choose(two_parts, 0).gateways, std::vector<store::GatewayId>{2}) << "a costs 1.8, c is not known";
  config_.routes.front().price_max = 1'000'000;
  replace();
  EXPECT_EQ(it.choose(two_parts, 0).gateways, std::vector<store::GatewayId>{2}) << "just as much as is allowed";
}

TEST_F(RouterTest, TheNextGatewayIsOneThatCanSend) {
  route("r", {{.gateway = "a"}, {.gateway = "b"}, {.gateway = "c"}});
  auto it = router();
  all_up(it);
  store::Content content;
  content.tenant = 1;
  content.to = "+254712345678";
  EXPECT_EQ(it.next(content, {}, 1, 0), 0u) << "its gateway was named: nothing else is tried";
  content.route = 101;
  EXPECT_EQ(it.next(content, {}, 1, 0), 2u);
  EXPECT_EQ(it.next(content, {2}, 1, 0), 3u);
  it.trust(3, Trust::State::down);
  EXPECT_EQ(it.next(content, {2}, 1, 0), 0u) << "it stays where it is";
  it.trust(3, Trust::State::probing);
  EXPECT_EQ(it.next(content, {2}, 1, 0), 3u) << "its probe";
  EXPECT_EQ(it.next(content, {2}, 1, 0), 0u);
  EXPECT_EQ(it.next(content, {2}, 1, 0, Router::Ask::anyway), 3u) << "it has no other way";
}

TEST(Health, OpensAfterFailuresInARowAndCloses) {
  Health health;
  Time now{};
  for (int i = 0; i < 4; ++i) health.failed(now);
  health.succeeded(now);
  for (int i = 0; i < 4; ++i) health.failed(now);
  EXPECT_EQ(health.state(now), Health::State::closed) << "not in a row";
  health.failed(now);
  EXPECT_EQ(health.state(now), Health::State::open);
  const auto first = health.until() - now;
  now = health.until();
  EXPECT_EQ(health.state(now), Health::State::half_open);
  health.failed(now);
  EXPECT_EQ(health.state(now), Health::State::open) << "the probe failed";
  EXPECT_GT(health.until() - now, first);
  for (int i = 0; i < 50; ++i) {
    now = health.until();
    ASSERT_EQ(health.state(now), Health::State::half_open);
    health.failed(now);
  }
  EXPECT_LE(health.until() - now, 2min) << "it is tried for ever";
  now = health.until();
  health.state(now);
  health.succeeded(now);
  EXPECT_EQ(health.state(now), Health::State::closed);
  for (int i = 0; i < 5; ++i) health.failed(now);
  EXPECT_EQ(health.until() - now, first) << "it begins anew";
}

TEST(Health, KeepsToATimeThatWasNamed) {
  Health health;
  health.unavailable(Time{} + 300s);
  health.succeeded(Time{} + 1s);
  EXPECT_EQ(health.state(Time{} + 299s), Health::State::open) << "the answer to an earlier request says nothing of it";
  EXPECT_EQ(health.state(Time{} + 300s), Health::State::half_open);
  health.succeeded(Time{} + 300s);
  EXPECT_EQ(health.state(Time{} + 300s), Health::State::closed);
}

TEST(Health, IsTriedNowWhenSomebodyAsksForIt) {
  Health health;
  health.try_now();
  EXPECT_EQ(health.state(Time{}), Health::State::closed) << "nothing waits for its time";
  health.unavailable(Time{} + 1h);
  health.try_now();
  EXPECT_EQ(health.state(Time{} + 1s), Health::State::half_open);
  health.succeeded(Time{} + 2s);
  EXPECT_EQ(health.state(Time{} + 2s), Health::State::closed) << "one at a time for the rest of the hour";
}

TEST(Health, WhatMoreTriesCannotMendOpensAtOnce) {
  Health health;
  health.failed(Time{}, true);
  EXPECT_EQ(health.state(Time{}), Health::State::open);
  EXPECT_GE(health.until() - Time{}, 30s);
}

TEST(Health, KeepsToTheTimeThatItIsTold) {
  Health health;
  Time now{};
  health.unavailable(now + 3s);
  health.unavailable(now + 1s);
  EXPECT_EQ(health.state(now + 2s), Health::State::open);
  now += 3s;
  EXPECT_EQ(health.state(now), Health::State::half_open);
  health.unavailable(now + 1s);
  EXPECT_EQ(health.state(now + 1s), Health::State::half_open) << "no longer than it was told";
  health.failed(now + 1s, true);
  health.unavailable(now + 2s);
  EXPECT_EQ(health.state(now + 2s), Health::State::open) << "what was known lasts longer";
}

TEST(Money, IsDecimalText) {
  struct {
    const char* text;
    std::optional<Micro> want;
  } const cases[] = {{"0.80", 800'000},     {"12", 12'000'000},   {"0.000001", 1},      {"", std::nullopt},
                     {"-1", std::nullopt},  {"1.", std::nullopt}, {".5", std::nullopt}, {"0.0000001", std::nullopt},
                     {"1e3", std::nullopt}, {"1,5", std::nullopt}};
  for (const auto& c : cases) EXPECT_EQ(parse_money(c.text), c.want) << c.text;
  EXPECT_EQ(money_text(800'000), "0.8");
  EXPECT_EQ(money_text(12'000'000), "12");
  EXPECT_EQ(money_text(1), "0.000001");
  EXPECT_EQ(money_text(0), "0");
}

TEST(Reference, NamesTheMessageAndItsAttempt) {
  const store::MessageId id = 0x5547ecb9e400000;
  EXPECT_EQ(reference_of(id, 3), "5547ecb9e400000-3");
  EXPECT_EQ(attempt_of(reference_of(id, 3)), std::pair(id, std::uint16_t{3}));
  for (const auto* other : {"", "m-1001", "5547", "5547-", "-1", "55 47-1", "5547-x", "fffffffffffffffffffff-1"})
    EXPECT_EQ(attempt_of(other).first, 0u) << other;
}

}  // namespace
}  // namespace smsbridge::bridge
