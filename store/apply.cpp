// SPDX-License-Identifier: MPL-2.0
#include "store/apply.hpp"

#include <algorithm>

#include "store/keys.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t text_length_max = 60000;  // fits the record's counted strings

void note(Progress& progress, WallMs at, EventKind kind, GatewayId gateway, std::string detail) {
  if (progress.events.size() == events_max) progress.events.erase(progress.events.begin());
  progress.events.push_back(
      {.at = at, .kind = kind, .gateway = gateway, .attempt = progress.attempts, .detail = std::move(detail)});
}

// Carriers answer with national or international numbers: only the end is comparable.
std::string_view last_digits(std::string_view number) {
  constexpr std::size_t count = 8;
  return number.size() > count ? number.substr(number.size() - count) : number;
}

std::string held_key(GatewayId gateway, std::string_view number) {
  return std::to_string(gateway) + "/" + std::string(last_digits(number));
}

std::string parked_key(GatewayId gateway, std::string_view provider_id) {
  return std::to_string(gateway) + "/" + canonical_provider_id(provider_id);
}

State state_of(SegmentState state) {
  switch (state) {
    case SegmentState::delivered:
      return State::delivered;
    case SegmentState::undeliverable:
      return State::undeliverable;
    case SegmentState::expired:
      return State::expired;
    case SegmentState::rejected:
      return State::rejected;
    default:
      return State::unknown;
  }
}

// Of a message in parts the worst part decides. From best to worst.
int severity(SegmentState state) {
  switch (state) {
    case SegmentState::delivered:
      return 0;
    case SegmentState::unknown:
      return 1;
    case SegmentState::expired:
      return 2;
    case SegmentState::undeliverable:
      return 3;
    case SegmentState::rejected:
      return 4;
    default:
      return -1;
  }
}

// What a receipt quotes is the beginning of the text; what its alphabet lacks may stand as '?'. No quote: it may be.
bool quotes(std::string_view quote, std::string_view text) {
  for (; !quote.empty() && !text.empty(); quote.remove_prefix(1), text.remove_prefix(1)) {
    if (quote.front() == text.front()) continue;
    if (quote.front() != '?') return false;
    while (text.size() > 1 && (static_cast<unsigned char>(text[1]) & 0xC0) == 0x80) text.remove_prefix(1);
  }
  return quote.find_first_not_of(' ') == std::string_view::npos;
}

// A receipt may have come for a part that an earlier attempt sent: what it said stays.
std::vector<Segment> with_receipts(std::vector<Segment> segments, const std::vector<Segment>& known) {
  for (std::size_t i = 0; i < segments.size() && i < known.size(); ++i)
    if (known[i].provider_id == segments[i].provider_id && known[i].state > segments[i].state) segments[i] = known[i];
  return segments;
}

}  // namespace

BatchResult Ledger::apply(const Batch& batch, lmdb::Transaction& txn, WallMs now, bool room_for_new) {
  BatchResult result;
  for (const auto& change : batch.receipts) result.receipts.push_back(receipt(change, txn, now));
  for (const auto& change : batch.finished) result.finished.push_back(finished(change, txn, now));
  for (const auto& change : batch.again) result.again.push_back(again(change, txn, now));
  if (!batch.enqueue.empty() && !room_for_new) {
    result.error = Error::full;
    return result;
  }
  result.enqueued.reserve(batch.enqueue.size());
  for (const auto& change : batch.enqueue) result.enqueued.push_back(enqueue(change, txn, now));
  for (const auto& change : batch.controls) result.controls.push_back(control(change, txn, now));
  return result;
}

