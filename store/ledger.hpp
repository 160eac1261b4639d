// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <set>

#include "store/changes.hpp"
#include "store/correlation.hpp"
#include "store/references.hpp"
#include "store/tables.hpp"

namespace smsbridge::store {

// How many messages of one tenant and gateway are in each state.
using StateCounts = std::array<std::int64_t, state_count>;
using CountsByQueueOwner = std::map<std::pair<TenantId, GatewayId>, StateCounts>;

struct LedgerLimits {
  WallMs retention_ms = 90ll * 24 * 3600 * 1000;  // a finished message is kept so long
  WallMs parked_ms = 24ll * 3600 * 1000;          // and a receipt nobody waits for
  WallMs held_ms = 72ll * 3600 * 1000;            // a message in doubt whose validity ended waits so long for a receipt
  WallMs late_receipt_ms = 7ll * 24 * 3600 * 1000;  // an end that only we assumed can be corrected for so long
  WallMs idempotency_ms = 24ll * 3600 * 1000;       // and an Idempotency-Key
  std::size_t parked_max = 100000;
  std::size_t parked_of_gateway_max = 20000;  // one carrier's ids of nobody push out no other's receipts
};

// The only code that changes tables. Works inside the writer's transaction; what it keeps in memory can be rebuilt from
// the tables by load(), which is also how a failed commit is undone. One thread: the writer's.
class Ledger {
 public:
  Ledger(const Tables& tables, const LedgerLimits& limits, UnreadableRecords& unreadable)
      : tables_(tables), limits_(limits), unreadable_(unreadable), references_(tables, unreadable) {}

  void load(const lmdb::Transaction& txn);
  // At open only: what load() could not read, and would stand in the way, goes to a table of its own.
  void set_aside(lmdb::Transaction& txn);
  // At open only: the attempts of a process that died are in doubt and due again.
  void recover(lmdb::Transaction& txn, WallMs now);

  // Whose queues take nothing more, from the next apply() on.
  void close(const std::set<GatewayId>& gateways) { closed_ = gateways; }
  // Stamps the times of what it enqueues.
  BatchResult apply(Batch& batch, lmdb::Transaction& txn, WallMs now, bool room_for_new);
  ClaimResult claim(const std::vector<Want>& wants, lmdb::Transaction& txn, WallMs now);
  // What the running transaction made due for this gateway; its queues are no longer told as due then.
  ClaimResult claim_due_now(const StandingClaim& standing, lmdb::Transaction& txn, WallMs now);
  // Waits that ended, validity that ended, old receipts. Once a second.
  void maintain(lmdb::Transaction& txn, WallMs now);
  // What every transaction begins with, purge and the merge of references, paced by how much it will enqueue; and
  // what it ends with, the counts.
  void begin(lmdb::Transaction& txn, std::size_t enqueued, WallMs now);
  void end(lmdb::Transaction& txn);

  void committed();    // publishes references
  void rolled_back();  // load() must follow

  // What the running transaction did that others want to know after its commit.
  struct Effects {
    std::set<Queue> due_now;
    std::vector<Final> finals;
  };
  Effects take_effects() { return std::exchange(effects_, {}); }

  const References& references() const { return references_; }
  UsageByKey usage() const;                                                         // any thread
  CountsByQueueOwner counts() const;                                                // any thread
  std::size_t unfinished() const { return static_cast<std::size_t>(unfinished_); }  // messages that are not final

 private:
  struct Lease {
    enum class Holder { mine, late, repeated, superseded };  // whose attempt an outcome is of
    std::uint64_t claim = 0;
    std::uint16_t attempt = 0;
    Queue queue;
    WallMs due_at = 0;
    DueEntry entry;
  };
  struct Stored {  // a message's owner and changing part, read for a change
    Queue queue;
    Progress progress;
  };
  enum class Fit { none, other_address, phone };
  struct Candidate {  // a message that a receipt may mean
    MessageId id = 0;
    Fit fit = Fit::none;
    Stored stored;
  };

