// SPDX-License-Identifier: MPL-2.0
#include "store/keys.hpp"
#include "store/ledger.hpp"

// Claiming is a write: the ids handed to a channel are durable, as one record, before the first byte leaves. After a
// crash these attempts are "perhaps sent", never "not sent".
namespace smsbridge::store {
namespace {
constexpr std::size_t expired_per_claim_max = 1000;
constexpr std::size_t passed_per_claim_max = 10'000;  // that stay in the queue

// It was to go out when it was accepted: if that time has not come, the clock was set back since.
bool due_at_once(WallMs due, MessageId id) { return due <= id_time(id); }
}  // namespace

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
    std::size_t passed = 0;
    for (bool ok = cursor.seek(prefix); ok && cursor.key().starts_with(prefix); ok = cursor.next()) {
      const auto due = cursor.key().size() == keys::due_size ? keys::due_at(cursor.key()) : 0;
      const auto id = due ? keys::due_id(cursor.key()) : 0;
      if (due > now && !due_at_once(due, id)) {
        if (!end.next_due) end.next_due = due;
        // Behind the newest message nothing is due by a clock that was ahead.
        if (due > id_time(last_id_) || ++passed > passed_per_claim_max) break;
        continue;
      }
      const auto readable = records_.due(txn, cursor);
      if (!readable) {
        records_.set_aside(txn, "due", tables_.due, std::string(cursor.key()), false);
        cursor.erase();
        continue;
      }
      const auto& entry = *readable;
      if (entry.expires_at && entry.expires_at <= now) {
        if (++expired > expired_per_claim_max) {
          end.more_due = true;
          break;
        }
        cursor.erase();
        expire(txn, want.queue, id, entry, now);
        continue;
      }
      if (want.accepted_until && id_time(id) > want.accepted_until) {
        if (++passed > passed_per_claim_max) break;
        continue;
      }
      if (taken == want.count || leased.size() == claim_messages_max) {
        end.more_due = true;
        break;
      }
      auto claimed = records_.claimed(txn, id, entry);
      if (!claimed) {
        // One damaged record must not stop the queue behind it.
        cursor.erase();
        unreadable_.note("due", keys::of_due(want.queue, due, id), "its message is missing or cannot be read");
        continue;
      }
      claimed->due_at = due;
      leases_[id] = {
          .claim = claim_number, .attempt = claimed->attempt, .queue = want.queue, .due_at = due, .entry = entry};
      leased.push_back({.id = id, .attempt = claimed->attempt});
      cursor.erase();
      result.messages.push_back(std::move(*claimed));
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

// Lanes in their order, the tenants of a lane alike. What does not fit is left for a claim, which weighs.
ClaimResult Ledger::claim_due_now(const StandingClaim& standing, lmdb::Transaction& txn, WallMs now) {
  std::array<std::vector<Queue>, lane_count> queues;
  for (const auto& queue : effects_.due_now)
    if (queue.gateway == standing.gateway) queues[static_cast<std::size_t>(queue.lane)].push_back(queue);
  auto left = standing.count;
  std::vector<Want> wants;
  for (std::size_t lane = 0; lane < lane_count; ++lane) {
    auto of_lane = std::min(left, standing.lane_max[lane]);
    for (std::size_t i = 0; i < queues[lane].size() && of_lane > 0; ++i) {
      const auto sharing = static_cast<std::uint32_t>(queues[lane].size() - i);
      const auto count = (of_lane + sharing - 1) / sharing;
      wants.push_back({.queue = queues[lane][i], .count = count});
      of_lane -= count;
      left -= count;
    }
  }
  auto result = claim(wants, txn, now);
  if (!result.messages.empty())
    for (const auto& end : result.ends) effects_.due_now.erase(end.queue);
  return result;
}

// The entry has left the queue already.
void Ledger::expire(lmdb::Transaction& txn, const Queue& queue, MessageId id, const DueEntry& entry, WallMs now) {
  Stored stored{.queue = queue, .progress = {}};
  if (entry.has_progress) stored.progress = records_.progress(txn, id).value_or(Progress{});
  if (!entry.in_doubt)
    return finalise(txn, id, stored, State::expired, "validity ended before the message could be sent", now);
  // It is not sent again, but the carrier may have it: the receipt of the earlier attempt still counts.
  stored.progress.status_message = "may have been sent; its validity ended, waits for a receipt";
  put_in_doubt(txn, id, stored, now + limits_.held_ms, now);
}

}  // namespace smsbridge::store
