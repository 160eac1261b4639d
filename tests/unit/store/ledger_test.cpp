// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, ACrashDuringAnAttemptIsADoubt) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  ASSERT_EQ(claim(10).messages.size(), 2u);
  ASSERT_EQ(finish(first, 1, "A"), Settled::ok);
  die_and_open();
  EXPECT_TRUE(progress(second).maybe_duplicate);
  const auto claimed = claim(10);
  ASSERT_EQ(claimed.messages.size(), 1u) << "what has its outcome is not sent again";
  EXPECT_EQ(claimed.messages[0].id, second);
  EXPECT_TRUE(claimed.messages[0].in_doubt);
  EXPECT_EQ(claimed.messages[0].attempt, 2);
  Filter filter{.tenant = 1, .states = {State::doubtful}};
  const auto listed = store_->reader().page(filter, 0, 10);
  ASSERT_EQ(listed.messages.size(), 1u);
  EXPECT_EQ(listed.messages[0].id, second);
  EXPECT_EQ(receipt("A", SegmentState::delivered), Receipted::matched) << "correlation is rebuilt at start";
}

// Its attempt is the one before the crash: claiming it again, to hold it, sent nothing.
TEST_F(StoreTest, WhatIsHeldAfterACrashWasTriedOnce) {
  const auto sent = enqueue(message("1")).id, again_sent = enqueue(message("2")).id;
  claim(2);
  die_and_open();
  ASSERT_EQ(claim(2).messages.at(0).attempt, 2);
  settle(sent, 2, Held{.wait_ms = 60'000, .sent = false});
  finish(again_sent, 2, "b", State::submitted);
  EXPECT_EQ(progress(sent).state, State::doubtful);
  EXPECT_EQ(progress(sent).attempts, 1);
  EXPECT_EQ(progress(sent).doubtful_attempt, 1);
  EXPECT_EQ(progress(sent).events.back().attempt, 1);
  EXPECT_EQ(progress(again_sent).attempts, 2);
  std::int64_t submitted = 0;
  for (const auto& [key, usage] : store_->usage()) submitted += usage.submitted;
  EXPECT_EQ(submitted, 2);
  EXPECT_EQ(claim(2).messages.size(), 0u) << "it is not in the queue";
}

// The record of its claim stays as long as another message of it has no outcome.
TEST_F(StoreTest, WhatIsHeldAfterACrashIsHeldAfterAnotherOne) {
  const auto held = enqueue(message("1")).id, sent = enqueue(message("2")).id;
  claim(2);
  die_and_open();
  ASSERT_EQ(claim(2).messages.size(), 2u);
  settle(held, 2, Held{.wait_ms = 60'000, .sent = false});
  die_and_open();
  const auto claimed = claim(2).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].id, sent);
  pass(61'000);
  EXPECT_EQ(progress(held).state, State::failed) << "no receipt came";
  EXPECT_EQ(claim(2).messages.size(), 0u) << "it has ended";
}

TEST_F(StoreTest, ADoubtOutlivesACrash) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(id, 1, RetryLater{.delay_ms = 30'000, .doubtful = true});
  die_and_open();
  pass(31'000);
  const auto claimed = claim(1).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_TRUE(claimed[0].in_doubt);
}

}  // namespace
}  // namespace smsbridge::store
