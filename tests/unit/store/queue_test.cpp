// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, LifeOfAMessage) {
  const auto stored = enqueue(message("1"));
  EXPECT_EQ(stored.kind, Enqueued::Kind::stored);
  EXPECT_TRUE(due_.contains(queue));
  const auto claimed = claim(10);
  ASSERT_EQ(claimed.messages.size(), 1u);
  EXPECT_EQ(claimed.messages[0].id, stored.id);
  EXPECT_EQ(claimed.messages[0].attempt, 1);
  EXPECT_FALSE(claimed.messages[0].in_doubt);
  EXPECT_EQ(claimed.messages[0].content.text, "hello");
  EXPECT_EQ(finish(stored.id, 1, "ABC"), Settled::ok);
  EXPECT_EQ(progress(stored.id).state, State::submitted);
  EXPECT_EQ(receipt("abc", SegmentState::delivered), Receipted::matched) << "carriers change the case of ids";
  EXPECT_EQ(progress(stored.id).state, State::delivered);
  ASSERT_EQ(finals_.size(), 1u);
  EXPECT_EQ(finals_[0].state, State::delivered);
  EXPECT_EQ(receipt("ABC", SegmentState::delivered), Receipted::repeated);
  EXPECT_EQ(receipt("ABC", SegmentState::undeliverable), Receipted::repeated) << "the first final state stays";
  EXPECT_EQ(progress(stored.id).state, State::delivered);
  EXPECT_EQ(count(State::delivered), 1);
  EXPECT_EQ(count(State::queued), 0);
}

TEST_F(StoreTest, TheSameReferenceIsOneMessageForEver) {
  const auto first = enqueue(message("1041"));
  Batch both;
  both.enqueue = {message("1041"), message("1042"), message("1042")};
  const auto result = commit(std::move(both));
  EXPECT_EQ(result.enqueued[0].kind, Enqueued::Kind::known);
  EXPECT_EQ(result.enqueued[0].id, first.id);
  EXPECT_EQ(result.enqueued[1].kind, Enqueued::Kind::stored);
  EXPECT_EQ(result.enqueued[2].kind, Enqueued::Kind::known) << "also within one batch";
  EXPECT_EQ(result.enqueued[2].id, result.enqueued[1].id);
  now_ += 400ll * 24 * 3600'000;
  die_and_open();
  EXPECT_EQ(enqueue(message("1041")).kind, Enqueued::Kind::known) << "after a year and a restart";
}

TEST_F(StoreTest, OtherContentUnderAReference) {
  const auto first = enqueue(message("1", "hello", 1));
  EXPECT_EQ(enqueue(message("1", "other", 2)).kind, Enqueued::Kind::conflict);
  auto change = message("1", "other", 2);
  change.replace_on_conflict = true;
  const auto second = enqueue(change);
  EXPECT_EQ(second.kind, Enqueued::Kind::stored);
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(store_->reader().find(1, {"1"})[0]->id, second.id) << "the reference now means the newest";
}

TEST_F(StoreTest, IdempotencyKeysEndAfterADay) {
  auto change = message("");
  change.content.idempotency_key = "k1";
  const auto first = enqueue(change);
  EXPECT_EQ(enqueue(change).id, first.id);
  auto other = change;
  other.content.digest = 9;
  EXPECT_EQ(enqueue(other).kind, Enqueued::Kind::conflict);
  now_ += 25ll * 3600'000;
  EXPECT_EQ(enqueue(other).kind, Enqueued::Kind::stored);
}

