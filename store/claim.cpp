// SPDX-License-Identifier: MPL-2.0
#include "store/apply.hpp"
#include "store/keys.hpp"

// Claiming is a write: the ids handed to a channel are durable, as one record, before the first byte leaves. After a
// crash these attempts are "perhaps sent", never "not sent".
namespace smsbridge::store {
namespace {
constexpr std::size_t expired_per_claim_max = 1000;
}

ClaimResult Ledger::claim(const std::vector<Want>& wants, lmdb::Transaction& txn, WallMs now) {
  ClaimResult result;
  std::vector<LeasedMessage> leased;
  std::size_t expired = 0;
  lmdb::Cursor cursor(txn, tables_.due);
  const auto claim_number = last_claim_ + 1;
  for (const auto& want : wants) {
    const auto prefix = keys::of_queue(want.queue);
    QueueEnd end{.queue = want.queue};
    std::uint32_t taken = 0;
    for (bool ok = cursor.seek(prefix); ok && cursor.key().starts_with(prefix); ok = cursor.next()) {
      const auto due = keys::due_at(cursor.key());
      if (due > now) {
        end.next_due = due;
        break;
      }
      const auto id = keys::due_id(cursor.key());
      const auto entry = decode_due(cursor.value());
      if (entry.expires_at && entry.expires_at <= now) {
        if (++expired > expired_per_claim_max) {
          end.more_due = true;
          break;
        }
        cursor.erase();
        expire(txn, want.queue, id, entry, now);
        continue;
      }
      if (taken == want.count || leased.size() == claim_messages_max) {
        end.more_due = true;
        break;
      }
      Claimed claimed{.id = id,
                      .attempt = 1,
                      .in_doubt = entry.in_doubt,
                      .due_at = due,
                      .expires_at = entry.expires_at,
                      .content = {},
                      .segments = {}};
      auto content = read_content(txn, id);
      if (!content) throw BadRecord("a queue entry has no message");
      claimed.content = std::move(*content);
      if (entry.has_progress) {
        if (auto progress = read_progress(txn, id)) {
          claimed.attempt = static_cast<std::uint16_t>(progress->attempts + 1);
          claimed.segments = std::move(progress->segments);
        }
      }
      leases_[id] = {
          .claim = claim_number, .attempt = claimed.attempt, .queue = want.queue, .due_at = due, .entry = entry};
      leased.push_back({.id = id, .attempt = claimed.attempt});
      cursor.erase();
      result.messages.push_back(std::move(claimed));
      ++taken;
    }
    result.ends.push_back(end);
  }
  if (!leased.empty()) {
    last_claim_ = claim_number;
    claims_[claim_number] = leased.size();
    encode(leased, record_);
    txn.append(tables_.leased, keys::of_id(claim_number), record_);
  }
  return result;
}

// The entry has left the queue already.
void Ledger::expire(lmdb::Transaction& txn, const Queue& queue, MessageId id, const DueEntry& entry, WallMs now) {
  Stored stored{.queue = queue, .progress = {}};
  if (entry.has_progress) stored.progress = read_progress(txn, id).value_or(Progress{});
  finalise(txn, id, stored, State::expired,
           stored.progress.maybe_duplicate ? "validity ended; an earlier attempt may have been sent"
                                           : "validity ended before the message could be sent",
           now);
}

}  // namespace smsbridge::store
