// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/errors.hpp"
#include "store/message.hpp"
#include "store/tables.hpp"

// Tasks: what is to be done at a time, at least once and by one worker at a time. A worker claims what is due of its
// kind, does it, and ends the lease: done, or again later. What was claimed by a process that died is due again.
namespace smsbridge::store {

class Numbers;
class UnreadableRecords;

struct TaskKey {
  TenantId tenant = 0;
  std::string kind;  // who works on it
  std::string key;   // what it is about: there is one of each tenant, kind and key
  friend bool operator==(const TaskKey&, const TaskKey&) = default;
};
struct PutTask {
  TaskKey task;
  WallMs due_at = 0;  // in the past, or 0: at once
  std::string body;
};
enum class TaskPut : std::uint8_t {
  stored,
  known,  // there is one already, waiting or claimed: it stays as it is
};
struct EndTask {
  TaskKey task;
  std::uint64_t lease = 0;
  WallMs again_at = 0;  // 0: it is done, and gone
};
enum class TaskEnded : std::uint8_t {
  ok,
  not_mine,  // this lease ended: nothing was changed
};

struct TaskWant {
  std::string kind;
  std::uint32_t count = 0;
};
struct ClaimedTask {
  TaskKey task;
  std::uint64_t lease = 0;
  std::uint16_t attempt = 0;  // 1 for the first
  WallMs due_at = 0;
  std::string body;
};
// What is left of a kind after a claim.
struct TaskEnd {
  std::string kind;
  bool more_due = false;
  WallMs next_due = 0;  // of the first one that is not due yet, 0: none
};
struct TaskClaimResult {
  Error error = Error::none;
  std::vector<ClaimedTask> tasks;
  std::vector<TaskEnd> ends;  // in the order of the wants
};
constexpr std::size_t task_kind_max = 64, task_key_max = 255, task_body_max = 64 << 10, claim_tasks_max = 4096;

// The writer's thread. What is due is told as the earliest time of each kind that a transaction brought.
class Tasks {
 public:
  using DueByKind = std::map<std::string, WallMs>;

  Tasks(const Tables& tables, Numbers& numbers, UnreadableRecords& unreadable)
      : tables_(tables), numbers_(numbers), unreadable_(unreadable) {}

  TaskPut put(const PutTask& change, lmdb::Transaction& txn, WallMs now);
  TaskEnded end(const EndTask& change, lmdb::Transaction& txn);
  TaskClaimResult claim(const std::vector<TaskWant>& wants, lmdb::Transaction& txn, WallMs now);
  bool is_held(const lmdb::Transaction& txn, const TaskKey& task, std::uint64_t lease) const;
  // At most so many of a tenant, those that are claimed as well. Returns how many went.
  std::size_t erase(lmdb::Transaction& txn, TenantId tenant, std::size_t most);
  // At open only: what a process that died had claimed is due again.
  void recover(lmdb::Transaction& txn);
  DueByKind take_due() { return std::exchange(due_, {}); }
  void forget_due() { due_.clear(); }

 private:
  TaskEnd claim(const TaskWant& want, lmdb::Transaction& txn, WallMs now, std::vector<ClaimedTask>& claimed);
  std::optional<ClaimedTask> lease(const std::string& key, WallMs due_at, lmdb::Transaction& txn, WallMs now);
  void tell(const std::string& kind, WallMs due_at);

  const Tables& tables_;
  Numbers& numbers_;
  UnreadableRecords& unreadable_;
  DueByKind due_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
