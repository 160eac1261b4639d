// SPDX-License-Identifier: MPL-2.0
#include "tests/store_conformance/subject.hpp"

namespace smsbridge::store {
namespace {

class TaskConformance : public Conformance {
 protected:
  static TaskKey named(const std::string& key, const std::string& kind = "webhook") {
    return {.tenant = 1, .kind = kind, .key = key};
  }
  TaskPut put(const TaskKey& task, WallMs due_at = 0, const std::string& body = "body") {
    Batch batch;
    batch.tasks.push_back({.task = task, .due_at = due_at, .body = body});
    return store.commit(std::move(batch)).tasks.at(0);
  }
  TaskEnded end(const ClaimedTask& task, WallMs again_at = 0) {
    Batch batch;
    batch.ended_tasks.push_back({.task = task.task, .lease = task.lease, .again_at = again_at});
    return store.commit(std::move(batch)).ended_tasks.at(0);
  }
  ClaimedTask claim_one(const std::string& kind = "webhook") {
    auto tasks = store.claim_tasks(kind, 10).tasks;
    EXPECT_EQ(tasks.size(), 1u);
    return tasks.empty() ? ClaimedTask{} : tasks.front();
  }
  bool none_is_due() { return store.claim_tasks("webhook", 10).tasks.empty(); }
};

TEST_F(TaskConformance, IsClaimedOnceAndDone) {
  EXPECT_EQ(put(named("1")), TaskPut::stored);
  const auto task = claim_one();
  EXPECT_EQ(task.task, named("1"));
  EXPECT_EQ(task.attempt, 1);
  EXPECT_EQ(task.body, "body");
  EXPECT_TRUE(none_is_due()) << "it has a holder";
  EXPECT_EQ(end(task), TaskEnded::ok);
  EXPECT_EQ(end(task), TaskEnded::not_mine);
  store.reopen();
  EXPECT_TRUE(none_is_due());
}

TEST_F(TaskConformance, OfOneKeyThereIsOne) {
  put(named("1"), 0, "first");
  EXPECT_EQ(put(named("1"), 0, "second"), TaskPut::known);
  EXPECT_EQ(put({.tenant = 2, .kind = "webhook", .key = "1"}), TaskPut::stored) << "another tenant's";
  EXPECT_EQ(put(named("1", "import")), TaskPut::stored) << "another kind";
  const auto tasks = store.claim_tasks("webhook", 10).tasks;
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[0].body, "first");
  EXPECT_EQ(put(named("1")), TaskPut::known) << "while it is claimed";
  end(tasks[0]);
  EXPECT_EQ(put(named("1")), TaskPut::stored) << "once it is done";
}

TEST_F(TaskConformance, WaitsForItsTimeAndSaysWhen) {
  put(named("late"), store.now + 60'000);
  put(named("later"), store.now + 90'000);
  EXPECT_EQ(store.told_tasks(), (Tasks::DueByKind{{"webhook", start_time + 60'000}}));
  const auto early = store.claim_tasks("webhook", 10);
  EXPECT_TRUE(early.tasks.empty());
  EXPECT_EQ(early.ends.at(0).next_due, start_time + 60'000);
  EXPECT_FALSE(early.ends.at(0).more_due);
  store.pass(60'000);
  EXPECT_EQ(claim_one().task.key, "late");
}

TEST_F(TaskConformance, ThoseThatWereDueFirstComeFirstAndMoreIsTold) {
  put(named("second"), store.now + 2000);
  put(named("first"), store.now + 1000);
  put({.tenant = 0, .kind = "webhook", .key = "third"}, store.now + 3000);
  store.pass(5000);
  const auto some = store.claim_tasks("webhook", 2);
  ASSERT_EQ(some.tasks.size(), 2u);
  EXPECT_EQ(some.tasks[0].task.key, "first");
  EXPECT_EQ(some.tasks[1].task.key, "second");
  EXPECT_TRUE(some.ends.at(0).more_due);
}

TEST_F(TaskConformance, AgainLaterIsAnotherAttempt) {
  put(named("1"));
  EXPECT_EQ(end(claim_one(), store.now + 30'000), TaskEnded::ok);
  store.told_tasks();
  EXPECT_TRUE(none_is_due());
  store.pass(30'000);
  const auto again = claim_one();
  EXPECT_EQ(again.attempt, 2);
  EXPECT_EQ(again.body, "body");
}

TEST_F(TaskConformance, WhatAProcessThatDiedHadClaimedIsDueAgain) {
  put(named("1"));
  const auto before = claim_one();
  store.reopen();
  const auto after = claim_one();
  EXPECT_EQ(after.task, before.task);
  EXPECT_EQ(after.attempt, 2);
  EXPECT_EQ(end(before), TaskEnded::not_mine) << "the lease died with its process";
  EXPECT_EQ(end(after), TaskEnded::ok);
}

TEST_F(TaskConformance, ALeaseIsNotGivenAgain) {
  put(named("1"));
  const auto before = claim_one();
  end(before);
  store.now -= 3600'000;
  store.reopen();
  put(named("1"));
  store.claim_tasks("webhook", 1);
  EXPECT_EQ(end(before), TaskEnded::not_mine);
}

TEST_F(TaskConformance, AFailedCommitClaimsNothing) {
  put(named("1"));
  store.told_tasks();
  store.fail_next_commit();
  const auto failed = store.claim_tasks("webhook", 1);
  EXPECT_EQ(failed.error, Error::unknown);
  EXPECT_TRUE(failed.tasks.empty());
  EXPECT_EQ(claim_one().attempt, 1);
}

TEST_F(TaskConformance, OfAFailedCommitNothingIsTold) {
  store.fail_next_commit();
  Batch batch;
  batch.tasks.push_back({.task = named("1"), .due_at = 0, .body = {}});
  EXPECT_EQ(store.commit(std::move(batch)).error, Error::unknown);
  store.pass(1000);
  EXPECT_TRUE(store.told_tasks().empty());
}

TEST_F(TaskConformance, WhatIsTooLargeIsRefused) {
  for (const auto& task : {named(std::string(task_key_max + 1, 'x')), named(""), named("1", ""),
                           named("1", std::string(task_kind_max + 1, 'x'))}) {
    Batch batch;
    batch.tasks.push_back({.task = task, .due_at = 0, .body = {}});
    EXPECT_EQ(store.commit(std::move(batch)).error, Error::invalid);
  }
  Batch batch;
  batch.tasks.push_back({.task = named("1"), .due_at = 0, .body = std::string(task_body_max + 1, 'x')});
  EXPECT_EQ(store.commit(std::move(batch)).error, Error::invalid);
  EXPECT_EQ(
      put(named(std::string(task_key_max, 'x'), std::string(task_kind_max, 'y')), 0, std::string(task_body_max, 'z')),
      TaskPut::stored);
  EXPECT_EQ(claim_one(std::string(task_kind_max, 'y')).body.size(), task_body_max);
}

}  // namespace
}  // namespace smsbridge::store
