// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_journal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Over a store that is stepped by hand.
class ScheduleJournalTest : public testing::Test {
 protected:
  ScheduleJournalTest() {
    store_.open_queue();
    tenant_ = store_.tenant("umoja");
  }
  ~ScheduleJournalTest() override { std::filesystem::remove_all(folder_); }

  void write(const json::object& line) {
    store::Batch batch;
    batch.journal.push_back(run_line("due", tenant_, line));
    store_.commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    for (int round = 0; round < 20; ++round) {
      store_.step();
      io_.restart();
      io_.poll();
    }
  }
  std::vector<std::string> waiting() const {
    std::vector<std::string> tasks;
    for (const auto& line : waiting_runs(store_, tenant_, "due")) tasks.emplace_back(line.at("task").as_string());
    return tasks;
  }
  bool stopped(const std::string& task) const {
    return was_stopped(store_, {.tenant = tenant_, .kind = "schedule", .key = task}, "due");
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("schedule-journal-" + std::to_string(getpid()));
  boost::asio::io_context io_;
  store::Store store_{
      {.path = folder_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false, .wall_clock = [] {
         return store::WallMs{1'796'000'000'000};
       }}};
  store::TenantId tenant_ = 0;
};

TEST_F(ScheduleJournalTest, KnowsRunsThatWait) {
  EXPECT_TRUE(waiting().empty());
  write({{"event", "started"}, {"task", "due/1"}});
  EXPECT_TRUE(waiting().empty()) << "it runs";
  write({{"event", "waits"}, {"task", "due/1"}});
  write({{"event", "started"}, {"task", "due/2"}});
  write({{"event", "ended"}, {"result", "ok"}, {"task", "due/2"}});
  write({{"event", "waits"}});
  EXPECT_EQ(waiting(), std::vector<std::string>{"due/1"}) << "also when another one ran since";
  write({{"event", "started"}, {"task", "due/1"}});
  EXPECT_TRUE(waiting().empty());
}

TEST_F(ScheduleJournalTest, KnowsRunsThatWereStoppedWhileTheyWaited) {
  write({{"event", "waits"}, {"task", "due/1"}});
  EXPECT_FALSE(stopped("due/1"));
  write({{"event", "ended"}, {"result", "stopped"}, {"task", "due/1"}});
  write({{"event", "ended"}, {"result", "ok"}, {"task", "due/2"}});
  EXPECT_TRUE(stopped("due/1"));
  EXPECT_FALSE(stopped("due/2"));
  EXPECT_TRUE(waiting().empty());
}

}  // namespace
}  // namespace smsbridge::bridge
