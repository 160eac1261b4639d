// SPDX-License-Identifier: MPL-2.0
#include "store/references.hpp"

#include <mutex>

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t waiting_max = 65536;  // a pass starts when so many messages came since the last one
constexpr WallMs pass_interval_ms = 30000;  // or when any came and the last one is so long ago
constexpr std::size_t slice_min = 512;      // entries merged by one commit
constexpr std::string_view watermark_key = "references merged before id";

}  // namespace

void References::load(const lmdb::Transaction& txn) {
  std::unique_lock lock(mutex_);
  waiting_.clear();
  passing_ = false;
  const auto mark = txn.get(tables_.meta, watermark_key);
  watermark_ = mark && mark->size() == sizeof(MessageId) ? keys::id(*mark) : 0;
  lmdb::Cursor cursor(txn, tables_.message);
  for (bool ok = cursor.seek(keys::of_id(watermark_)); ok; ok = cursor.next()) {
    if (cursor.key().size() != sizeof(MessageId)) continue;
    const auto id = keys::id(cursor.key());
    const auto read = decoded(unreadable_, "message", cursor.key(), cursor.value(), decode_content);
    if (!read) continue;
    const auto& content = *read;
    if (!content.client_ref.empty())
      waiting_[keys::of_reference(content.tenant, keys::ReferenceKind::client, content.client_ref)] = {id,
                                                                                                       content.digest};
    if (!content.idempotency_key.empty())
      waiting_[keys::of_reference(content.tenant, keys::ReferenceKind::idempotency, content.idempotency_key)] = {
          id, content.digest};
  }
}

std::optional<Reference> References::find(const lmdb::Transaction& txn, const std::string& key) const {
  if (const auto it = staged_.find(key); it != staged_.end()) return it->second;
  if (const auto it = waiting_.find(key); it != waiting_.end()) return it->second;  // the writer reads without the lock
  return decoded(unreadable_, "reference", key, txn.get(tables_.reference, key), decode_reference);
}

void References::stage(std::string key, const Reference& reference) { staged_[std::move(key)] = reference; }

void References::merge(lmdb::Transaction& txn, std::size_t enqueued, MessageId next_id, WallMs now) {
  if (!passing_) {
    if (messages_since_pass_ < waiting_max && (messages_since_pass_ == 0 || now - last_pass_at_ < pass_interval_ms)) {
      messages_since_pass_ += enqueued;
      return;
    }
    passing_ = true;
    pass_position_.clear();
    pass_started_at_id_ = next_id;
    messages_since_pass_ = 0;
  }
  messages_since_pass_ += enqueued;
  std::string record;
  auto it = waiting_.lower_bound(pass_position_);
  for (std::size_t left = std::max(slice_min, 2 * enqueued); left > 0 && it != waiting_.end(); --left, ++it) {
    encode(it->second, record);
    txn.put(tables_.reference, it->first, record);
    merged_.push_back(it->first);
  }
  if (it != waiting_.end()) {
    pass_position_ = it->first;
    return;
  }
  passing_ = false;
  last_pass_at_ = now;
  // Entries staged during the pass have ids from pass_started_at_id_ on and may not be in the table yet.
  save_watermark(txn, pass_started_at_id_);
}

void References::erase(lmdb::Transaction& txn, const std::string& key, MessageId id) {
  const auto found = find(txn, key);
  if (found && found->id == id) txn.erase(tables_.reference, key);
}

std::size_t References::forget(lmdb::Transaction& txn, TenantId tenant, std::size_t most) {
  std::string prefix;
  keys::append(prefix, tenant);
  const auto is_its = [&](const auto& entry) { return entry.first.starts_with(prefix); };
  std::erase_if(staged_, is_its);
  {
    std::unique_lock lock(mutex_);
    std::erase_if(waiting_, is_its);
  }
  std::size_t gone = 0;
  lmdb::Cursor cursor(txn, tables_.reference);
  for (bool ok = cursor.seek(prefix); ok && gone < most && cursor.key().starts_with(prefix); ok = cursor.next(), ++gone)
    cursor.erase();
  return gone;
}

void References::save_watermark(lmdb::Transaction& txn, MessageId id) {
  txn.put(tables_.meta, watermark_key, keys::of_id(id));
  watermark_ = id;
}

void References::publish() {
  if (staged_.empty() && merged_.empty()) return;
  std::unique_lock lock(mutex_);
  for (const auto& key : merged_) waiting_.erase(key);
  for (auto it = staged_.begin(); it != staged_.end();) {
    auto node = staged_.extract(it++);
    // A newer message may have taken over a reference that was merged a moment ago, or still waits.
    if (auto result = waiting_.insert(std::move(node)); !result.inserted)
      result.position->second = result.node.mapped();
  }
  merged_.clear();
}

void References::discard() {
  staged_.clear();
  merged_.clear();
}

std::optional<Reference> References::waiting(const std::string& key) const {
  std::shared_lock lock(mutex_);
  const auto it = waiting_.find(key);
  if (it == waiting_.end()) return std::nullopt;
  return it->second;
}

}  // namespace smsbridge::store
