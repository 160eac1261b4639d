// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, SilenceMovesAMessageOnceItsRouteSaysSo) {
  struct {
    const char* name;
    bool partly_known;
    GatewayId when_silent;
    State want;
  } const cases[] = {{"silent", false, 8, State::queued},
                     {"no other way", false, 0, State::sent},
                     {"one part is known", true, 8, State::undeliverable}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto id = enqueue(message(c.name)).id;
    claim(1);
    const std::string name = c.name;
    settle(id, 1, Taken{.receipt_wait_ms = 60'000, .when_silent = c.when_silent}, parts({name + "x", name + "y"}));
    if (c.partly_known) receipt(name + "x", SegmentState::undeliverable);
    pass(61'000);
    EXPECT_EQ(progress(id).state, c.want);
    EXPECT_EQ(progress(id).maybe_duplicate, c.want == State::queued);
    EXPECT_EQ(claim(5, other_queue).messages.size(), c.want == State::queued ? 1u : 0u);
  }
}

TEST_F(StoreTest, ExpiryNeedsNoGateway) {
  auto change = message("1");
  change.content.expires_at = now_ + 1000;
  const auto id = enqueue(change).id;
  pass(2000);
  EXPECT_EQ(progress(id).state, State::expired);
  EXPECT_EQ(count(State::expired), 1);
}

TEST_F(StoreTest, AClockThatGoesBackDoesNotStopTheUpkeep) {
  pass(7'200'000);
  now_ -= 7'200'000;
  const auto id = enqueue(message("1")).id;
  now_ += 3'600'001;
  store_->step();
  EXPECT_EQ(progress(id).state, State::expired) << "there is no gateway";
}

TEST_F(StoreTest, WhatIsNotAtItsEndOutlivesTheRetention) {
  limits_.retention_ms = 2000;
  die_and_open();
  const auto lasting = [](const std::string& ref) {
    auto change = message(ref);
    change.content.expires_at = start_time + 365ll * 86'400'000;
    return change;
  };
  // 1 ends; 2 awaits its receipt; 3 is held in doubt; 4 waits.
  std::vector<MessageId> ids;
  for (const auto* ref : {"1", "2", "3", "4"}) ids.push_back(enqueue(lasting(ref)).id);
  ASSERT_EQ(claim(3).messages.size(), 3u);
  finish(ids[0], 1, "", State::sent);
  settle(ids[1], 1, Taken{.receipt_wait_ms = 365ll * 86'400'000}, parts({"A"}));
  settle(ids[2], 1, Held{.wait_ms = 365ll * 86'400'000});
  for (int i = 0; i < 200; ++i) pass(1000);
  EXPECT_FALSE(store_->reader().get(ids[0])) << "it had ended, and was purged";
  for (const auto i : {1U, 2U, 3U}) EXPECT_TRUE(store_->reader().get(ids[i])) << i + 1;
  receipt("A", SegmentState::delivered);
  EXPECT_EQ(progress(ids[1]).state, State::delivered);
  ASSERT_EQ(claim(5).messages.size(), 1u);
}

TEST_F(StoreTest, TheFileStaysFlatUnderSteadyLoad) {
  limits_.retention_ms = 2000;
  die_and_open();
  std::uintmax_t early = 0;
  for (int round = 0; round < 300; ++round) {
    Batch batch;
    for (int i = 0; i < 100; ++i) batch.enqueue.push_back(message("", std::string(200, 'x')));
    commit(std::move(batch));
    Batch outcomes;
    for (const auto& m : claim(100).messages)
      outcomes.settlements.push_back({.id = m.id, .attempt = m.attempt, .what = Taken{.awaits_receipt = false}});
    commit(std::move(outcomes));
    pass(1000);
    if (round == 100) early = std::filesystem::file_size(path_ / "data.mdb");
  }
  EXPECT_LE(std::filesystem::file_size(path_ / "data.mdb"), early + early / 10)
      << "20,000 more messages passed through";
  EXPECT_LT(count(State::sent), 4000) << "2 s of retention, and up to 30 s until references are merged";
}

TEST_F(StoreTest, WhatIsNoLongerValidMovesNowhere) {
  auto short_lived = message("1");
  short_lived.content.expires_at = start_time + 30'000;
  const auto id = enqueue(short_lived).id;
  claim(1);
  settle(id, 1, Taken{.receipt_wait_ms = 60'000, .when_silent = 8}, parts({"x"}));
  pass(61'000);
  EXPECT_EQ(progress(id).state, State::sent);
}

TEST_F(StoreTest, ExpiryReachesTheEndOfALongQueue) {
  Batch batch;
  for (int i = 0; i < 5001; ++i) batch.enqueue.push_back(message(""));
  batch.enqueue.back().content.expires_at = start_time + 1000;
  inbox_items_max_ = 10'000;
  die_and_open();
  const auto last = commit(std::move(batch)).enqueued.back().id;
  for (int second = 0; second < 3; ++second) pass(1000);
  EXPECT_EQ(progress(last).state, State::expired);
}

}  // namespace
}  // namespace smsbridge::store
