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
  settle(id, 1, RetryLater{.delay_ms = 0, .doubtful = true});
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_EQ(finish(id, 1, "late"), Settled::superseded);
  EXPECT_EQ(finish(id, 2, "B"), Settled::ok);
}

TEST_F(StoreTest, ALateAnswerEndsTheDoubtBeforeTheNextAttempt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(id, 1, RetryLater{.delay_ms = 30'000, .doubtful = true});
  EXPECT_EQ(finish(id, 1, "late"), Settled::ok);
  now_ += 59'000;
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(progress(id).state, State::submitted);
}

TEST_F(StoreTest, RetriesWaitForTheirTime) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(settle(id, 1, RetryLater{.delay_ms = 30'000}), Settled::ok);
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
  settle(first, 1, GivenBack{});
  const auto claimed = claim(1);
  EXPECT_EQ(claimed.messages[0].id, first) << "still the oldest";
  EXPECT_EQ(claimed.messages[0].attempt, 1);
  EXPECT_TRUE(claimed.ends[0].more_due);
  die_and_open();
  EXPECT_EQ(claim(10).messages.size(), 2u);
}

TEST_F(StoreTest, GivenBackForLaterWaitsUntilThenAndKeepsItsAttempt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle({.id = id, .attempt = 1, .what = GivenBack{.not_before = now_ + 60'000}, .status_message = "quiet"});
  EXPECT_EQ(progress(id).attempts, 0);
  EXPECT_EQ(progress(id).due_at, now_ + 60'000);
  EXPECT_EQ(progress(id).status_message, "quiet");
  ASSERT_EQ(progress(id).events.size(), 1u);
  EXPECT_EQ(progress(id).events[0].kind, EventKind::postponed);
  const auto claimed = claim(1);
  EXPECT_TRUE(claimed.messages.empty());
  EXPECT_EQ(claimed.ends[0].next_due, now_ + 60'000);
  die_and_open();
  now_ += 60'000;
  const auto again = claim(1);
  ASSERT_EQ(again.messages.size(), 1u);
  EXPECT_EQ(again.messages[0].attempt, 1);
  EXPECT_FALSE(again.messages[0].in_doubt);
  EXPECT_EQ(finish(id, 1, "A"), Settled::ok);
}

TEST_F(StoreTest, GivenBackForLaterKeepsWhatEarlierAttemptsLeft) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(id, 1, RetryLater{.delay_ms = 0, .doubtful = true}, parts({"A"}));
  ASSERT_EQ(claim(1).messages.size(), 1u);
  settle({.id = id, .attempt = 2, .what = GivenBack{.not_before = now_ + 60'000}, .status_message = "quiet"});
  now_ += 60'000;
  const auto claimed = claim(1);
  ASSERT_EQ(claimed.messages.size(), 1u);
  EXPECT_EQ(claimed.messages[0].attempt, 2);
  EXPECT_TRUE(claimed.messages[0].in_doubt);
  EXPECT_EQ(claimed.messages[0].segments.at(0).provider_id, "A");
}

TEST_F(StoreTest, AHeldMessageWaitsForAReceiptThenFails) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
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
  settle(id, 1, MovedTo{.gateway = 8});
  EXPECT_EQ(progress(id).gateway, queue.gateway) << "of the last attempt";
  EXPECT_EQ(progress(id).queue_gateway, 8u);
  const auto claimed = claim(1, other_queue).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_EQ(claimed[0].attempts_before, 1) << "all its attempts again";
  die_and_open();
  EXPECT_TRUE(claim(1, other_queue).messages.at(0).in_doubt);
}

class SettleTest : public StoreTest {
 protected:
  // "queued by 7 for 300, 1 attempts": for so long from now.
  std::string kept(MessageId id) {
    const auto message = store_->reader().get(id).value();
    const auto& now = message.progress;
    auto text = std::string(name(now.state)) + " by " + std::to_string(gateway_of(message.content, now));
    if (const auto wait = now.due_at - now_; wait > 0) text += " for " + std::to_string(wait);
    return text + ", " + std::to_string(now.attempts) + " attempts";
  }
  std::string doubts(MessageId id) {
    const auto now = progress(id);
    return std::string(now.doubtful_attempt ? ", in doubt" : "") + (now.maybe_duplicate ? ", twice" : "");
  }
  std::int64_t counted_attempts() {
    std::int64_t count = 0;
    for (const auto& [key, used] : store_->usage()) count += used.submitted;
    return count;
  }
};

TEST_F(SettleTest, EachEndingOfAnAttemptIsWrittenInItsOwnWords) {
  struct Case {
    Ending what;
    const char* kept;  // see kept()
  };
  const Case cases[] = {
      {Taken{.receipt_wait_ms = 5'000}, "submitted by 7 for 5000, 1 attempts, 1 counted"},
      {Taken{.awaits_receipt = false}, "sent by 7, 1 attempts, 1 counted"},
      {Failed{}, "failed by 7, 1 attempts, 1 counted"},
      {Failed{.sent = false}, "failed by 7, 1 attempts, 0 counted"},
      {Failed{.state = State::expired}, "expired by 7, 1 attempts, 1 counted"},
      {RetryLater{.delay_ms = 300}, "queued by 7 for 300, 1 attempts, 1 counted"},
      {RetryLater{.delay_ms = 300, .doubtful = true}, "queued by 7 for 300, 1 attempts, 1 counted, in doubt, twice"},
      {RetryLater{.delay_ms = 300, .doubtful = true, .repeatable = true},
       "queued by 7 for 300, 1 attempts, 1 counted, in doubt"},
      {Held{.wait_ms = 900}, "doubtful by 7 for 900, 1 attempts, 1 counted, in doubt, twice"},
      {Held{.wait_ms = 900, .repeatable = true}, "doubtful by 7 for 900, 1 attempts, 1 counted, in doubt"},
      {Held{.wait_ms = 900, .doubtful = false}, "doubtful by 7 for 900, 1 attempts, 1 counted"},
      {Held{.wait_ms = 900, .doubtful = false, .sent = false}, "doubtful by 7 for 900, 0 attempts, 1 counted"},
      {MovedTo{.gateway = 8}, "queued by 8, 1 attempts, 1 counted"},
      {MovedTo{.gateway = 8, .sent = false}, "queued by 8, 0 attempts, 0 counted"},
      {MovedTo{.gateway = 9}, "queued by 7, 1 attempts, 1 counted"},
      {MovedTo{.gateway = 9, .sent = false}, "queued by 7, 0 attempts, 0 counted"},
      {GivenBack{}, "queued by 7, 0 attempts, 0 counted"},
  };
  for (const auto& each : cases) {
    store_->close_gateway(9, true);
    const auto id = enqueue(message("1")).id;
    claim(1);
    EXPECT_EQ(settle(id, 1, each.what), Settled::ok);
    EXPECT_EQ(kept(id) + ", " + std::to_string(counted_attempts()) + " counted" + doubts(id), each.kept);
    EXPECT_EQ(settle(id, 2, each.what), Settled::superseded) << each.kept;
    TearDown();  // what is queued again would stand before the next row's message
    SetUp();
  }
}

TEST_F(SettleTest, WhatIsTakenIsWrittenWithItsPriceAndWhereItGoesInSilence) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(
      {.id = id,
       .attempt = 1,
       .what =
           Taken{.receipt_wait_ms = 5'000, .when_silent = 8, .price = 1'600'000, .parts = 2, .note = "price 1.6 KES"},
       .status_message = "why",
       .segments = parts({"a"})});
  const auto now = progress(id);
  EXPECT_EQ(now.when_silent, 8u);
  EXPECT_EQ(now.status_message, "why");
  EXPECT_EQ(now.segments.at(0).provider_id, "a");
  EXPECT_NE(now.events.at(0).detail.find("price 1.6 KES"), std::string::npos) << now.events.at(0).detail;
  const auto usage = store_->usage();
  ASSERT_EQ(usage.size(), 1u);
  EXPECT_EQ(usage.begin()->second.price, 1'600'000);
  EXPECT_EQ(usage.begin()->second.parts, 2);
}

TEST_F(SettleTest, WhatIsTriedAgainIsWrittenWithWhatIsKnownOfItsParts) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle({.id = id,
          .attempt = 1,
          .what = RetryLater{.delay_ms = 300},
          .status_message = "busy",
          .segments = {{.state = SegmentState::accepted, .provider_id = "a", .error = {}},
                       {.state = SegmentState::unsent, .provider_id = {}, .error = "busy"}}});
  const auto now = progress(id);
  EXPECT_EQ(now.status_message, "busy");
  ASSERT_EQ(now.segments.size(), 2u);
  EXPECT_EQ(now.segments[0].provider_id, "a");
  EXPECT_EQ(now.segments[1].error, "busy");
}

TEST_F(SettleTest, AnAnswerBesideItsDoubtLeavesNoDoubt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  Batch batch;
  batch.settlements.push_back({.id = id, .attempt = 1, .what = RetryLater{.doubtful = true}});
  batch.settlements.push_back({.id = id, .attempt = 1, .what = Taken{.receipt_wait_ms = 60'000}});
  EXPECT_EQ(commit(std::move(batch)).settled, (std::vector{Settled::repeated, Settled::ok}));
  EXPECT_EQ(kept(id) + doubts(id), "submitted by 7 for 60000, 1 attempts");
  EXPECT_EQ(progress(id).events.size(), 1u) << "nor a line in its timeline";
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
