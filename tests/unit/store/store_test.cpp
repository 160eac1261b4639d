// SPDX-License-Identifier: MPL-2.0
#include "store/keys.hpp"
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

TEST_F(StoreTest, AFailedCommitChangesNothing) {
  const auto id = enqueue(message("1")).id;
  claim(1);
  store_->fail_commits(EIO, 1);
  Batch batch;
  batch.settlements.push_back(
      {.id = id, .attempt = 1, .what = Taken{.receipt_wait_ms = 60'000}, .segments = parts({"A"})});
  const auto failed = commit(std::move(batch));
  EXPECT_EQ(failed.error, Error::unknown);
  ASSERT_EQ(failed.unapplied.settlements.size(), 1u) << "given back for the caller to repeat";
  EXPECT_EQ(count(State::queued), 1);
  EXPECT_EQ(commit(failed.unapplied).settled.at(0), Settled::ok);
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
  with_outcome.settlements.push_back(
      {.id = id, .attempt = 1, .what = Taken{.receipt_wait_ms = 60'000}, .segments = parts({"A"})});
  store_->commit(std::move(with_outcome), io_.get_executor(), [&](BatchResult r) { outcome = std::move(r); });
  store_->step();
  io_.restart();
  io_.poll();
  EXPECT_EQ(refused.error, Error::full);
  EXPECT_EQ(outcome.error, Error::none);
  EXPECT_EQ(outcome.settled.at(0), Settled::ok);
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
      batch.settlements.push_back({.id = m.id, .attempt = m.attempt, .what = Taken{.awaits_receipt = false}});
    const auto result = commit(std::move(batch));
    ASSERT_EQ(result.error, Error::none);
    finished += result.settled.size();
  }
  EXPECT_EQ(finished, accepted.size());
  for (int i = 0; i < 200; ++i) pass(60'000);
  EXPECT_EQ(enqueue(message("after")).kind, Enqueued::Kind::stored);
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

TEST_F(StoreTest, TheInboxForgetsWhatLeftIt) {
  inbox_items_max_ = 2;
  die_and_open();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(enqueue(message(std::to_string(i))).kind, Enqueued::Kind::stored);
}

TEST_F(StoreTest, AStopWritesWhatIsInTheInbox) {
  auto answer = Error::unknown;
  Batch batch;
  batch.enqueue.push_back(message("1"));
  store_->commit(std::move(batch), io_.get_executor(), [&](const BatchResult& r) { answer = r.error; });
  store_->stop();
  store_->start();  // the writer comes to it only now
  store_->stop();
  io_.restart();
  io_.poll();
  EXPECT_EQ(answer, Error::none);
}

}  // namespace
}  // namespace smsbridge::store
