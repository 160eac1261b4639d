// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "store/changes.hpp"
#include "store/correlation.hpp"
#include "store/counts.hpp"
#include "store/limits.hpp"
#include "store/numbers.hpp"
#include "store/parked.hpp"
#include "store/references.hpp"
#include "store/retention.hpp"
#include "store/tables.hpp"

namespace smsbridge::store {

// The only code that changes tables. Works inside the writer's transaction; what it keeps in memory can be rebuilt from
// the tables by load(), which is also how a failed commit is undone. One thread: the writer's.
class Ledger {
 public:
  Ledger(const Tables& tables, const LedgerLimits& limits, UnreadableRecords& unreadable)
      : tables_(tables),
        limits_(limits),
        unreadable_(unreadable),
        records_(tables, unreadable),
        counts_(tables, unreadable),
        parked_(tables, limits_, unreadable, records_),
        references_(tables, unreadable),
        numbers_(tables),
        objects_(tables, numbers_),
        tasks_(tables, numbers_, unreadable),
        journal_(tables, numbers_, unreadable),
        marks_(tables, unreadable) {}

  void load(const lmdb::Transaction& txn);
  // At open only: what load() could not read, and would stand in the way, goes to a table of its own.
  void set_aside(lmdb::Transaction& txn);
  // At open only: the attempts of a process that died are in doubt and due again.
  void recover(lmdb::Transaction& txn, WallMs now);

  // Whose queues take nothing more, from the next apply() on.
  void close(const std::set<GatewayId>& gateways) { closed_ = gateways; }
  // From the next begin() on; until then all are kept as the limits say.
  void keep(std::shared_ptr<const Retention> retention) { retention_ = std::move(retention); }
  // Stamps the times of what it enqueues. With an error nothing of the batch was applied.
  BatchResult apply(Batch& batch, lmdb::Transaction& txn, WallMs now, bool room_for_new);
  ClaimResult claim(const std::vector<Want>& wants, lmdb::Transaction& txn, WallMs now);
  TaskClaimResult claim(const std::vector<TaskWant>& wants, lmdb::Transaction& txn, WallMs now) {
    return tasks_.claim(wants, txn, now);
  }
  // What the running transaction made due for this gateway; its queues are no longer told as due then.
  ClaimResult claim_due_now(const StandingClaim& standing, lmdb::Transaction& txn, WallMs now);
  // Waits that ended, validity that ended, old receipts. Once a second.
  void maintain(lmdb::Transaction& txn, WallMs now);
  // What every transaction begins with, purge and the merge of references, paced by how much it will enqueue; and
  // what it ends with, the counts.
  void begin(lmdb::Transaction& txn, std::size_t enqueued, WallMs now);
  // What others want in the same commit as what the transaction did to messages, once all of that is done.
  void apply_alongside(const Alongside& wanted, bool kept, lmdb::Transaction& txn, WallMs now);
  void end(lmdb::Transaction& txn);

  void committed();    // publishes references
  void rolled_back();  // load() must follow

  // What the running transaction did that others want to know after its commit.
  struct Effects {
    std::set<Queue> due_now;
    std::vector<Final> finals;
    std::vector<News> news;
    Tasks::DueByKind tasks_due;
    GivenUp given_up;
  };
  Effects take_effects();

  const References& references() const { return references_; }
  const Counts& counts() const { return counts_; }
  const Parked& parked() const { return parked_; }

 private:
  struct Lease {
    enum class Holder { mine, late, repeated, superseded };  // whose attempt an outcome is of
    std::uint64_t claim = 0;
    std::uint16_t attempt = 0;
    Queue queue;
    WallMs due_at = 0;
    DueEntry entry;
  };
  // Over the messages that came longer ago than some are kept, in the order of ids.
  struct Walk {
    WallMs kept_ms = 0;
    MessageId from = 0;
    WallMs restart_at = 0;
    bool is_once = false;  // over what was there when other times began to hold, or was open
    WallMs settled_at(WallMs now) const;
    bool is_through(WallMs now) const { return from && id_time(from) > settled_at(now); }
  };
  enum class Fit { none, other_address, phone };
  struct Candidate {  // a message that a receipt may mean
    MessageId id = 0;
    Fit fit = Fit::none;
    Stored stored;
  };

