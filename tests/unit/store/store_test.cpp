// SPDX-License-Identifier: MPL-2.0
// The store's conformance suite: what every implementation must answer. One message after the other, in virtual time,
// with the writer stepped by hand; a reopened store stands for a process that died.
#include "store/store.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "store/keys.hpp"
#include "store/rules.hpp"

namespace smsbridge::store {
namespace {

constexpr WallMs start_time = 1'790'000'000'000;
constexpr Queue queue{.gateway = 7, .tenant = 1, .lane = Lane::transaction};

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-store-" + std::to_string(std::random_device{}()));
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  void open() {
    Options options{
        .path = path_, .size_limit_bytes = size_limit_, .prewrite_bytes = 0, .sync = false, .limits = limits_};
    options.wall_clock = [this] { return now_; };
    store_ = std::make_unique<Store>(std::move(options));
    Hooks hooks;
    hooks.finals = [this](const std::vector<Final>& finals) {
      finals_.insert(finals_.end(), finals.begin(), finals.end());
    };
    hooks.due_now = [this](const std::set<Queue>& queues) { due_.insert(queues.begin(), queues.end()); };
    store_->set_hooks(std::move(hooks));
    store_->open_queue();
  }
  // What was in flight stays in flight: nothing is told to the store.
  void die_and_open() {
    store_.reset();
    open();
  }

  BatchResult commit(Batch batch) {
    BatchResult result;
    store_->commit(std::move(batch), io_.get_executor(), [&](BatchResult r) { result = std::move(r); });
    store_->step();
    io_.restart();
    io_.poll();
    return result;
  }
  ClaimResult claim(std::uint32_t count, Queue from = queue) {
    ClaimResult result;
    store_->claim({{.queue = from, .count = count}}, io_.get_executor(), [&](ClaimResult r) { result = std::move(r); });
    store_->step();
    io_.restart();
    io_.poll();
    return result;
  }
  void pass(WallMs ms) {
    now_ += ms;
    store_->step();
  }

