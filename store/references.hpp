// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>

#include "store/codec.hpp"
#include "store/tables.hpp"
#include "store/unreadable.hpp"

namespace smsbridge::store {

// The index from a caller's reference to the message: (tenant, internalId) and idempotency keys.
//
// The naive way puts each entry into its table within the message's own transaction. Its keys come in any order, so
// each put dirties a page of its own, and that alone costs 80 to 90 % of the throughput. Here entries wait in memory
// and are merged in key order, a slice a commit, so that a page write serves many messages. Nothing can be lost: the
// table's watermark says from which id on the entries must be rebuilt from the messages themselves.
//
// The writer's thread changes it; look-ups come from any thread.
class References {
 public:
  References(const Tables& tables, UnreadableRecords& unreadable) : tables_(tables), unreadable_(unreadable) {}

  // Rebuilds what was not merged before the last stop. Before the first commit.
  void load(const lmdb::Transaction& txn);

  // Writer's thread, inside a transaction: what is committed, waiting or staged under this key.
  std::optional<Reference> find(const lmdb::Transaction& txn, const std::string& key) const;
  void stage(std::string key, const Reference& reference);
  // `next_id`: no message of this transaction has a smaller id. Call it before the transaction's enqueues are staged.
  void merge(lmdb::Transaction& txn, std::size_t enqueued, MessageId next_id, WallMs now);
  void erase(lmdb::Transaction& txn, const std::string& key, MessageId id);
  // All of a tenant that wait, and of those in the table at most so many. Returns how many went.
  std::size_t forget(lmdb::Transaction& txn, TenantId tenant, std::size_t most);
  void publish();  // after the commit
  void discard();  // after a failed commit, before load()

  // Any thread, with a read transaction begun after the call of `waiting`.
  std::optional<Reference> waiting(const std::string& key) const;
  // Messages up to this id are in the table; only they may be purged.
  MessageId watermark() const { return watermark_; }

 private:
  void save_watermark(lmdb::Transaction& txn, MessageId id);

  const Tables& tables_;
  UnreadableRecords& unreadable_;
  mutable std::shared_mutex mutex_;           // guards waiting_
  std::map<std::string, Reference> waiting_;  // published, not merged
  std::map<std::string, Reference> staged_;   // of the running transaction
  std::vector<std::string> merged_;           // of the running transaction; leave waiting_ after the commit
  // A merge pass walks waiting_ once around in key order. When it ends, all that was there at its start is in the
  // table.
  bool passing_ = false;
  std::string pass_position_;
  MessageId pass_started_at_id_ = 0;
  WallMs last_pass_at_ = 0;
  std::size_t messages_since_pass_ = 0;
  MessageId watermark_ = 0;
};

}  // namespace smsbridge::store
