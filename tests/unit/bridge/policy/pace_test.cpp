// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/pace.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <numeric>
#include <string>
#include <vector>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

// A carrier that takes so many parts in any second, or out of a bucket that fills by so many in a second, and a client
// that always has more to send.
struct Carrier {
  double limit = 200;
  Duration answers_after = 50ms;
  Duration each = Duration::zero();  // that it works at one, after the other: more only queue
  bool counts_refused = false;
  double bucket = 0;        // that it holds; 0: there is none
  std::size_t at_once = 0;  // unanswered; 0: any number

  double left = 0;
  Time filled_at{};
  std::deque<Time> counted{};
  Time free_at{};
  bool takes(Time now) {
    if (bucket > 0) {
      left = std::min(bucket, left + limit * std::chrono::duration<double>(now - filled_at).count());
      filled_at = now;
      return left >= 1 && left-- >= 1;
    }
    while (!counted.empty() && counted.front() + 1s <= now) counted.pop_front();
    const bool taken = static_cast<double>(counted.size()) < limit;
    if (taken || counts_refused) counted.push_back(now);
    return taken;
  }
};

class PaceTest : public ::testing::Test {
 protected:
  // What it took in each second.
  std::vector<int> send(Duration time) {
    std::vector<int> taken(static_cast<std::size_t>(time / 1s));
    const auto began = now_;
    for (; now_ - began < time; now_ += 1ms) {
      for (; !under_way_.empty() && under_way_.front().answered_at <= now_; under_way_.pop_front()) {
        const auto& part = under_way_.front();
        if (part.taken) {
          pace_.answered(now_, now_ - part.sent_at);
          ++taken[static_cast<std::size_t>((now_ - began) / 1s)];
        } else {
          pace_.throttled(now_, part.sent_at, {});
          ++throttled_;
        }
      }
      while (under_way_.size() < pace_.window() && !pace_.take(now_)) {
        carrier_.free_at = std::max(carrier_.free_at, now_) + carrier_.each;
        const bool full = carrier_.at_once > 0 && under_way_.size() >= carrier_.at_once;
        under_way_.push_back({.sent_at = now_,
                              .answered_at = carrier_.free_at + carrier_.answers_after,
                              .taken = !full && carrier_.takes(now_)});
      }
      if (under_way_.size() >= pace_.window()) pace_.is_full();
    }
    return taken;
  }
  int sent_within(Duration span) {
    int sent = 0;
    for (const auto end = now_ + span; now_ < end;) {
      if (const auto later = pace_.take(now_))
        now_ = std::max(*later, now_ + 1us);
      else
        ++sent;
    }
    return sent;
  }
  static double mean(const std::vector<int>& each, std::size_t from) {
    return std::accumulate(each.begin() + static_cast<std::ptrdiff_t>(from), each.end(), 0.0) /
           static_cast<double>(each.size() - from);
  }
  // Seconds until it takes so many in one.
  static std::size_t seconds_until(const std::vector<int>& each, int wanted) {
    return static_cast<std::size_t>(std::ranges::find_if(each, [&](int taken) { return taken >= wanted; }) -
                                    each.begin());
  }

  void begin(Pace::Bounds bounds, Pace::Learnt learnt = {}) {
    std::destroy_at(&pace_);
    std::construct_at(&pace_, bounds, learnt);
  }

  struct Part {
    Time sent_at{}, answered_at{};
    bool taken = true;
  };
  Time now_{1000s};
  Pace pace_{{.rate = 0, .window = 1000}};
  Carrier carrier_;
  std::deque<Part> under_way_;
  int throttled_ = 0;
};

TEST_F(PaceTest, KeepsTheRateThatIsSetAlsoAcrossSecondBoundaries) {
  begin({.rate = 50, .window = 10});
  EXPECT_NEAR(sent_within(10s), 500, 10);
  now_ += 60s;  // an idle minute saves up next to nothing
  EXPECT_LE(sent_within(100ms), 7);
}

TEST_F(PaceTest, WithoutALimitNothingWaits) {
  for (int i = 0; i < 100000; ++i) ASSERT_FALSE(pace_.take(now_));
}

