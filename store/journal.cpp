// SPDX-License-Identifier: MPL-2.0
#include "store/journal.hpp"

#include <algorithm>

#include "store/keys.hpp"
#include "store/numbers.hpp"
#include "store/unreadable.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t purged_max = 5000;  // lines a second
// Rows that one page looks at: damaged ones, and those of a key that were purged meanwhile, are passed over.
constexpr std::size_t scanned_max = 20000;

}  // namespace

std::uint64_t Journal::append(const JournalLine& line, lmdb::Transaction& txn, WallMs now) {
  const auto id = numbers_.next(txn, now);
  encode(JournalRecord{.key = line.key, .body = line.body}, record_);
  txn.put(tables_.journal, keys::of_journal(line.tenant, line.stream, id), record_);
  if (!line.key.empty()) txn.put(tables_.journal_key, keys::of_journal_key(line.tenant, line.stream, line.key, id), {});
  return id;
}

// From stream to stream: of each the lines at its beginning, as far as they are old.
void Journal::purge(lmdb::Transaction& txn, WallMs before) {
  lmdb::Cursor cursor(txn, tables_.journal);
  const auto first_kept = first_id_at(before);
  std::size_t purged = 0;
  bool ok = cursor.first();
  while (ok && purged < purged_max) {
    const std::string key(cursor.key());
    const auto place = keys::journal(key);
    if (place && place->id >= first_kept) {
      ok = cursor.seek(keys::of_journal(place->tenant, place->stream, ~std::uint64_t{0}));
      continue;
    }
    if (place) {
      const auto line = decoded(unreadable_, "journal", key, cursor.value(), decode_journal);
      if (line && !line->key.empty())
        txn.erase(tables_.journal_key, keys::of_journal_key(place->tenant, place->stream, line->key, place->id));
      cursor.erase();
      ++purged;
    } else {
      unreadable_.note("journal", key, "no key of this table");
    }
    ok = cursor.next();
  }
}

std::size_t Journal::erase(lmdb::Transaction& txn, TenantId tenant, std::size_t most) {
  std::string prefix;
  keys::append(prefix, tenant);
  std::size_t gone = 0;
  for (const auto table : {tables_.journal_key, tables_.journal}) {
    lmdb::Cursor cursor(txn, table);
    for (bool ok = cursor.seek(prefix); ok && gone < most && cursor.key().starts_with(prefix);
         ok = cursor.next(), ++gone)
      cursor.erase();
  }
  return gone;
}

JournalPage Journal::page(const lmdb::Transaction& txn, const Tables& tables, UnreadableRecords& unreadable,
                          const JournalQuery& query) {
  const auto row = [&](std::uint64_t id) {
    return query.key.empty() ? keys::of_journal(query.tenant, query.stream, id)
                             : keys::of_journal_key(query.tenant, query.stream, query.key, id);
  };
  const auto prefix = row(0).substr(0, row(0).size() - sizeof(std::uint64_t));
  auto first = query.from ? first_id_at(query.from) : 0;
  auto end = query.until ? first_id_at(query.until) : ~std::uint64_t{0};
  if (query.cursor && query.oldest_first) first = std::max(first, query.cursor);
  if (query.cursor && !query.oldest_first) end = std::min(end, query.cursor + 1);
  lmdb::Cursor cursor(txn, query.key.empty() ? tables.journal : tables.journal_key);
  bool ok = query.oldest_first ? cursor.seek(row(first)) : cursor.seek(row(end)) ? cursor.previous() : cursor.last();
  JournalPage page;
  for (std::size_t scanned = 0; ok && cursor.key().starts_with(prefix); ++scanned) {
    const auto id = cursor.key().size() == prefix.size() + sizeof(std::uint64_t)
                        ? keys::read<std::uint64_t>(cursor.key(), prefix.size())
                        : 0;
    if (id && (id < first || id >= end)) break;
    if (id && (page.entries.size() == query.limit || scanned == scanned_max)) {
      page.next = id;
      break;
    }
    const auto key = keys::of_journal(query.tenant, query.stream, id);
    if (auto line = decoded(unreadable, "journal", key, txn.get(tables.journal, key), decode_journal))
      page.entries.push_back({.id = id, .at = id_time(id), .key = std::move(line->key), .body = std::move(line->body)});
    ok = query.oldest_first ? cursor.next() : cursor.previous();
  }
  return page;
}

}  // namespace smsbridge::store
