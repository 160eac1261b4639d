// SPDX-License-Identifier: MPL-2.0
#include <algorithm>

#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// What becomes of an attempt, and of the message with it.
namespace smsbridge::store {

Ledger::Lease::Holder Ledger::holder_of(lmdb::Transaction& txn, MessageId id, std::uint16_t attempt, bool accepted,
                                        Stored& stored) {
  if (const auto it = leases_.find(id); it != leases_.end()) {
    if (it->second.attempt != attempt) return Lease::Holder::superseded;
    stored.queue = it->second.queue;
    if (it->second.entry.has_progress) stored.progress = records_.progress(txn, id).value_or(Progress{});
    return Lease::Holder::mine;
  }
  auto found = records_.stored(txn, id);
  if (!found || found->progress.attempts != attempt) return Lease::Holder::superseded;
  stored = std::move(*found);
  // The carrier's answer came after we stopped waiting: it still ends the doubt unless the message went out again.
  const bool in_doubt = stored.progress.state == State::doubtful ||
                        (stored.progress.state == State::queued && stored.progress.maybe_duplicate);
  return accepted && in_doubt ? Lease::Holder::late : Lease::Holder::repeated;
}

Settled Ledger::settle(const Settlement& change, lmdb::Transaction& txn, WallMs now) {
  return std::visit([&](const auto& what) { return settle(change, what, txn, now); }, change.what);
}

// No attempt holds the message any more, and what this one said of it is what is known.
Settled Ledger::end_attempt(const Settlement& change, bool accepted, Stored& stored, lmdb::Transaction& txn) {
  const auto holder = holder_of(txn, change.id, change.attempt, accepted, stored);
  if (holder == Lease::Holder::superseded) return Settled::superseded;
  if (holder == Lease::Holder::repeated) return Settled::repeated;
  auto& p = stored.progress;
  if (holder == Lease::Holder::mine) {
    release(txn, change.id);
  } else if (p.state == State::doubtful) {
    end_wait(txn, change.id, p);
  } else {
    txn.erase(tables_.due, keys::of_due(stored.queue, p.due_at, change.id));
  }
  p.attempts = change.attempt;
  p.gateway = stored.queue.gateway;
  p.when_silent = 0;
  p.status_message = change.status_message;
  p.segments = with_receipts(change.segments, p.segments);
  return Settled::ok;
}

Settled Ledger::settle(const Settlement& change, const Taken& taken, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  if (const auto ended = end_attempt(change, true, stored, txn); ended != Settled::ok) return ended;
  auto& p = stored.progress;
  p.when_silent = taken.when_silent;
  auto& used_here = counts_.used(stored.queue, now);
  ++used_here.submitted;
  ++used_here.accepted;
  used_here.parts += static_cast<std::int64_t>(std::max<std::size_t>(taken.parts, change.segments.size()));
  if (taken.price)
    used_here.price += *taken.price;
  else
    ++used_here.unpriced;
  if (!p.submitted_at) p.submitted_at = now;
  effects_.news.push_back({.id = change.id, .tenant = stored.queue.tenant, .state = State::submitted});
  note(p, now, EventKind::submitted, p.gateway, taken.note.empty() ? change.status_message : taken.note);
  if (!taken.awaits_receipt) {
    finalise(txn, change.id, stored, State::sent, change.status_message, now);
    return Settled::ok;
  }
  apply_parked(txn, change.id, stored, now);
  change_state(p, State::submitted, stored.queue);
  correlate(change.id, p, stored.queue.gateway);
  p.due_at = 0;
  conclude(txn, change.id, stored, now);
  if (!is_final(p.state)) wait_for_receipt(txn, change.id, stored, now + taken.receipt_wait_ms);
  return Settled::ok;
}

Settled Ledger::settle(const Settlement& change, const Failed& failed, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  if (const auto ended = end_attempt(change, false, stored, txn); ended != Settled::ok) return ended;
  if (failed.sent) ++counts_.used(stored.queue, now).submitted;
  finalise(txn, change.id, stored, failed.state, change.status_message, now);
  return Settled::ok;
}

// Another attempt may follow: the claim of this one is over.
Settled Ledger::take_back(const Settlement& change, Stored& stored, Lease& lease, lmdb::Transaction& txn) {
  const auto holder = holder_of(txn, change.id, change.attempt, false, stored);
  if (holder == Lease::Holder::superseded) return Settled::superseded;
  if (holder != Lease::Holder::mine) return Settled::repeated;
  lease = leases_.at(change.id);
  release(txn, change.id);
  return Settled::ok;
}

void Ledger::count_attempt(const Settlement& change, Stored& stored, WallMs now) {
  ++counts_.used(stored.queue, now).submitted;
  stored.progress.attempts = change.attempt;
  stored.progress.gateway = stored.queue.gateway;
}

// What the attempt left of its parts, so that the next one, or a receipt, finds it.
void Ledger::note_parts(const Settlement& change, bool doubtful, bool repeatable, Stored& stored,
                        lmdb::Transaction& txn, WallMs now) {
  auto& p = stored.progress;
  p.maybe_duplicate = p.maybe_duplicate || (doubtful && !repeatable);
  if (doubtful && !p.doubtful_attempt) p.doubtful_attempt = change.attempt;
  p.status_message = change.status_message;
  if (!change.segments.empty()) p.segments = with_receipts(change.segments, p.segments);
  apply_parked(txn, change.id, stored, now);
  correlate(change.id, p, stored.queue.gateway);
  note(p, now, doubtful ? EventKind::doubtful : EventKind::retry_scheduled, p.gateway, change.status_message);
}

Settled Ledger::settle(const Settlement& change, const RetryLater& later, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  Lease lease;
  if (const auto taken = take_back(change, stored, lease, txn); taken != Settled::ok) return taken;
  count_attempt(change, stored, now);
  note_parts(change, later.doubtful, later.repeatable, stored, txn, now);
  auto& p = stored.progress;
  p.due_at = now + later.delay_ms;
  records_.write(txn, change.id, p);
  records_.write(
      txn, lease.queue, p.due_at, change.id,
      {.expires_at = lease.entry.expires_at, .in_doubt = lease.entry.in_doubt || later.doubtful, .has_progress = true});
  effects_.due_now.insert(lease.queue);
  return Settled::ok;
}

Settled Ledger::settle(const Settlement& change, const Held& held, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  Lease lease;
  if (const auto taken = take_back(change, stored, lease, txn); taken != Settled::ok) return taken;
  // What is held unsent was perhaps sent by a process that died, which counted nothing.
  if (held.sent)
    count_attempt(change, stored, now);
  else
    ++counts_.used(stored.queue, now).submitted;
  note_parts(change, held.doubtful, held.repeatable, stored, txn, now);
  put_in_doubt(txn, change.id, stored, now + held.wait_ms, now);
  name_parked(txn, change.id, stored.queue.gateway, now);
  return Settled::ok;
}

Settled Ledger::settle(const Settlement& change, const MovedTo& moved, lmdb::Transaction& txn, WallMs now) {
  if (moved.gateway == 0 || closed_.contains(moved.gateway))
    return moved.sent ? settle(change, RetryLater{}, txn, now) : settle(change, GivenBack{}, txn, now);
  Stored stored;
  Lease lease;
  if (const auto taken = take_back(change, stored, lease, txn); taken != Settled::ok) return taken;
  if (moved.sent) count_attempt(change, stored, now);
  relocate(stored, moved.gateway, change.status_message, now);
  auto& p = stored.progress;
  p.due_at = moved.sent ? now : lease.due_at;  // unsent: among those that move with it
  records_.write(txn, change.id, p);
  records_.write(txn, stored.queue, p.due_at, change.id,
                 {.expires_at = lease.entry.expires_at, .in_doubt = lease.entry.in_doubt, .has_progress = true});
  effects_.due_now.insert(stored.queue);
  return Settled::ok;
}

Settled Ledger::settle(const Settlement& change, const GivenBack& back, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  Lease lease;
  if (const auto taken = take_back(change, stored, lease, txn); taken != Settled::ok) return taken;
  if (back.not_before > lease.due_at) {
    lease.due_at = back.not_before;
    lease.entry.has_progress = true;
    postpone(txn, change.id, stored, lease.due_at, change.status_message, now);
  }
  records_.write(txn, lease.queue, lease.due_at, change.id, lease.entry);
  effects_.due_now.insert(lease.queue);
  return Settled::ok;
}

// Its entry of the queue is the caller's.
void Ledger::postpone(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs due, const std::string& why,
                      WallMs now) {
  auto& p = stored.progress;
  p.due_at = due;
  p.status_message = why;
  note(p, now, EventKind::postponed, stored.queue.gateway, why);
  records_.write(txn, id, p);
}

void Ledger::finalise(lmdb::Transaction& txn, MessageId id, Stored& stored, State state, std::string why, WallMs now) {
  auto& p = stored.progress;
  const bool waited = p.state == State::submitted || p.state == State::doubtful;
  if (state == State::delivered) ++counts_.used(stored.queue, now).delivered;
  if (waited && (state == State::undeliverable || state == State::expired || state == State::rejected))
    ++counts_.used(stored.queue, now).failed;
  change_state(p, state, stored.queue);
  p.finished_at = now;
  p.due_at = 0;
  p.status_message = std::move(why);
  note(p, now, state == State::cancelled ? EventKind::cancelled : EventKind::final_state, stored.queue.gateway,
       std::string(name(state)) + (p.status_message.empty() ? "" : ": " + p.status_message));
  // What only we assumed can still be corrected by a late receipt: it keeps its places in the correlation for a while.
  const bool identified = std::ranges::any_of(p.segments, [](const auto& s) { return !s.provider_id.empty(); });
  if (waited && identified && (state == State::sent || state == State::unknown)) {
    wait_for_receipt(txn, id, stored, now + limits_.late_receipt_ms);
  } else {
    records_.write(txn, id, p);
    forget_places(id, p, stored.queue.gateway);
  }
  effects_.news.push_back({.id = id, .tenant = stored.queue.tenant, .state = state});
  effects_.finals.push_back({.id = id,
                             .tenant = stored.queue.tenant,
                             .gateway = stored.queue.gateway,
                             .state = state,
                             .submitted_at = p.submitted_at,
                             .finished_at = now});
}

void Ledger::forget_places(MessageId id, const Progress& progress, GatewayId gateway) {
  for (const auto& segment : progress.segments)
    if (!segment.provider_id.empty()) correlation_.retire(gateway, segment.provider_id, id);
}

// Perhaps sent, and not to be sent again: a receipt decides, or the end of the wait.
void Ledger::put_in_doubt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs until, WallMs now) {
  change_state(stored.progress, State::doubtful, stored.queue);
  if (const auto owner = records_.owner(txn, id)) hold(keys::of_held(stored.queue.gateway, owner->to), id, true);
  wait_for_receipt(txn, id, stored, until);
  conclude(txn, id, stored, now);  // its receipt may be there already
}