Enqueued Ledger::enqueue(const Enqueue& change, lmdb::Transaction& txn, WallMs now) {
  const auto& given = change.content;
  std::string client_key, idempotency_key;
  const auto known = [&](const std::string& key, WallMs valid_ms) -> std::optional<Enqueued> {
    const auto found = references_.find(txn, key);
    if (!found || (valid_ms && id_time(found->id) + valid_ms <= now)) return std::nullopt;
    const bool same = found->digest == given.digest;
    return Enqueued{.kind = same ? Enqueued::Kind::known : Enqueued::Kind::conflict,
                    .id = found->id,
                    .created_at = id_time(found->id)};
  };
  if (!given.idempotency_key.empty()) {
    idempotency_key = keys::of_reference(given.tenant, keys::ReferenceKind::idempotency, given.idempotency_key);
    if (auto answer = known(idempotency_key, limits_.idempotency_ms)) return *answer;
  }
  if (!given.client_ref.empty()) {
    client_key = keys::of_reference(given.tenant, keys::ReferenceKind::client, given.client_ref);
    auto answer = known(client_key, 0);
    if (answer && !(answer->kind == Enqueued::Kind::conflict && change.replace_on_conflict)) return *answer;
  }

  Content content = given;
  content.text.resize(std::min(content.text.size(), text_length_max));
  const auto id = next_id(now);
  content.created_at = now;
  content.due_at = std::max(content.due_at, now);
  encode(content, record_);
  txn.append(tables_.message, keys::of_id(id), record_);
  const Reference reference{.id = id, .digest = content.digest};
  if (!client_key.empty()) references_.stage(std::move(client_key), reference);
  if (!idempotency_key.empty()) references_.stage(std::move(idempotency_key), reference);

  const Queue queue{.gateway = content.gateway, .tenant = content.tenant, .lane = content.lane};
  count(queue, State::queued, 1);
  if (change.failed_because.empty()) {
    write_due(txn, queue, content.due_at, id, {.expires_at = content.expires_at});
    effects_.due_now.insert(queue);
  } else {
    Stored stored{.queue = queue, .progress = {}};
    finalise(txn, id, stored, State::failed, change.failed_because, now);
  }
  return {.kind = Enqueued::Kind::stored, .id = id, .created_at = now};
}

Ledger::Standing Ledger::standing(lmdb::Transaction& txn, MessageId id, std::uint16_t attempt, bool accepted,
                                  Stored& stored) {
  if (const auto it = leases_.find(id); it != leases_.end()) {
    if (it->second.attempt != attempt) return Standing::superseded;
    stored.queue = it->second.queue;
    if (it->second.entry.has_progress) stored.progress = read_progress(txn, id).value_or(Progress{});
    return Standing::mine;
  }
  const auto content = read_content(txn, id);
  auto progress = read_progress(txn, id);
  if (!content || !progress || progress->attempts != attempt) return Standing::superseded;
  stored.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane};
  stored.progress = std::move(*progress);
  // The carrier's answer came after we stopped waiting: it still ends the doubt unless the message went out again.
  const bool in_doubt = stored.progress.state == State::doubtful ||
                        (stored.progress.state == State::queued && stored.progress.maybe_duplicate);
  return accepted && in_doubt ? Standing::late : Standing::repeated;
}

Settled Ledger::finished(const Finished& change, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  const auto where = standing(txn, change.id, change.attempt, change.state == State::submitted, stored);
  if (where == Standing::superseded) return Settled::superseded;
  if (where == Standing::repeated) return Settled::repeated;
  auto& p = stored.progress;
  if (where == Standing::mine) {
    release(txn, change.id);
  } else if (p.state == State::doubtful) {
    end_wait(txn, change.id, p);
  } else {
    txn.erase(tables_.due, keys::of_due(stored.queue, p.due_at, change.id));
  }
  p.attempts = change.attempt;
  p.gateway = stored.queue.gateway;
  p.status_message = change.status_message;
  p.segments = with_receipts(change.segments, p.segments);
  if (change.state == State::failed) {
    finalise(txn, change.id, stored, State::failed, change.status_message, now);
    return Settled::ok;
  }
  if (!p.submitted_at) p.submitted_at = now;
  note(p, now, EventKind::submitted, p.gateway, change.status_message);
  if (change.state == State::sent) {
    finalise(txn, change.id, stored, State::sent, change.status_message, now);
    return Settled::ok;
  }
  apply_parked(txn, change.id, stored, now);
  change_state(p, State::submitted, stored.queue);
  correlate(change.id, p, stored.queue.gateway);
  p.due_at = 0;
  conclude(txn, change.id, stored, now);
  if (!is_final(p.state)) wait_for_receipt(txn, change.id, stored, now + change.receipt_wait_ms);
  return Settled::ok;
}

