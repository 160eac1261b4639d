// SPDX-License-Identifier: MPL-2.0
#include <algorithm>
#include <cstring>

#include "store/apply.hpp"
#include "store/keys.hpp"
#include "store/rules.hpp"

// What happens to the tables without anybody asking: start, waits that end, old rows.
namespace smsbridge::store {
namespace {

constexpr std::size_t ended_waits_max = 2000;     // a second
constexpr std::size_t swept_max = 5000;           // queue entries looked at a second
constexpr std::size_t purge_min = 64;             // messages looked at by each commit
constexpr WallMs purge_restart_ms = 3600 * 1000;  // messages that were still open are looked at again
constexpr std::size_t usage_key_size = 13, counts_key_size = 8;
constexpr WallMs purge_settle_ms = 600 * 1000;  // most messages end so long after they came

std::string counts_key(const std::pair<TenantId, GatewayId>& owner) {
  std::string key;
  keys::append(key, owner.first);
  keys::append(key, owner.second);
  return key;
}

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

void Ledger::load_usage(const lmdb::Transaction& txn) {
  usage_.clear();
  usage_changed_.clear();
  lmdb::Cursor cursor(txn, tables_.usage);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto usage = decode_usage(cursor.value());
    if (cursor.key().size() != usage_key_size || !usage ||
        static_cast<std::uint8_t>(cursor.key().back()) >= lane_count) {
      unreadable_.note("usage", cursor.key(), "no key or value of this table");
      continue;
    }
    usage_[decode_usage_key(cursor.key())] = *usage;
  }
}

// Each message is counted once. Where that is not so the numbers are damaged, and a wrong number of messages under way
// would refuse new ones for want of room, or take too many.
void Ledger::load_counts(const lmdb::Transaction& txn) {
  counts_.clear();
  unfinished_ = 0;
  bool sound = true;
  const auto messages = static_cast<std::int64_t>(txn.entries_of(tables_.message));
  std::int64_t counted = 0;
  lmdb::Cursor cursor(txn, tables_.counts);
  for (bool ok = cursor.first(); ok && sound; ok = cursor.next()) {
    sound = cursor.key().size() == counts_key_size && cursor.value().size() == sizeof(StateCounts);
    if (!sound) break;
    auto& counts = counts_[{keys::read<TenantId>(cursor.key(), 0), keys::read<GatewayId>(cursor.key(), 4)}];
    std::memcpy(counts.data(), cursor.value().data(), sizeof(counts));
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

void Ledger::count_anew(const lmdb::Transaction& txn) {
  lmdb::Cursor damaged(txn, tables_.counts);
  for (bool ok = damaged.first(); ok; ok = damaged.next())
    if (damaged.key().size() == counts_key_size)
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

void Ledger::load_parked(const lmdb::Transaction& txn) {
  lmdb::Cursor cursor(txn, tables_.parked);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) {
    const auto receipt = decoded(unreadable_, "parked", cursor.key(), cursor.value(), decode_receipt);
    if (receipt && cursor.key().size() == keys::open_size)
      remember_parked(*receipt, std::string(cursor.key()));
    else
      unreadable_.note("parked", cursor.key(), "no key of this table");
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
    txn.put(tables_.counts, counts_key(owner), {reinterpret_cast<const char*>(counts.data()), sizeof(counts)});
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

void Ledger::maintain(lmdb::Transaction& txn, WallMs now) {
  end_waits(txn, now);
  sweep_expired(txn, now);
  retry_parked(txn, now);
  while (!parked_keys_.empty() && keys::read<WallMs>(*parked_keys_.begin(), 0) + limits_.parked_ms < now)
    drop_parked(txn, std::string(*parked_keys_.begin()));
}

void Ledger::end_waits(lmdb::Transaction& txn, WallMs now) {
  std::vector<std::pair<WallMs, MessageId>> ended;
  {
    lmdb::Cursor cursor(txn, tables_.open);
    for (bool ok = cursor.first(); ok && ended.size() < ended_waits_max; ok = cursor.next()) {
      if (cursor.key().size() != keys::open_size) continue;
      const auto deadline = keys::read<WallMs>(cursor.key(), 0);
      if (deadline > now) break;
      ended.emplace_back(deadline, keys::read<MessageId>(cursor.key(), 8));
    }
  }
  for (const auto& [deadline, id] : ended) {
    auto found = read_stored(txn, id);
    if (!found || found->progress.due_at != deadline || is_final(found->progress.state)) {
      txn.erase(tables_.open, keys::of_open(deadline, id));
      if (found && is_final(found->progress.state)) forget_places(id, found->progress, found->queue.gateway);
      continue;
    }
    auto& stored = *found;
    end_wait(txn, id, stored.progress);
    if (move_silent(txn, id, stored, now)) continue;
    const auto* worst = worst_of(stored.progress);
    if (stored.progress.state == State::doubtful)
      finalise(txn, id, stored, State::failed, "may have been sent: neither an answer nor a receipt came", now);
    else if (worst && is_final(worst->state) && worst->state != SegmentState::delivered)
      finalise(txn, id, stored, state_of(worst->state), why_of(*worst) + "; no receipt came for another part", now);
    else
      finalise(txn, id, stored, State::sent, "no receipt came in time", now);
  }
}

// No receipt came, and the route tells to try another gateway then. The phone may get the message twice.
bool Ledger::move_silent(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  auto& p = stored.progress;
  const bool silent = std::ranges::none_of(p.segments, [](const auto& s) { return is_final(s.state); });
  if (p.state != State::submitted || !p.when_silent || !silent || closed_.contains(p.when_silent)) return false;
  const auto content = read_content(txn, id);
  const auto expires_at = p.expires_at ? p.expires_at : content ? content->expires_at : 0;
  if (!content || (expires_at && expires_at <= now)) return false;
  forget_places(id, p, stored.queue.gateway);
  relocate(stored, p.when_silent, "no receipt came in time", now);
  p.maybe_duplicate = true;
  p.due_at = now;
  write_progress(txn, id, p);
  write_due(txn, stored.queue, now, id, {.expires_at = expires_at, .in_doubt = false, .has_progress = true});
  effects_.due_now.insert(stored.queue);
  return true;
}

// A message expires at its time also while its gateway takes nothing. The queues are walked round, some entries a
// second; what a claim meets expires there at once.
void Ledger::sweep_expired(lmdb::Transaction& txn, WallMs now) {
  lmdb::Cursor cursor(txn, tables_.due);
  std::size_t looked_at = 0;
  bool ok = cursor.seek(sweep_from_);
  for (; ok && looked_at < swept_max; ok = cursor.next(), ++looked_at) {
    const auto entry = read_due(txn, cursor);
    if (!entry) {
      set_aside(txn, "due", tables_.due, std::string(cursor.key()), false);
      cursor.erase();
      continue;
    }
    if (!entry->expires_at || entry->expires_at > now) continue;
    const auto queue = keys::due_queue(cursor.key());
    const auto id = keys::due_id(cursor.key());
    cursor.erase();
    expire(txn, queue, id, *entry, now);
  }
  sweep_from_ = ok ? std::string(cursor.key()) : std::string();
}

// In the order of ids, with the same commits. Only what is merged into the reference table may go, since unmerged
// references are rebuilt from their messages.
void Ledger::purge(lmdb::Transaction& txn, std::size_t budget, WallMs now) {
  const WallMs oldest = now - limits_.retention_ms;
  const WallMs settled = oldest - std::min(purge_settle_ms, limits_.retention_ms / 8);
  if (purge_from_ && id_time(purge_from_) > settled) {
    if (now < purge_restart_at_) return;
    purge_from_ = 0;
    purge_restart_at_ = now + purge_restart_ms;
  }
  std::vector<MessageId> old;
  {
    lmdb::Cursor cursor(txn, tables_.message);
    bool ok = cursor.seek(keys::of_id(purge_from_));
    for (; ok && budget > 0; ok = cursor.next(), --budget) {
      if (cursor.key().size() != sizeof(MessageId)) continue;
      const auto id = keys::id(cursor.key());
      if (id_time(id) > settled || id >= references_.watermark()) break;
      old.push_back(id);
    }
    purge_from_ = ok && cursor.key().size() == sizeof(MessageId) ? keys::id(cursor.key()) : last_id_ + 1;
  }
  for (const auto id : old) {
    const auto progress = read_progress(txn, id);
    if (!progress || !is_final(progress->state) || progress->finished_at > oldest) continue;
    const auto content = read_content(txn, id);
    if (!content) continue;
    const Queue queue{.gateway = gateway_of(*content, *progress), .tenant = content->tenant, .lane = content->lane};
    count(queue, progress->state, -1);
    if (progress->due_at) txn.erase(tables_.open, keys::of_open(progress->due_at, id));
    forget_places(id, *progress, queue.gateway);
    // The client reference stays: (tenant, internalId) is never sent twice, without a limit in time.
    if (!content->idempotency_key.empty())
      references_.erase(
          txn, keys::of_reference(content->tenant, keys::ReferenceKind::idempotency, content->idempotency_key), id);
    txn.erase(tables_.message, keys::of_id(id));
    txn.erase(tables_.progress, keys::of_id(id));
  }
}

}  // namespace smsbridge::store
