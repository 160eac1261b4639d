// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/task_worker.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

// A worker over a store that is stepped by hand.
class TaskWorkerTest : public testing::Test {
 protected:
  TaskWorkerTest() {
    store_.open_queue();
    tenant_ = store_.tenant("umoja");
    store::Hooks hooks;
    hooks.tasks_due = [this](const store::Tasks::DueByKind& kinds) {
      if (const auto it = kinds.find("work"); it != kinds.end() && worker_) worker_->due(it->second);
    };
    store_.set_hooks(std::move(hooks));
  }
  ~TaskWorkerTest() override {
    worker_.reset();
    std::filesystem::remove_all(folder_);
  }

  static store::Options options(const std::filesystem::path& folder, const Clock& clock) {
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [&clock] { return clock.wall(); };
    return options;
  }

  void begin(std::size_t at_once = 2) {
    worker_ = std::make_unique<TaskWorker>(
        TaskWorker::Context{.executor = io_.get_executor(), .clock = clock_, .store = store_}, "work", at_once,
        [this](const store::ClaimedTask& task, TaskWorker::Done done) {
          seen_.push_back(task.task.key + "#" + std::to_string(task.attempt));
          pending_.push_back(std::move(done));
        });
    worker_->start();
    settle();
  }
  store::PutTask task(const std::string& key, WallMs due_at = 0) const {
    return {.task = {.tenant = tenant_, .kind = "work", .key = key}, .due_at = due_at, .body = key};
  }
  void put(const std::string& key, WallMs due_at = 0) {
    store::Batch batch;
    batch.tasks.push_back(task(key, due_at));
    store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    settle();
  }
  void settle() {
    for (int round = 0; round < 20; ++round) {
      store_.step();
      io_.restart();
      io_.poll();
    }
  }
  void end_next(TaskWorker::Outcome outcome = {}) {
    const auto done = std::move(pending_.front());
    pending_.erase(pending_.begin());
    done(std::move(outcome));
    settle();
  }
  void pass(WallMs ms) {
    clock_.advance(std::chrono::milliseconds(ms));
    settle();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-worker-" + std::to_string(::getpid()));
  VirtualClock clock_;
  boost::asio::io_context io_;
  store::Store store_{options(folder_, clock_)};
  store::TenantId tenant_ = 0;
  std::unique_ptr<TaskWorker> worker_;
  std::vector<std::string> seen_;
  std::vector<TaskWorker::Done> pending_;
};
using Seen = std::vector<std::string>;

TEST_F(TaskWorkerTest, WorksOnSoManyAtATime) {
  begin();
  for (const auto* key : {"a", "b", "c"}) put(key);
  EXPECT_EQ(seen_, (Seen{"a#1", "b#1"}));
  end_next();
  EXPECT_EQ(seen_, (Seen{"a#1", "b#1", "c#1"}));
}

TEST_F(TaskWorkerTest, WhatIsAgainLaterComesThen) {
  begin();
  put("a");
  end_next({.again_at = clock_.wall() + 5000});
  pass(4999);
  EXPECT_EQ(seen_.size(), 1u);
  pass(2);
  EXPECT_EQ(seen_, (Seen{"a#1", "a#2"}));
}

// The writer takes a claim and the end of another task in one round: what comes back later is told before the answer to
// the claim, which does not know of it.
TEST_F(TaskWorkerTest, WhatBecomesDueDuringAClaimIsNotForgotten) {
  begin();
  put("a");
  put("late", clock_.wall() + 60'000);
  worker_->due(clock_.wall());  // a claim that finds nothing
  io_.restart();
  io_.poll();
  pending_.front()({.again_at = clock_.wall() + 1000});
  settle();
  pass(1001);
  EXPECT_EQ(seen_, (Seen{"a#1", "a#2"}));
}

TEST_F(TaskWorkerTest, GivesBackWhatItHasWhenItStops) {
  begin();
  put("a");
  bool ended = false;
  worker_->stop([&ended] { ended = true; });
  settle();
  EXPECT_TRUE(ended);
  pending_.front()({});  // too late
  settle();
  pending_.clear();
  begin();
  EXPECT_EQ(seen_, (Seen{"a#1", "a#2"}));
}

}  // namespace
}  // namespace smsbridge::bridge