TEST_F(StoreTest, WhatIsPostponedWhenItIsAcceptedSaysSo) {
  auto change = message("1");
  change.content.due_at = now_ + 60'000;
  change.postponed_because = "not before 07:00";
  const auto id = enqueue(change).id;
  EXPECT_EQ(progress(id).state, State::queued);
  EXPECT_EQ(progress(id).status_message, "not before 07:00");
  EXPECT_EQ(progress(id).events.at(0).kind, EventKind::postponed);
  EXPECT_TRUE(claim(1).messages.empty());
  die_and_open();
  now_ += 60'000;
  const auto claimed = claim(1);
  ASSERT_EQ(claimed.messages.size(), 1u);
  EXPECT_EQ(claimed.messages[0].attempt, 1);
  EXPECT_EQ(finish(id, 1, "carrier-1"), Settled::ok);
  EXPECT_EQ(progress(id).events.at(0).kind, EventKind::postponed) << "the line is there still";
  auto other = message("2");
  other.content.due_at = now_ + 60'000;
  other.postponed_because = "not before 07:00";
  EXPECT_EQ(control(Control::Action::cancel, enqueue(other).id), Controlled::done);
  now_ += 60'000;
  EXPECT_TRUE(claim(1).messages.empty()) << "cancelled while it waited";
}

TEST_F(StoreTest, AFailedEntryIsKeptAndNeverClaimed) {
  auto change = message("5");
  change.failed_because = "no phone number";
  const auto answer = enqueue(change);
  EXPECT_EQ(progress(answer.id).state, State::failed);
  EXPECT_EQ(progress(answer.id).status_message, "no phone number");
  EXPECT_TRUE(claim(10).messages.empty());
}

TEST_F(StoreTest, AMessageThatWaitsMovesToAnotherGatewaysQueue) {
  const auto id = enqueue(message("1")).id;
  const auto due = store_->reader().waiting(queue, now_ + 1, nullptr, 10).at(0).due_at;
  const auto move = [&](WallMs at) {
    Batch batch;
    batch.moves.push_back({.id = id,
                           .from = queue.gateway,
                           .to = 8,
                           .tenant = queue.tenant,
                           .lane = queue.lane,
                           .due_at = at,
                           .why = "gateway down"});
    return commit(std::move(batch)).moved.at(0);
  };
  EXPECT_EQ(move(due), Settled::ok);
  EXPECT_EQ(move(due), Settled::superseded) << "it is there no more";
  EXPECT_TRUE(claim(10).messages.empty());
  die_and_open();
  const auto claimed = claim(10, other_queue).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].id, id);
  EXPECT_EQ(claimed[0].left, std::vector<GatewayId>{queue.gateway});
  EXPECT_FALSE(claimed[0].in_doubt);
  finish(id, 1, "b1");
  EXPECT_EQ(receipt("b1", SegmentState::delivered), Receipted::parked) << "an id of the gateway it left";
  Batch batch;
  batch.receipts.push_back({.gateway = 8, .provider_ids = {"b1"}, .state = SegmentState::delivered});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
  const auto counts = store_->counts();
  EXPECT_EQ(counts.at({queue.tenant, 8}).at(static_cast<std::size_t>(State::delivered)), 1);
  for (const auto count : counts.at({queue.tenant, queue.gateway})) EXPECT_EQ(count, 0);
}

TEST_F(StoreTest, WhatWasPerhapsSentDoesNotMove) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  die_and_open();  // in doubt now
  Batch batch;
  batch.moves.push_back({.id = id,
                         .from = queue.gateway,
                         .to = 8,
                         .tenant = queue.tenant,
                         .lane = queue.lane,
                         .due_at = store_->reader().get(id)->progress.due_at});
  EXPECT_EQ(commit(std::move(batch)).moved.at(0), Settled::superseded);
  EXPECT_TRUE(store_->reader().waiting(queue, now_ + 1, nullptr, 10).empty());
}

TEST_F(StoreTest, WhatWasClaimedAndWhatWaitsMoveInTheirOrder) {
  std::vector<MessageId> ids;
  for (const auto* ref : {"1", "2", "3"}) ids.push_back(enqueue(message(ref)).id);
  claim(2);
  const auto due = store_->reader().waiting(queue, now_ + 1, nullptr, 10).at(0).due_at;
  pass(1000);
  Batch batch;
  for (const auto id : {ids[0], ids[1]})
    batch.settlements.push_back({.id = id,
                                 .attempt = 1,
                                 .what = MovedTo{.gateway = 8, .sent = false},
                                 .status_message = "gateway down",
                                 .segments = {}});
  batch.moves.push_back({.id = ids[2],
                         .from = queue.gateway,
                         .to = 8,
                         .tenant = queue.tenant,
                         .lane = queue.lane,
                         .due_at = due,
                         .why = "gateway down"});
  commit(std::move(batch));
  std::vector<MessageId> claimed;
  for (const auto& one : claim(3, other_queue).messages) claimed.push_back(one.id);
  EXPECT_EQ(claimed, ids);
}

