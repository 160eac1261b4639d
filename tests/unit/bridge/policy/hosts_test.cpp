// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/hosts.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using Use = Hosts::Use;

const Time begin = Time{} + 1h;
const std::vector<Time> any_time(3);

TEST(Hosts, SessionsBelongToTheFirstOrAreSpread) {
  const Hosts together(3, Use::failover, 5min), spread(3, Use::spread, 5min);
  for (std::size_t place = 0; place < 5; ++place) {
    EXPECT_EQ(together.next(place, any_time, begin).host, 0U);
    EXPECT_EQ(spread.next(place, any_time, begin).host, place % 3);
  }
}

TEST(Hosts, TheNextOneIsTakenWhenOneFails) {
  Hosts hosts(3, Use::failover, 5min);
  hosts.failed(0, begin, "refused");
  EXPECT_EQ(hosts.next(0, any_time, begin).host, 1U);
  hosts.failed(1, begin, "refused");
  EXPECT_EQ(hosts.next(0, any_time, begin).host, 2U);
  hosts.failed(2, begin, "refused");
  EXPECT_EQ(hosts.next(0, any_time, begin).host, 0U) << "none is good: in their order";
  Hosts spread(3, Use::spread, 5min);
  spread.failed(2, begin, "refused");
  EXPECT_EQ(spread.next(2, any_time, begin).host, 0U);
  EXPECT_EQ(spread.next(1, any_time, begin).host, 1U) << "the others stay";
}

TEST(Hosts, OneThatMayNotBeTriedYetWaitsForItsTime) {
  Hosts hosts(3, Use::failover, 5min);
  const std::vector<Time> not_before = {begin + 3s, begin + 2s, begin + 30s};
  EXPECT_EQ(hosts.next(0, not_before, begin).host, 1U);
  EXPECT_EQ(hosts.next(0, not_before, begin).at, begin + 2s);
  EXPECT_EQ(hosts.next(0, not_before, begin + 5s).host, 0U);
  hosts.leave_alone(0, begin + 10min);
  EXPECT_EQ(hosts.next(0, not_before, begin + 5s).host, 1U);
  EXPECT_TRUE(hosts.is_left_alone(0, begin + 5s));
  hosts.try_now();
  EXPECT_EQ(hosts.next(0, not_before, begin + 5s).host, 0U);
}

TEST(Hosts, OneHasToBeGoodForAWhileBeforeSessionsComeHome) {
  Hosts hosts(2, Use::failover, 5min);
  EXPECT_FALSE(hosts.better(0, 0, begin));
  hosts.failed(0, begin, "refused");
  EXPECT_EQ(hosts.why(0), "refused");
  EXPECT_FALSE(hosts.works(0, begin + 1min));
  EXPECT_FALSE(hosts.better(0, 1, begin + 1min));
  hosts.failed(0, begin + 3min, "again");
  EXPECT_EQ(hosts.failed_at(0), begin) << "since when it is so";
  EXPECT_FALSE(hosts.works(0, begin + 4min));
  EXPECT_FALSE(hosts.works(0, begin + 9min - 1s)) << "it begins anew with each failure";
  EXPECT_TRUE(hosts.works(0, begin + 9min)) << "told once";
  EXPECT_FALSE(hosts.works(0, begin + 10min));
  EXPECT_EQ(hosts.better(0, 1, begin + 10min), 0U);
  hosts.leave_alone(0, begin + 1h);
  EXPECT_FALSE(hosts.better(0, 1, begin + 10min));
}

TEST(Hosts, OneThatFailsSoonAgainIsWaitedForLonger) {
  Hosts hosts(2, Use::failover, 5min);
  auto now = begin;
  for (const auto wait : {5min, 10min, 20min, 40min, 40min}) {
    hosts.failed(0, now, "no answer to the bind");
    EXPECT_FALSE(hosts.works(0, now));
    EXPECT_FALSE(hosts.works(0, now + wait - 1s)) << wait.count();
    now += wait;
    EXPECT_TRUE(hosts.works(0, now)) << wait.count();
    now += 1min;
  }
  now += 2h;
  hosts.failed(0, now, "it broke");
  hosts.works(0, now);
  EXPECT_TRUE(hosts.works(0, now + 5min)) << "it was good for long";
}

// The account may be right, and just not known at the first one.
TEST(Hosts, WhereNoneTookTheAccountTheyAreAskedInTurn) {
  Hosts hosts(3, Use::failover, 5min);
  for (const Hosts::Host host : {0U, 1U, 2U}) {
    EXPECT_EQ(hosts.next(0, any_time, begin).host, host);
    hosts.refused(host, begin + (host + 1) * 1min, "unknown system_id");
    EXPECT_TRUE(hosts.is_trusted(host)) << "nothing shows that it is at fault";
  }
  EXPECT_EQ(hosts.next(0, any_time, begin + 5min).host, 0U);
  hosts.bound(2, begin + 10min);
  EXPECT_TRUE(hosts.is_trusted(2));
  EXPECT_FALSE(hosts.is_trusted(0));
  EXPECT_FALSE(hosts.better(0, 2, begin + 10min)) << "it would be refused there again";
  EXPECT_EQ(hosts.why(0), "unknown system_id");
  EXPECT_EQ(hosts.next(0, any_time, begin + 10min).host, 2U);
}

TEST(Hosts, OneThatFailedIsTriedBeforeOneThatRefusesTheAccount) {
  Hosts hosts(2, Use::failover, 5min);
  hosts.failed(1, begin, "no route");
  EXPECT_EQ(hosts.next(0, any_time, begin).host, 0U);
  hosts.refused(0, begin, "unknown system_id");
  EXPECT_EQ(hosts.next(0, any_time, begin).host, 1U);
}

}  // namespace
}  // namespace smsbridge::bridge
