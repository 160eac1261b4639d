// SPDX-License-Identifier: MPL-2.0
#include "store/ledger.hpp"

#include <algorithm>

#include "store/keys.hpp"
#include "store/rules.hpp"

namespace smsbridge::store {

void Ledger::load(const lmdb::Transaction& txn) {
  references_.load(txn);
  correlation_.clear();
  leases_.clear();
  claims_.clear();
  held_.clear();
  effects_ = {};
  counts_.load(txn);
  {
    lmdb::Cursor cursor(txn, tables_.message);
    if (cursor.last() && cursor.key().size() == sizeof(MessageId))
      last_id_ = std::max(last_id_, keys::id(cursor.key()));
  }
  load_leases(txn);
  load_open(txn);
  parked_.load(txn);
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
  const auto progress = records_.progress(txn, message.id);
  // What is held after a crash has one too, and its attempt was none.
  if (progress && (progress->attempts >= message.attempt || progress->state != State::queued)) return;
  const auto content = records_.content(txn, message.id);
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
    const auto owner = records_.owner(txn, id);
    const auto stored = records_.stored(txn, id);
    if (!owner || !stored) continue;
    correlate(id, stored->progress, stored->queue.gateway);
    if (stored->progress.state == State::doubtful) hold(keys::of_held(stored->queue.gateway, owner->to), id, true);
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
    for (const auto& key : found) records_.set_aside(txn, name, table, key, true);
  }
}

void Ledger::recover(lmdb::Transaction& txn, WallMs now) {
  for (const auto& [id, lease] : leases_) {
    auto progress = lease.entry.has_progress ? records_.progress(txn, id).value_or(Progress{}) : Progress{};
    progress.attempts = lease.attempt;
    progress.gateway = lease.queue.gateway;
    progress.maybe_duplicate = true;
    if (!progress.doubtful_attempt) progress.doubtful_attempt = lease.attempt;
    progress.due_at = lease.due_at;
    progress.status_message = "the bridge stopped while the message was being sent";
    note(progress, now, EventKind::doubtful, lease.queue.gateway, progress.status_message);
    records_.write(txn, id, progress);
    records_.write(txn, lease.queue, lease.due_at, id,
                   {.expires_at = lease.entry.expires_at, .in_doubt = true, .has_progress = true});
  }
  for (const auto& [number, left] : claims_) txn.erase(tables_.leased, keys::of_id(number));
  // Records whose messages all have an outcome are left over when the process died between two commits.
  lmdb::Cursor cursor(txn, tables_.leased);
  for (bool ok = cursor.first(); ok; ok = cursor.next()) cursor.erase();
  leases_.clear();
  claims_.clear();
  tasks_.recover(txn);
}

void Ledger::begin(lmdb::Transaction& txn, std::size_t enqueued, WallMs now) {
  references_.merge(txn, enqueued, last_id_ + 1, now);
  purge(txn, enqueued, now);
}

void Ledger::apply_alongside(const Alongside& wanted, bool kept, lmdb::Transaction& txn, WallMs now) {
  if (effects_.news.empty()) return;
  const auto read = [&](MessageId id) -> std::optional<Message> {
    auto content = records_.content(txn, id);
    if (!content) return std::nullopt;
    auto progress = records_.progress(txn, id);
    return Message{.id = id, .content = std::move(*content), .progress = progress ? std::move(*progress) : Progress{}};
  };
  const auto more = wanted(effects_.news, read, kept);
  if (!kept) return;
  for (const auto& change : more.tasks) put(change, txn, now);
  for (const auto& line : more.journal) append(line, txn, now);
}

void Ledger::end(lmdb::Transaction& txn) {
  parked_.write(txn);
  counts_.write(txn);
  numbers_.write(txn);
}

void Ledger::committed() {
  references_.publish();
  counts_.publish();
  parked_.publish();
  walks_committed_ = walks_;
  walks_of_committed_ = walks_of_;
}

void Ledger::rolled_back() {
  references_.discard();
  numbers_.forget();
  tasks_.forget_due();
  walks_ = walks_committed_;
  walks_of_ = walks_of_committed_;
}

