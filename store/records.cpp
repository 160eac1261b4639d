// SPDX-License-Identifier: MPL-2.0
#include "store/keys.hpp"
#include "store/ledger.hpp"

namespace smsbridge::store {

std::optional<Content> Ledger::read_content(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "message", key, txn.get(tables_.message, key), decode_content);
}

std::optional<Owner> Ledger::read_owner(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "message", key, txn.get(tables_.message, key), decode_owner);
}

std::optional<Progress> Ledger::read_progress(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "progress", key, txn.get(tables_.progress, key), decode_progress);
}

std::optional<Ledger::Stored> Ledger::read_stored(const lmdb::Transaction& txn, MessageId id) const {
  const auto owner = read_owner(txn, id);
  auto progress = read_progress(txn, id);
  if (!owner || !progress) return std::nullopt;
  Stored stored{.queue = owner->queue, .progress = std::move(*progress)};
  if (stored.progress.queue_gateway) stored.queue.gateway = stored.progress.queue_gateway;
  return stored;
}

void Ledger::write_progress(lmdb::Transaction& txn, MessageId id, const Progress& progress) {
  const auto key = keys::of_id(id);
  if (unreadable_.has("progress", key)) set_aside(txn, "progress", tables_.progress, key, false);
  encode(progress, record_);
  txn.put(tables_.progress, key, record_);
}

void Ledger::write_due(lmdb::Transaction& txn, const Queue& queue, WallMs due, MessageId id, const DueEntry& entry) {
  encode(entry, record_);
  txn.put(tables_.due, keys::of_due(queue, due, id), record_);
}

}  // namespace smsbridge::store
