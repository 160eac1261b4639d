// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, AParkedReceiptThatNamesAMessageIsNoOtherMessages) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"77"},
                            .state = SegmentState::delivered,
                            .message = first,
                            .attempt = 1});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  finish(second, 1, "77");
  EXPECT_EQ(progress(second).state, State::submitted);
  finish(first, 1, "77");
  EXPECT_EQ(progress(first).state, State::delivered);
}

TEST_F(StoreTest, TheBestWordOfAParkedReceiptCounts) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("4a", SegmentState::enroute), Receipted::parked);
  EXPECT_EQ(receipt("4a", SegmentState::delivered), Receipted::parked);
  EXPECT_EQ(receipt("4a", SegmentState::enroute), Receipted::repeated);
  EXPECT_EQ(receipt("4a", SegmentState::delivered, "254799999999"), Receipted::parked) << "another phone's";
  finish(id, 1, "4a");
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, OneCarriersIdsOfNobodyPushOutNoOthersReceipts) {
  limits_.parked_of_gateway_max = 3;
  die_and_open();
  const auto early = enqueue(message("1")).id;
  claim(1);
  receipt("early", SegmentState::delivered);
  Batch flood;
  for (int i = 0; i < 10; ++i)
    flood.receipts.push_back(
        {.gateway = 8, .provider_ids = {"x" + std::to_string(i)}, .state = SegmentState::delivered});
  commit(std::move(flood));
  finish(early, 1, "early");
  EXPECT_EQ(progress(early).state, State::delivered);
  const auto late = enqueue(message("2")).id;
  claim(1);
  receipt("late", SegmentState::delivered);
  for (int i = 0; i < 3; ++i) receipt("y" + std::to_string(i), SegmentState::delivered, "");
  finish(late, 1, "late");
  EXPECT_EQ(progress(late).state, State::submitted) << "its own gateway's quota was used up";
}

TEST_F(StoreTest, AParkedReceiptIsTriedInItsOtherNotationLater) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "1f");
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"31", "1f"},
                            .as_given = 1,
                            .usable = 1,  // something else is under way to this phone
                            .state = SegmentState::delivered,
                            .destination = "254712345678",
                            .may_guess = false});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  die_and_open();
  pass(30'000);
  EXPECT_EQ(progress(id).state, State::submitted);
  pass(20'000);
  pass(60'000);
  store_->fail_commits(EIO, 1);
  pass(60'000);
  EXPECT_EQ(progress(id).state, State::sent) << "the wait ended before";
  pass(2'000);
  EXPECT_EQ(progress(id).state, State::delivered) << "a try that was rolled back is no try";
}

TEST_F(StoreTest, ParkedReceiptsHaveALimit) {
  limits_.parked_max = 2;
  die_and_open();
  const auto first = enqueue(message("1")).id, last = enqueue(message("2")).id;
  claim(2);
  for (const auto* id : {"first", "other", "last"}) receipt(id, SegmentState::delivered);
  finish(first, 1, "first");
  finish(last, 1, "last");
  EXPECT_EQ(progress(first).state, State::submitted) << "the oldest gave way";
  EXPECT_EQ(progress(last).state, State::delivered);
}

TEST_F(StoreTest, AParkedReceiptIsKeptForItsTime) {
  limits_.parked_ms = 60'000;
  die_and_open();
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  receipt("one", SegmentState::delivered);
  pass(30'000);
  receipt("two", SegmentState::delivered);
  pass(31'000);
  finish(first, 1, "one");
  finish(second, 1, "two");
  EXPECT_EQ(progress(first).state, State::submitted) << "an id of long ago is another message's";
  EXPECT_EQ(progress(second).state, State::delivered);
}

}  // namespace
}  // namespace smsbridge::store
