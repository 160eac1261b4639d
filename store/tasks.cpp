// SPDX-License-Identifier: MPL-2.0
#include "store/tasks.hpp"

#include <algorithm>

#include "store/keys.hpp"
#include "store/numbers.hpp"
#include "store/unreadable.hpp"

// The body is written once. Claiming moves the task's row from task_due to task_leased, which holds what changes.
namespace smsbridge::store {

TaskPut Tasks::put(const PutTask& change, lmdb::Transaction& txn, WallMs now) {
  const auto key = keys::of_task(change.task);
  if (txn.get(tables_.task, key)) return TaskPut::known;
  const auto due_at = std::max(change.due_at, now);
  encode(TaskRecord{.due_at = due_at, .attempts = 0, .body = change.body}, record_);
  txn.put(tables_.task, key, record_);
  txn.put(tables_.task_due, keys::of_task_due(change.task.kind, due_at, key), {});
  tell(change.task.kind, due_at);
  return TaskPut::stored;
}

bool Tasks::is_held(const lmdb::Transaction& txn, const TaskKey& task, std::uint64_t lease) const {
  const auto key = keys::of_task(task);
  const auto found = decoded(unreadable_, "task_leased", key, txn.get(tables_.task_leased, key), decode_task_lease);
  return found && found->lease == lease;
}

TaskEnded Tasks::end(const EndTask& change, lmdb::Transaction& txn) {
  if (!is_held(txn, change.task, change.lease)) return TaskEnded::not_mine;
  const auto key = keys::of_task(change.task);
  const auto attempt = decode_task_lease(*txn.get(tables_.task_leased, key)).attempt;
  txn.erase(tables_.task_leased, key);
  auto task = decoded(unreadable_, "task", key, txn.get(tables_.task, key), decode_task);
  if (!change.again_at || !task) {
    txn.erase(tables_.task, key);
    return TaskEnded::ok;
  }
  task->due_at = change.again_at;
  task->attempts = attempt;
  encode(*task, record_);
  txn.put(tables_.task, key, record_);
  txn.put(tables_.task_due, keys::of_task_due(change.task.kind, task->due_at, key), {});
  tell(change.task.kind, task->due_at);
  return TaskEnded::ok;
}

TaskClaimResult Tasks::claim(const std::vector<TaskWant>& wants, lmdb::Transaction& txn, WallMs now) {
  TaskClaimResult result;
  for (const auto& want : wants) result.ends.push_back(claim(want, txn, now, result.tasks));
  return result;
}

TaskEnd Tasks::claim(const TaskWant& want, lmdb::Transaction& txn, WallMs now, std::vector<ClaimedTask>& claimed) {
  TaskEnd end{.kind = want.kind};
  const auto prefix = keys::of_task_kind(want.kind);
  lmdb::Cursor cursor(txn, tables_.task_due);
  std::uint32_t taken = 0;
  for (bool ok = cursor.seek(prefix); ok && cursor.key().starts_with(prefix); ok = cursor.next()) {
    const std::string due_key(cursor.key());
    const auto due = keys::task_due(due_key);
    if (!due) {
      unreadable_.note("task_due", due_key, "no key of this table");
      cursor.erase();
      continue;
    }
    if (due->at > now) {
      end.next_due = due->at;
      break;
    }
    if (taken == want.count || claimed.size() == claim_tasks_max) {
      end.more_due = true;
      break;
    }
    cursor.erase();
    if (auto task = lease(std::string(due->task), due->at, txn, now)) {
      claimed.push_back(std::move(*task));
      ++taken;
    } else {
      // One damaged record must not stop those behind it.
      unreadable_.note("task_due", due_key, "its task is missing or cannot be read");
    }
  }
  return end;
}

std::optional<ClaimedTask> Tasks::lease(const std::string& key, WallMs due_at, lmdb::Transaction& txn, WallMs now) {
  auto task = decoded(unreadable_, "task", key, txn.get(tables_.task, key), decode_task);
  auto name = keys::task(key);
  if (!task || !name) return std::nullopt;
  const TaskLease lease{.lease = numbers_.next(txn, now), .attempt = static_cast<std::uint16_t>(task->attempts + 1)};
  encode(lease, record_);
  txn.put(tables_.task_leased, key, record_);
  return ClaimedTask{.task = std::move(*name),
                     .lease = lease.lease,
                     .attempt = lease.attempt,
                     .due_at = due_at,
                     .body = std::move(task->body)};
}

std::size_t Tasks::erase(lmdb::Transaction& txn, TenantId tenant, std::size_t most) {
  std::string prefix;
  keys::append(prefix, tenant);
  std::size_t gone = 0;
  lmdb::Cursor cursor(txn, tables_.task);
  for (bool ok = cursor.seek(prefix); ok && gone < most && cursor.key().starts_with(prefix); ok = cursor.next()) {
    const std::string key(cursor.key());
    const auto task = decoded(unreadable_, "task", key, cursor.value(), decode_task);
    const auto name = keys::task(key);
    cursor.erase();
    txn.erase(tables_.task_leased, key);
    if (task && name) txn.erase(tables_.task_due, keys::of_task_due(name->kind, task->due_at, key));
    ++gone;
  }
  return gone;
}

void Tasks::recover(lmdb::Transaction& txn) {
  lmdb::Cursor cursor(txn, tables_.task_leased);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const std::string key(cursor.key());
    const auto lease = decoded(unreadable_, "task_leased", key, cursor.value(), decode_task_lease);
    auto task = decoded(unreadable_, "task", key, txn.get(tables_.task, key), decode_task);
    const auto name = keys::task(key);
    cursor.erase();
    if (!task || !name) continue;
    task->attempts = lease ? lease->attempt : static_cast<std::uint16_t>(task->attempts + 1);
    encode(*task, record_);
    txn.put(tables_.task, key, record_);
    txn.put(tables_.task_due, keys::of_task_due(name->kind, task->due_at, key), {});
    tell(name->kind, task->due_at);
  }
}

void Tasks::tell(const std::string& kind, WallMs due_at) {
  const auto [it, is_new] = due_.emplace(kind, due_at);
  if (!is_new) it->second = std::min(it->second, due_at);
}

}  // namespace smsbridge::store
