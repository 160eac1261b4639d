// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/pace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

// A carrier that takes so many parts in any second, or out of a bucket that fills by so many in a second, and a client
// that always has more to send.
constexpr double unlimited = 1e9;
struct Carrier {
  double limit = 200;
  Duration answers_after = 50ms;
  Duration each = Duration::zero();  // that it works at one, after the other: more only queue
  bool counts_refused = false;
  double bucket = 0;         // that it holds; 0: there is none
  std::size_t at_once = 0;   // unanswered; 0: any number
  Duration refuses_after{};  // else as it answers
  Duration jitter{};         // of its answers, at most
  Duration we_sleep{};       // of each 700 ms

  double left = 0;
  Time filled_at{};
  std::deque<Time> counted{};
  Time free_at{};
  std::multiset<Time> at_work{};  // when it answers each
  bool answered(Time now) {
    if (at_work.empty() || *at_work.begin() > now) return false;
    at_work.erase(at_work.begin());
    return true;
  }
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
      // The carrier has answered, and we are busy with other things.
      while (carrier_.answered(now_)) {
      }
      if (carrier_.we_sleep > Duration::zero() && (now_ - began) % 700ms < carrier_.we_sleep) continue;
      for (; !under_way_.empty() && under_way_.begin()->first <= now_; under_way_.erase(under_way_.begin())) {
        const auto& part = under_way_.begin()->second;
        if (part.taken) {
          pace_.answered(now_, now_ - part.sent_at, {.unanswered = part.before});
          ++taken[static_cast<std::size_t>((now_ - began) / 1s)];
        } else {
          pace_.throttled(now_, part.sent_at, {}, {.unanswered = part.before});
          ++throttled_;
        }
      }
      while (under_way_.size() < pace_.window() && !pace_.take(now_)) {
        carrier_.free_at = std::max(carrier_.free_at, now_) + carrier_.each;
        // What it refused is none of those that it works at.
        const bool full = carrier_.at_once > 0 && carrier_.at_work.size() >= carrier_.at_once;
        const bool taken_now = !full && carrier_.takes(now_);
        auto answered_at =
            carrier_.free_at + carrier_.answers_after + carrier_.jitter * (sent_++ % 100 * 7919 % 100) / 100;
        if (!taken_now && carrier_.refuses_after > Duration::zero()) answered_at = now_ + carrier_.refuses_after;
        if (taken_now) carrier_.at_work.insert(answered_at);
        under_way_.emplace(answered_at, Part{.before = under_way_.size(), .sent_at = now_, .taken = taken_now});
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

  // What was under way before.
  void forget() {
    under_way_.clear();
    carrier_.at_work.clear();
    throttled_ = 0;
  }
  void begin(Pace::Bounds bounds, Pace::Learnt learnt = {}) {
    std::destroy_at(&pace_);
    std::construct_at(&pace_, bounds, learnt);
  }

  struct Part {
    std::size_t before = 0;
    Time sent_at{};
    bool taken = true;
  };
  Time now_{1000s};
  Pace pace_{{.rate = 0, .window = 1000}};
  Carrier carrier_;
  std::multimap<Time, Part> under_way_;  // by when they are answered
  int sent_ = 0;
  int throttled_ = 0;  // parts
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
      {"whose answers vary", {.limit = 200, .answers_after = 50ms, .jitter = 100ms}, 0.97},
      {"whose answers vary little", {.limit = 200, .answers_after = 190ms, .jitter = 20ms}, 0.96},
      {"that refuses at once", {.limit = 200, .answers_after = 100ms, .refuses_after = 1ms}, 0.97},
      {"whose bucket is small", {.limit = 200, .answers_after = 100ms, .bucket = 5, .refuses_after = 1ms}, 0.97},
      {"while we are busy", {.limit = 200, .answers_after = 50ms, .bucket = 40, .we_sleep = 20ms}, 0.95},
      {"one that counts what it refuses", {.limit = 200, .answers_after = 50ms, .counts_refused = true}, 0.93},
  };
  for (const auto& [what, carrier, part] : cases) {
    begin({.rate = 0, .window = 1000});
    carrier_ = carrier;
    forget();
    now_ += 100s;
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
  carrier_.limit = unlimited;
  send(70s);
  EXPECT_EQ(pace_.rate(), 0) << "a minute without a word: there is no limit";
  EXPECT_FALSE(pace_.is_throttled(now_));
}

TEST_F(PaceTest, FindsAContractThatIsAQuarterAndThenEightTimesOfIt) {
  for (const auto answers_after : {2ms, 20ms, 50ms, 200ms})
    for (const double part : {0.0, 0.1}) {  // of a second that its bucket holds
      begin({.rate = 0, .window = 1000});
      forget();
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
    if (!pace_.take(now_)) pace_.answered(now_, 10ms, {.unanswered = 1});
  for (int i = 0; i < 50; ++i) pace_.throttled(now_, now_ - 10ms, 7s, {.unanswered = 1});
  EXPECT_GE(pace_.rate(), 90);
  EXPECT_EQ(pace_.take(now_), now_ + 7s);
}

TEST_F(PaceTest, TheWindowGrowsToWhatAFarCarrierTakesAndNoFurther) {
  carrier_ = {.limit = unlimited, .answers_after = 200ms, .each = 1ms};  // 1000 a second, with 200 under way
  EXPECT_GE(mean(send(30s), 5), 0.9 * 1000);
  EXPECT_LE(pace_.window(), 450u) << "more would only wait at the carrier";
  begin({.rate = 0, .window = 50});
  forget();
  carrier_.free_at = {};
  send(10s);
  EXPECT_EQ(pace_.window(), 50u) << "as far as is set";
}

TEST_F(PaceTest, ACarrierThatLimitsWhatIsUnansweredRefusesNothingWhereTheWindowIsSet) {
  carrier_ = {.limit = unlimited, .answers_after = 200ms, .at_once = 50};
  begin({.rate = 0, .window = 50});
  EXPECT_GE(mean(send(30s), 5), 0.97 * 250);
  EXPECT_EQ(throttled_, 0);
}

// It refuses with the same words as one that counts seconds, and nobody told us of the number.
TEST_F(PaceTest, UsesACarrierThatLimitsWhatIsUnanswered) {
  struct Case {
    const char* what;
    Carrier carrier;
    double part = 0.97;
  };
  const Case cases[] = {
      {"50", {.limit = unlimited, .answers_after = 200ms, .at_once = 50}},
      {"50, refused at once", {.limit = unlimited, .answers_after = 200ms, .at_once = 50, .refuses_after = 1ms}},
      {"50, near by", {.limit = unlimited, .answers_after = 20ms, .at_once = 50}},
      {"few", {.limit = unlimited, .answers_after = 200ms, .at_once = 5}},
      {"few, refused at once", {.limit = unlimited, .answers_after = 200ms, .at_once = 5, .refuses_after = 1ms}},
      {"few, near by", {.limit = unlimited, .answers_after = 5ms, .at_once = 5}},
      {"one at a time", {.limit = unlimited, .answers_after = 50ms, .at_once = 1}},
      {"many", {.limit = unlimited, .answers_after = 200ms, .at_once = 200}},
      {"many, far away", {.limit = unlimited, .answers_after = 1s, .at_once = 500}},
      {"answers vary", {.limit = unlimited, .answers_after = 150ms, .at_once = 50, .jitter = 50ms}, 0.9},
      {"answers vary much",
       {.limit = unlimited, .answers_after = 50ms, .at_once = 50, .refuses_after = 1ms, .jitter = 150ms}},
      {"we are busy",
       {.limit = unlimited, .answers_after = 200ms, .at_once = 50, .refuses_after = 1ms, .we_sleep = 20ms},
       0.9},
      {"we are very busy",
       {.limit = unlimited, .answers_after = 200ms, .at_once = 50, .refuses_after = 1ms, .we_sleep = 100ms},
       0.8},
      {"a rate as well, which is not reached", {.limit = 400, .answers_after = 200ms, .at_once = 50}},
      {"a rate as well, which comes first", {.limit = 150, .answers_after = 200ms, .at_once = 50}},
  };
  for (const auto& [what, carrier, part] : cases) {
    begin({.rate = 0, .window = 1000});
    carrier_ = carrier;
    forget();
    now_ += 100s;
    const auto taken = send(60s);
    const double seconds = std::chrono::duration<double>(carrier.answers_after + carrier.jitter / 2).count();
    const double most = std::min(carrier.limit, static_cast<double>(carrier.at_once) / seconds);
    EXPECT_GE(mean(taken, 10), part * most) << what;
    EXPECT_LT(throttled_, 0.04 * most * 60) << what;
  }
}

TEST_F(PaceTest, FindsAnotherNumberThatMayBeUnanswered) {
  carrier_ = {.limit = unlimited, .answers_after = 200ms, .at_once = 50, .refuses_after = 1ms};
  send(30s);
  // Fewer look like a rate at first: more than now were taken a moment ago.
  for (const auto& [at_once, within] : {std::pair(20u, 30u), std::pair(100u, 12u)}) {
    carrier_.at_once = at_once;
    const auto taken = send(60s);
    EXPECT_LE(seconds_until(taken, static_cast<int>(at_once) * 5 * 9 / 10), within) << at_once;
    EXPECT_GE(mean(taken, 40), 0.97 * at_once * 5) << at_once;
  }
}

// Two sessions, each with a window of its own: what is learnt is for each.
TEST(Pace, TheWindowOfASessionIsItsShareOfWhatIsUnanswered) {
  Pace pace({.rate = 0, .window = 100});
  Time now = Time{} + 1h;
  const Pace::Before fifty{.unanswered = 50, .sessions = 2};
  for (int i = 0; i < 200; ++i) pace.is_full(), pace.answered(now += 1ms, 50ms, {.unanswered = 20, .sessions = 2});
  EXPECT_GT(pace.window(), 25u);
  pace.throttled(now += 1ms, now - 1ms, {}, fifty);
  EXPECT_EQ(pace.window(), 25u);
  EXPECT_EQ(pace.rate(), 0) << "no rate was lowered";
  EXPECT_FALSE(pace.is_throttled(now));
  EXPECT_TRUE(pace.may_throw_back(now + 50s)) << "more refusals may follow: what goes to one phone keeps its order";
  pace.throttled(now += 1ms, now, 3s, fifty);
  EXPECT_GE(*pace.take(now), now + 3s) << "a pause that is asked for is kept";
}

TEST_F(PaceTest, TheWindowStaysWhereLittleIsSent) {
  for (int i = 0; i < 1000; ++i) pace_.answered(now_ += 10ms, 200ms, {.unanswered = 1});
  EXPECT_EQ(pace_.window(), 10u);
}

TEST_F(PaceTest, GoesOnWithWhatItHasLearnt) {
  send(30s);
  const auto learnt = pace_.learnt();
  EXPECT_NEAR(learnt.rate, 200, 10);
  begin({.rate = 0, .window = 1000}, learnt);
  forget();
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
  for (int part = 0; part < 50; ++part) pace.answered(now, 10ms, {.unanswered = 1});
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