  void load_usage(const lmdb::Transaction& txn);
  void load_counts(const lmdb::Transaction& txn);
  void count_anew(const lmdb::Transaction& txn);
  void load_leases(const lmdb::Transaction& txn);
  void load_lease(const lmdb::Transaction& txn, std::uint64_t claim, const LeasedMessage& message);
  void load_open(const lmdb::Transaction& txn);
  void load_parked(const lmdb::Transaction& txn);
  void set_aside(lmdb::Transaction& txn, std::string_view name, lmdb::Table table, std::string_view key, bool erase);
  std::optional<DueEntry> read_due(const lmdb::Transaction& txn, const lmdb::Cursor& cursor) const;
  std::optional<DueEntry> due_entry_of(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<ReceiptRecorded> read_parked(const lmdb::Transaction& txn, std::string_view key) const;
  Enqueued enqueue(Enqueue& change, lmdb::Transaction& txn, WallMs now);
  Settled finished(const Finished& change, lmdb::Transaction& txn, WallMs now);
  Settled again(const Again& change, lmdb::Transaction& txn, WallMs now);
  Receipted receipt(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  Controlled control(const Control& change, lmdb::Transaction& txn, WallMs now);
  Settled move(const Move& change, lmdb::Transaction& txn, WallMs now);

  Lease::Holder holder_of(lmdb::Transaction& txn, MessageId id, std::uint16_t attempt, bool accepted, Stored& stored);
  std::optional<Content> read_content(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Owner> read_owner(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Progress> read_progress(const lmdb::Transaction& txn, MessageId id) const;
  std::optional<Stored> read_stored(const lmdb::Transaction& txn, MessageId id) const;
  void write_progress(lmdb::Transaction& txn, MessageId id, const Progress& progress);
  void write_due(lmdb::Transaction& txn, const Queue& queue, WallMs due, MessageId id, const DueEntry& entry);
  void change_state(Progress& progress, State to, const Queue& queue);
  void wait_for_receipt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs deadline);
  void end_wait(lmdb::Transaction& txn, MessageId id, const Progress& progress);
  void finalise(lmdb::Transaction& txn, MessageId id, Stored& stored, State state, std::string why, WallMs now);
  void release(lmdb::Transaction& txn, MessageId id);
  std::optional<Claimed> read_claimed(const lmdb::Transaction& txn, MessageId id, const DueEntry& entry) const;
  void expire(lmdb::Transaction& txn, const Queue& queue, MessageId id, const DueEntry& entry, WallMs now);
  void forget_places(MessageId id, const Progress& progress, GatewayId gateway);
  void put_in_doubt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs until, WallMs now);
  bool apply_receipt(Progress& progress, std::string_view provider_id, const ReceiptRecorded& receipt, WallMs now);
  bool conclude(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  bool receipt_for_named(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  void relocate(Stored& stored, GatewayId to, const std::string& why, WallMs now);
  bool receipt_for_held(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  Receipted park(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  void apply_parked(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  Receipted match(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  std::vector<Candidate> candidates(const ReceiptRecorded& change, std::string_view provider_id,
                                    lmdb::Transaction& txn) const;
  static Fit fit(const ReceiptRecorded& change, std::string_view to);
  static bool is_of_account(const ReceiptRecorded& receipt, GatewayId gateway);
  bool is_sending(const ReceiptRecorded& receipt) const;
  void revive_refused(MessageId id, const Enqueue& change, lmdb::Transaction& txn, WallMs now);
  void revive(lmdb::Transaction& txn, const Control& change, Stored& stored, WallMs due, WallMs now);
  void remember_parked(const ReceiptRecorded& receipt, const std::string& key);
  void drop_parked(lmdb::Transaction& txn, const std::string& key);
  void name_parked(lmdb::Transaction& txn, MessageId id, GatewayId gateway, WallMs now);
  void retry_parked(lmdb::Transaction& txn, WallMs now);
  void correlate(MessageId id, const Progress& progress, GatewayId gateway);
  void hold(const std::string& destination, MessageId id, bool on);
  void end_waits(lmdb::Transaction& txn, WallMs now);
  bool move_silent(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  void sweep_expired(lmdb::Transaction& txn, WallMs now);
  void purge(lmdb::Transaction& txn, std::size_t budget, WallMs now);
  MessageId next_id(WallMs now);
  Usage& used(const Queue& queue, WallMs now);
  void count(const Queue& queue, State state, int change);

  const Tables& tables_;
  const LedgerLimits limits_;
  UnreadableRecords& unreadable_;
  References references_;
  Correlation correlation_;
  boost::unordered_flat_map<MessageId, Lease> leases_;
  boost::unordered_flat_map<std::uint64_t, std::size_t> claims_;  // claim number -> messages without outcome
  std::uint64_t last_claim_ = 0;
  MessageId last_id_ = 0;
  std::multimap<std::string, std::string> parked_;  // gateway and canonical id -> key in the table
  std::set<GatewayId> closed_;
  std::set<std::string> parked_keys_;                     // oldest first
  std::map<GatewayId, std::set<std::string>> parked_of_;  // the same, by the gateway that brought them
  std::uint32_t parked_number_ = 0;
  std::string parked_retried_;                       // up to this key they were tried once more
  std::map<std::string, std::set<MessageId>> held_;  // last digits of the phone -> doubtful, held messages
  std::int64_t unfinished_ = 0;
  CountsByQueueOwner counts_;            // with what the running transaction changes
  mutable std::mutex counts_mutex_;      // guards published_counts_
  CountsByQueueOwner published_counts_;  // as committed
  std::set<std::pair<TenantId, GatewayId>> counts_changed_;
  UsageByKey usage_, published_usage_;  // as counts_ and published_counts_, and with the same lock
  std::set<UsageKey> usage_changed_;
  MessageId purge_from_ = 0;
  WallMs purge_restart_at_ = 0;
  std::string sweep_from_;
  Effects effects_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