Settled Ledger::again(const Again& change, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  const auto where = standing(txn, change.id, change.attempt, false, stored);
  if (where == Standing::superseded) return Settled::superseded;
  if (where != Standing::mine) return Settled::repeated;
  const auto lease = leases_.at(change.id);
  release(txn, change.id);
  if (!change.sent) {
    write_due(txn, lease.queue, lease.due_at, change.id, lease.entry);
    effects_.due_now.insert(lease.queue);
    return Settled::ok;
  }
  auto& p = stored.progress;
  p.attempts = change.attempt;
  p.gateway = lease.queue.gateway;
  p.maybe_duplicate = p.maybe_duplicate || change.doubtful;
  p.status_message = change.status_message;
  if (!change.segments.empty()) p.segments = with_receipts(change.segments, p.segments);
  apply_parked(txn, change.id, stored, now);
  correlate(change.id, p, lease.queue.gateway);
  note(p, now, change.doubtful ? EventKind::doubtful : EventKind::retry_scheduled, p.gateway, change.status_message);
  if (change.state == State::doubtful) {
    change_state(p, State::doubtful, lease.queue);
    if (const auto content = read_content(txn, change.id))
      hold(held_key(lease.queue.gateway, content->to), change.id, true);
    wait_for_receipt(txn, change.id, stored, now + change.delay_ms);
    return Settled::ok;
  }
  p.due_at = now + change.delay_ms;
  write_progress(txn, change.id, p);
  write_due(txn, lease.queue, p.due_at, change.id,
            {.expires_at = lease.entry.expires_at, .in_doubt = change.doubtful, .has_progress = true});
  effects_.due_now.insert(lease.queue);
  return Settled::ok;
}

Receipted Ledger::receipt(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  bool repeated = false;
  for (std::size_t i = 0; i < change.provider_ids.size() && i < change.usable; ++i) {
    const auto& provider_id = change.provider_ids[i];
    const auto* place = correlation_.find(change.gateway, provider_id);
    if (!place) continue;
    const auto [id, segment] = *place;
    auto content = read_content(txn, id);
    auto progress = read_progress(txn, id);
    if (!content || !progress || segment >= progress->segments.size()) continue;
    if (canonical_provider_id(progress->segments[segment].provider_id) != canonical_provider_id(provider_id)) continue;
    if (!change.destination.empty() && last_digits(change.destination) != last_digits(content->to)) continue;
    Stored stored{.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane},
                  .progress = std::move(*progress)};
    if (!apply_receipt(stored.progress, segment, change, change.gateway, now)) {
      repeated = true;
      continue;
    }
    // Also what ended for us keeps what is known of its parts: the last of them may still correct it.
    if (!conclude(txn, id, stored, now)) write_progress(txn, id, stored.progress);
    return Receipted::matched;
  }
  // Message centres use ids again. What says nothing new of an old message may be the first word of one whose outcome
  // is not written yet: as long as any is being sent, it is kept.
  if (repeated && !is_sending(change.gateway)) return Receipted::repeated;
  if (!repeated && receipt_for_held(change, txn, now)) return Receipted::matched;
  for (const auto& provider_id : change.provider_ids)
    if (const auto it = parked_.find(parked_key(change.gateway, provider_id)); it != parked_.end()) {
      const auto record = txn.get(tables_.parked, it->second);
      if (record && decode_receipt(*record).state == change.state) return Receipted::repeated;
    }
  park(change, txn, now);
  return Receipted::parked;
}

// False: it says nothing new. A final state stays, but one that only we, or the carrier for want of knowledge, assumed
// gives way to a better one.
bool Ledger::apply_receipt(Progress& p, std::size_t index, const ReceiptRecorded& receipt, GatewayId gateway,
                           WallMs now) {
  auto& segment = p.segments[index];
  const bool advances = !is_final(segment.state) && receipt.state > segment.state;
  const bool corrects =
      segment.state == SegmentState::unknown && receipt.state != SegmentState::unknown && is_final(receipt.state);
  if (!advances && !corrects) return false;
  segment.state = receipt.state;
  segment.error = receipt.error;
  std::string detail(name(receipt.state));
  if (p.segments.size() > 1) detail += " part " + std::to_string(index + 1);
  if (!receipt.error.empty()) detail += " err:" + receipt.error;
  note(p, now, EventKind::receipt, gateway, std::move(detail));
  return true;
}

