// SPDX-License-Identifier: MPL-2.0
#include "store/marks.hpp"

#include "store/keys.hpp"
#include "store/unreadable.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t purged_max = 5000;  // a second

bool is_valid(const MarkRecord& mark, WallMs now) { return !mark.expires_at || mark.expires_at > now; }

}  // namespace

std::optional<std::string> Marks::find(const lmdb::Transaction& txn, const Tables& tables,
                                       UnreadableRecords& unreadable, const std::string& scope, const std::string& key,
                                       WallMs now) {
  const auto row = keys::of_mark(scope, key);
  auto mark = decoded(unreadable, "mark", row, txn.get(tables.mark, row), decode_mark);
  if (!mark || !is_valid(*mark, now)) return std::nullopt;
  return std::move(mark->value);
}

std::vector<Mark> Marks::page(const lmdb::Transaction& txn, const Tables& tables, UnreadableRecords& unreadable,
                              const MarkQuery& query, WallMs now) {
  const auto prefix = keys::of_mark(query.scope, {});
  const auto after = keys::of_mark(query.scope, query.after);
  lmdb::Cursor cursor(txn, tables.mark);
  std::vector<Mark> found;
  bool ok = cursor.seek(after);
  if (ok && !query.after.empty() && cursor.key() == after) ok = cursor.next();
  for (; ok && cursor.key().starts_with(prefix) && found.size() < query.limit; ok = cursor.next()) {
    auto mark = decoded(unreadable, "mark", cursor.key(), cursor.value(), decode_mark);
    if (mark && is_valid(*mark, now))
      found.push_back({.key = std::string(cursor.key().substr(prefix.size())), .value = std::move(mark->value)});
  }
  return found;
}

MarkPut Marks::put(const PutMark& change, lmdb::Transaction& txn, WallMs now) {
  if (auto known = find(txn, tables_, unreadable_, change.scope, change.key, now))
    return {.is_new = false, .value = std::move(*known)};
  const auto row = keys::of_mark(change.scope, change.key);  // the expiry of one before is passed over by purge()
  encode(MarkRecord{.expires_at = change.expires_at, .value = change.value}, record_);
  txn.put(tables_.mark, row, record_);
  if (change.expires_at) txn.put(tables_.mark_expiry, keys::of_mark_expiry(change.expires_at, row), {});
  return {.is_new = true, .value = change.value};
}

bool Marks::erase(const EraseMark& change, lmdb::Transaction& txn, WallMs now) {
  const bool was_there = find(txn, tables_, unreadable_, change.scope, change.key, now).has_value();
  const auto row = keys::of_mark(change.scope, change.key);
  const auto mark = decoded(unreadable_, "mark", row, txn.get(tables_.mark, row), decode_mark);
  if (mark && mark->expires_at) txn.erase(tables_.mark_expiry, keys::of_mark_expiry(mark->expires_at, row));
  txn.erase(tables_.mark, row);
  return was_there;
}

std::size_t Marks::erase_all(const std::string& scope, const std::string& begin, std::size_t most,
                             lmdb::Transaction& txn) {
  const auto prefix = keys::of_mark(scope, begin);
  std::size_t gone = 0;
  lmdb::Cursor cursor(txn, tables_.mark);
  for (bool ok = cursor.seek(prefix); ok && gone < most && cursor.key().starts_with(prefix); ok = cursor.next()) {
    const std::string row(cursor.key());
    const auto mark = decoded(unreadable_, "mark", row, cursor.value(), decode_mark);
    cursor.erase();
    if (mark && mark->expires_at) txn.erase(tables_.mark_expiry, keys::of_mark_expiry(mark->expires_at, row));
    ++gone;
  }
  return gone;
}

void Marks::purge(lmdb::Transaction& txn, WallMs now) {
  lmdb::Cursor cursor(txn, tables_.mark_expiry);
  std::size_t purged = 0;
  for (bool ok = cursor.first(); ok && purged < purged_max; ok = cursor.next(), ++purged) {
    const auto key = cursor.key();
    if (key.size() >= sizeof(WallMs) && keys::read<WallMs>(key, 0) > now) break;
    if (key.size() > sizeof(WallMs)) {
      const std::string row(key.substr(sizeof(WallMs)));
      // It may have been put anew since, with another expiry.
      const auto mark = decoded(unreadable_, "mark", row, txn.get(tables_.mark, row), decode_mark);
      if (!mark || !is_valid(*mark, now)) txn.erase(tables_.mark, row);
    }
    cursor.erase();
  }
}

}  // namespace smsbridge::store
