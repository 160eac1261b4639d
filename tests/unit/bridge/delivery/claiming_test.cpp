// SPDX-License-Identifier: MPL-2.0
// How much a gateway asks of its queues.
#include "bridge/delivery/claiming.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();
// One-time passwords and transactions are sent again when in doubt, the others are held.
constexpr std::array<bool, store::lane_count> two_held{false, false, true, true};

// "26", or "26, 16 to hold" where a lane that holds has another limit than the rest; "none".
std::string text(const Claiming::Plan& plan, const Claiming::Room& room) {
  if (plan.messages == 0) return "none";
  auto text = std::to_string(plan.messages);
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    if (!room.held[lane] && plan.lane_max[lane] != plan.messages) text += ", too few in a lane that does not hold";
  if (room.held[2]) text += ", " + std::to_string(plan.lane_max[2]) + " to hold";
  if (room.held[3] && plan.lane_max[3] != plan.lane_max[2]) text += ", or " + std::to_string(plan.lane_max[3]);
  return text;
}

TEST(Claiming, AskForWhatTheChannelTakesAndALittleAhead) {
  struct Case {
    const char* name;
    Claiming::Room room;
    const char* plan;
  };
  const Case cases[] = {
      {"all is free", {.capacity = 10, .ahead_max = any_number}, "26"},
      {"nothing is", {.capacity = 10, .ahead_max = any_number, .taken = 26}, "none"},
      {"more is taken than there are places", {.capacity = 10, .ahead_max = any_number, .taken = 40}, "none"},
      {"one place is", {.capacity = 10, .ahead_max = any_number, .taken = 25}, "1"},
      {"half of what is ahead is ready", {.capacity = 10, .ahead_max = any_number, .taken = 10, .ready = 8}, "16"},
      {"more than half is", {.capacity = 10, .ahead_max = any_number, .taken = 10, .ready = 9}, "none"},
      {"nothing ahead of the channel", {.capacity = 10, .ahead_max = 0}, "10"},
      {"a little ahead of the channel", {.capacity = 10, .ahead_max = 3}, "13"},
      {"no channel", {.capacity = 0, .ahead_max = 0}, "none"},
  };
  for (const auto& each : cases) EXPECT_EQ(text(Claiming().plan(each.room), each.room), each.plan) << each.name;
}

TEST(Claiming, WithARateNoMoreThanLeavesWithinASecond) {
  struct Case {
    const char* name;
    double rate;
    std::size_t ready;
    const char* plan;
  };
  const Case cases[] = {
      {"no rate", 0, 0, "26"},
      {"a second of it", 5, 0, "6"},
      {"what is ready goes first", 5, 4, "2"},
      {"a second is ready", 5, 6, "none"},
      {"more than a second is", 5, 7, "none"},
      {"less than one a second", 0.2, 0, "1"},
      {"less than one a second, and it is ready", 0.2, 1, "none"},
      {"more than there is room for", 1000, 0, "26"},
  };
  for (const auto& each : cases) {
    const Claiming::Room room{.capacity = 10, .ahead_max = any_number, .ready = each.ready, .rate = each.rate};
    EXPECT_EQ(text(Claiming().plan(room), room), each.plan) << each.name;
  }
}

TEST(Claiming, OfLanesThatHoldWhatLeavesAtOnce) {
  struct Case {
    const char* name;
    std::size_t free_now, ready, ready_to_hold;
    double rate;
    const char* plan;
  };
  const Case cases[] = {
      {"the channel takes many", 50, 0, 0, 0, "116, 50 to hold"},
      {"others go first", 50, 6, 0, 0, "116, 44 to hold"},
      {"so do those of such lanes", 50, 6, 6, 0, "116, 44 to hold"},
      {"the channel takes few: some in hand", 5, 0, 0, 0, "116, 16 to hold"},
      {"the channel takes none", 0, 8, 0, 0, "116, 16 to hold"},
      {"some are in hand", 0, 8, 6, 0, "116, 10 to hold"},
      {"others are in hand, and are more than there is room for", 5, 8, 6, 0, "116, 10 to hold"},
      {"with a rate, what leaves until the next claim is back", 50, 0, 0, 100, "101, 2 to hold"},
      {"one of these is in hand", 50, 1, 1, 100, "100, 1 to hold"},
      {"all of these are", 50, 2, 2, 100, "99, 0 to hold"},
      {"more than these are", 50, 3, 3, 100, "98, 0 to hold"},
      {"a low rate", 50, 0, 0, 1, "2, 1 to hold"},
  };
  for (const auto& each : cases) {
    const Claiming::Room room{.capacity = 100,
                              .ahead_max = any_number,
                              .free_now = each.free_now,
                              .ready = each.ready,
                              .ready_to_hold = each.ready_to_hold,
                              .rate = each.rate,
                              .held = two_held};
    EXPECT_EQ(text(Claiming().plan(room), room), each.plan) << each.name;
  }
}

// How far ahead of its channel it goes.
std::size_t ahead(const Claiming& claiming) { return claiming.plan({.ahead_max = any_number}).messages; }

TEST(Claiming, WhereTheChannelRanDryItGoesFurtherAhead) {
  Claiming claiming;
  for (const std::size_t expected : {16, 32, 64, 128, 256, 512, 1024, 2048, 2048}) {
    EXPECT_EQ(ahead(claiming), expected);
    claiming.adapt(true, true, 0);
  }
}

TEST(Claiming, WhereManyWaitItGoesLessFarAhead) {
  Claiming claiming;
  claiming.adapt(true, true, 0);
  for (const std::size_t expected : {32, 28, 25, 22, 20, 18, 16, 16}) {
    EXPECT_EQ(ahead(claiming), expected);
    claiming.adapt(true, true, 17);
  }
}

TEST(Claiming, OtherwiseItStaysAsItIs) {
  struct Case {
    const char* name;
    bool asked_for_all, got_any;
    std::size_t ready;
  };
  const Case cases[] = {
      {"its rate allowed for less", false, true, 0},
      {"there was nothing", true, false, 0},
      {"something is ready", true, true, 1},
      {"half of what is ahead is ready", true, true, 16},
  };
  for (const auto& each : cases) {
    Claiming claiming;
    claiming.adapt(true, true, 0);
    claiming.adapt(each.asked_for_all, each.got_any, each.ready);
    EXPECT_EQ(ahead(claiming), 32u) << each.name;
  }
}

// Seen in what is claimed of lanes that hold: a rate of 100 lets out that much.
std::size_t in_hand(const Claiming& claiming) {
  return claiming.plan({.capacity = 1000, .rate = 100, .held = two_held}).lane_max[2];
}

TEST(Claiming, TheTimeOfAClaimFollowsTheLastOnes) {
  Claiming claiming;
  const auto takes = [&claiming](Duration time) {
    claiming.began(Time{} + 5s);
    claiming.answered(Time{} + 5s + time);
    return in_hand(claiming);
  };
  EXPECT_EQ(in_hand(claiming), 2u) << "a hundredth of a second, as long as nobody knows";
  EXPECT_EQ(takes(810ms), 12u) << "an eighth of the way from 0.01 to 0.81";
  EXPECT_EQ(takes(110ms), 12u) << "that is what one takes";
  for (int i = 0; i < 100; ++i) takes(1h);
  EXPECT_EQ(in_hand(claiming), 100u) << "one second at most";
  for (int i = 0; i < 100; ++i) takes(0s);
  EXPECT_EQ(in_hand(claiming), 1u);
}

}  // namespace
}  // namespace smsbridge::bridge
