// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

// RAII over LMDB 0.9. Views handed out point into the map and end with their transaction.
namespace smsbridge::store::lmdb {

class LmdbError : public std::runtime_error {
 public:
  LmdbError(const char* what, int rc);
  int code() const { return code_; }
  bool means_disk_full() const;
  bool means_full() const;  // the map or the disk has no room: certainly not applied

 private:
  int code_;
};

using Table = unsigned int;

class Environment {
 public:
  Environment(const std::filesystem::path& folder, std::uint64_t map_size_bytes, bool sync);
  // To look at only. The daemon may be at work meanwhile, if is_locked().
  explicit Environment(const std::filesystem::path& folder);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  MDB_env* raw() const { return env_; }
  // Writers know of its readers. False where lock.mdb cannot be written: on a read-only medium, or in another user's
  // folder. Then what is read must not be written meanwhile.
  bool is_locked() const { return locked_; }
  std::uint64_t last_page() const;
  // A write of the file's head failed: nothing can be read or written any more until it is opened anew.
  bool has_failed() const;
  // A process that was killed while it read would hold its snapshot, and all pages since, for ever.
  void forget_dead_readers() const;
  // LMDB keeps the pages in memory that transactions wrote, fills some of them anew for the next, and writes them with
  // what stood in their gaps before. After this it is zeros. Not while this thread has a write transaction.
  void wipe_buffers() const;
  // How many transactions older than the newest is the oldest state that a reader sees: the pages of so many are not
  // used again. 0 stays while the caller holds a write transaction. Nothing: the readers cannot be told.
  std::optional<std::uint64_t> reader_lag() const;
  // The mapped pages that were touched count as ours although they are the page cache's; give them back.
  void forget_resident_pages() const;

 private:
  void open(const std::filesystem::path& folder, std::uint64_t map_size_bytes, unsigned flags);
  MDB_env* env_ = nullptr;
  bool locked_ = true;
};

class Transaction {
 public:
  enum class Kind { read, write };
  Transaction(const Environment& environment, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  Table open_table(const char* name);  // creates it in a write transaction
  std::optional<Table> find_table(const char* name);
  std::optional<std::string_view> get(Table table, std::string_view key) const;
  void put(Table table, std::string_view key, std::string_view value);
  void append(Table table, std::string_view key, std::string_view value);  // key is known to be the largest
  bool erase(Table table, std::string_view key);
  std::uint64_t pages_of(Table table) const;
  std::uint64_t entries_of(Table table) const;
  void commit();  // durable when it returns
  MDB_txn* raw() const { return txn_; }

 private:
  MDB_txn* txn_ = nullptr;
};

class Cursor {
 public:
  Cursor(const Transaction& transaction, Table table);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  bool seek(std::string_view key);  // first entry at or after the key; an empty key is before all
  bool first();
  bool last();
  bool next();
  bool previous();
  void erase();  // the current entry; next() then moves to the one after it
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  bool move(int operation);
  MDB_cursor* cursor_ = nullptr;
  std::string_view key_, value_;
};

}  // namespace smsbridge::store::lmdb
