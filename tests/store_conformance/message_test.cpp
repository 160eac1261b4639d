// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

namespace smsbridge::store {
namespace {

class MessageConformance : public Conformance {
 protected:
  Enqueued enqueue(const std::string& ref) {
    Batch batch;
    batch.enqueue.push_back(message(ref));
    return store.commit(std::move(batch)).enqueued.at(0);
  }
  State state(MessageId id) { return store.reader().get(id).value().progress.state; }
};

TEST_F(MessageConformance, FromItsAcceptanceToItsReceipt) {
  const auto id = enqueue("1").id;
  EXPECT_EQ(state(id), State::queued);
  const auto claimed = store.claim(10).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].id, id);
  EXPECT_TRUE(store.claim(10).messages.empty()) << "it has a holder";
  Batch taken;
  taken.settlements.push_back({.id = id,
                               .attempt = claimed[0].attempt,
                               .what = Taken{.receipt_wait_ms = 60'000},
                               .segments = {{.state = SegmentState::accepted, .provider_id = "A"}}});
  EXPECT_EQ(store.commit(taken).settled.at(0), Settled::ok);
  EXPECT_EQ(store.commit(taken).settled.at(0), Settled::repeated);
  EXPECT_EQ(state(id), State::submitted);
  Batch receipt;
  receipt.receipts.push_back({.gateway = queue.gateway, .provider_ids = {"A"}, .state = SegmentState::delivered});
  EXPECT_EQ(store.commit(std::move(receipt)).receipts.at(0), Receipted::matched);
  EXPECT_EQ(state(id), State::delivered);
}

TEST_F(MessageConformance, TheSameReferenceIsOneMessageAlsoAfterARestart) {
  const auto id = enqueue("1").id;
  EXPECT_EQ(enqueue("1").kind, Enqueued::Kind::known);
  store.reopen();
  const auto again = enqueue("1");
  EXPECT_EQ(again.kind, Enqueued::Kind::known);
  EXPECT_EQ(again.id, id);
}

TEST_F(MessageConformance, AnAttemptThatACrashInterruptedIsInDoubt) {
  const auto id = enqueue("1").id;
  ASSERT_EQ(store.claim(1).messages.size(), 1u);
  store.reopen();
  const auto claimed = store.claim(1).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].id, id);
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_TRUE(claimed[0].in_doubt);
}

}  // namespace
}  // namespace smsbridge::store
