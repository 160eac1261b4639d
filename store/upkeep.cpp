// SPDX-License-Identifier: MPL-2.0
#include <algorithm>

#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// What happens to the tables without anybody asking: waits that end, old rows.
namespace smsbridge::store {
namespace {

constexpr std::size_t ended_waits_max = 2000;  // a second
constexpr std::size_t swept_max = 5000;        // queue entries looked at a second
constexpr WallMs minute_ms = 60'000;
constexpr std::size_t purge_min = 64;                     // messages looked at by each commit
constexpr WallMs purge_restart_ms = 3600 * 1000;          // messages that were still open are looked at again
constexpr WallMs purge_again_ms = 24 * purge_restart_ms;  // and by walks that meet many others besides
constexpr WallMs purge_settle_ms = 600 * 1000;            // most messages end so long after they came
// And nearly all: receipts correct what we assumed for a week.
constexpr WallMs purge_back_ms = 8ll * 24 * 3600 * 1000;

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

// In the order of ids, with the same commits. The naive way looks at all messages again and again, for those few that
// are kept for a short time. Here each length of time has a walk of its own, which a message meets once, when it has
// that age. What was still open then is met again: by the longest walk every hour, since what it left is little; behind
// the others a second one goes once a day, for as long as most that is open ends. Each walk has its share of the
// commit, so that none waits for another, and what it leaves is the next one's.
void Ledger::purge(lmdb::Transaction& txn, std::size_t enqueued, WallMs now) {
  plan_purge(now);
  walk_again(now);
  auto left = std::max(purge_min, (walks_.size() + 1) * enqueued);
  auto walks = walks_.size();
  for (auto& walk : walks_) left -= std::min(left, walk_on(walk, txn, std::max<std::size_t>(1, left / walks--), now));
  std::erase_if(walks_, [&](const Walk& walk) { return walk.is_once && walk.is_through(now); });
}

WallMs Ledger::Walk::settled_at(WallMs now) const { return now - kept_ms - std::min(purge_settle_ms, kept_ms / 8); }

// A walk whose time is a new one begins where its messages have that age; what is older by then is met by one more.
void Ledger::plan_purge(WallMs now) {
  if (walks_of_ == retention_) return;
  const auto durations = retention_->durations();
  std::vector<Walk> planned;
  for (const auto ms : durations) {
    const auto known = std::ranges::find_if(walks_, [&](const Walk& w) { return w.kept_ms == ms && !w.is_once; });
    const bool longest = ms == *durations.rbegin();
    planned.push_back(known != walks_.end() ? *known
                                            : Walk{.kept_ms = ms,
                                                   .from = longest ? 0 : first_id_at(now - ms - purge_back_ms),
                                                   .restart_at = now + purge_restart_ms});
  }
  if (durations.size() > 1) planned.push_back({.kept_ms = *durations.begin(), .is_once = true});
  walks_ = std::move(planned);
  walks_of_ = retention_;
}

void Ledger::walk_again(WallMs now) {
  std::vector<Walk> more;
  for (auto& walk : walks_) {
    // While messages come it is never at its very end.
    const bool has_caught_up = walk.from && id_time(walk.from) > walk.settled_at(now) - minute_ms;
    if (walk.is_once || !has_caught_up || now < walk.restart_at) continue;
    const bool longest = walk.kept_ms == *walks_of_->durations().rbegin();
    walk.restart_at = now + (longest ? purge_restart_ms : purge_again_ms);
    const bool is_under_way =
        std::ranges::any_of(walks_, [&](const Walk& w) { return w.is_once && w.kept_ms == walk.kept_ms; });
    if (longest)
      walk.from = 0;
    else if (!is_under_way)
      more.push_back(
          {.kept_ms = walk.kept_ms, .from = first_id_at(now - walk.kept_ms - purge_back_ms), .is_once = true});
  }
  walks_.insert(walks_.end(), more.begin(), more.end());
}

// How many messages it looked at. Only what is merged into the reference table may go, since unmerged references are
// rebuilt from their messages.
std::size_t Ledger::walk_on(Walk& walk, lmdb::Transaction& txn, std::size_t most, WallMs now) {
  if (walk.is_through(now)) return 0;
  const auto settled = walk.settled_at(now);
  std::vector<MessageId> old;
  std::size_t looked_at = 0;
  {
    lmdb::Cursor cursor(txn, tables_.message);
    bool ok = cursor.seek(keys::of_id(walk.from));
    for (; ok && looked_at < most; ok = cursor.next(), ++looked_at) {
      if (cursor.key().size() != sizeof(MessageId)) continue;
      const auto id = keys::id(cursor.key());
      if (id_time(id) > settled || id >= references_.watermark()) break;
      const auto owner = decoded(unreadable_, "message", cursor.key(), cursor.value(), decode_owner);
      if (owner && id_time(id) <= now - retention_->of(owner->queue.tenant, owner->queue.lane)) old.push_back(id);
    }
    walk.from = ok && cursor.key().size() == sizeof(MessageId) ? keys::id(cursor.key())
                                                               : std::max(last_id_ + 1, first_id_at(settled + 1));
  }
  for (const auto id : old) purge_if_over(id, txn, now);
  return looked_at;
}

void Ledger::purge_if_over(MessageId id, lmdb::Transaction& txn, WallMs now) {
  const auto progress = records_.progress(txn, id);
  if (!progress || !is_final(progress->state)) return;
  const auto content = records_.content(txn, id);
  if (!content || progress->finished_at > now - retention_->of(content->tenant, content->lane)) return;
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

}  // namespace smsbridge::store
