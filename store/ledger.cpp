// SPDX-License-Identifier: MPL-2.0
#include "store/ledger.hpp"

#include <algorithm>

#include "store/keys.hpp"
#include "store/rules.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t purge_min = 64;  // messages looked at by each commit

}  // namespace

void Ledger::load(const lmdb::Transaction& txn) {
  references_.load(txn);
  correlation_.clear();
  leases_.clear();
  claims_.clear();
  parked_.clear();
  parked_keys_.clear();
  parked_of_.clear();
  parked_retried_.clear();  // what a transaction tried that was rolled back is tried again
  held_.clear();
  effects_ = {};
  counts_changed_.clear();
  load_usage(txn);
  load_counts(txn);
  {
    std::lock_guard lock(counts_mutex_);
    published_counts_ = counts_;
    published_usage_ = usage_;
  }
  {
    lmdb::Cursor cursor(txn, tables_.message);
    if (cursor.last() && cursor.key().size() == sizeof(MessageId))
      last_id_ = std::max(last_id_, keys::id(cursor.key()));
  }
  load_leases(txn);
  load_open(txn);
  load_parked(txn);
}

void Ledger::load_leases(const lmdb::Transaction& txn) {
  lmdb::Cursor cursor(txn, tables_.leased);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto leased = cursor.key().size() == sizeof(std::uint64_t)
                            ? decoded(unreadable_, "leased", cursor.key(), cursor.value(), decode_leased)
                            : std::nullopt;
    if (!leased) continue;
    const auto number = keys::id(cursor.key());
    last_claim_ = std::max(last_claim_, number);
    for (const auto& message : *leased) load_lease(txn, number, message);
  }
}

void Ledger::load_lease(const lmdb::Transaction& txn, std::uint64_t claim, const LeasedMessage& message) {
  // The record is one for the whole claim and stays until its last outcome: skip what already has one.
  const auto progress = read_progress(txn, message.id);
  if (progress && (progress->attempts >= message.attempt || is_final(progress->state))) return;
  const auto content = read_content(txn, message.id);
  if (!content) return;
  const Queue queue{
      .gateway = gateway_of(*content, progress.value_or(Progress{})), .tenant = content->tenant, .lane = content->lane};
  const WallMs due = progress ? progress->due_at : content->due_at;
  if (txn.get(tables_.due, keys::of_due(queue, due, message.id))) return;  // given back unsent
  if (const auto earlier = leases_.find(message.id); earlier != leases_.end()) --claims_[earlier->second.claim];
  const bool revived = progress && progress->expires_at;
  leases_[message.id] = {.claim = claim,
                         .attempt = message.attempt,
                         .queue = queue,
                         .due_at = due,
                         .entry = {.expires_at = revived ? progress->expires_at : content->expires_at,
                                   .in_doubt = progress && progress->doubtful_attempt != 0,
                                   .has_progress = progress.has_value()}};
  ++claims_[claim];
}

void Ledger::load_open(const lmdb::Transaction& txn) {
  lmdb::Cursor cursor(txn, tables_.open);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    if (cursor.key().size() != keys::open_size) {
      unreadable_.note("open", cursor.key(), "no key of this table");
      continue;
    }
    const auto id = keys::read<MessageId>(cursor.key(), 8);
    const auto owner = read_owner(txn, id);
    const auto stored = read_stored(txn, id);
    if (!owner || !stored) continue;
    correlate(id, stored->progress, stored->queue.gateway);
    if (stored->progress.state == State::doubtful) hold(keys::of_held(stored->queue.gateway, owner->to), id, true);
  }
}

void Ledger::set_aside(lmdb::Transaction& txn) {
  // A damaged message or progress stays where it is: what refers to it passes it over.
  const std::pair<std::string_view, lmdb::Table> in_the_way[] = {
      {"usage", tables_.usage}, {"leased", tables_.leased}, {"open", tables_.open}, {"parked", tables_.parked}};
  for (const auto& [name, table] : in_the_way) {
    std::vector<std::string> found;
    {
      lmdb::Cursor cursor(txn, table);
      for (bool ok = cursor.first(); ok; ok = cursor.next())
        if (unreadable_.has(name, cursor.key())) found.emplace_back(cursor.key());
    }
    for (const auto& key : found) set_aside(txn, name, table, key, true);
  }
}