// Ends the message when all of its parts ended; false: it was not written.
bool Ledger::conclude(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  auto& p = stored.progress;
  const bool assumed_final = p.state == State::sent || p.state == State::unknown;
  if (p.segments.empty() || (is_final(p.state) && !assumed_final)) return false;
  const Segment* worst = &p.segments.front();
  for (const auto& segment : p.segments) {
    if (!is_final(segment.state)) return false;
    if (severity(segment.state) > severity(worst->state)) worst = &segment;
  }
  if (p.state == State::submitted || p.state == State::doubtful) end_wait(txn, id, p);
  if (p.state == State::queued) return false;  // the parts that went are known; the others still wait for their turn
  std::string why;
  if (worst->state != SegmentState::delivered)
    why = std::string(name(worst->state)) + (worst->error.empty() ? "" : " err:" + worst->error);
  finalise(txn, id, stored, state_of(worst->state), std::move(why), now);
  return true;
}

// A receipt whose id nobody knows may belong to an attempt that got no answer. Only if exactly one held message of this
// gateway went to that phone in one part; two would be a guess.
bool Ledger::receipt_for_held(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (!change.may_guess || change.destination.empty() || change.provider_ids.empty()) return false;
  const auto it = held_.find(held_key(change.gateway, change.destination));
  if (it == held_.end() || it->second.size() != 1) return false;
  const auto id = *it->second.begin();
  const auto content = read_content(txn, id);
  auto progress = read_progress(txn, id);
  if (!content || !progress || content->parts != 1 || !quotes(change.quote, content->text)) return false;
  Stored stored{.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = std::move(*progress)};
  stored.progress.segments.assign(
      1, {.state = SegmentState::accepted, .provider_id = change.provider_ids.front(), .error = {}});
  if (!apply_receipt(stored.progress, 0, change, change.gateway, now)) return false;
  correlate(id, stored.progress, change.gateway);
  if (!conclude(txn, id, stored, now)) write_progress(txn, id, stored.progress);
  return true;
}

void Ledger::park(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (change.provider_ids.empty()) return;
  std::string key = keys::of_open(now, ++parked_number_);
  encode(change, record_);
  txn.put(tables_.parked, key, record_);
  for (const auto& provider_id : change.provider_ids) parked_[parked_key(change.gateway, provider_id)] = key;
  parked_order_.push_back(std::move(key));
  while (parked_order_.size() > limits_.parked_max) drop_parked(txn, std::string(parked_order_.front()));
}

void Ledger::drop_parked(lmdb::Transaction& txn, const std::string& key) {
  if (const auto record = txn.get(tables_.parked, key)) {
    const auto receipt = decode_receipt(*record);
    for (const auto& provider_id : receipt.provider_ids) {
      const auto it = parked_.find(parked_key(receipt.gateway, provider_id));
      if (it != parked_.end() && it->second == key) parked_.erase(it);
    }
    txn.erase(tables_.parked, key);
  }
  if (!parked_order_.empty() && parked_order_.front() == key) parked_order_.pop_front();
}

void Ledger::apply_parked(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  if (parked_.empty()) return;
  const auto content = read_content(txn, id);
  for (std::size_t i = 0; i < stored.progress.segments.size(); ++i) {
    const auto it = parked_.find(parked_key(stored.queue.gateway, stored.progress.segments[i].provider_id));
    if (it == parked_.end()) continue;
    const std::string key = it->second;
    const auto record = txn.get(tables_.parked, key);
    if (!record) continue;
    const auto receipt = decode_receipt(*record);
    if (content && !receipt.destination.empty() && last_digits(receipt.destination) != last_digits(content->to))
      continue;
    apply_receipt(stored.progress, i, receipt, stored.queue.gateway, now);
    drop_parked(txn, key);
  }
}

bool Ledger::is_sending(GatewayId gateway) const {
  for (const auto& [id, lease] : leases_)
    if (lease.queue.gateway == gateway) return true;
  return false;
}

