// SPDX-License-Identifier: MPL-2.0
#include "store/lmdb.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "store/guard.hpp"

namespace smsbridge::store::lmdb {
namespace {

void check(int rc, const char* what) {
  if (rc != MDB_SUCCESS) throw LmdbError(what, rc);
}
MDB_val value_of(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
constexpr unsigned readers_max = 512;
constexpr off_t lock_file_bytes = 64 << 10;  // 64 octets a reader, and the head

// LMDB makes it with a hole and maps it: on a full disk the first touch would be a SIGBUS. Answers errno, or 0.
int reserve_lock_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return errno;
  struct stat info {};
  const int failed =
      ::fstat(file, &info) == 0 && info.st_size >= lock_file_bytes ? 0 : ::posix_fallocate(file, 0, lock_file_bytes);
  ::close(file);
  return failed;
}

std::string_view view_of(const MDB_val& value) { return {static_cast<const char*>(value.mv_data), value.mv_size}; }

}  // namespace

LmdbError::LmdbError(const char* what, int rc)
    : std::runtime_error(std::string(what) + ": " + mdb_strerror(rc)), code_(rc) {}

bool LmdbError::means_disk_full() const { return code_ == ENOSPC || code_ == EDQUOT; }
bool LmdbError::means_full() const { return code_ == MDB_MAP_FULL || means_disk_full(); }

// No MDB_WRITEMAP: a stray write would reach the file. No MDB_NOMEMINIT: what memory held before would, too. NOTLS: a
// reader belongs to its object, not to a thread.
Environment::Environment(const std::filesystem::path& folder, std::uint64_t map_size_bytes, bool sync) {
  open(folder, map_size_bytes, MDB_NOTLS | MDB_NORDAHEAD | (sync ? 0u : MDB_NOSYNC));
}

Environment::Environment(const std::filesystem::path& folder) { open(folder, 0, MDB_NOTLS | MDB_RDONLY); }

void Environment::open(const std::filesystem::path& folder, std::uint64_t map_size_bytes, unsigned flags) {
  const bool is_new = !std::filesystem::exists(folder / "data.mdb");
  check(mdb_env_create(&env_), "mdb_env_create");
  try {
    check(mdb_env_set_mapsize(env_, map_size_bytes), "mdb_env_set_mapsize");
    check(mdb_env_set_maxdbs(env_, 32), "mdb_env_set_maxdbs");
    check(mdb_env_set_maxreaders(env_, readers_max), "mdb_env_set_maxreaders");
    check(mdb_env_set_assert(env_, [](MDB_env*, const char* what) { end_because_damaged(what); }),
          "mdb_env_set_assert");
    guard(folder / "data.mdb");
    const int failed = reserve_lock_file(folder / "lock.mdb");
    if ((flags & MDB_RDONLY) != 0 && (failed == EROFS || failed == EACCES))
      flags |= MDB_NOLOCK;
    else if (failed)
      throw LmdbError("lock.mdb", failed);
    locked_ = (flags & MDB_NOLOCK) == 0;
    check(mdb_env_open(env_, folder.c_str(), flags, 0640), "mdb_env_open");
    forget_dead_readers();
  } catch (...) {
    mdb_env_close(env_);
    // What was begun, on a full disk, would be a damaged store the next time.
    std::error_code ignored;
    for (const char* file : {"data.mdb", "lock.mdb"})
      if (is_new) std::filesystem::remove(folder / file, ignored);
    throw;
  }
}

Environment::~Environment() { mdb_env_close(env_); }

std::uint64_t Environment::last_page() const {
  MDB_envinfo info;
  check(mdb_env_info(env_, &info), "mdb_env_info");
  return info.me_last_pgno;
}

bool Environment::has_failed() const {
  MDB_txn* txn = nullptr;
  const int rc = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (rc == MDB_SUCCESS) mdb_txn_abort(txn);
  return rc == MDB_PANIC;
}

void Environment::forget_dead_readers() const {
  int cleared = 0;
  check(mdb_reader_check(env_, &cleared), "mdb_reader_check");
}

// A transaction that is not committed takes all of these pages, each for a value that fills it, and gives them back.
// They are a stack: once one is clean, those below have not been used since they were wiped, or are new. The pages of
// the tree that the values stand in are filled to the last octet, but for its root: it is among the values the next
// time.
void Environment::wipe_buffers() const {
  MDB_stat stat;
  check(mdb_env_stat(env_, &stat), "mdb_env_stat");
  constexpr std::size_t page_head = 16, key_size = 16, a_leaf = 120, most = 100'000;  // 34 octets each in a leaf
  constexpr int times = 3;
  const std::size_t value_size = stat.ms_psize - page_head;
  std::size_t wanted = 0;
  for (int time = 0; time < times; ++time) {
    const Transaction thrown_away(*this, Transaction::Kind::write);
    MDB_dbi table = 0;
    check(mdb_dbi_open(thrown_away.raw(), "wiped", MDB_CREATE, &table), "wiped");
    std::size_t wiped = 0, clean = 0;
    for (; wiped < most && (wiped < wanted || clean < a_leaf || wiped % a_leaf != 0); ++wiped) {
      std::string key(key_size, '\0');
      for (std::size_t i = 0; i < 8; ++i) key[key_size - 1 - i] = static_cast<char>(std::uint64_t{wiped} >> 8 * i);
      MDB_val k = value_of(key), v{value_size, nullptr};
      if (mdb_put(thrown_away.raw(), table, &k, &v, MDB_RESERVE | MDB_APPEND) != MDB_SUCCESS)
        break;  // no room for more
      const std::string_view page = view_of(v);
      clean = page.find_first_not_of('\0') == std::string_view::npos ? clean + 1 : 0;
      std::memset(v.mv_data, 0, v.mv_size);
    }
    wanted = wiped + a_leaf;
  }
}

// LMDB tells of its readers in lines of text only: process, thread, and the transaction whose state it sees, or "-".
std::optional<std::uint64_t> Environment::reader_lag() const {
  MDB_envinfo info;
  check(mdb_env_info(env_, &info), "mdb_env_info");
  struct Seen {
    std::size_t newest;
    std::size_t oldest = newest;
  } seen{.newest = info.me_last_txnid};
  const auto look = [](const char* line, void* context) {
    const std::string_view text(line);
    const auto last = text.find_last_not_of(" \n");
    if (last == std::string_view::npos) return 0;
    const auto first = text.find_last_of(' ', last) + 1;
    std::size_t transaction = 0;
    const auto [end, error] = std::from_chars(text.data() + first, text.data() + last + 1, transaction);
    auto& to = *static_cast<Seen*>(context);
    if (error == std::errc() && end == text.data() + last + 1 && transaction < to.oldest) to.oldest = transaction;
    return 0;
  };
  if (mdb_reader_list(env_, look, &seen) < 0) return std::nullopt;
  return seen.newest - seen.oldest;
}

void Environment::forget_resident_pages() const {
  MDB_envinfo info;
  MDB_stat stat;
  check(mdb_env_info(env_, &info), "mdb_env_info");
  check(mdb_env_stat(env_, &stat), "mdb_env_stat");
  // The map is shared and read-only here: dropping its pages loses nothing, the page cache keeps them. The mapping's
  // address is only reported for MDB_FIXEDMAP, so the pages are found through a value that lies in it.
  MDB_txn* txn = nullptr;
  if (mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn) != MDB_SUCCESS) return;
  MDB_dbi main = 0;
  MDB_cursor* cursor = nullptr;
  MDB_val key, value;
  if (mdb_dbi_open(txn, nullptr, 0, &main) == MDB_SUCCESS && mdb_cursor_open(txn, main, &cursor) == MDB_SUCCESS) {
    if (mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == MDB_SUCCESS) {
      const auto page = static_cast<std::uintptr_t>(stat.ms_psize);
      auto at = reinterpret_cast<std::uintptr_t>(key.mv_data) & ~(page - 1);
      std::uint64_t number = 0;
      // A page starts with its own number (MDB_page.mp_pgno), which gives the distance to the map's start.
      __builtin_memcpy(&number, reinterpret_cast<const void*>(at), sizeof(number));
      if (number <= info.me_last_pgno && number * page < at)
        ::madvise(reinterpret_cast<void*>(at - number * page), (info.me_last_pgno + 1) * page, MADV_DONTNEED);
    }
    mdb_cursor_close(cursor);
  }
  mdb_txn_abort(txn);
}

