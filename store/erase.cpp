// SPDX-License-Identifier: MPL-2.0
#include "store/keys.hpp"
#include "store/ledger.hpp"
#include "store/rules.hpp"

// What a tenant that is gone leaves behind, and what of it goes: see EraseTenant.
namespace smsbridge::store {
namespace {

constexpr std::size_t looked_at_max = 20'000;  // messages of all tenants, each time
constexpr std::size_t messages_max = 2000, others_max = 4000;
constexpr MessageId behind_all = ~MessageId{0};

}  // namespace

// A request that was let in before its tenant went, the end of a webhook's delivery: they come a moment later.
TaskPut Ledger::put(const PutTask& change, lmdb::Transaction& txn, WallMs now) {
  return gone_.contains(change.task.tenant) ? TaskPut::known : tasks_.put(change, txn, now);
}

std::uint64_t Ledger::append(const JournalLine& line, lmdb::Transaction& txn, WallMs now) {
  return gone_.contains(line.tenant) ? 0 : journal_.append(line, txn, now);
}

TenantErased Ledger::erase(const EraseTenant& change, lmdb::Transaction& txn) {
  gone_.insert(change.tenant);
  TenantErased erased;
  std::vector<MessageId> its;
  if (change.from != behind_all) {
    lmdb::Cursor cursor(txn, tables_.message);
    bool ok = cursor.seek(keys::of_id(change.from));
    for (std::size_t seen = 0; ok && seen < looked_at_max && its.size() < messages_max; ok = cursor.next(), ++seen) {
      if (cursor.key().size() != sizeof(MessageId)) continue;
      const auto owner = decoded(unreadable_, "message", cursor.key(), cursor.value(), decode_owner);
      if (owner && owner->queue.tenant == change.tenant) its.push_back(keys::id(cursor.key()));
    }
    erased.from = ok && cursor.key().size() == sizeof(MessageId) ? keys::id(cursor.key()) : behind_all;
  }
  for (const auto id : its) erase_message(txn, id);
  erased.messages = its.size();
  if (erased.from) return erased;
  // Their messages are gone: nothing makes references, lines and tasks of them again.
  auto left = others_max;
  left -= references_.forget(txn, change.tenant, left);
  left -= journal_.erase(txn, change.tenant, left);
  left -= tasks_.erase(txn, change.tenant, left);
  for (const auto& [scope, prefix] : change.marks) left -= marks_.erase_all(scope, prefix, left, txn);
  erased.others = others_max - left;
  if (left == 0) erased.from = behind_all;
  return erased;
}

// Wherever it stands. Whoever has claimed it is told that the attempt is not his any more.
void Ledger::erase_message(lmdb::Transaction& txn, MessageId id) {
  const auto content = records_.content(txn, id);
  const auto progress = records_.progress(txn, id);
  const auto key = keys::of_id(id);
  if (content) {
    const auto state = progress ? progress->state : State::queued;
    Queue queue{.gateway = gateway_of(*content, progress.value_or(Progress{})),
                .tenant = content->tenant,
                .lane = content->lane};
    if (leases_.contains(id))
      release(txn, id);
    else if (state == State::queued)
      txn.erase(tables_.due, keys::of_due(queue, progress ? progress->due_at : content->due_at, id));
    counts_.count(queue, state, -1);
    if (progress) {
      end_wait(txn, id, *progress);
      forget_places(id, *progress, queue.gateway);
    }
  }
  txn.erase(tables_.message, key);
  txn.erase(tables_.progress, key);
  for (const auto* table : {"message/", "progress/"}) txn.erase(tables_.aside, table + key);
}

}  // namespace smsbridge::store
