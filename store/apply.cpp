// SPDX-License-Identifier: MPL-2.0
#include "store/apply.hpp"

#include <algorithm>

#include "store/keys.hpp"
#include "store/rules.hpp"

namespace smsbridge::store {
namespace {

constexpr std::size_t text_length_max = 60000;  // fits the record's counted strings
constexpr WallMs parked_retry_after_ms = 120'000;
constexpr std::size_t parked_retries_max = 1000;  // a second

}  // namespace

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

Enqueued Ledger::enqueue(Enqueue& change, lmdb::Transaction& txn, WallMs now) {
  auto& content = change.content;
  std::string client_key, idempotency_key;
  const auto known = [&](const std::string& key, WallMs valid_ms) -> std::optional<Enqueued> {
    const auto found = references_.find(txn, key);
    if (!found || (valid_ms && id_time(found->id) + valid_ms <= now)) return std::nullopt;
    const bool same = found->digest == content.digest;
    return Enqueued{.kind = same ? Enqueued::Kind::known : Enqueued::Kind::conflict,
                    .id = found->id,
                    .created_at = id_time(found->id)};
  };
  if (!content.idempotency_key.empty()) {
    idempotency_key = keys::of_reference(content.tenant, keys::ReferenceKind::idempotency, content.idempotency_key);
    if (auto answer = known(idempotency_key, limits_.idempotency_ms)) return *answer;
  }
  if (!content.client_ref.empty()) {
    client_key = keys::of_reference(content.tenant, keys::ReferenceKind::client, content.client_ref);
    auto answer = known(client_key, 0);
    if (answer && !(answer->kind == Enqueued::Kind::conflict && change.replace_on_conflict)) {
      if (answer->kind == Enqueued::Kind::known) revive_refused(answer->id, change, txn, now);
      return *answer;
    }
  }
  if (change.only_if_known) return {.kind = Enqueued::Kind::unknown};

  if (content.text.size() > text_length_max) content.text.resize(text_length_max);
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
  if (change.failed_because.empty() && closed_.contains(content.gateway))
    change.failed_because = "its gateway was just removed";
  if (change.failed_because.empty()) {
    write_due(txn, queue, content.due_at, id, {.expires_at = content.expires_at});
    effects_.due_now.insert(queue);
  } else {
    Stored stored{.queue = queue, .progress = {}};
    finalise(txn, id, stored, State::failed, change.failed_because, now);
  }
  return {.kind = Enqueued::Kind::stored, .id = id, .created_at = now};
}

// What was refused at the door, and is posted again when a way out exists, is no repetition: it waits in a queue now.
void Ledger::revive_refused(MessageId id, const Enqueue& change, lmdb::Transaction& txn, WallMs now) {
  auto content = change.content;
  if (change.only_if_known || !change.failed_because.empty() || closed_.contains(content.gateway)) return;
  auto stored = read_stored(txn, id);
  if (!stored || stored->progress.state != State::failed || stored->progress.attempts > 0) return;
  // As it is read now: the number may not have been one then.
  content.created_at = id_time(id);
  content.due_at = std::max(content.due_at, now);
  encode(content, record_);
  txn.put(tables_.message, keys::of_id(id), record_);
  stored->queue.lane = content.lane;
  revive(txn,
         {.action = Control::Action::retry,
          .tenant = content.tenant,
          .id = id,
          .validity_ms = content.expires_at - content.due_at,
          .gateway = content.gateway},
         *stored, content.due_at, now);
}

Ledger::Standing Ledger::standing(lmdb::Transaction& txn, MessageId id, std::uint16_t attempt, bool accepted,
                                  Stored& stored) {
  if (const auto it = leases_.find(id); it != leases_.end()) {
    if (it->second.attempt != attempt) return Standing::superseded;
    stored.queue = it->second.queue;
    if (it->second.entry.has_progress) stored.progress = read_progress(txn, id).value_or(Progress{});
    return Standing::mine;
  }
  auto found = read_stored(txn, id);
  if (!found || found->progress.attempts != attempt) return Standing::superseded;
  stored = std::move(*found);
  // The carrier's answer came after we stopped waiting: it still ends the doubt unless the message went out again.
  const bool in_doubt = stored.progress.state == State::doubtful ||
                        (stored.progress.state == State::queued && stored.progress.maybe_duplicate);
  return accepted && in_doubt ? Standing::late : Standing::repeated;
}

Settled Ledger::finished(const Finished& change, lmdb::Transaction& txn, WallMs now) {
  Stored stored;
  const bool taken_by_carrier = change.state == State::submitted || change.state == State::sent;
  const auto where = standing(txn, change.id, change.attempt, taken_by_carrier, stored);
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
  p.when_silent = change.when_silent;
  p.status_message = change.status_message;
  p.segments = with_receipts(change.segments, p.segments);
  if (taken_by_carrier) {
    auto& used_here = used(stored.queue, now);
    ++used_here.submitted;
    ++used_here.accepted;
    used_here.parts += static_cast<std::int64_t>(std::max<std::size_t>(change.parts, change.segments.size()));
    if (change.price)
      used_here.price += *change.price;
    else
      ++used_here.unpriced;
  } else if (change.sent) {
    ++used(stored.queue, now).submitted;
  }
  if (change.state == State::failed || change.state == State::expired) {
    finalise(txn, change.id, stored, change.state, change.status_message, now);
    return Settled::ok;
  }
  if (!p.submitted_at) p.submitted_at = now;
  note(p, now, EventKind::submitted, p.gateway, change.note.empty() ? change.status_message : change.note);
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
  const auto move_to = closed_.contains(change.move_to) ? 0 : change.move_to;
  const bool held = change.state == State::doubtful;
  if (!change.sent && !move_to && !held) {
    write_due(txn, lease.queue, lease.due_at, change.id, lease.entry);
    effects_.due_now.insert(lease.queue);
    return Settled::ok;
  }
  auto& p = stored.progress;
  // What is held unsent was perhaps sent by a process that died, which counted nothing.
  if (change.sent || held) ++used(lease.queue, now).submitted;
  if (change.sent) {
    p.attempts = change.attempt;
    p.gateway = lease.queue.gateway;
  }
  if (move_to) {
    relocate(stored, move_to, change.status_message, now);
    p.due_at = change.sent ? now + change.delay_ms : lease.due_at;  // unsent: among those that move with it
    write_progress(txn, change.id, p);
    write_due(txn, stored.queue, p.due_at, change.id,
              {.expires_at = lease.entry.expires_at, .in_doubt = lease.entry.in_doubt, .has_progress = true});
    effects_.due_now.insert(stored.queue);
    return Settled::ok;
  }
  p.maybe_duplicate = p.maybe_duplicate || (change.doubtful && !change.repeatable);
  if (change.doubtful && !p.doubtful_attempt) p.doubtful_attempt = change.attempt;
  p.status_message = change.status_message;
  if (!change.segments.empty()) p.segments = with_receipts(change.segments, p.segments);
  apply_parked(txn, change.id, stored, now);
  correlate(change.id, p, lease.queue.gateway);
  note(p, now, change.doubtful ? EventKind::doubtful : EventKind::retry_scheduled, p.gateway, change.status_message);
  if (held) {
    put_in_doubt(txn, change.id, stored, now + change.delay_ms, now);
    name_parked(txn, change.id, stored.queue.gateway, now);
    return Settled::ok;
  }
  p.due_at = now + change.delay_ms;
  write_progress(txn, change.id, p);
  write_due(txn, lease.queue, p.due_at, change.id,
            {.expires_at = lease.entry.expires_at,
             .in_doubt = lease.entry.in_doubt || change.doubtful,
             .has_progress = true});
  effects_.due_now.insert(lease.queue);
  return Settled::ok;
}

Receipted Ledger::receipt(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  // The receiving gateway knows only of what it sends itself; another by its account may have this one under way.
  const bool guesses = change.may_guess || change.usable > change.as_given;
  if (guesses && !change.account.empty() && is_sending(change)) {
    auto careful = change;
    careful.usable = std::min(change.usable, change.as_given);
    careful.may_guess = false;
    return receipt(careful, txn, now);
  }
  auto matched = match(change, txn, now);
  if (matched == Receipted::matched) return matched;
  // Message centres use ids again. What says nothing new of an old message may be the first word of one whose outcome
  // is not written yet: as long as any is being sent, it is kept.
  const bool repeated = matched == Receipted::repeated;
  if (repeated && !is_sending(change)) return matched;
  if (!repeated && (receipt_for_named(change, txn, now) || receipt_for_held(change, txn, now)))
    return Receipted::matched;
  const auto parked = park(change, txn, now);
  return parked == Receipted::parked && !repeated ? matched : parked;
}

// Whether and how the receipt's addresses name the phone of a message. Most centres swap them for a receipt, some do
// not.
Ledger::Fit Ledger::fit(const ReceiptRecorded& change, std::string_view to) {
  if (change.destination.empty() || same_phone(change.destination, to)) return Fit::phone;
  return !change.other_address.empty() && same_phone(change.other_address, to) ? Fit::other_address : Fit::none;
}

// All messages that have this id, as far as they may be meant: where our own reference came back, only that one.
std::vector<Ledger::Candidate> Ledger::candidates(const ReceiptRecorded& change, std::string_view provider_id,
                                                  lmdb::Transaction& txn) const {
  std::vector<Candidate> found;
  for (const auto gateway : keys::gateways_of(change))
    for (const auto [id, segment] : correlation_.find(gateway, provider_id)) {
      if (change.message && change.message != id) continue;
      const auto owner = read_owner(txn, id);
      auto progress = owner ? read_progress(txn, id) : std::nullopt;
      if (!progress || segment >= progress->segments.size()) continue;
      if (!same_provider_id(progress->segments[segment].provider_id, provider_id)) continue;
      Stored stored{.queue = owner->queue, .progress = {}};
      if (progress->queue_gateway) stored.queue.gateway = progress->queue_gateway;
      stored.progress = std::move(*progress);
      found.push_back({.id = id, .fit = fit(change, owner->to), .stored = std::move(stored)});
    }
  std::ranges::sort(found, std::ranges::greater{}, &Candidate::id);  // newest first
  return found;
}

// matched, repeated (only ever of ids that say nothing new), or why it is to be parked.
Receipted Ledger::match(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  auto result = Receipted::parked;
  for (std::size_t i = 0; i < change.provider_ids.size() && i < change.usable; ++i) {
    // What the id as it stands has said already is not said of another message by its conversion.
    if (result == Receipted::repeated && i >= change.as_given) break;
    const auto& provider_id = change.provider_ids[i];
    auto found = candidates(change, provider_id, txn);
    // The other address is believed of an id that nobody else has.
    const bool only_one = found.size() == 1 && i < change.as_given;
    if (only_one && found.front().fit == Fit::none) result = Receipted::another_phone;
    std::vector<Candidate*> changed;
    for (auto& candidate : found) {
      if (candidate.fit == Fit::none || (candidate.fit == Fit::other_address && !only_one)) continue;
      if (apply_receipt(candidate.stored.progress, provider_id, change, now))
        changed.push_back(&candidate);
      else
        result = Receipted::repeated;
    }
    if (changed.empty()) continue;
    // Without a phone to compare nothing tells two of them apart.
    if (changed.size() > 1 && change.destination.empty()) return Receipted::ambiguous;
    auto& [id, fits, stored] = *changed.front();
    // Also what ended for us keeps what is known of its parts: the last of them may still correct it.
    if (!conclude(txn, id, stored, now)) write_progress(txn, id, stored.progress);
    return Receipted::matched;
  }
  return result;
}

// Speaks of the part with this id; of several where a centre gave them the same one, or sends one receipt a message.
// False: it says nothing new. A final state stays, but one that only we, or the carrier for want of knowledge, assumed
// gives way to a better one.
bool Ledger::apply_receipt(Progress& p, std::string_view provider_id, const ReceiptRecorded& receipt, WallMs now) {
  bool news = false;
  for (std::size_t i = 0; i < p.segments.size(); ++i) {
    auto& segment = p.segments[i];
    const bool named = !segment.provider_id.empty() && same_provider_id(segment.provider_id, provider_id);
    if (!named && (!receipt.whole_message || segment.state == SegmentState::unsent)) continue;
    if (segment.state == SegmentState::unsent) segment.state = SegmentState::accepted;  // its answer was lost
    const bool advances = !is_final(segment.state) && receipt.state > segment.state;
    const auto assumed = [](SegmentState state) {
      return state == SegmentState::unknown || state == SegmentState::sent;
    };
    const bool corrects = assumed(segment.state) && !assumed(receipt.state) && is_final(receipt.state);
    if (!advances && !corrects) continue;
    news = true;
    segment.state = receipt.state;
    segment.error = receipt.error;
    std::string detail(name(receipt.state));
    if (p.segments.size() > 1) detail += " part " + std::to_string(i + 1);
    if (!receipt.error.empty()) detail += " err:" + receipt.error;
    note(p, now, EventKind::receipt, receipt.gateway, std::move(detail));
  }
  return news;
}

// Ends the message when all of its parts ended; false: it was not written.
bool Ledger::conclude(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  auto& p = stored.progress;
  const bool assumed_final = p.state == State::sent || p.state == State::unknown;
  if (p.segments.empty() || (is_final(p.state) && !assumed_final)) return false;
  if (!std::ranges::all_of(p.segments, [](const auto& segment) { return is_final(segment.state); })) return false;
  const auto* worst = worst_of(p);
  if (p.state == State::queued) return false;  // the parts that went are known; the others still wait for their turn
  end_wait(txn, id, p);
  finalise(txn, id, stored, state_of(worst->state), why_of(*worst), now);
  return true;
}

// The provider gave our own reference back, so the message is known, also where its id is not: an attempt that got no
// answer, or a provider that gives no ids.
bool Ledger::receipt_for_named(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (!change.message || change.provider_ids.empty() || leases_.contains(change.message)) return false;
  auto stored = read_stored(txn, change.message);
  if (!stored || !is_of_account(change, stored->queue.gateway) || stored->progress.attempts == 0) return false;
  auto& p = stored->progress;
  if (p.segments.size() > 1) return false;  // then each has its own id
  const bool named = !p.segments.empty() && !p.segments.front().provider_id.empty();
  const bool in_doubt = p.state == State::doubtful || (p.state == State::queued && (p.maybe_duplicate || named));
  if (p.segments.empty() || p.segments.front().state == SegmentState::unsent) {
    if (!in_doubt) return false;
    p.segments.assign(1, {.state = SegmentState::accepted, .provider_id = change.provider_ids.front(), .error = {}});
    correlate(change.message, p, stored->queue.gateway);
  } else if (change.attempt != p.attempts) {
    return false;  // of an earlier attempt, whose id nobody was told
  }
  auto& segment = p.segments.front();
  if (!apply_receipt(p, segment.provider_id, change, now)) return false;
  // While it is in doubt the id is a receipt's. It may have been another attempt's, and this one says more.
  if (in_doubt && !same_provider_id(segment.provider_id, change.provider_ids.front())) {
    segment.provider_id = change.provider_ids.front();
    correlate(change.message, p, stored->queue.gateway);
  }
  if (!conclude(txn, change.message, *stored, now)) write_progress(txn, change.message, p);
  return true;
}

bool Ledger::is_of_account(const ReceiptRecorded& receipt, GatewayId gateway) {
  const auto gateways = keys::gateways_of(receipt);
  return std::ranges::find(gateways, gateway) != gateways.end();
}

// A receipt whose id nobody knows may belong to an attempt that got no answer. Only if exactly one held message of this
// account went to that phone in one part; two would be a guess.
bool Ledger::receipt_for_held(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (!change.may_guess || change.destination.empty() || change.provider_ids.empty()) return false;
  std::vector<std::pair<GatewayId, MessageId>> held;
  for (const auto gateway : keys::gateways_of(change))
    if (const auto it = held_.find(keys::of_held(gateway, change.destination)); it != held_.end())
      for (const auto message : it->second) held.emplace_back(gateway, message);
  if (held.size() != 1) return false;
  const auto [gateway, id] = held.front();
  const auto content = read_content(txn, id);
  auto progress = read_progress(txn, id);
  if (!content || !progress || content->parts != 1 || !same_phone(change.destination, content->to) ||
      !quotes(change.quote, content->text))
    return false;
  Stored stored{.queue = {.gateway = gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = std::move(*progress)};
  stored.progress.segments.assign(
      1, {.state = SegmentState::accepted, .provider_id = change.provider_ids.front(), .error = {}});
  if (!apply_receipt(stored.progress, change.provider_ids.front(), change, now)) return false;
  correlate(id, stored.progress, gateway);
  if (!conclude(txn, id, stored, now)) write_progress(txn, id, stored.progress);
  return true;
}

// Of one id and phone the best word is kept.
Receipted Ledger::park(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now) {
  if (change.provider_ids.empty()) return Receipted::repeated;
  const auto [begin, end] = parked_.equal_range(keys::of_parked(change.gateway, change.provider_ids.front()));
  std::string worse;
  for (auto it = begin; it != end; ++it) {
    const auto known = read_parked(txn, it->second);
    if (!known || known->destination != change.destination) continue;
    if (is_final(known->state) || known->state >= change.state) return Receipted::repeated;
    worse = it->second;
  }
  if (!worse.empty()) drop_parked(txn, worse);
  const auto key = keys::of_open(now, ++parked_number_);
  encode(change, record_);
  txn.put(tables_.parked, key, record_);
  remember_parked(change, key);
  auto& of_gateway = parked_of_[change.gateway];
  while (of_gateway.size() > limits_.parked_of_gateway_max) drop_parked(txn, std::string(*of_gateway.begin()));
  while (parked_keys_.size() > limits_.parked_max) drop_parked(txn, std::string(*parked_keys_.begin()));
  return Receipted::parked;
}

void Ledger::remember_parked(const ReceiptRecorded& receipt, const std::string& key) {
  for (const auto& name : keys::of_parked(receipt)) parked_.emplace(name, key);
  parked_keys_.insert(key);
  parked_of_[receipt.gateway].insert(key);
}

std::optional<ReceiptRecorded> Ledger::read_parked(const lmdb::Transaction& txn, std::string_view key) const {
  return decoded(unreadable_, "parked", key, txn.get(tables_.parked, key), decode_receipt);
}

void Ledger::drop_parked(lmdb::Transaction& txn, const std::string& key) {
  if (const auto receipt = read_parked(txn, key)) {
    for (const auto& name : keys::of_parked(*receipt)) {
      const auto [begin, end] = parked_.equal_range(name);
      for (auto it = begin; it != end;) it = it->second == key ? parked_.erase(it) : std::next(it);
    }
    txn.erase(tables_.parked, key);
  } else {
    std::erase_if(parked_, [&](const auto& entry) { return entry.second == key; });
    set_aside(txn, "parked", tables_.parked, key, true);
  }
  parked_keys_.erase(key);
  for (auto& [gateway, own] : parked_of_) own.erase(key);
}

void Ledger::apply_parked(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now) {
  if (parked_.empty()) return;
  for (std::size_t i = 0; i < stored.progress.segments.size(); ++i) {
    std::vector<std::string> own;
    const auto add = [&](const std::string& name) {
      const auto [begin, end] = parked_.equal_range(name);
      for (auto it = begin; it != end; ++it) own.push_back(it->second);
    };
    add(keys::of_parked(stored.queue.gateway, stored.progress.segments[i].provider_id));
    if (stored.progress.segments.size() == 1) add(keys::of_parked(stored.queue.gateway, id));
    for (const auto& key : own) {
      const auto parked = read_parked(txn, key);
      const auto owner = read_owner(txn, id);
      if (!parked || !owner) continue;
      const auto& receipt = *parked;
      if (fit(receipt, owner->to) == Fit::none || (receipt.message && receipt.message != id)) continue;
      const auto& ours = stored.progress.segments[i].provider_id;
      const bool by_id =
          std::ranges::any_of(receipt.provider_ids, [&](const auto& given) { return same_provider_id(given, ours); });
      if (!by_id && receipt.attempt != stored.progress.attempts) continue;  // another attempt's
      apply_receipt(stored.progress, ours, receipt, now);
      drop_parked(txn, key);
    }
  }
}

// Receipts that named a message while it was claimed. After a restart that is so from its claim until it is held.
void Ledger::name_parked(lmdb::Transaction& txn, MessageId id, GatewayId gateway, WallMs now) {
  std::vector<std::string> own;
  const auto [begin, end] = parked_.equal_range(keys::of_parked(gateway, id));
  for (auto it = begin; it != end; ++it) own.push_back(it->second);
  for (const auto& key : own)
    if (const auto receipt = read_parked(txn, key); receipt && receipt_for_named(*receipt, txn, now))
      drop_parked(txn, key);
}

// A receipt that waited this long did not come ahead of its message's outcome. What was uncertain then, because a
// message to that phone was under way, is decided now: all notations of its id are tried, and the held messages.
void Ledger::retry_parked(lmdb::Transaction& txn, WallMs now) {
  const auto until = keys::of_open(now - parked_retry_after_ms, 0);
  std::vector<std::string> due;
  for (auto it = parked_keys_.upper_bound(parked_retried_);
       it != parked_keys_.end() && *it < until && due.size() < parked_retries_max; ++it)
    due.push_back(*it);
  for (const auto& key : due) {
    parked_retried_ = key;
    const auto parked = read_parked(txn, key);
    if (!parked) continue;
    const auto& receipt = *parked;
    const auto matched = match(receipt, txn, now);
    if (matched == Receipted::matched || matched == Receipted::repeated || receipt_for_named(receipt, txn, now) ||
        receipt_for_held(receipt, txn, now))
      drop_parked(txn, key);
  }
}

bool Ledger::is_sending(const ReceiptRecorded& receipt) const {
  return std::ranges::any_of(leases_,
                             [&](const auto& lease) { return is_of_account(receipt, lease.second.queue.gateway); });
}

Controlled Ledger::control(const Control& change, lmdb::Transaction& txn, WallMs now) {
  const auto content = read_content(txn, change.id);
  if (!content || content->tenant != change.tenant) return Controlled::not_found;
  Stored stored{.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = {}};
  auto progress = read_progress(txn, change.id);
  const bool tried = progress.has_value();
  if (!tried && txn.get(tables_.progress, keys::of_id(change.id))) return Controlled::not_found;  // cannot be read
  if (progress) stored.progress = std::move(*progress);
  auto& p = stored.progress;
  stored.queue.gateway = gateway_of(*content, p);
  if (change.action == Control::Action::cancel) {
    if (p.state != State::queued || leases_.contains(change.id)) return Controlled::too_late;
    txn.erase(tables_.due, keys::of_due(stored.queue, tried ? p.due_at : content->due_at, change.id));
    finalise(txn, change.id, stored, State::cancelled, "cancelled by request", now);
    return Controlled::done;
  }
  // Only what ended without delivery, or is held in doubt, can be tried again; and a way out must exist.
  const bool ended_well = p.state == State::delivered || p.state == State::sent;
  if ((!is_final(p.state) && p.state != State::doubtful) || ended_well) return Controlled::too_late;
  // What was refused at the door is whole only if the caller says so, by naming its way.
  const bool was_refused = p.state == State::failed && p.attempts == 0;
  if ((was_refused || stored.queue.gateway == 0) && change.gateway == 0) return Controlled::no_way;
  end_wait(txn, change.id, p);
  revive(txn, change, stored, std::max(now, content->due_at), now);
  return Controlled::done;
}

// Waits in a queue again, with all its attempts.
void Ledger::revive(lmdb::Transaction& txn, const Control& change, Stored& stored, WallMs due, WallMs now) {
  auto& p = stored.progress;
  if (change.gateway && change.gateway != stored.queue.gateway)
    relocate(stored, change.gateway, "tried again by another way", now);
  for (auto& segment : p.segments)
    if (is_final(segment.state) && segment.state != SegmentState::delivered)
      segment = {};  // the carrier has the others
  note(p, now, EventKind::retried, stored.queue.gateway, {});
  change_state(p, State::queued, stored.queue);
  p.finished_at = 0;
  p.attempts_before = p.attempts;
  p.doubtful_attempt = 0;
  p.status_message.clear();
  p.due_at = due;
  p.expires_at = due + change.validity_ms;
  write_progress(txn, change.id, p);
  write_due(txn, stored.queue, due, change.id, {.expires_at = p.expires_at, .in_doubt = false, .has_progress = true});
  effects_.due_now.insert(stored.queue);
}

Settled Ledger::move(const Move& change, lmdb::Transaction& txn, WallMs now) {
  const Queue from{.gateway = change.from, .tenant = change.tenant, .lane = change.lane};
  const auto key = keys::of_due(from, change.due_at, change.id);
  const auto record = txn.get(tables_.due, key);
  if (!record || closed_.contains(change.to)) return Settled::superseded;
  const auto readable = decoded(unreadable_, "due", key, record, decode_due);
  if (!readable) return Settled::superseded;
  auto entry = *readable;
  Stored stored{.queue = from, .progress = {}};
  if (entry.has_progress) {
    auto progress = read_progress(txn, change.id);
    if (!progress) return Settled::superseded;
    stored.progress = std::move(*progress);
  }
  // What was perhaps sent is not sent by others, and the parts of one message stay together.
  if (entry.in_doubt || !untouched(stored.progress.segments)) return Settled::superseded;
  txn.erase(tables_.due, key);
  relocate(stored, change.to, change.why, now);
  stored.progress.due_at = change.due_at;
  write_progress(txn, change.id, stored.progress);
  entry.has_progress = true;
  write_due(txn, stored.queue, change.due_at, change.id, entry);
  effects_.due_now.insert(stored.queue);
  return Settled::ok;
}

// Into another gateway's queue, where it has all its attempts again.
void Ledger::relocate(Stored& stored, GatewayId to, const std::string& why, WallMs now) {
  auto& p = stored.progress;
  const auto from = stored.queue;
  count(from, p.state, -1);
  stored.queue.gateway = to;
  p.state = State::queued;
  count(stored.queue, p.state, 1);
  if (from.gateway && std::ranges::find(p.left, from.gateway) == p.left.end() && p.left.size() < 255)
    p.left.push_back(from.gateway);
  p.queue_gateway = to;
  p.when_silent = 0;
  p.attempts_before = p.attempts;
  p.doubtful_attempt = 0;
  p.segments.clear();
  p.status_message = why;
  note(p, now, EventKind::moved, to, why);
}

void Ledger::finalise(lmdb::Transaction& txn, MessageId id, Stored& stored, State state, std::string why, WallMs now) {
  auto& p = stored.progress;
  const bool waited = p.state == State::submitted || p.state == State::doubtful;
  if (state == State::delivered) ++used(stored.queue, now).delivered;
  if (waited && (state == State::undeliverable || state == State::expired || state == State::rejected))
    ++used(stored.queue, now).failed;
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
    write_progress(txn, id, p);
    forget_places(id, p, stored.queue.gateway);
  }
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
  if (const auto owner = read_owner(txn, id)) hold(keys::of_held(stored.queue.gateway, owner->to), id, true);
  wait_for_receipt(txn, id, stored, until);
  conclude(txn, id, stored, now);  // its receipt may be there already
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
    if (const auto owner = read_owner(txn, id))
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

void Ledger::count(const Queue& queue, State state, int change) {
  const std::pair owner{queue.tenant, queue.gateway};
  counts_[owner][static_cast<std::size_t>(state)] += change;
  if (!is_final(state)) unfinished_ += change;
  counts_changed_.insert(owner);
}

Usage& Ledger::used(const Queue& queue, WallMs now) {
  const UsageKey key{.month = month_of(now), .gateway = queue.gateway, .tenant = queue.tenant, .lane = queue.lane};
  usage_changed_.insert(key);
  return usage_[key];
}

UsageByKey Ledger::usage() const {
  std::lock_guard lock(counts_mutex_);
  return published_usage_;
}

CountsByQueueOwner Ledger::counts() const {
  std::lock_guard lock(counts_mutex_);
  return published_counts_;
}

MessageId Ledger::next_id(WallMs now) { return last_id_ = std::max(last_id_ + 1, first_id_at(now)); }

}  // namespace smsbridge::store