  void load_leases(const lmdb::Transaction& txn);
  void load_lease(const lmdb::Transaction& txn, std::uint64_t claim, const LeasedMessage& message);
  void load_open(const lmdb::Transaction& txn);
  bool holds(const Condition& condition, const lmdb::Transaction& txn, WallMs now) const;
  void apply_to_messages(Batch& batch, BatchResult& result, lmdb::Transaction& txn, WallMs now);
  TenantId number_of(const std::string& tenant, lmdb::Transaction& txn);
  TenantErased erase(const EraseTenant& change, lmdb::Transaction& txn);
  TaskPut put(const PutTask& change, lmdb::Transaction& txn, WallMs now);
  std::uint64_t append(const JournalLine& line, lmdb::Transaction& txn, WallMs now);
  void erase_message(lmdb::Transaction& txn, MessageId id);
  Enqueued enqueue(Enqueue& change, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const Taken& taken, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const Failed& failed, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const RetryLater& later, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const Held& held, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const MovedTo& moved, lmdb::Transaction& txn, WallMs now);
  Settled settle(const Settlement& change, const GivenBack&, lmdb::Transaction& txn, WallMs now);
  Receipted receipt(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  Controlled control(const Control& change, lmdb::Transaction& txn, WallMs now);
  Settled move(const Move& change, lmdb::Transaction& txn, WallMs now);

  Lease::Holder holder_of(lmdb::Transaction& txn, MessageId id, std::uint16_t attempt, bool accepted, Stored& stored);
  Settled end_attempt(const Settlement& change, bool accepted, Stored& stored, lmdb::Transaction& txn);
  Settled take_back(const Settlement& change, Stored& stored, Lease& lease, lmdb::Transaction& txn);
  void count_attempt(const Settlement& change, Stored& stored, WallMs now);
  void note_parts(const Settlement& change, bool doubtful, bool repeatable, Stored& stored, lmdb::Transaction& txn,
                  WallMs now);
  void change_state(Progress& progress, State to, const Queue& queue);
  void wait_for_receipt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs deadline);
  void end_wait(lmdb::Transaction& txn, MessageId id, const Progress& progress);
  void postpone(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs due, const std::string& why, WallMs now);
  void finalise(lmdb::Transaction& txn, MessageId id, Stored& stored, State state, std::string why, WallMs now);
  void release(lmdb::Transaction& txn, MessageId id);
  void expire(lmdb::Transaction& txn, const Queue& queue, MessageId id, const DueEntry& entry, WallMs now);
  void forget_places(MessageId id, const Progress& progress, GatewayId gateway);
  void put_in_doubt(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs until, WallMs now);
  bool apply_receipt(Progress& progress, std::string_view provider_id, const ReceiptRecorded& receipt, WallMs now);
  bool conclude(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  bool receipt_for_named(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  void relocate(Stored& stored, GatewayId to, const std::string& why, WallMs now);
  bool receipt_for_held(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  void apply_parked(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  Receipted match(const ReceiptRecorded& change, lmdb::Transaction& txn, WallMs now);
  std::vector<Candidate> candidates(const ReceiptRecorded& change, std::string_view provider_id,
                                    lmdb::Transaction& txn) const;
  static Fit fit(const ReceiptRecorded& change, std::string_view to);
  static bool is_of_account(const ReceiptRecorded& receipt, GatewayId gateway);
  bool is_sending(const ReceiptRecorded& receipt) const;
  void revive_refused(MessageId id, const Enqueue& change, lmdb::Transaction& txn, WallMs now);
  void revive(lmdb::Transaction& txn, const Control& change, Stored& stored, WallMs due, WallMs now);
  void name_parked(lmdb::Transaction& txn, MessageId id, GatewayId gateway, WallMs now);
  void retry_parked(lmdb::Transaction& txn, WallMs now);
  void correlate(MessageId id, const Progress& progress, GatewayId gateway);
  void hold(const std::string& destination, MessageId id, bool on);
  void end_waits(lmdb::Transaction& txn, WallMs now);
  bool move_silent(lmdb::Transaction& txn, MessageId id, Stored& stored, WallMs now);
  void sweep_expired(lmdb::Transaction& txn, WallMs now);
  void plan_purge(WallMs now);
  void purge(lmdb::Transaction& txn, std::size_t enqueued, WallMs now);
  void walk_again(WallMs now);
  std::size_t walk_on(Walk& walk, lmdb::Transaction& txn, std::size_t most, WallMs now);
  void purge_if_over(MessageId id, lmdb::Transaction& txn, WallMs now);
  MessageId next_id(WallMs now);

  const Tables& tables_;
  const LedgerLimits limits_;
  UnreadableRecords& unreadable_;
  Records records_;
  Counts counts_;
  Parked parked_;
  References references_;
  Numbers numbers_;
  Objects objects_;
  Tasks tasks_;
  Journal journal_;
  Marks marks_;
  Correlation correlation_;
  boost::unordered_flat_map<MessageId, Lease> leases_;
  boost::unordered_flat_map<std::uint64_t, std::size_t> claims_;  // claim number -> messages without outcome
  std::uint64_t last_claim_ = 0;
  MessageId last_id_ = 0;
  std::set<GatewayId> closed_;
  std::set<TenantId> gone_;                          // erased by this process: what is late of them is not kept
  std::map<std::string, std::set<MessageId>> held_;  // last digits of the phone -> doubtful, held messages
  std::shared_ptr<const Retention> retention_ =
      std::make_shared<const Retention>(Retention::of_all(limits_.retention_ms));
  // The shortest time first, by what is kept how long; and what both were at the last commit.
  std::vector<Walk> walks_, walks_committed_;
  std::shared_ptr<const Retention> walks_of_, walks_of_committed_;
  std::string sweep_from_;
  Effects effects_;
  std::string record_;  // scratch for encoding
};

}  // namespace smsbridge::store
