// SPDX-License-Identifier: MPL-2.0
#include "store/counts.hpp"

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t usage_key_size = 13;

}  // namespace

void Counts::count(const Queue& queue, State state, int change) {
  const std::pair owner{queue.tenant, queue.gateway};
  auto& counted = counts_[owner][static_cast<std::size_t>(state)];
  counted += change;
  if (!is_final(state)) unfinished_ += change;
  counts_changed_.insert(owner);
  if (counted >= 0) return;
  // A record is damaged whose sum is right. No message depends on it, so nothing stops; but it is said, and mended.
  unreadable_.note("counts", keys::of_counts(owner), "fewer than none would be " + std::string(name(state)));
  if (!is_final(state)) unfinished_ -= counted;
  counted = 0;
  unsound_ = true;
}

Usage& Counts::used(const Queue& queue, WallMs now) {
  const UsageKey key{.month = month_of(now), .gateway = queue.gateway, .tenant = queue.tenant, .lane = queue.lane};
  usage_changed_.insert(key);
  return usage_[key];
}

void Counts::load(const lmdb::Transaction& txn) {
  counts_changed_.clear();
  unsound_ = false;
  load_usage(txn);
  load_counts(txn);
  std::lock_guard lock(mutex_);
  published_counts_ = counts_;
  published_usage_ = usage_;
}

void Counts::write(lmdb::Transaction& txn) {
  if (std::exchange(unsound_, false)) {
    lmdb::Cursor cursor(txn, tables_.counts);
    for (bool ok = cursor.first(); ok; ok = cursor.next()) cursor.erase();
  }
  for (const auto& owner : counts_changed_) {
    encode(counts_[owner], record_);
    txn.put(tables_.counts, keys::of_counts(owner), record_);
  }
  for (const auto& key : usage_changed_) {
    encode(usage_[key], record_);
    txn.put(tables_.usage, encode(key), record_);
  }
}

void Counts::publish() {
  std::lock_guard lock(mutex_);
  for (const auto& owner : std::exchange(counts_changed_, {})) published_counts_[owner] = counts_[owner];
  for (const auto& key : std::exchange(usage_changed_, {})) published_usage_[key] = usage_[key];
}

UsageByKey Counts::usage() const {
  std::lock_guard lock(mutex_);
  return published_usage_;
}

CountsByQueueOwner Counts::by_owner() const {
  std::lock_guard lock(mutex_);
  return published_counts_;
}

void Counts::load_usage(const lmdb::Transaction& txn) {
  usage_.clear();
  usage_changed_.clear();
  lmdb::Cursor cursor(txn, tables_.usage);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    if (cursor.key().size() != usage_key_size || static_cast<std::uint8_t>(cursor.key().back()) >= lane_count)
      unreadable_.note("usage", cursor.key(), "no key of this table");
    else if (const auto usage = decoded(unreadable_, "usage", cursor.key(), cursor.value(), decode_usage))
      usage_[decode_usage_key(cursor.key())] = *usage;
  }
}

// Each message is counted once. Where that is not so the numbers are damaged, and a wrong number of messages under way
// would refuse new ones for want of room, or take too many.
void Counts::load_counts(const lmdb::Transaction& txn) {
  counts_.clear();
  unfinished_ = 0;
  bool sound = true;
  const auto messages = static_cast<std::int64_t>(txn.entries_of(tables_.message));
  std::int64_t counted = 0;
  lmdb::Cursor cursor(txn, tables_.counts);
  for (bool ok = cursor.first(); ok && sound; ok = cursor.next()) {
    const auto read = decoded(unreadable_, "counts", cursor.key(), cursor.value(), decode_counts);
    sound = cursor.key().size() == keys::counts_size && read;
    if (!sound) break;
    const auto& counts = *read;
    counts_[{keys::read<TenantId>(cursor.key(), 0), keys::read<GatewayId>(cursor.key(), 4)}] = counts;
    for (std::size_t state = 0; state < state_count && sound; ++state) {
      sound = counts[state] >= 0 && counts[state] <= messages;
      if (sound) counted += counts[state];
      if (!is_final(static_cast<State>(state))) unfinished_ += counts[state];
    }
  }
  if (sound && counted == messages) return;
  unreadable_.note("counts", {}, "they did not agree with the messages, which were counted anew");
  count_anew(txn);
}

void Counts::count_anew(const lmdb::Transaction& txn) {
  lmdb::Cursor damaged(txn, tables_.counts);
  for (bool ok = damaged.first(); ok; ok = damaged.next())
    if (damaged.key().size() == keys::counts_size)
      counts_changed_.insert({keys::read<TenantId>(damaged.key(), 0), keys::read<GatewayId>(damaged.key(), 4)});
  counts_.clear();
  unfinished_ = 0;
  lmdb::Cursor cursor(txn, tables_.message);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto owner = decoded(unreadable_, "message", cursor.key(), cursor.value(), decode_owner);
    const auto record = txn.get(tables_.progress, cursor.key());
    const auto progress = decoded(unreadable_, "progress", cursor.key(), record, decode_progress);
    const bool unknown = !owner || (record && !progress);
    Queue queue = owner ? owner->queue : Queue{.gateway = 0, .tenant = 0};
    if (progress && progress->queue_gateway) queue.gateway = progress->queue_gateway;
    count(queue, unknown ? State::unknown : progress ? progress->state : State::queued, 1);
  }
}

}  // namespace smsbridge::store
