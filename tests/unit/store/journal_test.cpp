// SPDX-License-Identifier: MPL-2.0
#include "tests/unit/store/store_fixture.hpp"

namespace smsbridge::store {
namespace {

// What no query shows any more would still fill the file.
TEST_F(StoreTest, NothingIsLeftOfWhatIsOldOrErased) {
  limits_.journal_ms = 1000;
  die_and_open();
  Batch batch;
  batch.journal.push_back({.tenant = 1, .stream = "events", .key = "77", .body = "line"});
  batch.marks.push_back({.scope = "hook", .key = "expires", .value = "seen", .expires_at = now_ + 1000});
  batch.marks.push_back({.scope = "hook", .key = "erased", .value = "seen", .expires_at = now_ + 3600'000});
  batch.tasks.push_back({.task = {.tenant = 1, .kind = "event", .key = "77"}, .due_at = 0, .body = "body"});
  commit(std::move(batch));
  Batch erased;
  erased.erased_marks.push_back({.scope = "hook", .key = "erased"});
  TaskClaimResult claimed;
  store_->claim(std::vector<TaskWant>{{.kind = "event", .count = 1}}, io_.get_executor(),
                [&](TaskClaimResult result) { claimed = std::move(result); });
  pass(0);
  io_.restart();
  io_.poll();
  const auto& task = claimed.tasks.at(0);
  erased.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  commit(std::move(erased));
  pass(2500);
  store_.reset();
  const lmdb::Environment environment(path_, size_limit_, false);
  lmdb::Transaction txn(environment, lmdb::Transaction::Kind::write);
  for (const auto* table : {"journal", "journal_key", "mark", "mark_expiry", "task", "task_due", "task_leased"})
    EXPECT_EQ(txn.entries_of(txn.open_table(table)), 0u) << table;
}

}  // namespace
}  // namespace smsbridge::store