Controlled Ledger::control(const Control& change, lmdb::Transaction& txn, WallMs now) {
  const auto content = read_content(txn, change.id);
  if (!content || content->tenant != change.tenant) return Controlled::not_found;
  Stored stored{.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = {}};
  auto progress = read_progress(txn, change.id);
  const bool tried = progress.has_value();
  if (progress) stored.progress = std::move(*progress);
  auto& p = stored.progress;
  if (change.action == Control::Action::cancel) {
    if (p.state != State::queued || leases_.contains(change.id)) return Controlled::too_late;
    txn.erase(tables_.due, keys::of_due(stored.queue, tried ? p.due_at : content->due_at, change.id));
    finalise(txn, change.id, stored, State::cancelled, "cancelled by request", now);
    return Controlled::done;
  }
  // Only what ended without delivery, or is held in doubt, can be tried again; and a way out must exist.
  const bool ended_well = p.state == State::delivered || p.state == State::sent;
  if ((!is_final(p.state) && p.state != State::doubtful) || ended_well || content->gateway == 0 ||
      (p.state == State::failed && p.attempts == 0))
    return Controlled::too_late;
  if (p.state == State::doubtful) end_wait(txn, change.id, p);
  for (auto& segment : p.segments)
    if (is_final(segment.state) && segment.state != SegmentState::delivered)
      segment = {};  // the carrier has the others
  note(p, now, EventKind::retried, content->gateway, {});
  change_state(p, State::queued, stored.queue);
  p.finished_at = 0;
  p.status_message.clear();
  p.due_at = now;
  p.expires_at = now + change.validity_ms;
  write_progress(txn, change.id, p);
  write_due(txn, stored.queue, now, change.id, {.expires_at = p.expires_at, .in_doubt = false, .has_progress = true});
  effects_.due_now.insert(stored.queue);
  return Controlled::done;
}

void Ledger::finalise(lmdb::Transaction& txn, MessageId id, Stored& stored, State state, std::string why, WallMs now) {
  auto& p = stored.progress;
  change_state(p, state, stored.queue);
  p.finished_at = now;
  p.due_at = 0;
  p.status_message = std::move(why);
  note(p, now, state == State::cancelled ? EventKind::cancelled : EventKind::final_state, stored.queue.gateway,
       std::string(name(state)) + (p.status_message.empty() ? "" : ": " + p.status_message));
  write_progress(txn, id, p);
  // What only we assumed keeps its places in the correlation, so that a late receipt can still correct it.
  if (state != State::sent && state != State::unknown)
    for (const auto& segment : p.segments)
      if (!segment.provider_id.empty()) correlation_.retire(stored.queue.gateway, segment.provider_id);
  effects_.finals.push_back({.id = id,
                             .tenant = stored.queue.tenant,
                             .gateway = stored.queue.gateway,
                             .state = state,
                             .submitted_at = p.submitted_at,
                             .finished_at = now});
}

void Ledger::change_state(Progress& progress, State to, const Queue& queue) {
  if (progress.state == to) return;
  count(queue, progress.state, -1);
  count(queue, to, 1);
  progress.state = to;
}

void Ledger::wait_for_receipt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs deadline) {
  stored.progress.due_at = deadline;
  txn.put(tables_.open, keys::of_open(deadline, id), {});
  write_progress(txn, id, stored.progress);
}

void Ledger::end_wait(lmdb::Transaction& txn, MessageId id, const Progress& progress) {
  if (progress.due_at) txn.erase(tables_.open, keys::of_open(progress.due_at, id));
  if (progress.state == State::doubtful)
    if (const auto content = read_content(txn, id)) hold(held_key(content->gateway, content->to), id, false);
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

std::optional<Content> Ledger::read_content(const lmdb::Transaction& txn, MessageId id) const {
  const auto record = txn.get(tables_.message, keys::of_id(id));
  if (!record) return std::nullopt;
  return decode_content(*record);
}

std::optional<Progress> Ledger::read_progress(const lmdb::Transaction& txn, MessageId id) const {
  const auto record = txn.get(tables_.progress, keys::of_id(id));
  if (!record) return std::nullopt;
  return decode_progress(*record);
}

void Ledger::write_progress(lmdb::Transaction& txn, MessageId id, const Progress& progress) {
  encode(progress, record_);
  txn.put(tables_.progress, keys::of_id(id), record_);
}

void Ledger::write_due(lmdb::Transaction& txn, const Queue& queue, WallMs due, MessageId id, const DueEntry& entry) {
  encode(entry, record_);
  txn.put(tables_.due, keys::of_due(queue, due, id), record_);
}

void Ledger::count(const Queue& queue, State state, int change) {
  const std::pair owner{queue.tenant, queue.gateway};
  counts_[owner][static_cast<std::size_t>(state)] += change;
  counts_changed_.insert(owner);
}

CountsByQueueOwner Ledger::counts() const {
  std::lock_guard lock(counts_mutex_);
  return published_counts_;
}

MessageId Ledger::next_id(WallMs now) { return last_id_ = std::max(last_id_ + 1, first_id_at(now)); }

}  // namespace smsbridge::store
