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

// ---- how long what is finished is kept ----

class RetentionTest : public StoreTest {
 protected:
  static constexpr WallMs hour = 3600'000, day = 24 * hour;
  static constexpr TenantId neighbour = 2;

  // Login codes for a day, those of the neighbour for five, the rest for ninety.
  void keep() {
    Retention retention = Retention::of_all(90 * day);
    retention.lanes[static_cast<std::size_t>(Lane::otp)] = day;
    retention.of_tenants[{neighbour, Lane::otp}] = 5 * day;
    store_->set_retention(retention);
  }
  MessageId put(Lane lane, TenantId tenant = queue.tenant) {
    auto change = message("");
    change.content.tenant = tenant;
    change.content.lane = lane;
    change.content.expires_at = start_time + 3650 * day;
    return enqueue(change).id;
  }
  // One that ended at once; one that goes on.
  MessageId ended(Lane lane, TenantId tenant = queue.tenant) {
    const auto id = put(lane, tenant);
    EXPECT_EQ(claim(1, {.gateway = queue.gateway, .tenant = tenant, .lane = lane}).messages.size(), 1u);
    finish(id, 1, "", State::sent);
    return id;
  }
  void end(MessageId id, Lane lane) {
    ASSERT_EQ(claim(1, {.gateway = queue.gateway, .tenant = queue.tenant, .lane = lane}).messages.size(), 1u);
    finish(id, 1, "", State::sent);
  }
  void pass_days(int days) {
    for (int hours = 0; hours < days * 24; ++hours) pass(hour);
  }
  bool is_there(MessageId id) { return store_->reader().get(id).has_value(); }
};

TEST_F(RetentionTest, IsThatOfTheTenantOrTheLane) {
  keep();
  struct {
    const char* name;
    Lane lane;
    TenantId tenant;
    int days;  // that it is kept
    MessageId id;
  } messages[] = {{"a login code", Lane::otp, queue.tenant, 1, 0},
                  {"a login code of the neighbour", Lane::otp, neighbour, 5, 0},
                  {"a transaction", Lane::transaction, queue.tenant, 90, 0},
                  {"a transaction of the neighbour", Lane::transaction, neighbour, 90, 0}};
  for (auto& m : messages) m.id = ended(m.lane, m.tenant);
  pass(60'000);
  for (int days = 0; days < 92; ++days) {
    for (const auto& m : messages) EXPECT_EQ(is_there(m.id), days <= m.days) << m.name << " after " << days << " days";
    pass_days(1);
  }
  EXPECT_EQ(count(State::sent), 0);
}

TEST_F(RetentionTest, WhatIsStillOpenStaysAndGoesAfterItsEnd) {
  keep();
  const auto open = put(Lane::otp);
  put(Lane::transaction);
  pass_days(4);
  ASSERT_TRUE(is_there(open));
  end(open, Lane::otp);
  pass(hour);
  EXPECT_TRUE(is_there(open)) << "a day from its end on";
  pass_days(3);  // walked over again once a day
  EXPECT_FALSE(is_there(open));
}

// Each hour over all of ninety days would be as much as looking at every message each hour.
TEST_F(RetentionTest, AShortTimeDoesNotLookAtOldMessagesAgain) {
  keep();
  const auto late = put(Lane::otp);
  pass_days(20);
  end(late, Lane::otp);
  pass_days(60);
  EXPECT_TRUE(is_there(late)) << "it goes with what is kept for the longest time";
  pass_days(13);
  EXPECT_FALSE(is_there(late));
}

TEST_F(RetentionTest, AnotherTimeHoldsForWhatIsThere) {
  const auto code = ended(Lane::otp), transaction = ended(Lane::transaction);
  pass_days(40);
  ASSERT_TRUE(is_there(code));
  keep();
  pass_days(1);
  EXPECT_FALSE(is_there(code));
  EXPECT_TRUE(is_there(transaction));
  store_->set_retention(Retention::of_all(365 * day));
  pass_days(100);
  EXPECT_TRUE(is_there(transaction));
  store_->set_retention(Retention::of_all(day));
  pass_days(1);
  EXPECT_FALSE(is_there(transaction));
}

TEST_F(RetentionTest, ManyTimesHoldUpNoneOfThem) {
  Retention retention = Retention::of_all(2 * day);
  for (TenantId tenant = 100; tenant < 300; ++tenant) retention.of_tenants[{tenant, Lane::otp}] = tenant * hour;
  store_->set_retention(retention);
  const auto first = ended(Lane::transaction);
  for (int i = 0; i < 200; ++i) ended(Lane::transaction);
  pass_days(3);
  for (int seconds = 0; seconds < 300; ++seconds) pass(1000);
  EXPECT_FALSE(is_there(first));
  EXPECT_EQ(count(State::sent), 0);
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
