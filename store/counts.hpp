// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "store/changes.hpp"
#include "store/tables.hpp"
#include "store/unreadable.hpp"

namespace smsbridge::store {

// Of each tenant and gateway.
using CountsByQueueOwner = std::map<std::pair<TenantId, GatewayId>, StateCounts>;

// How many messages are in each state, and what was sent. Counted in memory with each change, and written once a
// transaction. The writer's thread counts; what is committed may be read from any.
class Counts {
 public:
  Counts(const Tables& tables, UnreadableRecords& unreadable) : tables_(tables), unreadable_(unreadable) {}

  void load(const lmdb::Transaction& txn);
  void count(const Queue& queue, State state, int change);
  Usage& used(const Queue& queue, WallMs now);
  void write(lmdb::Transaction& txn);
  void publish();  // after the commit

  std::size_t unfinished() const { return static_cast<std::size_t>(unfinished_); }  // messages that are not final
  UsageByKey usage() const;                                                         // any thread
  CountsByQueueOwner by_owner() const;                                              // any thread

 private:
  void load_usage(const lmdb::Transaction& txn);
  void load_counts(const lmdb::Transaction& txn);
  void count_anew(const lmdb::Transaction& txn);

  const Tables& tables_;
  UnreadableRecords& unreadable_;
  std::int64_t unfinished_ = 0;
  CountsByQueueOwner counts_;  // with what the running transaction changes
  UsageByKey usage_;           // likewise
  std::set<std::pair<TenantId, GatewayId>> counts_changed_;
  std::set<UsageKey> usage_changed_;
  bool unsound_ = false;                 // fewer than none would have been in a state: the next process counts anew
  mutable std::mutex mutex_;             // guards what follows
  CountsByQueueOwner published_counts_;  // as committed
  UsageByKey published_usage_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