TEST_F(PaceTest, UsesAContractThatNobodyToldItOf) {
  struct Case {
    const char* what;
    Carrier carrier;
    double part;
  };
  const Case cases[] = {
      {"near by", {.limit = 200, .answers_after = 2ms}, 0.97},
      {"far away", {.limit = 200, .answers_after = 50ms}, 0.97},
      {"very far away", {.limit = 200, .answers_after = 200ms}, 0.96},
      {"slow", {.limit = 10, .answers_after = 50ms}, 0.9},
      {"fast", {.limit = 5000, .answers_after = 5ms}, 0.97},
      {"whose bucket holds little", {.limit = 200, .answers_after = 2ms, .bucket = 20}, 0.97},
      {"whose bucket holds a second", {.limit = 200, .answers_after = 20ms, .bucket = 200}, 0.97},
      {"one that counts what it refuses", {.limit = 200, .answers_after = 50ms, .counts_refused = true}, 0.93},
  };
  for (const auto& [what, carrier, part] : cases) {
    begin({.rate = 0, .window = 1000});
    carrier_ = carrier;
    under_way_.clear();
    now_ += 100s;
    throttled_ = 0;
    const auto taken = send(120s);
    EXPECT_GE(mean(taken, 20), part * carrier.limit) << what;
    EXPECT_LT(throttled_, 0.05 * carrier.limit * 120) << what;
  }
}

TEST_F(PaceTest, FindsANewContractWithinSeconds) {
  send(30s);
  carrier_.limit = 400;
  EXPECT_LE(seconds_until(send(20s), 380), 11u);
  carrier_.limit = 100;
  const auto less = send(20s);
  EXPECT_GE(mean(less, 5), 80);
  carrier_.limit = 1e9;
  send(70s);
  EXPECT_EQ(pace_.rate(), 0) << "a minute without a word: there is no limit";
  EXPECT_FALSE(pace_.is_throttled(now_));
}

TEST_F(PaceTest, FindsAContractThatIsAQuarterAndThenEightTimesOfIt) {
  for (const auto answers_after : {2ms, 20ms, 50ms, 200ms})
    for (const double part : {0.0, 0.1}) {  // of a second that its bucket holds
      begin({.rate = 0, .window = 1000});
      under_way_.clear();
      now_ += 100s;
      carrier_ = {.limit = 200, .answers_after = answers_after, .bucket = 200 * part};
      send(40s);
      for (const auto& [limit, within] : {std::pair(50, 6u), std::pair(400, 14u)}) {
        carrier_.limit = limit;
        carrier_.bucket = limit * part;
        const auto taken = send(40s);
        const auto what = std::to_string(limit) + ", answers after " + std::to_string(answers_after.count());
        EXPECT_LE(seconds_until(taken, limit * 9 / 10), within) << what;
        EXPECT_GE(mean(taken, 20), 0.97 * limit) << what;
      }
    }
}

TEST_F(PaceTest, NeverAsksForMoreThanIsSet) {
  begin({.rate = 150, .window = 1000});
  EXPECT_NEAR(mean(send(10s), 1), 150, 3);
  EXPECT_EQ(throttled_, 0);
  carrier_.limit = 100;
  EXPECT_NEAR(mean(send(30s), 10), 97, 5);
  carrier_.limit = 200;
  EXPECT_NEAR(mean(send(30s), 15), 150, 3);
  EXPECT_FALSE(pace_.is_throttled(now_)) << "all that it may";
}

TEST_F(PaceTest, AnswersOfOneWindowAreOneEventAndAPauseThatIsAskedForIsKept) {
  begin({.rate = 100, .window = 100});
  for (int i = 0; i < 500; ++i, now_ += 10ms)
    if (!pace_.take(now_)) pace_.answered(now_, 10ms);
  for (int i = 0; i < 50; ++i) pace_.throttled(now_, now_ - 10ms, 7s);
  EXPECT_GE(pace_.rate(), 90);
  EXPECT_EQ(pace_.take(now_), now_ + 7s);
}

TEST_F(PaceTest, TheWindowGrowsToWhatAFarCarrierTakesAndNoFurther) {
  carrier_ = {.limit = 1e9, .answers_after = 200ms, .each = 1ms};  // 1000 a second, with 200 under way
  EXPECT_GE(mean(send(30s), 5), 0.9 * 1000);
  EXPECT_LE(pace_.window(), 450u) << "more would only wait at the carrier";
  begin({.rate = 0, .window = 50});
  under_way_.clear();
  carrier_.free_at = {};
  send(10s);
  EXPECT_EQ(pace_.window(), 50u) << "as far as is set";
}