BatchResult Ledger::apply(Batch& batch, lmdb::Transaction& txn, WallMs now, bool room_for_new) {
  BatchResult result;
  if (batch.brings_work() && !room_for_new) {
    result.error = Error::full;
    return result;
  }
  for (std::size_t i = 0; i < batch.only_if.size(); ++i)
    if (!holds(batch.only_if[i], txn, now)) {
      result.unmet = i;
      return result;
    }
  apply_to_messages(batch, result, txn, now);
  for (const auto& change : batch.objects) result.objects.push_back(objects_.put(change, txn, now));
  for (const auto& change : batch.erased_objects) result.erased_objects.push_back(objects_.erase(change, txn));
  for (const auto& change : batch.ended_tasks) result.ended_tasks.push_back(tasks_.end(change, txn));
  for (const auto& change : batch.tasks) result.tasks.push_back(put(change, txn, now));
  for (const auto& line : batch.journal) result.journal.push_back(append(line, txn, now));
  for (const auto& change : batch.erased_marks) result.erased_marks.push_back(marks_.erase(change, txn, now));
  for (const auto& change : batch.marks) result.marks.push_back(marks_.put(change, txn, now));
  for (const auto& tenant : batch.tenants) result.tenants.push_back(number_of(tenant, txn));
  for (const auto& change : batch.erased_tenants) result.erased_tenants.push_back(erase(change, txn));
  return result;
}

void Ledger::apply_to_messages(Batch& batch, BatchResult& result, lmdb::Transaction& txn, WallMs now) {
  for (const auto& change : batch.receipts) result.receipts.push_back(receipt(change, txn, now));
  // What ended goes first: an answer that comes in the same turn as the doubt about its attempt ends that before it is
  // written.
  result.settled.resize(batch.settlements.size());
  for (const bool ended : {true, false})
    for (std::size_t i = 0; i < batch.settlements.size(); ++i)
      if (const auto& change = batch.settlements[i]; is_end(change) == ended)
        result.settled[i] = settle(change, txn, now);
  result.enqueued.reserve(batch.enqueue.size());
  for (auto& change : batch.enqueue) result.enqueued.push_back(enqueue(change, txn, now));
  for (const auto& change : batch.controls) result.controls.push_back(control(change, txn, now));
  for (const auto& change : batch.moves) result.moved.push_back(move(change, txn, now));
}

bool Ledger::holds(const Condition& condition, const lmdb::Transaction& txn, WallMs now) const {
  if (const auto* mark = std::get_if<MarkAbsent>(&condition))
    return !Marks::find(txn, tables_, unreadable_, mark->scope, mark->key, now);
  if (const auto* task = std::get_if<TaskHeld>(&condition)) return tasks_.is_held(txn, task->task, task->lease);
  const auto& object = std::get<ObjectAt>(condition);
  return objects_.revision(txn, object.key) == object.revision;
}

TenantId Ledger::number_of(const std::string& tenant, lmdb::Transaction& txn) {
  const std::string key = "tenant/" + tenant, last_key = "last tenant";
  const auto known = txn.get(tables_.meta, key), last = txn.get(tables_.meta, last_key);
  for (const auto& number : {known, last})
    if (number && number->size() != sizeof(TenantId)) return 0;  // damaged: another tenant's would be a guess
  if (known) {
    gone_.erase(keys::read<TenantId>(*known, 0));  // it is there again
    return keys::read<TenantId>(*known, 0);
  }
  const TenantId id = last ? keys::read<TenantId>(*last, 0) + 1 : 1;
  std::string value;
  keys::append(value, id);
  txn.put(tables_.meta, key, value);
  txn.put(tables_.meta, last_key, value);
  return id;
}

Ledger::Effects Ledger::take_effects() {
  effects_.tasks_due = tasks_.take_due();
  effects_.given_up = parked_.take_given_up();
  return std::exchange(effects_, {});
}

MessageId Ledger::next_id(WallMs now) { return last_id_ = std::max(last_id_ + 1, first_id_at(now)); }

}  // namespace smsbridge::store