TEST_F(StoreTest, AClosedGatewayTakesNothingMore) {
  const auto before = enqueue(message("1")).id;
  store_->close_gateway(queue.gateway, true);
  const auto after = enqueue(message("2")).id;
  EXPECT_EQ(progress(after).state, State::failed);
  EXPECT_EQ(progress(after).status_message, "its gateway was just removed");
  EXPECT_EQ(progress(before).state, State::queued) << "it may come back";
  Batch batch;
  auto elsewhere = message("3");
  elsewhere.content.gateway = queue.gateway + 1;
  const auto moving = enqueue(elsewhere).id;
  const auto due_at = store_->reader().get(moving)->content.due_at;
  batch.moves.push_back({.id = moving,
                         .from = queue.gateway + 1,
                         .to = queue.gateway,
                         .tenant = queue.tenant,
                         .lane = queue.lane,
                         .due_at = due_at,
                         .why = "x"});
  EXPECT_EQ(commit(std::move(batch)).moved.at(0), Settled::superseded) << "nor what another cannot send";
  store_->close_gateway(queue.gateway, false);
  EXPECT_EQ(progress(enqueue(message("4")).id).state, State::queued);
}

TEST_F(StoreTest, CancelAndRetry) {
  const auto id = enqueue(message("1")).id;
  EXPECT_EQ(control(Control::Action::cancel, id, 2), Controlled::not_found) << "another tenant's";
  EXPECT_EQ(control(Control::Action::cancel, id), Controlled::done);
  EXPECT_EQ(progress(id).state, State::cancelled);
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(control(Control::Action::cancel, id), Controlled::too_late);
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::done);
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_EQ(control(Control::Action::cancel, id), Controlled::too_late) << "on its way";
  finish(id, 1, "A");
  receipt("A", SegmentState::delivered);
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::too_late) << "delivered";
}