Transaction::Transaction(const Environment& environment, Kind kind) {
  check(mdb_txn_begin(environment.raw(), nullptr, kind == Kind::read ? unsigned{MDB_RDONLY} : 0u, &txn_),
        "mdb_txn_begin");
}

Transaction::~Transaction() {
  if (txn_) mdb_txn_abort(txn_);
}

Table Transaction::open_table(const char* name) {
  MDB_dbi table = 0;
  check(mdb_dbi_open(txn_, name, MDB_CREATE, &table), name);
  return table;
}

std::optional<Table> Transaction::find_table(const char* name) {
  MDB_dbi table = 0;
  const int rc = mdb_dbi_open(txn_, name, 0, &table);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, name);
  return table;
}

std::optional<std::string_view> Transaction::get(Table table, std::string_view key) const {
  MDB_val k = value_of(key), v;
  const int rc = mdb_get(txn_, table, &k, &v);
  if (rc == MDB_NOTFOUND) return std::nullopt;
  check(rc, "mdb_get");
  return view_of(v);
}

void Transaction::put(Table table, std::string_view key, std::string_view value) {
  MDB_val k = value_of(key), v = value_of(value);
  check(mdb_put(txn_, table, &k, &v, 0), "mdb_put");
}

void Transaction::append(Table table, std::string_view key, std::string_view value) {
  MDB_val k = value_of(key), v = value_of(value);
  check(mdb_put(txn_, table, &k, &v, MDB_APPEND), "mdb_put append");
}

