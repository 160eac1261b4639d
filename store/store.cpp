// SPDX-License-Identifier: MPL-2.0
#include "store/store.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>

#include "store/keys.hpp"
#include "store/opening.hpp"
#include "store/pages.hpp"

namespace smsbridge::store {
namespace {

constexpr std::string_view format_key = "format version";
constexpr WallMs maintain_every_ms = 1000;
constexpr std::uint64_t room_again_bytes = 8 << 20;
constexpr std::string_view trial_key = "tried to write at";
constexpr std::uint64_t page_bytes = 4096;
// Kept free for outcomes and receipts of what was accepted: for each message that has no end yet, and at least.
constexpr std::uint64_t reserve_message_bytes = 512, reserve_bytes_min = 64ull << 20;

std::int64_t steady_ns() { return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1); }

}  // namespace

Store::Store(Options options) try
    : options_(options),  // a copy: the handlers below need the path, and members are gone there
      lost_file_(is_lost(prepared(options_.path))),
      environment_(checked(options_.path, options_.check_file), options_.size_limit_bytes, options_.sync),
      ledger_(tables_, options_.limits, unreadable_),
      reader_(environment_, tables_, ledger_.references(), unreadable_),
      space_(options_.path / "data.mdb", options_.prewrite_bytes, options_.size_limit_bytes) {
  lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::write);
  tables_ = open_tables(txn);
  if (const auto version = txn.get(tables_.meta, format_key); version && version->size() == sizeof(format_version)) {
    const auto found = keys::read<std::uint32_t>(*version, 0);
    if (found != format_version)
      throw OpenError("store: " + options_.path.string() + " has format version " + std::to_string(found) +
                      ", this program reads version " + std::to_string(format_version) +
                      ": use the release that wrote it");
  } else {
    std::string value;
    keys::append(value, format_version);
    txn.put(tables_.meta, format_key, value);
  }
  txn.commit();
} catch (const lmdb::LmdbError& error) {
  throw OpenError(cannot("open", options.path, error));
}

Store::~Store() { stop(); }

BatchResult Store::commit_and_wait(Batch batch) try {
  BatchResult result;
  if (writer_.joinable()) {
    boost::asio::io_context here;
    auto waiting = boost::asio::make_work_guard(here);
    commit(std::move(batch), here.get_executor(), [&](BatchResult answer) {
      result = std::move(answer);
      waiting.reset();
    });
    here.run();
  } else if (is_within_limits(batch)) {
    lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::write);
    result = ledger_.apply(batch, txn, options_.wall_clock(), true);
    ledger_.end(txn);
    txn.commit();
  } else {
    result.error = Error::invalid;
  }
  if (result.error != Error::none) throw OpenError("store: " + explain(result.error));
  return result;
} catch (const lmdb::LmdbError& error) {
  ledger_.rolled_back();
  throw OpenError(cannot("write to", options_.path, error));
}

TenantId Store::tenant(const std::string& name) {
  Batch batch;
  batch.tenants.push_back(name);
  const auto id = commit_and_wait(std::move(batch)).tenants.at(0);
  if (!id)
    throw OpenError("store: " + options_.path.string() + " holds a damaged record, the number of the tenant '" + name +
                    "' or the last one: " + advice);
  return id;
}

void Store::overwrite_erased() {
  constexpr int tries_max = 1000;
  environment_.wipe_buffers();
  const lmdb::Transaction nobody_writes(environment_, lmdb::Transaction::Kind::write);
  environment_.forget_dead_readers();
  // They are short, and those that begin now see the newest state.
  for (int tries = 0; environment_.reader_lag() != 0; ++tries) {
    if (tries == tries_max) throw std::runtime_error("somebody reads an old state of " + options_.path.string());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  overwrite_unused(options_.path / "data.mdb");
}

void Store::open_queue() try {
  lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::write);
  ledger_.load(txn);
  ledger_.set_aside(txn);
  ledger_.recover(txn, options_.wall_clock());
  ledger_.end(txn);
  txn.commit();
  ledger_.committed();
} catch (const lmdb::LmdbError& error) {
  throw OpenError(cannot("open", options_.path, error));
}

void Store::start() {
  writer_ = std::thread([this] { run(); });
}

void Store::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (writer_.joinable()) writer_.join();
}

void Store::commit(Batch batch, boost::asio::any_io_executor home, Done done) {
  auto request = std::make_unique<Request>();
  request->batch = std::move(batch);
  request->home = std::move(home);
  request->done = std::move(done);
  put(std::move(request));
}

void Store::claim(std::vector<Want> wants, boost::asio::any_io_executor home, ClaimDone done) {
  auto request = std::make_unique<Request>();
  request->wants = std::move(wants);
  request->home = std::move(home);
  request->claimed = std::move(done);
  put(std::move(request));
}

void Store::claim(std::vector<TaskWant> wants, boost::asio::any_io_executor home, TaskClaimDone done) {
  auto request = std::make_unique<Request>();
  request->task_wants = std::move(wants);
  request->home = std::move(home);
  request->tasks_claimed = std::move(done);
  put(std::move(request));
}

