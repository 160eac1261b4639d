// SPDX-License-Identifier: MPL-2.0
// The store's conformance suite: what every implementation must answer, in terms of the five ideas (message, object,
// task, journal, mark) and of their batch. A second store is put under it by another Subject.
#pragma once
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <random>
#include <utility>

#include "store/store.hpp"

namespace smsbridge::store {

inline constexpr WallMs start_time = 1'790'000'000'000;
inline constexpr Queue queue{.gateway = 7, .tenant = 1, .lane = Lane::transaction};

// The store under test, in virtual time, with its writer stepped by hand.
class Subject {
 public:
  Subject()
      : path_(std::filesystem::temp_directory_path() / ("smsbridge-conf-" + std::to_string(std::random_device{}()))) {
    open();
  }
  ~Subject() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  // What a process that died leaves behind, in the hands of the next one.
  void reopen() {
    store_.reset();
    open();
  }
  void set_journal_kept(WallMs ms) {
    limits_.journal_ms = ms;
    reopen();
  }
  void step() {
    store_->step();
    io_.restart();
    io_.poll();
  }
  void pass(WallMs ms) {
    now += ms;
    step();
  }
  void fail_next_commit() { store_->fail_commits(EIO, 1); }
  // The next commits find no room; see Alongside.
  void fill_up(std::size_t commits) { store_->fail_commits(ENOSPC, commits); }

  BatchResult commit(Batch batch) {
    BatchResult result;
    store_->commit(std::move(batch), io_.get_executor(), [&](BatchResult r) { result = std::move(r); });
    step();
    return result;
  }
  ClaimResult claim(std::uint32_t count) {
    ClaimResult result;
    store_->claim(std::vector<Want>{{.queue = queue, .count = count}}, io_.get_executor(),
                  [&](ClaimResult r) { result = std::move(r); });
    step();
    return result;
  }
  TaskClaimResult claim_tasks(const std::string& kind, std::uint32_t count) {
    TaskClaimResult result;
    store_->claim(std::vector<TaskWant>{{.kind = kind, .count = count}}, io_.get_executor(),
                  [&](TaskClaimResult r) { result = std::move(r); });
    step();
    return result;
  }
  const Reader& reader() const { return store_->reader(); }
  // What was told since the last call: kinds, and from when on something of them is due.
  Tasks::DueByKind told_tasks() { return std::exchange(told_tasks_, {}); }

  WallMs now = start_time;
  Alongside alongside;  // of the stores that are opened from now on

 private:
  void open() {
    Options options{
        .path = path_, .size_limit_bytes = 64u << 20, .prewrite_bytes = 0, .sync = false, .limits = limits_};
    options.wall_clock = [this] { return now; };
    store_ = std::make_unique<Store>(std::move(options));
    Hooks hooks;
    hooks.tasks_due = [this](const Tasks::DueByKind& due) { told_tasks_.insert(due.begin(), due.end()); };
    hooks.alongside = alongside;
    store_->set_hooks(std::move(hooks));
    store_->open_queue();
  }

  std::filesystem::path path_;
  LedgerLimits limits_;
  boost::asio::io_context io_;
  Tasks::DueByKind told_tasks_;
  std::unique_ptr<Store> store_;
};

class Conformance : public testing::Test {
 protected:
  static Enqueue message(const std::string& ref) {
    Enqueue change;
    auto& c = change.content;
    c.tenant = queue.tenant;
    c.gateway = queue.gateway;
    c.lane = queue.lane;
    c.client_ref = ref;
    c.to = "+254712345678";
    c.text = "hello";
    c.digest = 1;
    c.expires_at = start_time + 3600'000;
    return change;
  }
  Subject store;
};

}  // namespace smsbridge::store
