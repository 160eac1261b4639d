// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "store/codec.hpp"
#include "store/tables.hpp"
#include "store/unreadable.hpp"

namespace smsbridge::store {

// A message's owner and changing part, read for a change.
struct Stored {
  Queue queue;
  Progress progress;
};

// The records of messages, read and written inside the writer's transaction. One that cannot be read is noted, and is
// as one that is not there.
class Records {
 public:
  Records(const Tables& tables, UnreadableRecords& unreadable) : tables_(tables), unreadable_(unreadable) {}

  std::optional<Content> content(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Owner> owner(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Progress> progress(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Stored> stored(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<DueEntry> due(const lmdb::Transaction& txn, const lmdb::Cursor& cursor) const;
  std::optional<Claimed> claimed(const lmdb::Transaction& txn, MessageId id, const DueEntry& entry) const;
  void write(lmdb::Transaction& txn, MessageId id, const Progress& progress);
  void write(lmdb::Transaction& txn, const Queue& queue, WallMs due, MessageId id, const DueEntry& entry);
  // What stands in the way goes to a table of its own.
  void set_aside(lmdb::Transaction& txn, std::string_view name, lmdb::Table table, std::string_view key, bool erase);

 private:
  std::optional<DueEntry> due_of(const lmdb::Transaction& txn, MessageId id) const;

  const Tables& tables_;
  UnreadableRecords& unreadable_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
