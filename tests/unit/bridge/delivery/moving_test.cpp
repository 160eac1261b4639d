// SPDX-License-Identifier: MPL-2.0
// Which messages that wait at a gateway leave it, and where to.
#include "bridge/delivery/moving.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smsbridge::bridge {
namespace {

using metrics::MoveReason;
using store::SegmentState;
constexpr WallMs now = 1'000'000;
constexpr store::RouteId patient = 101, gone = 102;  // routes
const std::string main_gateway = "main";

struct Given {
  WallMs due = 0;  // before now
  store::Lane lane = store::Lane::transaction;
  store::RouteId route = patient;  // 0: the caller named the gateway
  std::vector<store::Segment> segments{};
  std::vector<store::GatewayId> left{};
  bool in_doubt = false;
};
struct Case {
  const char* name;
  Given given;
  MoveReason reason;
  WallMs since;        // before now
  const char* leaves;  // "to 8: main cannot send"
};

// It leaves after 10 s where the gateway is down, after 60 s where it is throttled; a campaign after ten times as much.
RouteSettingsPtr route_of(store::RouteId id) {
  if (id != patient) return nullptr;
  auto route = std::make_shared<RouteSettings>();
  route->id = patient;
  route->unreachable_after = {10'000, 10'000, 10'000, 100'000};
  route->throttled_after = {60'000, 60'000, 60'000, 600'000};
  return route;
}

class MovingTest : public testing::Test {
 protected:
  Moving moving(MoveReason reason, WallMs since) {
    return {.gateway = 7,
            .name = main_gateway,
            .patience = {.reason = reason, .since = now - since},
            .now = now,
            .route = route_of,
            // 8, or else 9; each takes as much as it has places.
            .elsewhere = [this](const store::Content&, const std::vector<store::GatewayId>& left) -> store::GatewayId {
              ++asked_;
              for (auto& [gateway, places] : places_)
                if (places > 0 && std::ranges::find(left, gateway) == left.end()) return --places, gateway;
              return 0;
            }};
  }
  static store::Content content_of(const Given& given) {
    store::Content content;
    content.tenant = 1;
    content.lane = given.lane;
    content.route = given.route;
    return content;
  }
  static store::Waiting waiting(store::MessageId id, const Given& given) {
    store::Waiting waiting{.due_at = now - given.due,
                           .message = {.id = id, .content = content_of(given), .progress = {}}};
    waiting.message.progress.segments = given.segments;
    waiting.message.progress.left = given.left;
    return waiting;
  }
  static Attempt claimed(store::MessageId id, const Given& given) {
    store::Claimed message{.id = id, .attempt = 3, .in_doubt = given.in_doubt, .due_at = now - given.due};
    message.content = content_of(given);
    message.segments = given.segments;
    message.left = given.left;
    return {std::move(message), 1};
  }
  static store::Queue queue(store::Lane lane) { return {.gateway = 7, .tenant = 1, .lane = lane}; }

  std::vector<std::pair<store::GatewayId, int>> places_{{8, 100}, {9, 100}};
  int asked_ = 0;
};

TEST_F(MovingTest, WhatWaitedForLongEnoughLeavesUntouched) {
  const auto down = MoveReason::unreachable, slow = MoveReason::throttled;
  const std::vector<store::Segment> taken{{.state = SegmentState::accepted, .provider_id = "a", .error = {}}},
      named{{.state = SegmentState::unsent, .provider_id = "a", .error = {}}},
      refused{{.state = SegmentState::unsent, .provider_id = {}, .error = "busy"}};
  const auto campaign = store::Lane::campaign;
  const Case cases[] = {
      {"it waited for just as long", {.due = 20'000}, down, 10'000, "to 8: main cannot send"},
      {"the gateway is down for less", {.due = 20'000}, down, 9'999, "stays"},
      {"it waits for less", {.due = 9'999}, down, 20'000, "stays"},
      {"throttled", {.due = 80'000}, slow, 60'000, "to 8: main is throttled"},
      {"throttled for less", {.due = 80'000}, slow, 59'999, "stays"},
      {"a campaign", {.due = 200'000, .lane = campaign}, down, 99'999, "stays"},
      {"a campaign, after its own time", {.due = 200'000, .lane = campaign}, down, 100'000, "to 8: main cannot send"},
      {"the caller named the gateway", {.due = 20'000, .route = 0}, down, 20'000, "stays"},
      {"its route is gone", {.due = 20'000, .route = gone}, down, 20'000, "stays"},
      {"it left 8 before", {.due = 20'000, .left = {8}}, down, 20'000, "to 9: main cannot send"},
      {"it left all others", {.due = 20'000, .left = {8, 9}}, down, 20'000, "stays"},
      {"a part is at the carrier", {.due = 20'000, .segments = taken}, down, 20'000, "stays"},
      {"a part has an id there", {.due = 20'000, .segments = named}, down, 20'000, "stays"},
      {"a part was refused", {.due = 20'000, .segments = refused}, down, 20'000, "to 8: main cannot send"},
  };
  for (const auto& each : cases) {
    const auto it = moving(each.reason, each.since);
    const auto moves = it.of(queue(each.given.lane), {waiting(5, each.given)});
    EXPECT_EQ(moves.empty() ? "stays" : "to " + std::to_string(moves.at(0).to) + ": " + moves.at(0).why, each.leaves)
        << each.name;
    const auto settlement = it.of(claimed(5, each.given));
    EXPECT_EQ(!settlement ? "stays"
                          : "to " + std::to_string(std::get<store::MovedTo>(settlement->what).gateway) + ": " +
                                settlement->status_message,
              each.leaves)
        << each.name << ", claimed";
  }
}

TEST_F(MovingTest, OfWhatIsClaimedNothingMayHaveLeft) {
  const auto it = moving(MoveReason::unreachable, 20'000);
  const Given given{.due = 20'000};
  EXPECT_FALSE(it.of(claimed(5, {.due = 20'000, .in_doubt = true}))) << "perhaps it was sent earlier";
  auto attempt = claimed(5, given);
  attempt.submitted(0, Time{});
  EXPECT_FALSE(it.of(attempt)) << "it is on its way";
  attempt.not_taken(0);
  const auto settlement = it.of(attempt);
  ASSERT_TRUE(settlement);
  EXPECT_EQ(settlement->id, 5u);
  EXPECT_EQ(settlement->attempt, 3);
  EXPECT_FALSE(std::get<store::MovedTo>(settlement->what).sent) << "the attempt does not count";
  EXPECT_TRUE(settlement->segments.empty());
}

TEST_F(MovingTest, EachGoesToTheGatewayThatHasAPlaceForIt) {
  places_ = {{8, 1}, {9, 1}};
  const Given given{.due = 20'000};
  const auto moves = moving(MoveReason::unreachable, 20'000)
                         .of(queue(store::Lane::transaction),
                             {waiting(1, given), waiting(2, {.due = 1}), waiting(3, given), waiting(4, given)});
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0].id, 1u);
  EXPECT_EQ(moves[0].from, 7u);
  EXPECT_EQ(moves[0].to, 8u);
  EXPECT_EQ(moves[0].tenant, 1u);
  EXPECT_EQ(moves[0].lane, store::Lane::transaction);
  EXPECT_EQ(moves[0].due_at, now - 20'000) << "its place in the queue";
  EXPECT_EQ(moves[1].id, 3u);
  EXPECT_EQ(moves[1].to, 9u);
  EXPECT_EQ(asked_, 3) << "nobody's probe is taken for one that stays";
}

}  // namespace
}  // namespace smsbridge::bridge
