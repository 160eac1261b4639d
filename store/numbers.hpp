// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "store/message.hpp"
#include "store/tables.hpp"

namespace smsbridge::store {

// Numbers that grow for ever, as ids of messages do: revisions of objects, leases of tasks, lines of the journal. The
// last one is a row of its own, read and written once in each transaction that needs any, since other programs on this
// host take some too.
class Numbers {
 public:
  explicit Numbers(const Tables& tables) : tables_(tables) {}

  std::uint64_t next(const lmdb::Transaction& txn, WallMs now);
  void write(lmdb::Transaction& txn);  // at the end of a transaction
  void forget() { last_ = 0; }         // when it failed

 private:
  const Tables& tables_;
  std::uint64_t last_ = 0;  // 0: none was taken in this transaction
};

}  // namespace smsbridge::store
