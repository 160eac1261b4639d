// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/message.hpp"
#include "store/tables.hpp"

// Marks: that something was seen, with a small value, until it expires.
namespace smsbridge::store {

class UnreadableRecords;

struct PutMark {
  std::string scope, key;
  std::string value;
  WallMs expires_at = 0;  // 0: never
};
struct MarkPut {
  bool is_new = true;
  std::string value;  // that it has now: when it was there, the one of before, which stays
};
struct EraseMark {
  std::string scope, key;
};
struct Mark {
  std::string key, value;
};
struct MarkQuery {
  std::string scope;
  std::string after;  // the last key of the page before; empty: the first page
  std::size_t limit = 100;
};
constexpr std::size_t mark_scope_max = 64, mark_key_max = 255, mark_value_max = 1024;

class Marks {
 public:
  Marks(const Tables& tables, UnreadableRecords& unreadable) : tables_(tables), unreadable_(unreadable) {}

  MarkPut put(const PutMark& change, lmdb::Transaction& txn, WallMs now);
  bool erase(const EraseMark& change, lmdb::Transaction& txn, WallMs now);  // false: there was none
  // At most so many of a scope, whose keys begin so. Returns how many went.
  std::size_t erase_all(const std::string& scope, const std::string& begin, std::size_t most, lmdb::Transaction& txn);
  // Some of those that have expired.
  void purge(lmdb::Transaction& txn, WallMs now);

  // The value, unless it is absent or has expired. Any thread, in a transaction of its own.
  static std::optional<std::string> find(const lmdb::Transaction& txn, const Tables& tables,
                                         UnreadableRecords& unreadable, const std::string& scope,
                                         const std::string& key, WallMs now);
  // Those of a scope in the order of their keys, without those that have expired. Likewise.
  static std::vector<Mark> page(const lmdb::Transaction& txn, const Tables& tables, UnreadableRecords& unreadable,
                                const MarkQuery& query, WallMs now);

 private:
  const Tables& tables_;
  UnreadableRecords& unreadable_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