  static Enqueue message(const std::string& ref, const std::string& text = "hello", std::uint64_t digest = 1) {
    Enqueue change;
    auto& c = change.content;
    c.tenant = queue.tenant;
    c.gateway = queue.gateway;
    c.lane = queue.lane;
    c.client_ref = ref;
    c.to = "+254712345678";
    c.text = text;
    c.digest = digest;
    c.expires_at = start_time + 3600'000;
    return change;
  }
  Enqueued enqueue(Enqueue change) {
    Batch batch;
    batch.enqueue.push_back(std::move(change));
    return commit(std::move(batch)).enqueued.at(0);
  }
  Settled finish(MessageId id, std::uint16_t attempt, const std::string& provider_id, State state = State::submitted) {
    Batch batch;
    Finished change{.id = id, .attempt = attempt, .state = state, .receipt_wait_ms = 60'000};
    if (!provider_id.empty()) change.segments.push_back({.state = SegmentState::accepted, .provider_id = provider_id});
    batch.finished.push_back(std::move(change));
    return commit(std::move(batch)).finished.at(0);
  }
  Settled again(Again change) {
    Batch batch;
    batch.again.push_back(std::move(change));
    return commit(std::move(batch)).again.at(0);
  }
  Receipted receipt(const std::string& provider_id, SegmentState state,
                    const std::string& destination = "254712345678") {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {provider_id},
                              .state = state,
                              .error = "000",
                              .destination = destination});
    return commit(std::move(batch)).receipts.at(0);
  }
  Controlled control(Control::Action action, MessageId id, TenantId tenant = queue.tenant) {
    Batch batch;
    batch.controls.push_back({.action = action, .tenant = tenant, .id = id, .validity_ms = 60'000});
    return commit(std::move(batch)).controls.at(0);
  }
  Progress progress(MessageId id) { return store_->reader().get(id).value().progress; }
  std::int64_t count(State state) {
    std::int64_t total = 0;
    for (const auto& [owner, counts] : store_->counts()) total += counts[static_cast<std::size_t>(state)];
    return total;
  }

  std::filesystem::path path_;
  std::uint64_t size_limit_ = 64u << 20;
  LedgerLimits limits_;
  WallMs now_ = start_time;
  boost::asio::io_context io_;
  std::vector<Final> finals_;
  std::set<Queue> due_;
  std::unique_ptr<Store> store_;
};

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

TEST_F(StoreTest, AFailedEntryIsKeptAndNeverClaimed) {
  auto change = message("5");
  change.failed_because = "no phone number";
  const auto answer = enqueue(change);
  EXPECT_EQ(progress(answer.id).state, State::failed);
  EXPECT_EQ(progress(answer.id).status_message, "no phone number");
  EXPECT_TRUE(claim(10).messages.empty());
}

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
  again({.id = id, .attempt = 1, .doubtful = true, .delay_ms = 0});
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_EQ(finish(id, 1, "late"), Settled::superseded);
  EXPECT_EQ(finish(id, 2, "B"), Settled::ok);
}

TEST_F(StoreTest, ALateAnswerEndsTheDoubtBeforeTheNextAttempt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .doubtful = true, .delay_ms = 30'000});
  EXPECT_EQ(finish(id, 1, "late"), Settled::ok);
  now_ += 59'000;
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(progress(id).state, State::submitted);
}

TEST_F(StoreTest, RetriesWaitForTheirTime) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(again({.id = id, .attempt = 1, .delay_ms = 30'000, .status_message = "0x08"}), Settled::ok);
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
  again({.id = first, .attempt = 1, .sent = false});
  const auto claimed = claim(1);
  EXPECT_EQ(claimed.messages[0].id, first) << "still the oldest";
  EXPECT_EQ(claimed.messages[0].attempt, 1);
  EXPECT_TRUE(claimed.ends[0].more_due);
  die_and_open();
  EXPECT_EQ(claim(10).messages.size(), 2u);
}

TEST_F(StoreTest, AHeldMessageWaitsForAReceiptThenFails) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(progress(held).state, State::doubtful);
  die_and_open();
  EXPECT_TRUE(claim(1).messages.empty());
  pass(61'000);
  EXPECT_EQ(progress(held).state, State::failed);
  EXPECT_NE(progress(held).status_message.find("may have been sent"), std::string::npos);
}

// Its attempt is the one before the crash: claiming it again, to hold it, sent nothing.
TEST_F(StoreTest, WhatIsHeldAfterACrashWasTriedOnce) {
  const auto sent = enqueue(message("1")).id, again_sent = enqueue(message("2")).id;
  claim(2);
  die_and_open();
  ASSERT_EQ(claim(2).messages.at(0).attempt, 2);
  again({.id = sent, .attempt = 2, .sent = false, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
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

TEST_F(StoreTest, AReceiptThatCameFirstEndsTheDoubt) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("early", SegmentState::delivered), Receipted::parked);
  again({.id = held,
         .attempt = 1,
         .doubtful = true,
         .state = State::doubtful,
         .delay_ms = 60'000,
         .segments = {{.state = SegmentState::unsent, .provider_id = "early", .error = {}}}});
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, ADoubtOutlivesACrash) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .doubtful = true, .delay_ms = 30'000});
  die_and_open();
  pass(31'000);
  const auto claimed = claim(1).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_TRUE(claimed[0].in_doubt);
}

TEST_F(StoreTest, AReceiptToTheOnlyHeldMessageOfAPhoneDecidesIt) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(receipt("unseen", SegmentState::delivered, "254700000000"), Receipted::parked) << "another phone";
  EXPECT_EQ(receipt("unseen2", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, AReceiptBeforeItsOutcomeWaitsForIt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  EXPECT_EQ(receipt("0077", SegmentState::delivered), Receipted::parked);
  EXPECT_EQ(receipt("0077", SegmentState::delivered), Receipted::repeated);
  die_and_open();
  claim(1);
  EXPECT_EQ(finish(id, 2, "77"), Settled::ok);
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, AReceiptOfAnotherPhoneIsNotOurs) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  EXPECT_EQ(receipt("A", SegmentState::delivered, "254799999999"), Receipted::another_phone);
  EXPECT_EQ(receipt("A", SegmentState::delivered, "0712345678"), Receipted::matched) << "national form";
}

TEST_F(StoreTest, NoReceiptEndsTheWaitAndALateOneStillCorrects) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  pass(61'000);
  EXPECT_EQ(progress(id).state, State::sent);
  EXPECT_EQ(receipt("A", SegmentState::undeliverable), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::undeliverable);
}

TEST_F(StoreTest, ThatItLeftIsTheLastWordUntilABetterOneComes) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "A");
  EXPECT_EQ(receipt("A", SegmentState::sent), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::sent);
  EXPECT_EQ(receipt("A", SegmentState::sent), Receipted::repeated);
  die_and_open();
  EXPECT_EQ(receipt("A", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST_F(StoreTest, PartsHaveTheirOwnFates) {
  struct {
    const char* name;
    SegmentState first, second;
    State want;
  } const cases[] = {
      {"both delivered", SegmentState::delivered, SegmentState::delivered, State::delivered},
      {"one undeliverable", SegmentState::delivered, SegmentState::undeliverable, State::undeliverable},
      {"one rejected", SegmentState::rejected, SegmentState::delivered, State::rejected},
      {"one still on its way", SegmentState::delivered, SegmentState::enroute, State::submitted},
      {"both left", SegmentState::sent, SegmentState::sent, State::sent},
      {"one left", SegmentState::sent, SegmentState::delivered, State::sent},
      {"one left, one unknown", SegmentState::unknown, SegmentState::sent, State::unknown},
  };
  int number = 0;
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto ref = std::to_string(++number);
    const auto id = enqueue(message(ref)).id;
    ASSERT_EQ(claim(1).messages.size(), 1u);
    Batch batch;
    batch.finished.push_back({.id = id, .attempt = 1, .receipt_wait_ms = 60'000});
    batch.finished[0].segments = {{.state = SegmentState::accepted, .provider_id = "a" + ref},
                                  {.state = SegmentState::accepted, .provider_id = "b" + ref}};
    commit(std::move(batch));
    receipt("a" + ref, c.first);
    receipt("b" + ref, c.second);
    EXPECT_EQ(progress(id).state, c.want);
  }
}

// Centres differ: one id for all parts, or one receipt for all ids; early, in time or both.
TEST_F(StoreTest, OneReceiptMaySpeakOfAllParts) {
  struct {
    const char* name;
    std::vector<std::string> ids;
    bool whole_message, early;
    State want;
  } const cases[] = {
      {"its own id each, a receipt each", {"a", "b"}, false, false, State::submitted},
      {"its own id each, one receipt", {"c", "d"}, true, false, State::delivered},
      {"its own id each, one early receipt", {"e", "f"}, true, true, State::delivered},
      {"one id for all", {"g", "g"}, false, false, State::delivered},
      {"one id for all, early", {"h", "h"}, false, true, State::delivered},
      {"one id for all, leading zeros", {"1", "01"}, false, false, State::delivered},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto id = enqueue(message(c.name)).id;
    ASSERT_EQ(claim(1).messages.size(), 1u);
    Batch receipts, outcome;
    receipts.receipts.push_back({.gateway = queue.gateway,
                                 .provider_ids = {c.ids.back()},
                                 .state = SegmentState::delivered,
                                 .whole_message = c.whole_message,
                                 .destination = "254712345678"});
    outcome.finished.push_back({.id = id, .attempt = 1, .receipt_wait_ms = 60'000});
    for (const auto& part : c.ids)
      outcome.finished[0].segments.push_back({.state = SegmentState::accepted, .provider_id = part});
    if (c.early) commit(std::move(receipts));
    commit(std::move(outcome));
    if (!c.early) commit(std::move(receipts));
    EXPECT_EQ(progress(id).state, c.want);
  }
}

// ---- moves to another gateway ----

const Queue other_queue{.gateway = 8, .tenant = queue.tenant, .lane = queue.lane};

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

TEST_F(StoreTest, AnAttemptThatWasRefusedGoesOnElsewhere) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  again({.id = id, .attempt = 1, .move_to = 8, .status_message = "refused"});
  EXPECT_EQ(progress(id).gateway, queue.gateway) << "of the last attempt";
  EXPECT_EQ(progress(id).queue_gateway, 8u);
  const auto claimed = claim(1, other_queue).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_EQ(claimed[0].attempts_before, 1) << "all its attempts again";
  die_and_open();
  EXPECT_TRUE(claim(1, other_queue).messages.at(0).in_doubt);
}

TEST_F(StoreTest, WhatWasClaimedAndWhatWaitsMoveInTheirOrder) {
  std::vector<MessageId> ids;
  for (const auto* ref : {"1", "2", "3"}) ids.push_back(enqueue(message(ref)).id);
  claim(2);
  const auto due = store_->reader().waiting(queue, now_ + 1, nullptr, 10).at(0).due_at;
  pass(1000);
  Batch batch;
  for (const auto id : {ids[0], ids[1]})
    batch.again.push_back({.id = id, .attempt = 1, .sent = false, .move_to = 8, .status_message = "gateway down"});
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
    Finished change{.id = id, .attempt = 1, .receipt_wait_ms = 60'000, .when_silent = c.when_silent};
    for (const auto* part : {"x", "y"})
      change.segments.push_back({.state = SegmentState::accepted, .provider_id = c.name + std::string(part)});
    Batch batch;
    batch.finished.push_back(std::move(change));
    commit(std::move(batch));
    if (c.partly_known) receipt(c.name + std::string("x"), SegmentState::undeliverable);
    pass(61'000);
    EXPECT_EQ(progress(id).state, c.want);
    EXPECT_EQ(progress(id).maybe_duplicate, c.want == State::queued);
    EXPECT_EQ(claim(5, other_queue).messages.size(), c.want == State::queued ? 1u : 0u);
  }
}

TEST_F(StoreTest, AReceiptWithOurOwnReferenceFindsItsMessage) {
  const auto tell = [&](MessageId id, const std::string& reference, std::uint16_t attempt = 1) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {reference},
                              .state = SegmentState::delivered,
                              .message = id,
                              .attempt = attempt});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto answered = enqueue(message("1")).id;
  claim(1);
  finish(answered, 1, "id-of-the-provider");
  EXPECT_EQ(tell(answered, "ref-0", 0), Receipted::parked) << "another attempt's";
  EXPECT_EQ(tell(answered, "ref-1"), Receipted::matched);
  EXPECT_EQ(progress(answered).state, State::delivered);

  const auto held = enqueue(message("2")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(tell(held, "ref-2"), Receipted::matched) << "the attempt that got no answer";
  EXPECT_EQ(progress(held).state, State::delivered);

  // A lost answer: the reference stands where the provider's id would, and the message is to be repeated.
  const auto lost = enqueue(message("4")).id;
  claim(1);
  Again change{.id = lost, .attempt = 1, .doubtful = true, .repeatable = true, .delay_ms = 60'000};
  change.segments.push_back({.state = SegmentState::unsent, .provider_id = "ref-4"});
  again(std::move(change));
  EXPECT_FALSE(progress(lost).maybe_duplicate);
  EXPECT_EQ(receipt("ref-4", SegmentState::delivered), Receipted::matched);
  pass(61'000);
  const auto claimed = claim(5).messages;
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].segments.at(0).state, SegmentState::delivered) << "nothing of it is left to send";

  const auto early = enqueue(message("3")).id;
  claim(1);
  EXPECT_EQ(tell(early, "ref-3"), Receipted::parked) << "ahead of the answer";
  EXPECT_EQ(tell(early, "ref-2", 0), Receipted::parked) << "another attempt's";
  finish(early, 1, "another-id");
  EXPECT_EQ(progress(early).state, State::delivered);
}

TEST_F(StoreTest, OfTwoCopiesInDoubtTheOneThatArrivedIsNamed) {
  const auto id = enqueue(message("1")).id;
  const auto tell = [&](const char* copy, std::uint16_t attempt, SegmentState state) {
    Batch batch;
    batch.receipts.push_back(
        {.gateway = queue.gateway, .provider_ids = {copy}, .state = state, .message = id, .attempt = attempt});
    return commit(std::move(batch)).receipts.at(0);
  };
  claim(1);
  again({.id = id, .attempt = 1, .doubtful = true});
  pass(1000);
  claim(1);
  again({.id = id, .attempt = 2, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(tell("first-copy", 1, SegmentState::enroute), Receipted::matched);
  EXPECT_EQ(progress(id).segments.at(0).provider_id, "first-copy");
  EXPECT_EQ(tell("second-copy", 2, SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
  EXPECT_EQ(progress(id).segments.at(0).provider_id, "second-copy");
}

TEST_F(StoreTest, AReceiptThatCameWhileItsMessageWasClaimedToBeHeldEndsTheDoubt) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  die_and_open();
  ASSERT_TRUE(claim(1).messages.at(0).in_doubt);
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"ref-1"},
                            .state = SegmentState::delivered,
                            .message = id,
                            .attempt = 1});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  again({.id = id, .attempt = 2, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(progress(id).state, State::delivered);
}

TEST(Rules, AnOutcomeKeepsWhatReceiptsSaid) {
  const auto segment = [](SegmentState state, const char* id) {
    return Segment{.state = state, .provider_id = id, .error = {}};
  };
  const auto merged = [&](const Segment& now, const Segment& known) { return with_receipts({now}, {known}).front(); };
  const auto accepted = segment(SegmentState::accepted, "two");
  EXPECT_EQ(merged(accepted, segment(SegmentState::undeliverable, "two")).state, SegmentState::undeliverable);
  EXPECT_EQ(merged(accepted, segment(SegmentState::undeliverable, "one")).state, SegmentState::accepted)
      << "the other copy may still arrive";
  EXPECT_EQ(merged(accepted, segment(SegmentState::delivered, "one")).state, SegmentState::delivered)
      << "the phone has it";
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

// ---- accounts ----

TEST_F(StoreTest, AccountsHoldWhatTheCarrierWillBill) {
  const UsageKey key{.month = 202609, .gateway = queue.gateway, .tenant = queue.tenant, .lane = queue.lane};
  ASSERT_EQ(month_of(now_), key.month);
  const auto took = [&](const std::string& ref, SegmentState state) {
    const auto id = enqueue(message(ref)).id;
    claim(1);
    Finished change{.id = id, .attempt = 1, .receipt_wait_ms = 60'000, .price = 800'000, .parts = 2};
    change.segments.push_back({.state = SegmentState::accepted, .provider_id = "id-" + ref});
    Batch batch;
    batch.finished.push_back(change);
    commit(batch);
    commit(std::move(batch));  // repeated after a lost answer
    receipt("id-" + ref, state);
    receipt("id-" + ref, state);
  };
  took("1", SegmentState::delivered);
  took("2", SegmentState::undeliverable);
  const auto of_no_price = enqueue(message("6")).id;
  claim(1);
  finish(of_no_price, 1, "id-6");
  const auto refused = enqueue(message("3")).id;
  claim(1);
  again({.id = refused, .attempt = 1});
  pass(1);
  claim(1);
  finish(refused, 2, "", State::failed);
  const auto never_left = enqueue(message("4")).id;
  claim(1);
  again({.id = never_left, .attempt = 1, .sent = false});
  store_->fail_commits(EIO, 1);
  commit({.receipts = {}, .finished = {}, .again = {}, .enqueue = {message("5")}, .controls = {}});
  for (int life = 0; life < 2; ++life) {
    SCOPED_TRACE(life);
    const auto all = store_->usage();
    ASSERT_EQ(all.size(), 1u);
    const auto& usage = all.at(key);
    EXPECT_EQ(usage.submitted, 5) << "three taken, two refused";
    EXPECT_EQ(usage.accepted, 3);
    EXPECT_EQ(usage.parts, 5);
    EXPECT_EQ(usage.delivered, 1);
    EXPECT_EQ(usage.failed, 1);
    EXPECT_EQ(usage.price, 1'600'000);
    EXPECT_EQ(usage.unpriced, 1) << "its price is not known, which is not nothing";
    die_and_open();
  }
}

TEST(Usage, IsReadAsItWasWrittenBeforeUnknownPricesWereCounted) {
  const auto before = [](const Usage& usage) { return decode_usage(encode(usage).substr(0, 48)).value(); };
  EXPECT_EQ(before({.accepted = 3, .price = 0}).unpriced, 3);
  EXPECT_EQ(before({.accepted = 3, .price = 5}).unpriced, 0);
  EXPECT_EQ(before({.accepted = 3, .price = 5}).price, 5);
  EXPECT_EQ(decode_usage(encode(Usage{.accepted = 3, .unpriced = 2})).value().unpriced, 2);
  for (const std::size_t size : {0, 8, 47, 49, 64}) EXPECT_FALSE(decode_usage(std::string(size, 'x'))) << size;
}

TEST(Month, IsThatOfUtc) {
  EXPECT_EQ(month_of(1'790'812'799'999), 202609u);  // 2026-09-30 23:59:59.999
  EXPECT_EQ(month_of(1'790'812'800'000), 202610u);
  EXPECT_EQ(decode_usage_key(encode(UsageKey{202612, 7, 3, Lane::campaign})), (UsageKey{202612, 7, 3, Lane::campaign}));
}

TEST_F(StoreTest, ExpiredMessagesAreNeverClaimed) {
  auto change = message("1");
  change.content.expires_at = now_ + 1000;
  const auto id = enqueue(change).id;
  now_ += 1000;
  EXPECT_TRUE(claim(1).messages.empty());
  EXPECT_EQ(progress(id).state, State::expired);
}

TEST_F(StoreTest, ExpiryNeedsNoGateway) {
  auto change = message("1");
  change.content.expires_at = now_ + 1000;
  const auto id = enqueue(change).id;
  pass(2000);
  EXPECT_EQ(progress(id).state, State::expired);
  EXPECT_EQ(count(State::expired), 1);
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

TEST_F(StoreTest, RetryOfADoubtfulMessageButNotOfASentOne) {
  const auto held = enqueue(message("1")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(control(Control::Action::retry, held), Controlled::done);
  ASSERT_EQ(claim(1).messages.size(), 1u);
  EXPECT_TRUE(progress(held).maybe_duplicate);
  finish(held, 2, "", State::sent);
  EXPECT_EQ(control(Control::Action::retry, held), Controlled::too_late);
}

TEST_F(StoreTest, ACarrierThatUsesAnIdAgainDoesNotTakeAReceiptAway) {
  const auto old = enqueue(message("1")).id;
  claim(1);
  finish(old, 1, "35");
  receipt("35", SegmentState::delivered);
  const auto fresh = enqueue(message("2")).id;
  claim(1);
  EXPECT_EQ(receipt("35", SegmentState::delivered), Receipted::parked)
      << "it may be the new one's, ahead of its outcome";
  finish(fresh, 1, "35");
  EXPECT_EQ(progress(fresh).state, State::delivered);
}

TEST_F(StoreTest, AGuessedIdWaitsWithTheReceipt) {
  const auto other = enqueue(message("1")).id;
  claim(1);
  finish(other, 1, "23");
  const auto fresh = enqueue(message("2")).id;
  claim(1);
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"35", "23", "1a"},
                            .usable = 1,
                            .state = SegmentState::delivered,
                            .destination = "254712345678"});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::parked);
  EXPECT_EQ(progress(other).state, State::submitted) << "a guess decides nothing";
  finish(fresh, 1, "1A");
  EXPECT_EQ(progress(fresh).state, State::delivered) << "the outcome shows the notation";
}

TEST_F(StoreTest, AQuoteOfAnotherTextDecidesNoHeldMessage) {
  const auto held = enqueue(message("1", "hello")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  const auto tell = [&](const std::string& quote, bool may_guess) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {"id-" + quote + (may_guess ? "y" : "n")},
                              .state = SegmentState::delivered,
                              .destination = "254712345678",
                              .quote = quote,
                              .may_guess = may_guess});
    return commit(std::move(batch)).receipts.at(0);
  };
  EXPECT_EQ(tell("other", true), Receipted::parked);
  EXPECT_EQ(tell("hel", false), Receipted::parked) << "a message to that phone is under way";
  EXPECT_EQ(progress(held).state, State::doubtful);
  EXPECT_EQ(tell("hel", true), Receipted::matched);
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

TEST_F(StoreTest, OurOwnReferenceCountsMoreThanTheProvidersId) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  finish(first, 1, "77");
  finish(second, 1, "77");
  Batch batch;
  batch.receipts.push_back({.gateway = queue.gateway,
                            .provider_ids = {"77"},
                            .state = SegmentState::delivered,
                            .message = first,
                            .attempt = 1});
  EXPECT_EQ(commit(std::move(batch)).receipts.at(0), Receipted::matched);
  EXPECT_EQ(progress(first).state, State::delivered);
  EXPECT_EQ(progress(second).state, State::submitted);
  EXPECT_EQ(receipt("77", SegmentState::delivered, ""), Receipted::matched) << "only the second can be meant";
  EXPECT_EQ(progress(second).state, State::delivered);
}

TEST_F(StoreTest, OfTwoMessagesWithOneIdNoneIsGuessed) {
  const auto first = enqueue(message("1")).id, second = enqueue(message("2")).id;
  claim(2);
  finish(first, 1, "77");
  finish(second, 1, "77");
  EXPECT_EQ(receipt("77", SegmentState::delivered, ""), Receipted::ambiguous);
  EXPECT_EQ(progress(first).state, State::submitted);
  EXPECT_EQ(progress(second).state, State::submitted);
}

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

// Two gateways by one account: the centre reports on whichever bind it likes.
TEST_F(StoreTest, ReceiptsBelongToTheAccount) {
  const auto tell = [&](const std::string& id, std::vector<GatewayId> account) {
    Batch batch;
    batch.receipts.push_back({.gateway = 8,
                              .provider_ids = {id},
                              .state = SegmentState::delivered,
                              .destination = "254712345678",
                              .account = std::move(account)});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "a");
  EXPECT_EQ(tell("a", {8}), Receipted::parked) << "another account's";
  EXPECT_EQ(tell("a", {7, 8}), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);

  const auto early = enqueue(message("2")).id;
  claim(1);
  EXPECT_EQ(tell("b", {7, 8}), Receipted::parked);
  die_and_open();
  claim(1);
  finish(early, 2, "b");
  EXPECT_EQ(progress(early).state, State::delivered) << "ahead of the answer, and over a restart";

  const auto held = enqueue(message("3")).id;
  claim(1);
  again({.id = held, .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 60'000});
  EXPECT_EQ(tell("c", {7, 8}), Receipted::matched);
  EXPECT_EQ(progress(held).state, State::delivered);
}

TEST_F(StoreTest, ThePhoneMayStandInEitherAddress) {
  const auto tell = [&](const std::string& id, const std::string& source, const std::string& destination) {
    Batch batch;
    batch.receipts.push_back({.gateway = queue.gateway,
                              .provider_ids = {id},
                              .state = SegmentState::delivered,
                              .destination = source,
                              .other_address = destination});
    return commit(std::move(batch)).receipts.at(0);
  };
  const auto only = enqueue(message("1")).id;
  claim(1);
  finish(only, 1, "a");
  EXPECT_EQ(tell("a", "22222", "33333"), Receipted::another_phone);
  EXPECT_EQ(tell("a", "22222", "254712345678"), Receipted::matched);
  EXPECT_EQ(progress(only).state, State::delivered);

  const auto first = enqueue(message("2")).id, second = enqueue(message("3")).id;
  claim(2);
  finish(first, 1, "b");
  finish(second, 1, "b");
  EXPECT_EQ(tell("b", "22222", "254712345678"), Receipted::parked) << "an id that two messages have";
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

TEST_F(StoreTest, AClockThatGoesBackDoesNotStopTheUpkeep) {
  pass(7'200'000);
  now_ -= 7'200'000;
  const auto id = enqueue(message("1")).id;
  now_ += 3'600'001;
  store_->step();
  EXPECT_EQ(progress(id).state, State::expired) << "there is no gateway";
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

TEST(CorrelationKey, GatewaysDoNotShareIds) {
  Correlation correlation;
  correlation.add(1, "4a", {.id = 10});
  correlation.add(2, "7a", {.id = 20});
  EXPECT_EQ(correlation.find(1, "4a").at(0).id, 10u);
  EXPECT_EQ(correlation.find(2, "7a").at(0).id, 20u);
}

TEST(CorrelationKey, AnIdThatIsUsedAgainHidesNobody) {
  Correlation correlation;
  correlation.add(1, "4a", {.id = 10});
  correlation.add(1, "4A", {.id = 30});
  const auto places = correlation.find(1, "04a");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].id, 30u) << "the newest first";
  EXPECT_EQ(places[1].id, 10u);
}

TEST(Phones, NationalAndInternationalFormsAreTheSame) {
  EXPECT_TRUE(same_phone("+254712345678", "0712345678"));
  EXPECT_TRUE(same_phone("+2207001234", "7001234")) << "a country with seven digits";
  EXPECT_FALSE(same_phone("+254712345678", "254712345679"));
  EXPECT_FALSE(same_phone("+254712345678", "5678")) << "too few to say";
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
  commit({.receipts = {}, .finished = {}, .again = {}, .enqueue = {message("6")}, .controls = {}});
  EXPECT_EQ(taken.size(), 1u) << "a commit that failed hands nothing over";
  enqueue(message("6"));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[1].messages.size(), 3u) << "with what waited: the oldest first";
  die_and_open();
  const auto again = claim(10);
  EXPECT_EQ(again.messages.size(), 6u);
  for (const auto& m : again.messages) EXPECT_TRUE(m.in_doubt) << "handed over is claimed";
}

TEST_F(StoreTest, ALateReceiptCorrectsAnAssumedEndAlsoAfterARestart) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  finish(id, 1, "4a");
  pass(61'000);
  ASSERT_EQ(progress(id).state, State::sent);
  die_and_open();
  EXPECT_EQ(receipt("4a", SegmentState::delivered), Receipted::matched);
  EXPECT_EQ(progress(id).state, State::delivered);
  const auto other = enqueue(message("2")).id;
  claim(1);
  finish(other, 1, "4b");
  pass(61'000);
  pass(limits_.late_receipt_ms + 1000);
  EXPECT_EQ(progress(other).state, State::sent);
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

TEST_F(StoreTest, ThePartThatIsKnownDecidesWhenTheOtherIsSilent) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  Batch batch;
  Finished change{.id = id, .attempt = 1, .receipt_wait_ms = 60'000};
  for (const auto* part : {"4a", "4b"})
    change.segments.push_back({.state = SegmentState::accepted, .provider_id = part});
  batch.finished.push_back(std::move(change));
  commit(std::move(batch));
  receipt("4a", SegmentState::undeliverable);
  pass(61'000);
  EXPECT_EQ(progress(id).state, State::undeliverable);
}

TEST_F(StoreTest, ARevivedMessageHasAllItsAttemptsAgain) {
  const auto id = enqueue(message("1")).id;
  for (std::uint16_t attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_EQ(claim(1).messages.at(0).attempt, attempt);
    again({.id = id, .attempt = attempt, .delay_ms = 0});
  }
  claim(1);
  finish(id, 4, "", State::failed);
  EXPECT_EQ(control(Control::Action::retry, id), Controlled::done);
  const auto revived = claim(1).messages.at(0);
  EXPECT_EQ(revived.attempt, 5);
  EXPECT_EQ(revived.attempts_before, 4);
}

TEST_F(StoreTest, AFailedCommitChangesNothing) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  store_->fail_commits(EIO, 1);
  Batch batch;
  batch.finished.push_back({.id = id,
                            .attempt = 1,
                            .segments = {{.state = SegmentState::accepted, .provider_id = "A"}},
                            .receipt_wait_ms = 60'000});
  const auto failed = commit(std::move(batch));
  EXPECT_EQ(failed.error, Error::unknown);
  ASSERT_EQ(failed.unapplied.finished.size(), 1u) << "given back for the caller to repeat";
  EXPECT_EQ(count(State::queued), 1);
  EXPECT_EQ(commit(failed.unapplied).finished.at(0), Settled::ok);
  EXPECT_EQ(progress(id).state, State::submitted);
}

TEST_F(StoreTest, AFullDiskRefusesTheNewAndKeepsTheOld) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  store_->fail_commits(ENOSPC, 1);
  Batch with_new;
  with_new.enqueue.push_back(message("2"));
  BatchResult refused;
  BatchResult outcome;
  store_->commit(std::move(with_new), io_.get_executor(), [&](BatchResult r) { refused = std::move(r); });
  Batch with_outcome;
  with_outcome.finished.push_back({.id = id,
                                   .attempt = 1,
                                   .segments = {{.state = SegmentState::accepted, .provider_id = "A"}},
                                   .receipt_wait_ms = 60'000});
  store_->commit(std::move(with_outcome), io_.get_executor(), [&](BatchResult r) { outcome = std::move(r); });
  store_->step();
  io_.restart();
  io_.poll();
  EXPECT_EQ(refused.error, Error::full);
  EXPECT_EQ(outcome.error, Error::none);
  EXPECT_EQ(outcome.finished.at(0), Settled::ok);
  EXPECT_EQ(enqueue(message("2")).kind, Enqueued::Kind::stored) << "there is room again, and nothing of it was kept";
}

TEST_F(StoreTest, AFullMapRefusesTheNewUntilThereIsRoom) {
  store_.reset();
  std::filesystem::remove_all(path_);
  size_limit_ = 2u << 20;
  limits_.retention_ms = 1000;
  open();
  std::vector<MessageId> accepted;
  int number = 0;
  for (;;) {
    Batch batch;
    for (int i = 0; i < 50; ++i) batch.enqueue.push_back(message(std::to_string(++number), std::string(400, 'x')));
    const auto result = commit(std::move(batch));
    if (result.error == Error::full) break;
    ASSERT_EQ(result.error, Error::none);
    for (const auto& answer : result.enqueued) accepted.push_back(answer.id);
    ASSERT_LT(number, 100'000) << "a map of 2 MiB never filled";
  }
  EXPECT_GT(accepted.size(), 500u);
  // Everything that was accepted can still be finished, and makes room.
  std::size_t finished = 0;
  for (auto claimed = claim(100); !claimed.messages.empty(); claimed = claim(100)) {
    Batch batch;
    for (const auto& m : claimed.messages)
      batch.finished.push_back({.id = m.id, .attempt = m.attempt, .state = State::sent});
    const auto result = commit(std::move(batch));
    ASSERT_EQ(result.error, Error::none);
    finished += result.finished.size();
  }
  EXPECT_EQ(finished, accepted.size());
  for (int i = 0; i < 200; ++i) pass(60'000);
  EXPECT_EQ(enqueue(message("after")).kind, Enqueued::Kind::stored);
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
  Batch batch;
  batch.finished.push_back({.id = ids[1], .attempt = 1, .receipt_wait_ms = 365ll * 86'400'000});
  batch.finished[0].segments = {{.state = SegmentState::accepted, .provider_id = "A"}};
  commit(std::move(batch));
  again({.id = ids[2], .attempt = 1, .doubtful = true, .state = State::doubtful, .delay_ms = 365ll * 86'400'000});
  for (int i = 0; i < 200; ++i) pass(1000);
  EXPECT_FALSE(store_->reader().get(ids[0])) << "it had ended, and was purged";
  for (const auto i : {1U, 2U, 3U}) EXPECT_TRUE(store_->reader().get(ids[i])) << i + 1;
  receipt("A", SegmentState::delivered);
  EXPECT_EQ(progress(ids[1]).state, State::delivered);
  ASSERT_EQ(claim(5).messages.size(), 1u);
}

TEST_F(StoreTest, ARetryByHandSendsOnlyWhatDidNotArrive) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  Batch batch;
  batch.finished.push_back({.id = id, .attempt = 1, .receipt_wait_ms = 60'000});
  batch.finished[0].segments = {{.state = SegmentState::accepted, .provider_id = "A"},
                                {.state = SegmentState::accepted, .provider_id = "B"}};
  commit(std::move(batch));
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
      outcomes.finished.push_back({.id = m.id, .attempt = m.attempt, .state = State::sent});
    commit(std::move(outcomes));
    pass(1000);
    if (round == 100) early = std::filesystem::file_size(path_ / "data.mdb");
  }
  EXPECT_LE(std::filesystem::file_size(path_ / "data.mdb"), early + early / 10)
      << "20,000 more messages passed through";
  EXPECT_LT(count(State::sent), 4000) << "2 s of retention, and up to 30 s until references are merged";
}

TEST_F(StoreTest, PagesGoNewestFirstAndEnd) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 25; ++i) {
    auto change = message(std::to_string(i));
    change.content.tenant = i % 5 == 0 ? 2 : 1;
    ids.push_back(enqueue(change).id);
    now_ += 1000;
  }
  Filter filter{.tenant = 1};
  std::vector<MessageId> seen;
  MessageId before = 0;
  do {
    const auto page = store_->reader().page(filter, before, 7);
    for (const auto& m : page.messages) seen.push_back(m.id);
    before = page.next;
  } while (before);
  ASSERT_EQ(seen.size(), 20u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
  filter.from = start_time + 10'000;
  filter.until = start_time + 20'000;
  EXPECT_EQ(store_->reader().page(filter, 0, 100).messages.size(), 8u);
}

TEST_F(StoreTest, ANewerFormatIsRefused) {
  store_.reset();
  {
    lmdb::Environment environment(path_, size_limit_, false);
    lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
    std::string value;
    keys::append(value, format_version + 1);
    txn.put(txn.open_table("meta"), "format version", value);
    txn.commit();
  }
  EXPECT_THROW(open(), OpenError);
}

TEST(Codec, RefusesDamagedRecords) {
  Content content;
  content.text = "hello";
  content.client_ref = "1041";
  std::string record;
  encode(content, record);
  EXPECT_EQ(decode_content(record).text, "hello");
  for (std::size_t length = 0; length < record.size(); ++length)
    EXPECT_THROW(decode_content(std::string_view(record).substr(0, length)), BadRecord) << length;
  record[0] = 99;
  EXPECT_THROW(decode_content(record), BadRecord);
}

// A golden record of version 1: old files stay readable.
TEST(Codec, ReadsVersion1) {
  const std::string golden(
      "\x01\x01\x01\x00\x02\x03\x00\x00\x00\x07\x00\x00\x00\x80\x0c\x4e\xc7\xa0\x01\x00\x00\x81\x0c\x4e\xc7\xa0\x01\x00"
      "\x00"
      "\x82\x0c\x4e\xc7\xa0\x01\x00\x00\x2a\x00\x00\x00\x00\x00\x00\x00\x04\x00\x31\x30\x34\x31\x00\x00\x05\x00UMOJA"
      "\x0d\x00+254712345678"
      "\x05\x00hello\x05\x00"
      "Amina\x08\x00"
      "fineract",
      45 + 6 + 2 + 7 + 15 + 7 + 7 + 10);
  const auto c = decode_content(golden);
  EXPECT_EQ(c.lane, Lane::transaction);
  EXPECT_EQ(c.source, Source::fineract);
  EXPECT_EQ(c.parts, 2);
  EXPECT_EQ(c.tenant, 3u);
  EXPECT_EQ(c.gateway, 7u);
  EXPECT_EQ(c.digest, 42u);
  EXPECT_EQ(c.client_ref, "1041");
  EXPECT_EQ(c.from, "UMOJA");
  EXPECT_EQ(c.to, "+254712345678");
  EXPECT_EQ(c.text, "hello");
  EXPECT_EQ(c.target_user, "Amina");
  EXPECT_EQ(c.triggered_by, "fineract");
  EXPECT_EQ(c.route, 0u);
  // A newer one differs in its first octet, and what it added stands at the end.
  std::string again;
  encode(c, again);
  EXPECT_EQ(again, "\x03" + golden.substr(1) + std::string(4 + 2, '\0'));
}

// A golden record of version 2: a receipt that was parked before receipts belonged to accounts.
TEST(Codec, ReadsReceiptsOfVersion2) {
  const std::string golden(
      "\x02\x07\x00\x00\x00\x03\x00\x03\x00"
      "000\x0c\x00"
      "254712345678\x05\x00"
      "hello"
      "\x01\x01\x02\x00"
      "77\x2a\x00\x00\x00\x00\x00\x00\x00\x01\x00",
      7 + 5 + 14 + 7 + 2 + 4 + 10);
  const auto r = decode_receipt(golden);
  EXPECT_EQ(r.gateway, 7u);
  EXPECT_EQ(r.state, SegmentState::delivered);
  EXPECT_EQ(r.error, "000");
  EXPECT_EQ(r.destination, "254712345678");
  EXPECT_EQ(r.quote, "hello");
  EXPECT_EQ(r.provider_ids, std::vector<std::string>{"77"});
  EXPECT_EQ(r.message, 42u);
  EXPECT_EQ(r.attempt, 1);
  std::string again;
  encode(r, again);
  EXPECT_EQ(again, "\x03" + golden.substr(1) + std::string(3, '\0'));
}

TEST(Codec, ReadsWhatItWrote) {
  Progress p;
  p.queue_gateway = 8;
  p.when_silent = 9;
  p.left = {7, 3};
  p.events.push_back({.at = 5, .kind = EventKind::moved, .gateway = 8, .attempt = 1, .detail = "why"});
  std::string record;
  encode(p, record);
  const auto again = decode_progress(record);
  EXPECT_EQ(again.queue_gateway, 8u);
  EXPECT_EQ(again.when_silent, 9u);
  EXPECT_EQ(again.left, p.left);
  EXPECT_EQ(again.events.at(0).kind, EventKind::moved);
  Content c;
  c.route = 101;
  c.way = "gateway a: down";
  encode(c, record);
  EXPECT_EQ(decode_content(record).way, "gateway a: down");
  EXPECT_EQ(decode_content(record).route, 101u);
}

}  // namespace
}  // namespace smsbridge::store