void Store::stand_by(const StandingClaim& standing, boost::asio::any_io_executor home, ClaimDone done) {
  // Nobody is woken: the writer looks here whenever it has something to write.
  const std::lock_guard lock(mutex_);
  if (standing.count == 0)
    standing_.erase(standing.gateway);
  else
    standing_[standing.gateway] = {standing, std::move(home), std::move(done), ++last_standing_};
}

void Store::put(RequestPtr request) {
  {
    std::lock_guard lock(mutex_);
    auto refused = Error::none;
    if (broken_)
      refused = Error::broken;
    else if (stopping_)
      refused = Error::unavailable;
    else if (!is_within_limits(request->batch))
      refused = Error::invalid;
    // Outcomes and receipts always find a place: they are bounded by windows, and refusing them helps nobody.
    else if (request->batch.brings_work() && inbox_items_ >= options_.inbox_items_max)
      refused = Error::busy;
    if (refused == Error::none) {
      inbox_items_ += request->size();
      inbox_.push_back(std::move(request));
      if (inbox_.size() > 1) return;  // the writer was woken by the first one
    } else {
      request->refuse(refused);
      auto home = request->home;
      boost::asio::post(home, [r = std::shared_ptr<Request>(std::move(request))] { r->answer(); });
      return;
    }
  }
  wake_.notify_one();
}

std::vector<RequestPtr> Store::take() {
  std::vector<RequestPtr> requests;
  std::lock_guard lock(mutex_);
  for (std::size_t items = 0; !inbox_.empty(); inbox_.pop_front()) {
    const auto size = inbox_.front()->size();
    if (!requests.empty() && items + size > options_.commit_items_max) break;
    items += size;
    inbox_items_ -= size;
    requests.push_back(std::move(inbox_.front()));
  }
  standing_now_ = standing_;
  ledger_.close(closed_);
  if (retention_) ledger_.keep(retention_);
  return requests;
}

void Store::close_gateway(GatewayId gateway, bool closed) {
  const std::lock_guard lock(mutex_);
  if (closed)
    closed_.insert(gateway);
  else
    closed_.erase(gateway);
}

void Store::set_retention(const Retention& retention) {
  const std::lock_guard lock(mutex_);
  if (!retention_ || *retention_ != retention) retention_ = std::make_shared<const Retention>(retention);
}

void Store::wait_for_commit() {
  boost::asio::io_context here;
  auto waiting = boost::asio::make_work_guard(here);
  commit({}, here.get_executor(), [&](const BatchResult&) { waiting.reset(); });
  here.run();
}

// Group commit. Everything that came while the last commit ran goes into one transaction; no timer, no waiting.
std::size_t Store::step() {
  auto requests = take();
  const auto now = options_.wall_clock();
  const bool maintain = now < maintained_at_ || now - maintained_at_ >= maintain_every_ms;
  if (requests.empty() && !maintain) return 0;
  const auto began = std::chrono::steady_clock::now();
  std::size_t items = 0;
  for (const auto& request : requests) items += request->size();

  step_began_ns_ = steady_ns();
  const auto error = write(requests, now);
  step_began_ns_ = 0;
  for (auto& request : requests)
    if (const auto own = error != Error::none ? error : request->result.error; own != Error::none) request->refuse(own);
  if (error == Error::none) {
    tell_effects();
    if (hooks_.committed)
      hooks_.committed({.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
                        .messages = items,
                        .used_bytes = used_bytes_,
                        .free_bytes = options_.size_limit_bytes - std::min(used_bytes_, options_.size_limit_bytes),
                        .disk_free_bytes = space_.disk_free_bytes()});
  }
  answer(std::move(requests));
  return items;
}

std::uint64_t Store::reader_lag_transactions() const { return environment_.reader_lag().value_or(0); }

double Store::commit_running_seconds() const {
  const auto began = step_began_ns_.load();
  return began ? static_cast<double>(steady_ns() - began) / 1e9 : 0;
}

Error Store::write(const std::vector<RequestPtr>& requests, WallMs now) {
  if (broken_) return Error::broken;
  auto error = transact(requests, now, Room::for_all);
  if (error == Error::full) {
    // What is new is refused; outcomes and receipts of what was accepted get the room that is left.
    room_ = false;
    error = transact(requests, now, Room::for_outcomes);
  }
  // An outcome that is not written is a message in doubt; that others are told of it is worth less.
  if (error == Error::full && hooks_.alongside) error = transact(requests, now, Room::for_outcomes_alone);
  failing_ = error != Error::none && error != Error::full;
  return error;
}

