// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "store/message.hpp"
#include "store/tables.hpp"

// The journal: lines of a tenant and a stream that are only ever added, in order of time, and go when they are old.
namespace smsbridge::store {

class Numbers;
class UnreadableRecords;

struct JournalLine {
  TenantId tenant = 0;
  std::string stream;
  std::string key;  // what it is about; lines are found by it. Empty: by their time only
  std::string body;
};
struct JournalEntry {
  std::uint64_t id = 0;
  WallMs at = 0;  // stamped by the store
  std::string key, body;
};
struct JournalQuery {
  TenantId tenant = 0;
  std::string stream;
  std::string key;             // empty: all lines of the stream
  WallMs from = 0, until = 0;  // at or after, and before; 0: not asked for
  bool oldest_first = false;
  std::uint64_t cursor = 0;  // of the page before; 0: the first page
  std::size_t limit = 100;
};
struct JournalPage {
  std::vector<JournalEntry> entries;
  std::uint64_t next = 0;  // the cursor of the next page; 0: the end
};
constexpr std::size_t journal_stream_max = 64, journal_key_max = 255, journal_body_max = 64 << 10;

class Journal {
 public:
  Journal(const Tables& tables, Numbers& numbers, UnreadableRecords& unreadable)
      : tables_(tables), numbers_(numbers), unreadable_(unreadable) {}

  std::uint64_t append(const JournalLine& line, lmdb::Transaction& txn, WallMs now);
  // Some lines that are older than this, of each stream the oldest first.
  void purge(lmdb::Transaction& txn, WallMs before);
  // At most so many lines of a tenant. Returns how many went.
  std::size_t erase(lmdb::Transaction& txn, TenantId tenant, std::size_t most);

  // Any thread, in a transaction of its own.
  static JournalPage page(const lmdb::Transaction& txn, const Tables& tables, UnreadableRecords& unreadable,
                          const JournalQuery& query);

 private:
  const Tables& tables_;
  Numbers& numbers_;
  UnreadableRecords& unreadable_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
