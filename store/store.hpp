// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "store/ledger.hpp"
#include "store/reader.hpp"
#include "store/request.hpp"
#include "store/space.hpp"

namespace smsbridge::store {

struct Options {
  std::filesystem::path path;
  std::uint64_t size_limit_bytes = 16ull << 30;  // of the map; the file itself grows as needed
  bool check_file = false;                       // before it is opened; only where nobody else writes to it
  std::uint64_t prewrite_bytes = 64ull << 20;    // 0: do not write ahead
  bool sync = true;                              // false only where a lost power is not survived anyway: simulation
  LedgerLimits limits;
  std::size_t inbox_items_max = 100000;
  std::size_t commit_items_max = 2000;  // bounds the time of one transaction
  std::function<WallMs()> wall_clock;
};

struct CommitStats {
  double seconds = 0;
  std::size_t messages = 0;  // changes in this commit
  std::uint64_t used_bytes = 0, free_bytes = 0, disk_free_bytes = 0;
};

// Called on the writer's thread, after the commit if not said otherwise. Must not block.
struct Hooks {
  std::function<void(const std::set<Queue>&)> due_now;     // these queues got something that is, or will be, due
  std::function<void(const Tasks::DueByKind&)> tasks_due;  // and of these kinds tasks that are due from then on
  std::function<void(const std::vector<Final>&)> finals;
  std::function<void(const GivenUp&)> given_up;
  std::function<void(const CommitStats&)> committed;
  Alongside alongside;  // before the commit, and in it: see there
  std::function<void(Error, const std::string&)> failed;
};

// Makes messages durable and remembers what happened to each.
//
// Lifecycle: construct (throws OpenError), open_queue(), then start() for the writer's thread, or step() by hand in the
// simulation; stop() commits what is in the inbox and joins. Without open_queue() it only reads, and keeps objects.
// commit() and claim() come from any thread and complete on the given executor. A completion with Error::none means
// durable: fdatasync returned.
class Store {
 public:
  explicit Store(Options options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Loads the queue and puts the attempts of a process that died into doubt. Once, before start() or step().
  void open_queue();
  // The file was not there although the store had been used.
  bool has_lost_its_file() const { return lost_file_; }
  // Records that were met and could not be read, those that nobody was told of yet. Any thread.
  std::vector<Unreadable> take_unreadable() { return unreadable_.take(); }
  void set_hooks(Hooks hooks) { hooks_ = std::move(hooks); }  // before start
  void start();
  void stop();

  void commit(Batch batch, boost::asio::any_io_executor home, Done done);
  void claim(std::vector<Want> wants, boost::asio::any_io_executor home, ClaimDone done);
  // At most claim_tasks_max tasks, and of each kind those that are due first. What it took is ended by a batch.
  void claim(std::vector<TaskWant> wants, boost::asio::any_io_executor home, TaskClaimDone done);
  // Leaves a claim for what comes next; `done` is called once something was taken. It replaces the gateway's last one,
  // and a count of 0 withdraws that; what was taken before is still delivered, ahead of the answer to any later claim.
  void stand_by(const StandingClaim& standing, boost::asio::any_io_executor home, ClaimDone done);

  // One round of the writer: everything that gathered, in one transaction. Returns the number of changes.
  std::size_t step();

  const Reader& reader() const { return reader_; }
  CountsByQueueOwner counts() const { return ledger_.counts().by_owner(); }
  UsageByKey usage() const { return ledger_.counts().usage(); }
  // How many receipts wait for their messages, by the gateway that brought them.
  std::map<GatewayId, std::size_t> parked_receipts() const { return ledger_.parked().counts(); }
  bool has_room() const { return room_.load(std::memory_order_relaxed); }
  // The last commit failed, for another reason than want of room; the writer tries again every second.
  bool is_failing() const { return failing_.load(std::memory_order_relaxed); }
  // No commit will ever succeed again: the process has to end.
  bool is_broken() const { return broken_.load(std::memory_order_relaxed); }
  // How long the commit that is being written has taken so far; 0 when none is.
  double commit_running_seconds() const;
  // How far behind the newest state the oldest reader is, of any process: what was freed since takes room on the disk.
  std::uint64_t reader_lag_transactions() const;

  // Of a closed gateway no queue takes anything more: a new message for it ends as failed, and none moves to it. Any
  // thread; what was given to commit() before counts as before.
  void close_gateway(GatewayId gateway, bool closed);
  // How long finished messages are kept, from the next commit on; until then as the limits say. Any thread.
  void set_retention(const Retention& retention);
  // Returns once everything that was given to commit() before is on disk, or was refused. Not on the writer's thread.
  void wait_for_commit();

  // Waits until the batch is on disk; throws OpenError when it was not taken. Not on a shard's thread, nor on the
  // writer's. Before start() it is a commit of its own, which may hold objects and tenants only: so other programs on
  // this host change what the daemon keeps.
  BatchResult commit_and_wait(Batch batch);
  // The number of a tenant's name, made when it is new. Waits, as above.
  TenantId tenant(const std::string& name);
  // Overwrites what was erased and lies in the file still. Nothing is committed meanwhile, which takes as long as
  // reading the whole file. Throws std::runtime_error where it cannot. Not on a shard's thread, nor on the writer's.
  void overwrite_erased();

  // The next commits fail as if the disk had answered this errno. For tests.
  void fail_commits(int code, std::size_t count) { fail_code_ = code, fail_count_ = count; }

 private:
  struct Standing {
    StandingClaim claim;
    boost::asio::any_io_executor home;
    ClaimDone done;
    std::uint64_t number = 0;  // tells it from the one that replaced it
  };

  void put(RequestPtr request);
  std::vector<RequestPtr> take();
  Error write(const std::vector<RequestPtr>& requests, WallMs now);
  enum class Room { for_all, for_outcomes, for_outcomes_alone };
  Error transact(const std::vector<RequestPtr>& requests, WallMs now, Room room);
  Error undo(Error error, const char* why);
  void tell_effects();
  bool room_left(const lmdb::Transaction& txn);
  void run();

  const Options options_;
  const bool lost_file_;
  lmdb::Environment environment_;
  Tables tables_{};
  UnreadableRecords unreadable_;
  Ledger ledger_;
  Reader reader_;
  Space space_;
  Hooks hooks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<RequestPtr> inbox_;
  std::size_t inbox_items_ = 0;
  std::map<GatewayId, Standing> standing_;
  std::set<GatewayId> closed_;
  std::shared_ptr<const Retention> retention_;  // nullptr: as the limits say
  std::uint64_t last_standing_ = 0;
  bool stopping_ = false;
  std::atomic<bool> room_{true}, failing_{false}, broken_{false};
  std::atomic<std::int64_t> step_began_ns_{0};  // 0: the writer waits
  // Of the writer's round: the standing claims as it found them, and what those that got something took.
  std::map<GatewayId, Standing> standing_now_;
  std::vector<std::pair<GatewayId, ClaimResult>> served_;
  bool no_room_on_disk_ = false;  // a commit said so
  bool loaded_ = true;            // false: the ledger has to be read anew before the next transaction
  WallMs maintained_at_ = 0;
  std::uint64_t used_bytes_ = 0, file_bytes_ = 0;
  std::atomic<int> fail_code_{0};
  std::atomic<std::size_t> fail_count_{0};
  std::thread writer_;
};

}  // namespace smsbridge::store
