// SPDX-License-Identifier: MPL-2.0
#include <algorithm>

#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// New messages, and those that people or failures bring into a queue again.
namespace smsbridge::store {
namespace {

constexpr std::size_t text_length_max = 60000;  // fits the record's counted strings

}  // namespace

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
  if (gone_.contains(content.tenant)) return {.kind = Enqueued::Kind::conflict};

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
  counts_.count(queue, State::queued, 1);
  if (change.failed_because.empty() && closed_.contains(content.gateway))
    change.failed_because = "its gateway was just removed";
  if (change.failed_because.empty()) {
    const bool postponed = !change.postponed_because.empty();
    Stored stored{.queue = queue, .progress = {}};
    if (postponed) postpone(txn, id, stored, content.due_at, change.postponed_because, now);
    records_.write(txn, queue, content.due_at, id,
                   {.expires_at = content.expires_at, .in_doubt = false, .has_progress = postponed});
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
  auto stored = records_.stored(txn, id);
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

Controlled Ledger::control(const Control& change, lmdb::Transaction& txn, WallMs now) {
  const auto content = records_.content(txn, change.id);
  if (!content || content->tenant != change.tenant) return Controlled::not_found;
  Stored stored{.queue = {.gateway = content->gateway, .tenant = content->tenant, .lane = content->lane},
                .progress = {}};
  auto progress = records_.progress(txn, change.id);
  const bool tried = progress.has_value();
  if (!tried && txn.get(tables_.progress, keys::of_id(change.id))) return Controlled::not_found;  // cannot be read
  if (progress) stored.progress = std::move(*progress);
  auto& p = stored.progress;
  stored.queue.gateway = gateway_of(*content, p);
  if (change.action == Control::Action::cancel) {
    if (change.at_carrier && (p.state == State::submitted || p.state == State::doubtful)) {
      // It left again meanwhile, and whoever has it now was not asked.
      if (p.attempts != change.at_carrier->attempt || stored.queue.gateway != change.at_carrier->gateway)
        return Controlled::too_late;
      end_wait(txn, change.id, p);
      finalise(txn, change.id, stored, State::cancelled, "cancelled at the carrier by request", now);
      return Controlled::done;
    }
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
  records_.write(txn, change.id, p);
  records_.write(txn, stored.queue, due, change.id,
                 {.expires_at = p.expires_at, .in_doubt = false, .has_progress = true});
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
    auto progress = records_.progress(txn, change.id);
    if (!progress) return Settled::superseded;
    stored.progress = std::move(*progress);
  }
  // What was perhaps sent is not sent by others, and the parts of one message stay together.
  if (entry.in_doubt || !untouched(stored.progress.segments)) return Settled::superseded;
  txn.erase(tables_.due, key);
  relocate(stored, change.to, change.why, now);
  stored.progress.due_at = change.due_at;
  records_.write(txn, change.id, stored.progress);
  entry.has_progress = true;
  records_.write(txn, stored.queue, change.due_at, change.id, entry);
  effects_.due_now.insert(stored.queue);
  return Settled::ok;
}

// Into another gateway's queue, where it has all its attempts again.
void Ledger::relocate(Stored& stored, GatewayId to, const std::string& why, WallMs now) {
  auto& p = stored.progress;
  const auto from = stored.queue;
  counts_.count(from, p.state, -1);
  stored.queue.gateway = to;
  p.state = State::queued;
  counts_.count(stored.queue, p.state, 1);
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

}  // namespace smsbridge::store
