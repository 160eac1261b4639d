// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, AnOutcomeCountsOnce) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(finish(id, 1, "A"), Settled::ok);
  EXPECT_EQ(finish(id, 1, "A"), Settled::repeated);
  EXPECT_EQ(finish(id, 2, "B"), Settled::superseded);
  EXPECT_EQ(finish(999, 1, "B"), Settled::superseded);
  EXPECT_EQ(count(State::submitted), 1);
}

TEST_F(StoreTest, AnOutcomeOfAnEarlierAttemptIsSuperseded) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .doubtful = true, .delay_ms = 0});
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_EQ(finish(id, 1, "late"), Settled::superseded);
  EXPECT_EQ(finish(id, 2, "B"), Settled::ok);
}

TEST_F(StoreTest, ALateAnswerEndsTheDoubtBeforeTheNextAttempt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .doubtful = true, .delay_ms = 30'000});
  EXPECT_EQ(finish(id, 1, "late"), Settled::ok);
  now_ += 59'000;
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(progress(id).state, State::submitted);
}

TEST_F(StoreTest, RetriesWaitForTheirTime) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(again({.id = id, .attempt = 1, .delay_ms = 30'000, .status_message = "0x08"}), Settled::ok);
  auto claimed = claim(1);
  EXPECT_TRUE(claimed.messages.empty());
  EXPECT_EQ(claimed.ends[0].next_due, now_ + 30'000);
  now_ += 30'000;
  claimed = claim(1);
  ASSERT_EQ(claimed.messages.size(), 1u);
  EXPECT_EQ(claimed.messages[0].attempt, 2);
  EXPECT_FALSE(claimed.messages[0].in_doubt);
}

TEST_F(StoreTest, GivenBackUnsentKeepsItsPlaceAndItsAttempt) {
  const auto first = enqueue(message("1")).id;
  now_ += 10;
  enqueue(message("2"));
  ASSERT_EQ(claim(1).messages[0].id, first);
  again({.id = first, .attempt = 1, .sent = false});
  const auto claimed = claim(1);
  EXPECT_EQ(claimed.messages[0].id, first) << "still the oldest";
  EXPECT_EQ(claimed.messages[0].attempt, 1);
  EXPECT_TRUE(claimed.ends[0].more_due);
  die_and_open();
  EXPECT_EQ(claim(10).messages.size(), 2u);
}

TEST_F(StoreTest, AHeldMessageWaitsForAReceiptThenFails) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(progress(held).state, State::doubtful);
  die_and_open();
  EXPECT_TRUE(claim(1).messages.empty());
  pass(61'000);
  EXPECT_EQ(progress(held).state, State::failed);
  EXPECT_NE(progress(held).status_message.find("may have been sent"), std::string::npos);
}

TEST_F(StoreTest, AnAttemptThatWasRefusedGoesOnElsewhere) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .move_to = 8, .status_message = "refused"});
  EXPECT_EQ(progress(id).gateway, queue.gateway) << "of the last attempt";
  EXPECT_EQ(progress(id).queue_gateway, 8u);
  const auto claimed = claim(1, other_queue).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_EQ(claimed[0].attempts_before, 1) << "all its attempts again";
  die_and_open();
  EXPECT_TRUE(claim(1, other_queue).messages.at(0).in_doubt);
}

TEST_F(StoreTest, ARevivedMessageExpiresAsOneThatCameNow) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "", State::failed);
  control(Control::Action::retry, id);
  EXPECT_EQ(progress(id).expires_at, now_ + 60'000);
  pass(60'000);
  EXPECT_EQ(progress(id).state, State::expired);
}

}  // namespace
}  // namespace smsbridge::store
