// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, ExpiredMessagesAreNeverClaimed) {
  auto change = message("1");
  change.content.expires_at = now_ + 1000;
  const auto id = enqueue(change).id;
  now_ += 1000;
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(progress(id).state, State::expired);
}

TEST_F(StoreTest, AClockThatGoesBackHoldsUpNothing) {
  now_ += 7'200'000;
  auto scheduled = message("later");
  scheduled.content.due_at = now_ + 600'000;
  scheduled.content.expires_at = 0;
  enqueue(scheduled);
  auto at_once = message("at once");
  at_once.content.expires_at = 0;
  const auto id = enqueue(at_once).id;
  now_ -= 7'200'000;
  const auto claimed = claim(5);
  ASSERT_EQ(claimed.messages.size(), 1u) << "it was accepted while the clock was ahead";
  EXPECT_EQ(claimed.messages[0].id, id);
  EXPECT_EQ(claimed.ends.at(0).next_due, scheduled.content.due_at);
}

TEST_F(StoreTest, WhatWasAcceptedLaterStaysInTheQueueOfAGatewayThatIsBeingEmptied) {
  const auto before = enqueue(message("1")).id;
  const auto since = now_;
  now_ += 1000;
  enqueue(message("2"));
  const auto take = [&](WallMs accepted_until) {
    ClaimResult result;
    store_->claim({{.queue = queue, .count = 5, .accepted_until = accepted_until}}, io_.get_executor(),
                  [&](ClaimResult r) { result = std::move(r); });
    store_->step();
    io_.restart();
    io_.poll();
    return result.messages;
  };
  const auto first = take(since);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].id, before);
  EXPECT_EQ(take(since).size(), 0u);
  EXPECT_EQ(take(0).size(), 1u);
}

TEST_F(StoreTest, AStandingClaimTakesWhatComesInTheSameCommit) {
  std::vector<ClaimResult> taken;
  const auto stand_by = [&](std::uint32_t count) {
    StandingClaim standing{.gateway = queue.gateway, .count = count};
    standing.lane_max.fill(count);
    store_->stand_by(standing, io_.get_executor(), [&](ClaimResult r) { taken.push_back(std::move(r)); });
  };
  stand_by(2);
  store_->step();
  EXPECT_TRUE(taken.empty()) << "nothing came";
  due_.clear();
  Batch batch;
  for (const auto* ref : {"1", "2", "3"}) batch.enqueue.push_back(message(ref));
  const auto stored = commit(std::move(batch));
  ASSERT_EQ(taken.size(), 1u);
  ASSERT_EQ(taken[0].messages.size(), 2u);
  EXPECT_EQ(taken[0].messages[0].id, stored.enqueued[0].id);
  EXPECT_TRUE(taken[0].ends.at(0).more_due);
  EXPECT_TRUE(due_.empty()) << "the claimer knows already";
  EXPECT_EQ(claim(10).messages.size(), 1u);
  enqueue(message("4"));
  EXPECT_EQ(taken.size(), 1u) << "one claim, one answer";
  EXPECT_EQ(due_.size(), 1u);
  stand_by(5);
  stand_by(0);
  enqueue(message("5"));
  EXPECT_EQ(taken.size(), 1u) << "withdrawn";
  stand_by(5);
  store_->fail_commits(EIO, 1);
  commit({.receipts = {}, .settlements = {}, .enqueue = {message("6")}, .controls = {}});
  EXPECT_EQ(taken.size(), 1u) << "a commit that failed hands nothing over";
  enqueue(message("6"));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[1].messages.size(), 3u) << "with what waited: the oldest first";
  die_and_open();
  const auto again = claim(10);
  EXPECT_EQ(again.messages.size(), 6u);
  for (const auto& m : again.messages) EXPECT_TRUE(m.in_doubt) << "handed over is claimed";
}

TEST_F(StoreTest, WhatWasPerhapsSentIsHeldWhenItsValidityEnds) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  die_and_open();  // before the answer
  pass(3700'000);
  EXPECT_EQ(progress(id).state, State::doubtful) << "the carrier may have it";
  EXPECT_EQ(receipt("9z", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, AStandingClaimKeepsToTheLimitOfALane) {
  std::size_t taken = 0;
  StandingClaim standing{.gateway = queue.gateway, .count = 5};
  standing.lane_max[static_cast<std::size_t>(queue.lane)] = 1;
  store_->stand_by(standing, io_.get_executor(), [&](const ClaimResult& r) { taken = r.messages.size(); });
  Batch batch;
  for (const auto* ref : {"1", "2", "3"}) batch.enqueue.push_back(message(ref));
  commit(std::move(batch));
  EXPECT_EQ(taken, 1u);
}

}  // namespace
}  // namespace smsbridge::store
