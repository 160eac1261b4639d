// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, ReferencesSurviveTheMergeAndTheRestart) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 50; ++i) {
    Batch batch;
    for (int k = 0; k < 40; ++k) batch.enqueue.push_back(message("ref-" + std::to_string((i * 40 + k) * 7919 % 2000)));
    for (const auto& answer : commit(std::move(batch)).enqueued) ids.push_back(answer.id);
    pass(5000);  // passes of the merge begin every 30 s
    if (i % 17 == 16) die_and_open();
  }
  std::vector<std::string> refs;
  for (int i = 0; i < 2000; ++i) refs.push_back("ref-" + std::to_string(i * 7919 % 2000));
  const auto found = store_->reader().find(1, refs);
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(found[static_cast<std::size_t>(i)]) << i;
    EXPECT_EQ(found[static_cast<std::size_t>(i)]->id, ids[static_cast<std::size_t>(i)]);
  }
}

TEST_F(StoreTest, AClockThatGoesBackLosesNoReference) {
  for (int i = 0; i < 5; ++i) enqueue(message("a" + std::to_string(i)));
  pass(60'000);
  enqueue(message("b"));
  pass(60'000);  // the watermark has moved on
  now_ -= 100'000;
  const auto id = enqueue(message("c")).id;
  die_and_open();
  EXPECT_EQ(enqueue(message("c")).id, id);
}

TEST_F(StoreTest, APurgedMessageIsStillKnownByItsReference) {
  limits_.retention_ms = 1000;
  die_and_open();
  for (const auto* ref : {"merged at once", "merged later"}) {
    const auto id = enqueue(message(ref)).id;
    claim(1);
    finish(id, 1, "", State::failed);
  }
  for (int i = 0; i < 3; ++i) pass(2000);
  die_and_open();
  EXPECT_EQ(enqueue(message("merged later")).kind, Enqueued::Kind::known);
}

TEST_F(StoreTest, AReferenceThatIsTakenOverAtOnceLeadsToTheNewMessage) {
  enqueue(message("0"));
  enqueue(message("1"));  // both merged by the next commit; what follows waits
  store_->step();
  pass(1000);
  enqueue(message("2"));
  auto other = message("2", "other", 2);
  other.replace_on_conflict = true;
  const auto fresh = enqueue(other).id;
  const auto found = store_->reader().find(queue.tenant, {"2"}).front();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, fresh);
}

}  // namespace
}  // namespace smsbridge::store