TEST_F(StoreTest, WhatTheCarrierTakesBackIsCancelled) {
  const auto at_carrier = [this](MessageId id, std::uint16_t attempt = 1, GatewayId gateway = queue.gateway) {
    Batch batch;
    batch.controls.push_back({.action = Control::Action::cancel,
                              .tenant = queue.tenant,
                              .id = id,
                              .at_carrier = Control::AtCarrier{.gateway = gateway, .attempt = attempt}});
    return commit(std::move(batch)).controls.at(0);
  };
  const auto sent = enqueue(message("1")).id, held = enqueue(message("2")).id, done = enqueue(message("3")).id;
  claim(3);
  finish(sent, 1, "A");
  settle(held, 1, Held{.wait_ms = 60'000}, parts({"B"}));
  finish(done, 1, "C");
  receipt("C", SegmentState::delivered);
  EXPECT_EQ(at_carrier(sent, 2), Controlled::too_late) << "it left once more while its carrier was asked";
  EXPECT_EQ(at_carrier(sent, 1, queue.gateway + 1), Controlled::too_late) << "by another one";
  EXPECT_EQ(at_carrier(sent), Controlled::done);
  EXPECT_EQ(at_carrier(held), Controlled::done);
  EXPECT_EQ(at_carrier(done), Controlled::too_late) << "its receipt was faster";
  EXPECT_EQ(progress(sent).state, State::cancelled);
  EXPECT_EQ(progress(sent).status_message, "cancelled at the carrier by request");
  EXPECT_EQ(progress(held).state, State::cancelled);
  pass(80 * 3600'000ll);
  EXPECT_EQ(progress(sent).state, State::cancelled) << "no wait ends any more";
  EXPECT_EQ(at_carrier(sent), Controlled::too_late);
}

TEST_F(StoreTest, RetryOfADoubtfulMessageButNotOfASentOne) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  settle(held, 1, Held{.wait_ms = 60'000});
  EXPECT_EQ(control(Control::Action::retry, held), Controlled::done);
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_TRUE(progress(held).maybe_duplicate);
  finish(held, 2, "", State::sent);
  EXPECT_EQ(control(Control::Action::retry, held), Controlled::too_late);
}

TEST_F(StoreTest, WhatWasRefusedAtTheDoorIsTriedAgainOnceAWayExists) {
  auto change = message("1");
  change.content.gateway = 0;
  change.failed_because = "no route fits";
  const auto id = enqueue(change).id;
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::no_way);
  Batch batch;
  batch.controls.push_back({.action = Control::Action::retry,
                            .tenant = queue.tenant,
                            .id = id,
                            .validity_ms = 60'000,
                            .gateway = queue.gateway});
  EXPECT_EQ(commit(std::move(batch)).controls.at(0), Controlled::done);
  EXPECT_EQ(progress(id).left, std::vector<GatewayId>{}) << "it was nowhere before";
  ASSERT_EQ(claim(5).messages.size(), 1u);
  finish(id, 1, "a");
  EXPECT_EQ(count(State::submitted), 1);
}

// Its number was none when it came: what the caller reads in it now counts, or nothing.
TEST_F(StoreTest, WhatWasRefusedIsNotSentAsItStands) {
  auto change = message("1");
  change.content.to = "712345678";
  change.failed_because = "invalid phone number";
  const auto id = enqueue(change).id;
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::no_way);
  auto again = message("1");
  again.content.due_at = now_ + 60'000;
  EXPECT_EQ(enqueue(again).id, id);
  EXPECT_EQ(claim(5).messages.size(), 0u) << "it is scheduled";
  pass(61'000);
  const auto claimed = claim(5).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].content.to, "+254712345678");
  EXPECT_EQ(claimed[0].content.created_at, id_time(id));
}

TEST_F(StoreTest, WhatWasRefusedAtTheDoorGoesOutWhenItIsPostedAgain) {
  auto change = message("1");
  change.content.gateway = 0;
  change.failed_because = "no route fits";
  const auto id = enqueue(change).id;
  EXPECT_EQ(enqueue(change).id, id);
  EXPECT_EQ(progress(id).state, State::failed) << "it is refused still";
  const auto again = enqueue(message("1"));
  EXPECT_EQ(again.kind, Enqueued::Kind::known);
  EXPECT_EQ(again.id, id);
  ASSERT_EQ(claim(5).messages.size(), 1u);
  finish(id, 1, "a");
  receipt("a", SegmentState::delivered);
  enqueue(message("1"));
  EXPECT_EQ(progress(id).state, State::delivered) << "what was sent is a repetition";
}

TEST_F(StoreTest, ARevivedMessageHasAllItsAttemptsAgain) {
  const auto id = enqueue(message("1")).id;
  for (std::uint16_t attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(claim(1).messages.at(0).attempt, attempt);
    settle(id, attempt, RetryLater{});
  }
  claim(1);
  finish(id, 4, "", State::failed);
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::done);
  const auto revived = claim(1).messages.at(0);
  EXPECT_EQ(revived.attempt, 5);
  EXPECT_EQ(revived.attempts_before, 4);
}

TEST_F(StoreTest, ARetryByHandSendsOnlyWhatDidNotArrive) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  settle(id, 1, Taken{.receipt_wait_ms = 60'000}, parts({"A", "B"}));
  receipt("A", SegmentState::delivered);
  receipt("B", SegmentState::undeliverable);
  ASSERT_EQ(progress(id).state, State::undeliverable);
  ASSERT_EQ(control(Control::Action::retry, id), Controlled::done);
  const auto claimed = claim(1).messages;
  ASSERT_EQ(claimed.size(), 1u);
  const auto segments = progress(id).segments;
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_EQ(segments[0].state, SegmentState::delivered);
  EXPECT_EQ(segments[1].state, SegmentState::unsent);
}

}  // namespace
}  // namespace smsbridge::store