void Ledger::set_aside(lmdb::Transaction& txn, std::string_view name, lmdb::Table table, std::string_view key,
                       bool erase) {
  // Keys of LMDB have at most 511 octets.
  const auto kept = (std::string(name) + "/").append(key).substr(0, 511);
  if (const auto record = txn.get(table, key)) txn.put(tables_.aside, kept, std::string(*record));
  if (erase) txn.erase(table, std::string(key));
}

void Ledger::recover(lmdb::Transaction& txn, WallMs now) {
  for (const auto& [id, lease] : leases_) {
    auto progress = lease.entry.has_progress ? read_progress(txn, id).value_or(Progress{}) : Progress{};
    progress.attempts = lease.attempt;
    progress.gateway = lease.queue.gateway;
    progress.maybe_duplicate = true;
    if (!progress.doubtful_attempt) progress.doubtful_attempt = lease.attempt;
    progress.due_at = lease.due_at;
    progress.status_message = "the bridge stopped while the message was being sent";
    note(progress, now, EventKind::doubtful, lease.queue.gateway, progress.status_message);
    write_progress(txn, id, progress);
    write_due(txn, lease.queue, lease.due_at, id,
              {.expires_at = lease.entry.expires_at, .in_doubt = true, .has_progress = true});
  }
  for (const auto& [number, left] : claims_) txn.erase(tables_.leased, keys::of_id(number));
  // Records whose messages all have an outcome are left over when the process died between two commits.
  lmdb::Cursor cursor(txn, tables_.leased);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) cursor.erase();
  leases_.clear();
  claims_.clear();
}

void Ledger::begin(lmdb::Transaction& txn, std::size_t enqueued, WallMs now) {
  references_.merge(txn, enqueued, last_id_ + 1, now);
  purge(txn, std::max(purge_min, 2 * enqueued), now);
}

void Ledger::end(lmdb::Transaction& txn) {
  for (const auto& owner : counts_changed_) {
    const auto& counts = counts_[owner];
    txn.put(tables_.counts, keys::of_counts(owner), {reinterpret_cast<const char*>(counts.data()), sizeof(counts)});
  }
  for (const auto& key : usage_changed_) txn.put(tables_.usage, encode(key), encode(usage_[key]));
}

void Ledger::committed() {
  references_.publish();
  std::lock_guard lock(counts_mutex_);
  for (const auto& owner : std::exchange(counts_changed_, {})) published_counts_[owner] = counts_[owner];
  for (const auto& key : std::exchange(usage_changed_, {})) published_usage_[key] = usage_[key];
}

void Ledger::rolled_back() { references_.discard(); }

BatchResult Ledger::apply(Batch& batch, lmdb::Transaction& txn, WallMs now, bool room_for_new) {
  BatchResult result;
  for (const auto& change : batch.receipts) result.receipts.push_back(receipt(change, txn, now));
  for (const auto& change : batch.finished) result.finished.push_back(finished(change, txn, now));
  for (const auto& change : batch.again) result.again.push_back(again(change, txn, now));
  if (!batch.enqueue.empty() && !room_for_new) {
    result.error = Error::full;
    return result;
  }
  result.enqueued.reserve(batch.enqueue.size());
  for (auto& change : batch.enqueue) result.enqueued.push_back(enqueue(change, txn, now));
  for (const auto& change : batch.controls) result.controls.push_back(control(change, txn, now));
  for (const auto& change : batch.moves) result.moved.push_back(move(change, txn, now));
  return result;
}

MessageId Ledger::next_id(WallMs now) { return last_id_ = std::max(last_id_ + 1, first_id_at(now)); }

}  // namespace smsbridge::store
