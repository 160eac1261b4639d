// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/suspects.hpp"

#include <gtest/gtest.h>

#include "bridge/policy/health.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
constexpr Time t0{};

TEST(Suspects, AMessageIsAtFaultOnceOthersPassed) {
  Suspects suspects;
  EXPECT_FALSE(suspects.others_passed(1, t0)) << "nobody blamed it";
  suspects.passed(t0 + 1s);
  using Blamed = Suspects::Blamed;
  EXPECT_EQ(suspects.blamed(1, t0, t0 + 2s, 5s), Blamed::first);
  EXPECT_EQ(suspects.blamed(1, t0 + 1s, t0 + 2s, 5s), Blamed::known) << "another part that was under way";
  EXPECT_EQ(suspects.apart(1), Suspects::Apart::behind);
  EXPECT_FALSE(suspects.others_passed(1, t0 + 2s)) << "that one went out before";
  EXPECT_EQ(suspects.try_at(1), t0 + 7s);
  EXPECT_EQ(suspects.blamed(1, t0 + 7s, t0 + 7s, 5s), Blamed::again);
  suspects.passed(t0 + 8s);
  EXPECT_TRUE(suspects.others_passed(1, t0 + 8s));
  EXPECT_FALSE(suspects.others_passed(1, t0 + 2min)) << "that says nothing of now";
  EXPECT_FALSE(suspects.others_passed(2, t0 + 8s));
  suspects.cleared(1);
  EXPECT_FALSE(suspects.others_passed(1, t0 + 8s));
  EXPECT_EQ(suspects.apart(1), Suspects::Apart::no);
}

TEST(Suspects, WhereAllAreThrottledNobodyIsAtFault) {
  Suspects suspects;
  EXPECT_FALSE(suspects.throttled(1));
  EXPECT_FALSE(suspects.throttled(1));
  suspects.blamed(1, t0, t0, 1s);
  EXPECT_TRUE(suspects.throttled(2));
  EXPECT_EQ(suspects.apart(1), Suspects::Apart::no);
  EXPECT_TRUE(suspects.throttled(2)) << "no other passed since";
  suspects.passed(t0 + 1s);
  EXPECT_FALSE(suspects.throttled(2));
}

TEST(Suspects, WhatWasLostWithOthersGoesAlone) {
  Suspects suspects;
  suspects.lost(1, t0);
  suspects.passed(t0 + 1s);
  EXPECT_EQ(suspects.apart(1), Suspects::Apart::alone);
  EXPECT_FALSE(suspects.others_passed(1, t0 + 1s)) << "that says nothing of it";
}

TEST(Health, AnotherMessageShowsWhetherTheAccountIsRefused) {
  Health health;
  health.blamed(t0, false, true, {});
  EXPECT_EQ(health.state(t0), Health::State::half_open);
  health.succeeded(t0 + 1s);
  EXPECT_EQ(health.state(t0 + 1s), Health::State::closed);
  health.blamed(t0 + 2s, false, true, {});
  health.blamed(t0 + 2s, false, true, {});
  EXPECT_EQ(health.state(t0 + 2s), Health::State::half_open);
  health.blamed(t0 + 2s, false, true, {});
  EXPECT_EQ(health.state(t0 + 2s), Health::State::open) << "three different ones";
  EXPECT_EQ(health.until(), t0 + 32s);
  EXPECT_EQ(health.state(t0 + 32s), Health::State::half_open);
  health.blamed(t0 + 32s, false, true, {});
  EXPECT_EQ(health.state(t0 + 32s), Health::State::open) << "while it was refused one is enough";
  EXPECT_EQ(health.until(), t0 + 92s);
}

TEST(Health, TheSameMessageTwiceIsEnough) {
  Health health;
  health.blamed(t0, false, true, {});
  health.blamed(t0 + 5s, true, true, {});
  EXPECT_EQ(health.state(t0 + 5s), Health::State::open);
  health.blamed(t0 + 35s, true, true, {});
  EXPECT_EQ(health.state(t0 + 35s), Health::State::half_open) << "the time is over, and nobody looked yet";
  health.blamed(t0 + 35s, true, true, {});
  EXPECT_EQ(health.until(), t0 + 65s) << "others wait no longer because of one message";
}

TEST(Health, TheProvidersOwnTimeCounts) {
  Health health;
  health.blamed(t0, false, false, 3600s);
  health.blamed(t0 + 5s, true, false, 3600s);
  EXPECT_EQ(health.until(), t0 + 3605s);
}

}  // namespace
}  // namespace smsbridge::bridge
