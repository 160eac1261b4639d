// SPDX-License-Identifier: MPL-2.0
#include "smpp/window.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace smsbridge::smpp {
namespace {

using namespace std::chrono_literals;

const Time t0{};

Request request(std::uint32_t sequence, Time deadline = t0 + 10s) {
  return {sequence, Command::submit_sm, sequence * 10ULL, t0, deadline};
}

TEST(Window, LateAnswerCompletesNothing) {
  Window window(2);
  ASSERT_TRUE(window.open(request(1, t0 + 10s)));
  ASSERT_TRUE(window.open(request(2, t0 + 11s)));
  EXPECT_FALSE(window.open(request(3, t0 + 12s))) << "a window of 2 is full";
  EXPECT_EQ(window.free(), 0U);
  EXPECT_EQ(window.next_deadline(), t0 + 10s);
  EXPECT_FALSE(window.take_expired(t0 + 9s));
  EXPECT_EQ(window.take_expired(t0 + 10s)->cookie, 10U);
  EXPECT_FALSE(window.take_expired(t0 + 10s));
  EXPECT_FALSE(window.close(1));
  EXPECT_EQ(window.close(2)->cookie, 20U);
  EXPECT_EQ(window.size(), 0U);
  EXPECT_FALSE(window.next_deadline());
}

TEST(Window, RefusesANumberInUse) {
  Window window(4);
  ASSERT_TRUE(window.open(request(1)));
  EXPECT_FALSE(window.open(request(1)));
  EXPECT_EQ(window.size(), 1U);
}

TEST(Window, DeadlinesComeInOrderAlsoWhenOpenedOutOfOrder) {
  Window window(4);
  for (const int seconds : {3, 1, 4, 2}) window.open(request(static_cast<std::uint32_t>(seconds), t0 + seconds * 1s));
  for (std::uint32_t wanted = 1; wanted <= 4; ++wanted) EXPECT_EQ(window.take_oldest()->sequence, wanted);
}

TEST(Window, SequenceNumbersWrapToOne) {
  EXPECT_EQ(next_sequence(0), 1U);
  EXPECT_EQ(next_sequence(0x7FFFFFFE), 0x7FFFFFFFU);
  EXPECT_EQ(next_sequence(0x7FFFFFFF), 1U);
}

// Against a map: numbers that collide in the table, holes, wrapping.
TEST(Window, BehavesAsAMap) {
  std::mt19937 random(7);
  Window window(50);
  std::map<std::uint32_t, std::uint64_t> model;
  std::uint32_t sequence = sequence_max - 500;
  for (int round = 0; round < 20'000; ++round) {
    if (random() % 2 == 0) {
      sequence = next_sequence(sequence + random() % 90);
      const bool fits = model.size() < 50 && !model.contains(sequence);
      ASSERT_EQ(window.open(request(sequence)), fits);
      if (fits) model[sequence] = sequence * 10ULL;
    } else if (!model.empty()) {
      auto victim = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
      ASSERT_EQ(window.find(victim->first)->cookie, victim->second);
      ASSERT_EQ(window.close(victim->first)->cookie, victim->second);
      ASSERT_FALSE(window.close(victim->first));
      model.erase(victim);
    }
    ASSERT_EQ(window.size(), model.size());
  }
  for (const auto& [number, cookie] : model) ASSERT_EQ(window.find(number)->cookie, cookie);
}

TEST(GivenUp, RemembersTheLastOnes) {
  GivenUp given_up(3);
  for (std::uint32_t i = 1; i <= 4; ++i) given_up.remember(i, i * 10);
  EXPECT_FALSE(given_up.take(1));
  EXPECT_EQ(given_up.take(3), 30U);
  EXPECT_FALSE(given_up.take(3));
  given_up.remember(5, 50);
  EXPECT_EQ(given_up.take(2), 20U);
  EXPECT_EQ(given_up.take(5), 50U);
}

}  // namespace
}  // namespace smsbridge::smpp
