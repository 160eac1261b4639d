// SPDX-License-Identifier: MPL-2.0
#include "store/records.hpp"

#include "store/keys.hpp"

namespace smsbridge::store {

std::optional<Content> Records::content(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "message", key, txn.get(tables_.message, key), decode_content);
}

std::optional<Owner> Records::owner(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "message", key, txn.get(tables_.message, key), decode_owner);
}

std::optional<Progress> Records::progress(const lmdb::Transaction& txn, MessageId id) const {
  const auto key = keys::of_id(id);
  return decoded(unreadable_, "progress", key, txn.get(tables_.progress, key), decode_progress);
}

std::optional<Stored> Records::stored(const lmdb::Transaction& txn, MessageId id) const {
  const auto owner = this->owner(txn, id);
  auto progress = this->progress(txn, id);
  if (!owner || !progress) return std::nullopt;
  Stored stored{.queue = owner->queue, .progress = std::move(*progress)};
  if (stored.progress.queue_gateway) stored.queue.gateway = stored.progress.queue_gateway;
  return stored;
}

void Records::write(lmdb::Transaction& txn, MessageId id, const Progress& progress) {
  const auto key = keys::of_id(id);
  if (unreadable_.has("progress", key)) set_aside(txn, "progress", tables_.progress, key, false);
  encode(progress, record_);
  txn.put(tables_.progress, key, record_);
}

void Records::write(lmdb::Transaction& txn, const Queue& queue, WallMs due, MessageId id, const DueEntry& entry) {
  encode(entry, record_);
  txn.put(tables_.due, keys::of_due(queue, due, id), record_);
}

// What a damaged entry said stands in its message, too.
std::optional<DueEntry> Records::due(const lmdb::Transaction& txn, const lmdb::Cursor& cursor) const {
  const auto key = cursor.key();
  if (key.size() != keys::due_size || static_cast<std::uint8_t>(key[keys::queue_size - 1]) >= lane_count) {
    unreadable_.note("due", key, "no key of this table");
    return std::nullopt;
  }
  const auto entry = decoded(unreadable_, "due", key, cursor.value(), decode_due);
  return entry ? entry : due_of(txn, keys::due_id(key));
}

std::optional<DueEntry> Records::due_of(const lmdb::Transaction& txn, MessageId id) const {
  const auto content = this->content(txn, id);
  const auto progress = this->progress(txn, id);
  if (!content || (progress && progress->state != State::queued)) return std::nullopt;
  return DueEntry{.expires_at = progress && progress->expires_at ? progress->expires_at : content->expires_at,
                  .in_doubt = progress && progress->doubtful_attempt != 0,
                  .has_progress = progress.has_value()};
}

std::optional<Claimed> Records::claimed(const lmdb::Transaction& txn, MessageId id, const DueEntry& entry) const {
  auto content = this->content(txn, id);
  auto progress = entry.has_progress ? this->progress(txn, id) : Progress{};
  if (!content || !progress) return std::nullopt;
  return Claimed{.id = id,
                 .attempt = static_cast<std::uint16_t>(progress->attempts + 1),
                 .attempts_before = progress->attempts_before,
                 .in_doubt = entry.in_doubt,
                 .doubtful_attempt = progress->doubtful_attempt,
                 .expires_at = entry.expires_at,
                 .content = std::move(*content),
                 .segments = std::move(progress->segments),
                 .left = std::move(progress->left)};
}

void Records::set_aside(lmdb::Transaction& txn, std::string_view name, lmdb::Table table, std::string_view key,
                        bool erase) {
  // Keys of LMDB have at most 511 octets.
  const auto kept = (std::string(name) + "/").append(key).substr(0, 511);
  if (const auto record = txn.get(table, key)) txn.put(tables_.aside, kept, std::string(*record));
  if (erase) txn.erase(table, std::string(key));
}

}  // namespace smsbridge::store
