// SPDX-License-Identifier: MPL-2.0
#include <algorithm>

#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// What happens to the tables without anybody asking: waits that end, old rows.
namespace smsbridge::store {
namespace {

constexpr std::size_t ended_waits_max = 2000;     // a second
constexpr std::size_t swept_max = 5000;           // queue entries looked at a second
constexpr WallMs purge_restart_ms = 3600 * 1000;  // messages that were still open are looked at again
constexpr WallMs purge_settle_ms = 600 * 1000;    // most messages end so long after they came

}  // namespace

void Ledger::maintain(lmdb::Transaction& txn, WallMs now) {
  end_waits(txn, now);
  sweep_expired(txn, now);
  retry_parked(txn, now);
  parked_.drop_old(txn, now);
  journal_.purge(txn, now - limits_.journal_ms);
  marks_.purge(txn, now);
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
    auto found = records_.stored(txn, id);
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
  const auto content = records_.content(txn, id);
  const auto expires_at = p.expires_at ? p.expires_at : content ? content->expires_at : 0;
  if (!content || (expires_at && expires_at <= now)) return false;
  forget_places(id, p, stored.queue.gateway);
  relocate(stored, p.when_silent, "no receipt came in time", now);
  p.maybe_duplicate = true;
  p.due_at = now;
  records_.write(txn, id, p);
  records_.write(txn, stored.queue, now, id, {.expires_at = expires_at, .in_doubt = false, .has_progress = true});
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
    const auto entry = records_.due(txn, cursor);
    if (!entry) {
      records_.set_aside(txn, "due", tables_.due, std::string(cursor.key()), false);
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
    const auto progress = records_.progress(txn, id);
    if (!progress || !is_final(progress->state) || progress->finished_at > oldest) continue;
    const auto content = records_.content(txn, id);
    if (!content) continue;
    const Queue queue{.gateway = gateway_of(*content, *progress), .tenant = content->tenant, .lane = content->lane};
    counts_.count(queue, progress->state, -1);
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