Error Store::transact(const std::vector<RequestPtr>& requests, WallMs now, Room wanted) {
  try {
    lmdb::Transaction txn(environment_, lmdb::Transaction::Kind::write);
    if (!std::exchange(loaded_, true)) ledger_.load(txn);
    const bool room = wanted == Room::for_all && room_left(txn);
    room_ = room;
    std::size_t enqueued = 0;
    if (room)
      for (const auto& request : requests) enqueued += request->batch.enqueue.size();
    ledger_.begin(txn, enqueued, now);
    const bool maintain = now < maintained_at_ || now - maintained_at_ >= maintain_every_ms;
    if (maintain) ledger_.maintain(txn, now);
    for (auto& request : requests) {
      if (request->claimed)
        request->claim_result = ledger_.claim(request->wants, txn, now);
      else if (request->tasks_claimed)
        request->task_claim_result = ledger_.claim(request->task_wants, txn, now);
      else
        request->result = ledger_.apply(request->batch, txn, now, room);
    }
    served_.clear();
    for (const auto& [gateway, standing] : standing_now_)
      if (auto result = ledger_.claim_due_now(standing.claim, txn, now); !result.messages.empty())
        served_.emplace_back(gateway, std::move(result));
    if (hooks_.alongside) ledger_.apply_alongside(hooks_.alongside, wanted != Room::for_outcomes_alone, txn, now);
    ledger_.end(txn);
    if (failing_) {
      // One that changes nothing writes nothing, and would succeed on any disk.
      std::string at;
      keys::append(at, now);
      txn.put(tables_.meta, trial_key, at);
    }
    if (fail_count_ > 0) {
      --fail_count_;
      throw lmdb::LmdbError("mdb_txn_commit", fail_code_);
    }
    space_.commit([&] {
      txn.commit();
      return (environment_.last_page() + 1) * page_bytes;
    });
    ledger_.committed();
    if (maintain) {
      maintained_at_ = now;
      environment_.forget_resident_pages();
      environment_.forget_dead_readers();
    }
    return Error::none;
  } catch (const lmdb::LmdbError& error) {
    // On a full disk LMDB sees a write that was cut short, and calls it an I/O error.
    const bool cut_short = error.code() == EIO && space_.disk_free_bytes() < full_below_bytes;
    no_room_on_disk_ = no_room_on_disk_ || cut_short || error.means_disk_full();
    return undo(error.means_full() || cut_short ? Error::full : Error::unknown, error.what());
  } catch (const BadRecord& error) {
    return undo(Error::unknown, error.what());
  }
}

// Nothing of the transaction is in the file: what it changed in memory is read anew, by the next one.
Error Store::undo(Error error, const char* why) {
  // This commit may be in the file all the same; whatever follows is not.
  if (environment_.has_failed()) broken_ = true;
  if (hooks_.failed) hooks_.failed(broken_ ? Error::broken : error, why);
  ledger_.rolled_back();
  served_.clear();
  loaded_ = false;
  return error;
}

void Store::tell_effects() {
  const auto effects = ledger_.take_effects();
  // Before the answers to claims, which therefore come later; see stand_by().
  for (auto& [gateway, result] : std::exchange(served_, {})) {
    auto& standing = standing_now_.at(gateway);
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = standing_.find(gateway); it != standing_.end() && it->second.number == standing.number)
        standing_.erase(it);
    }
    boost::asio::post(standing.home, [done = std::move(standing.done),
                                      taken = std::make_shared<ClaimResult>(std::move(result))] { done(*taken); });
  }
  if (hooks_.due_now && !effects.due_now.empty()) hooks_.due_now(effects.due_now);
  if (hooks_.tasks_due && !effects.tasks_due.empty()) hooks_.tasks_due(effects.tasks_due);
  if (hooks_.finals && !effects.finals.empty()) hooks_.finals(effects.finals);
  if (hooks_.given_up && !effects.given_up.empty()) hooks_.given_up(effects.given_up);
}

bool Store::room_left(const lmdb::Transaction& txn) {
  std::uint64_t pages = 0;
  for (const auto table :
       {tables_.message, tables_.progress, tables_.due, tables_.leased, tables_.open, tables_.reference, tables_.parked,
        tables_.counts, tables_.usage, tables_.meta, tables_.object, tables_.task, tables_.task_due,
        tables_.task_leased, tables_.journal, tables_.journal_key, tables_.mark, tables_.mark_expiry})
    pages += txn.pages_of(table);
  used_bytes_ = pages * page_bytes;
  file_bytes_ = (environment_.last_page() + 1) * page_bytes;
  space_.ensure(file_bytes_);
  const auto reserve = std::max(std::min(reserve_bytes_min, options_.size_limit_bytes / 4),
                                reserve_message_bytes * ledger_.counts().unfinished());
  if (used_bytes_ + reserve > options_.size_limit_bytes) return false;
  // Where a commit found the disk full there is room again when the disk has some, not as soon as a small commit fits.
  const auto disk_free = space_.disk_free_bytes();
  if (disk_free >= room_again_bytes) no_room_on_disk_ = false;
  // Without what is written ahead nobody else notices before a commit fails.
  if (disk_free < full_below_bytes && !options_.prewrite_bytes) no_room_on_disk_ = true;
  // On a full disk the free pages inside the file still serve.
  return !(space_.disk_full() || no_room_on_disk_) || file_bytes_ - std::min(file_bytes_, used_bytes_) > reserve / 4;
}

void Store::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::milliseconds(maintain_every_ms),
                     [this] { return stopping_ || !inbox_.empty(); });
      if (stopping_ && inbox_.empty()) return;
    }
    step();
  }
}

}  // namespace smsbridge::store