void Ledger::change_state(Progress& progress, State to, const Queue& queue) {
  if (progress.state == to) return;
  counts_.count(queue, progress.state, -1);
  counts_.count(queue, to, 1);
  progress.state = to;
}

void Ledger::wait_for_receipt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs deadline) {
  stored.progress.due_at = deadline;
  txn.put(tables_.open, keys::of_open(deadline, id), {});
  records_.write(txn, id, stored.progress);
}

void Ledger::end_wait(lmdb::Transaction& txn, MessageId id, const Progress& progress) {
  if (progress.due_at) txn.erase(tables_.open, keys::of_open(progress.due_at, id));
  if (progress.state == State::doubtful)
    if (const auto owner = records_.owner(txn, id))
      hold(keys::of_held(progress.queue_gateway ? progress.queue_gateway : owner->queue.gateway, owner->to), id, false);
}

void Ledger::hold(const std::string& destination, MessageId id, bool on) {
  if (on) {
    held_[destination].insert(id);
  } else if (const auto it = held_.find(destination); it != held_.end()) {
    it->second.erase(id);
    if (it->second.empty()) held_.erase(it);
  }
}

void Ledger::correlate(MessageId id, const Progress& progress, GatewayId gateway) {
  for (std::size_t i = 0; i < progress.segments.size(); ++i)
    if (!progress.segments[i].provider_id.empty())
      correlation_.add(gateway, progress.segments[i].provider_id, {.id = id, .segment = static_cast<std::uint8_t>(i)});
}

void Ledger::release(lmdb::Transaction& txn, MessageId id) {
  const auto lease = leases_.find(id);
  const auto claim = claims_.find(lease->second.claim);
  leases_.erase(lease);
  if (--claim->second > 0) return;
  txn.erase(tables_.leased, keys::of_id(claim->first));
  claims_.erase(claim);
}

}  // namespace smsbridge::store
