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

TEST_F(StoreTest, OneCommitMayParkReceiptsAndMeetThem) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  const auto both = [&] {
    Batch batch;
    for (const auto* word : {"4a", "4a", "4b"})
      batch.receipts.push_back({.gateway = queue.gateway,
                                .provider_ids = {word},
                                .state = SegmentState::delivered,
                                .destination = "254712345678"});
    batch.receipts.at(0).state = SegmentState::enroute;  // the second is the better word
    batch.settlements.push_back({.id = id,
                                 .attempt = 1,
                                 .what = Taken{.awaits_receipt = true, .receipt_wait_ms = 60'000},
                                 .segments = parts({"4a"})});
    return batch;
  };
  store_->fail_commits(EIO, 1);
  EXPECT_EQ(commit(both()).error, Error::unknown);
  EXPECT_TRUE(store_->parked_receipts().empty()) << "what was rolled back is not parked";
  EXPECT_EQ(commit(both()).receipts, std::vector(3, Receipted::parked));
  EXPECT_EQ(progress(id).state, State::delivered);
  EXPECT_EQ(store_->parked_receipts(), (std::map<GatewayId, std::size_t>{{queue.gateway, 1}}));
  die_and_open();
  const auto parked = store_->reader().parked({}).receipts;
  ASSERT_EQ(parked.size(), 1u) << "the one that met no message is on disk";
  EXPECT_EQ(parked.front().parked.receipt.provider_ids, std::vector<std::string>{"4b"});
}

TEST_F(StoreTest, OneCarriersIdsOfNobodyPushOutNoOthersReceipts) {
  limits_.parked_of_account_max = 3;
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
  EXPECT_EQ(given_up_, (GivenUp{{{7, Unmatched::no_room}, 1}, {{8, Unmatched::no_room}, 7}}));
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

TEST_F(StoreTest, AnAccountOfSeveralGatewaysHasOneShareOfTheRoom) {
  limits_.parked_of_account_max = 3;
  die_and_open();
  for (int i = 0; i < 10; ++i) {
    Batch batch;
    batch.receipts.push_back({.gateway = i % 2 == 0 ? 7u : 8u,
                              .provider_ids = {"x" + std::to_string(i)},
                              .state = SegmentState::delivered,
                              .account = {8, 7}});
    commit(std::move(batch));
  }
  EXPECT_EQ(store_->parked_receipts(), (std::map<GatewayId, std::size_t>{{7, 1}, {8, 2}}));
  EXPECT_EQ(given_up_, (GivenUp{{{7, Unmatched::no_room}, 4}, {{8, Unmatched::no_room}, 3}}));
}

TEST_F(StoreTest, ParkedReceiptsAreListedNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    receipt("id" + std::to_string(i), SegmentState::delivered);
    pass(10'000);
  }
  Batch other;
  other.receipts.push_back({.gateway = 8, .provider_ids = {"other"}, .state = SegmentState::enroute});
  commit(std::move(other));
  const auto& reader = store_->reader();
  const auto ids = [](const ParkedPage& page) {
    std::vector<std::string> found;
    for (const auto& entry : page.receipts) found.push_back(entry.parked.receipt.provider_ids.front());
    return found;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids(reader.parked({})), (Ids{"other", "id4", "id3", "id2", "id1", "id0"}));
  EXPECT_EQ(reader.parked({}).receipts.at(1).place.at, start_time + 40'000);
  EXPECT_EQ(ids(reader.parked({.gateway = 8, .before = {}})), Ids{"other"});
  auto page = reader.parked({.gateway = 7, .before = {}, .limit = 2});
  EXPECT_EQ(ids(page), (Ids{"id4", "id3"}));
  ASSERT_TRUE(page.next);
  page = reader.parked({.gateway = 7, .before = page.next, .limit = 3});
  EXPECT_EQ(ids(page), (Ids{"id2", "id1", "id0"}));
  EXPECT_FALSE(page.next);
  pass(121'000);
  EXPECT_EQ(reader.parked({}).receipts.at(1).parked.given_up, Unmatched::no_message);
  EXPECT_EQ(store_->parked_receipts(), (std::map<GatewayId, std::size_t>{{7, 5}, {8, 1}}));
  die_and_open();
  EXPECT_EQ(store_->parked_receipts(), (std::map<GatewayId, std::size_t>{{7, 5}, {8, 1}}));
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "id0");
  EXPECT_EQ(store_->parked_receipts().at(7), 4u) << "its message came";
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
  EXPECT_EQ(given_up_, (GivenUp{{{7, Unmatched::no_room}, 1}}));
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
  EXPECT_EQ(given_up_, (GivenUp{{{7, Unmatched::no_message}, 1}}));
}

TEST_F(StoreTest, AReceiptThatWasOnlyEarlyIsNotGivenUp) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("early", SegmentState::delivered), Receipted::parked);
  finish(id, 1, "early");
  EXPECT_EQ(progress(id).state, State::delivered);
  pass(121'000);
  EXPECT_EQ(receipt("early", SegmentState::delivered), Receipted::repeated);
  pass(24 * 3600'000);
  EXPECT_EQ(given_up_, GivenUp{});
}

TEST_F(StoreTest, AReceiptOfNobodyIsGivenUpOnceAfterALastLook) {
  receipt("nobody's", SegmentState::delivered);
  pass(120'000);
  EXPECT_EQ(given_up_, GivenUp{}) << "its message may still come";
  store_->fail_commits(EIO, 1);
  pass(1'000);
  EXPECT_EQ(given_up_, GivenUp{}) << "rolled back";
  pass(1'000);
  const GivenUp once{{{7, Unmatched::no_message}, 1}};
  EXPECT_EQ(given_up_, once);
  pass(1'000);
  die_and_open();
  pass(1'000);
  EXPECT_EQ(given_up_, once) << "also by the next process";
  EXPECT_EQ(receipt("nobody's", SegmentState::delivered), Receipted::repeated) << "it is still there";
  pass(24 * 3600'000);
  EXPECT_EQ(given_up_, once) << "its end tells nothing new";
}

TEST_F(StoreTest, WhatIsCertainlyNobodysIsGivenUpAtOnceUnlessItMayBeEarly) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  const auto of_another = [&] { return receipt("A", SegmentState::delivered, "254799999999"); };
  EXPECT_EQ(of_another(), Receipted::another_phone);
  GivenUp given_up{{{7, Unmatched::another_phone}, 1}};
  EXPECT_EQ(given_up_, given_up);
  EXPECT_EQ(of_another(), Receipted::repeated) << "the same again";
  pass(121'000);
  EXPECT_EQ(given_up_, given_up) << "the last look tells nothing new";

  enqueue(message("2"));
  claim(1);
  EXPECT_EQ(receipt("A", SegmentState::delivered, "254788888888"), Receipted::parked) << "a centre uses ids again";
  EXPECT_EQ(given_up_, given_up);
  pass(121'000);
  ++given_up[{7, Unmatched::another_phone}];
  EXPECT_EQ(given_up_, given_up);
}

}  // namespace
}  // namespace smsbridge::store