bool Transaction::erase(Table table, std::string_view key) {
  MDB_val k = value_of(key);
  const int rc = mdb_del(txn_, table, &k, nullptr);
  if (rc == MDB_NOTFOUND) return false;
  check(rc, "mdb_del");
  return true;
}

std::uint64_t Transaction::pages_of(Table table) const {
  MDB_stat stat;
  check(mdb_stat(txn_, table, &stat), "mdb_stat");
  return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

std::uint64_t Transaction::entries_of(Table table) const {
  MDB_stat stat;
  check(mdb_stat(txn_, table, &stat), "mdb_stat");
  return stat.ms_entries;
}

void Transaction::commit() {
  MDB_txn* txn = std::exchange(txn_, nullptr);  // LMDB frees it whatever the result
  check(mdb_txn_commit(txn), "mdb_txn_commit");
}

Cursor::Cursor(const Transaction& transaction, Table table) {
  check(mdb_cursor_open(transaction.raw(), table, &cursor_), "mdb_cursor_open");
}
Cursor::~Cursor() { mdb_cursor_close(cursor_); }

bool Cursor::seek(std::string_view key) {
  if (key.empty()) return first();
  MDB_val k = value_of(key), v;
  const int rc = mdb_cursor_get(cursor_, &k, &v, MDB_SET_RANGE);
  if (rc == MDB_NOTFOUND) return false;
  check(rc, "mdb_cursor_get");
  key_ = view_of(k);
  value_ = view_of(v);
  return true;
}
bool Cursor::first() { return move(MDB_FIRST); }
bool Cursor::last() { return move(MDB_LAST); }
bool Cursor::next() { return move(MDB_NEXT); }
bool Cursor::previous() { return move(MDB_PREV); }

bool Cursor::move(int operation) {
  MDB_val k, v;
  const int rc = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
  if (rc == MDB_NOTFOUND || rc == EINVAL) return false;
  check(rc, "mdb_cursor_get");
  key_ = view_of(k);
  value_ = view_of(v);
  return true;
}

void Cursor::erase() { check(mdb_cursor_del(cursor_, 0), "mdb_cursor_del"); }

}  // namespace smsbridge::store::lmdb