// Refusals of it are taken for those of a rate, which costs a third: the window has to be set.
TEST_F(PaceTest, ACarrierThatLimitsWhatIsUnansweredIsUsedUpByAWindowThatIsSet) {
  carrier_ = {.limit = 1e9, .answers_after = 200ms, .at_once = 50};
  begin({.rate = 0, .window = 50});
  EXPECT_GE(mean(send(30s), 5), 0.97 * 250);
  EXPECT_EQ(throttled_, 0);
  begin({.rate = 0, .window = 1000});
  EXPECT_GE(mean(send(60s), 10), 0.6 * 250);
}

TEST_F(PaceTest, TheWindowStaysWhereLittleIsSent) {
  for (int i = 0; i < 1000; ++i) pace_.answered(now_ += 10ms, 200ms);
  EXPECT_EQ(pace_.window(), 10u);
}

TEST_F(PaceTest, GoesOnWithWhatItHasLearnt) {
  send(30s);
  const auto learnt = pace_.learnt();
  EXPECT_NEAR(learnt.rate, 200, 10);
  begin({.rate = 0, .window = 1000}, learnt);
  under_way_.clear();
  throttled_ = 0;
  now_ += 10s;
  const auto taken = send(5s);
  EXPECT_GE(mean(taken, 1), 190);
  EXPECT_LE(throttled_, 20);
}

TEST_F(PaceTest, GatewaysThatShareAnAccountHaveTheNarrowerRate) {
  pace_.share({.rate = 50, .window = 5});
  EXPECT_EQ(pace_.rate(), 50);
  pace_.share({.rate = 80, .window = 2000});
  EXPECT_EQ(pace_.rate(), 50);
  EXPECT_NEAR(sent_within(10s), 500, 10);
}

// SMPP 5.0 section 4.8.4.18.
TEST(Pace, TakesATenthOfTheRateEachSecondNearCongestion) {
  Pace pace({.rate = 1000, .window = 10});
  Time now = Time{} + 1h;
  pace.congested(now, 89);
  EXPECT_EQ(pace.rate(), 1000) << "the best that a centre can say";
  EXPECT_FALSE(pace.is_throttled(now));
  pace.congested(now, 90);
  EXPECT_DOUBLE_EQ(pace.rate(), 900);
  EXPECT_TRUE(pace.is_throttled(now));
  for (int answer = 0; answer < 100; ++answer) pace.congested(now + 5ms * answer, 99);
  EXPECT_DOUBLE_EQ(pace.rate(), 900) << "all answers of a second say one thing";
  EXPECT_FALSE(pace.take(now)) << "slower, but it goes on";
  pace.congested(now += 1s, 99);
  EXPECT_DOUBLE_EQ(pace.rate(), 810);
  for (int second = 0; second < 100; ++second) pace.congested(now += 1s, 99);
  EXPECT_GE(pace.rate(), 1) << "it never ends altogether";
  for (int second = 0; second < 600; ++second) pace.is_throttled(now += 1s);
  EXPECT_FALSE(pace.is_throttled(now)) << "and what is over is over";
  EXPECT_EQ(pace.rate(), 1000);
}

TEST(Pace, WaitsForASecondWhereTheCentreIsCongested) {
  Pace pace({.rate = 0, .window = 10});
  Time now = Time{} + 1h;
  EXPECT_FALSE(pace.take(now));
  for (int part = 0; part < 50; ++part) pace.answered(now, 10ms);
  pace.congested(now, 100);
  EXPECT_DOUBLE_EQ(pace.rate(), 45) << "without a limit: of what went in the last second";
  Pace idle({.rate = 0, .window = 10});
  idle.congested(now, 99);
  EXPECT_EQ(idle.rate(), 0) << "nothing went: others are the cause";
  EXPECT_FALSE(idle.take(now));
  EXPECT_EQ(pace.take(now), now + 1s);
  now += 500ms;
  pace.congested(now, 100);
  EXPECT_EQ(pace.take(now), now + 1s) << "from the last word on";
  EXPECT_FALSE(pace.take(now + 1s));
}

}  // namespace
}  // namespace smsbridge::bridge
