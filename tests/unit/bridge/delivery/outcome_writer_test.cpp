// SPDX-License-Identifier: MPL-2.0
// How what a gateway learned reaches the store, also when the disk does not take it; in virtual time.
#include "bridge/delivery/outcome_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <random>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
constexpr std::size_t for_ever = 1'000'000;

class OutcomeWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-outcomes-" + std::to_string(std::random_device{}()));
    open(false);
  }
  void open(bool sync) {
    store::Options options{.path = path_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = sync};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store_->open_queue();
    writer_ = std::make_unique<OutcomeWriter>(
        OutcomeWriter::Context{.executor = io_.get_executor(), .clock = clock_, .store = *store_},
        OutcomeWriter::Told{.receipts_stored = [this](const auto& receipts) { stored_.push_back(receipts.size()); },
                            .receipts_given_back = [this](std::size_t receipts) { given_back_.push_back(receipts); },
                            .idle = [this] { ++told_idle_; }});
  }
  void TearDown() override {
    writer_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  // One round of the loop, and one of the disk. Returns how many changes that wrote, or tried to.
  std::size_t turn() {
    loop();
    const auto changes = store_->step();
    loop();
    return changes;
  }
  void loop() {
    io_.restart();
    io_.poll();
  }
  void pass(Duration time) {
    constexpr Duration step = 50ms;
    for (; time > Duration{}; time -= step) clock_.advance(step), turn();
  }
  // A message of which an attempt is under way.
  store::MessageId claimed_one() {
    store::Batch batch;
    auto& content = batch.enqueue.emplace_back().content;
    content.tenant = 1;
    content.gateway = 7;
    content.to = "+254712345678";
    content.text = "text";
    store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    store::MessageId id = 0;
    store_->claim({{.queue = {.gateway = 7, .tenant = 1}, .count = 1}}, io_.get_executor(),
                  [&id](const store::ClaimResult& result) { id = result.messages.at(0).id; });
    store_->step();
    loop();
    return id;
  }
  void add_taken(store::MessageId id, const std::string& provider_id) {
    writer_->add({.id = id,
                  .attempt = 1,
                  .what = store::Taken{.receipt_wait_ms = 60'000},
                  .status_message = {},
                  .segments = {{.state = store::SegmentState::accepted, .provider_id = provider_id, .error = {}}}});
  }
  void add_receipt(const std::string& provider_id) {
    store::ReceiptRecorded receipt;
    receipt.gateway = 7;
    receipt.provider_ids = {provider_id};
    receipt.state = store::SegmentState::delivered;
    writer_->add(std::move(receipt), [this](bool stored) { answers_.push_back(stored); });
  }
  store::State state(store::MessageId id) { return store_->reader().get(id).value().progress.state; }

  using Counts = std::vector<std::size_t>;
  using Answers = std::vector<bool>;
  std::filesystem::path path_;
  boost::asio::io_context io_;
  VirtualClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<OutcomeWriter> writer_;
  Counts stored_, given_back_;  // receipts, each time it was told
  Answers answers_;             // to the carrier
  int told_idle_ = 0;
};

TEST_F(OutcomeWriterTest, OneTurnOfTheLoopIsOneBatch) {
  const auto first = claimed_one(), second = claimed_one();
  EXPECT_TRUE(writer_->is_idle());
  add_taken(first, "a");
  add_receipt("a");
  add_taken(second, "b");
  add_receipt("b");
  EXPECT_FALSE(writer_->is_idle());
  EXPECT_EQ(store_->step(), 0u) << "not before the turn ends";
  EXPECT_EQ(turn(), 4u);
  EXPECT_EQ(stored_, Counts{2}) << "both in one";
  EXPECT_EQ(answers_, (Answers{true, true}));
  EXPECT_EQ(told_idle_, 1);
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(state(first), store::State::delivered);
  EXPECT_EQ(state(second), store::State::delivered);

  add_receipt("c");
  turn();
  EXPECT_EQ(stored_, (Counts{2, 1})) << "and the next turn is the next";
}

TEST_F(OutcomeWriterTest, TheCarrierIsAnsweredAfterTheCommit) {
  add_receipt("a");
  loop();
  EXPECT_EQ(answers_, Answers{});
  EXPECT_FALSE(writer_->is_idle()) << "it is on its way";
  store_->step();
  loop();
  EXPECT_EQ(answers_, Answers{true});
}

TEST_F(OutcomeWriterTest, WhatIsFlushedDoesNotWaitForTheTurn) {
  const auto id = claimed_one();
  writer_->flush();
  EXPECT_EQ(store_->step(), 0u) << "there was nothing";
  add_taken(id, "a");
  writer_->flush();
  EXPECT_EQ(store_->step(), 1u);
  EXPECT_EQ(state(id), store::State::submitted);
  EXPECT_EQ(turn(), 0u) << "and the turn brings nothing more";
  add_receipt("a");
  EXPECT_EQ(turn(), 1u) << "the next one does";
}

TEST_F(OutcomeWriterTest, ABatchIsNotLargerThanTheStoreTakes) {
  for (std::size_t i = 0; i < store::batch_items_max; ++i) add_receipt("a");
  EXPECT_EQ(store_->step(), store::batch_items_max) << "a full one goes at once";
  add_receipt("a");
  turn();
  EXPECT_EQ(stored_, (Counts{store::batch_items_max, 1}));
}

TEST_F(OutcomeWriterTest, WhatFailedIsWrittenAgainAsItWas) {
  const auto id = claimed_one();
  store_->fail_commits(EIO, 2);
  add_taken(id, "a");
  add_receipt("a");
  turn();
  EXPECT_EQ(state(id), store::State::queued);
  EXPECT_FALSE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 0);
  clock_.advance(199ms);
  EXPECT_EQ(turn(), 0u) << "not at once";
  clock_.advance(1ms);
  EXPECT_EQ(turn(), 2u) << "the same two";
  EXPECT_FALSE(writer_->is_idle());
  const auto other = claimed_one();
  add_taken(other, "b");
  turn();
  EXPECT_EQ(state(other), store::State::submitted) << "what comes meanwhile does not wait for it";
  clock_.advance(200ms);
  EXPECT_EQ(turn(), 2u);
  EXPECT_EQ(state(id), store::State::delivered);
  EXPECT_EQ(answers_, Answers{true}) << "once";
  EXPECT_TRUE(writer_->is_idle());
}

TEST_F(OutcomeWriterTest, ReceiptsGoBackToTheCarrierAndOutcomesStay) {
  const auto id = claimed_one();
  store_->fail_commits(EIO, for_ever);
  add_taken(id, "a");
  add_receipt("a");
  add_receipt("b");
  turn();
  pass(19s + 950ms);
  EXPECT_EQ(answers_, Answers{});
  pass(50ms + 200ms);
  EXPECT_EQ(answers_, (Answers{false, false}));
  EXPECT_EQ(given_back_, Counts{2});
  EXPECT_FALSE(writer_->is_idle()) << "nobody else knows the outcome";
  pass(10s);
  store_->fail_commits(0, 0);
  pass(200ms);
  EXPECT_EQ(state(id), store::State::submitted) << "its receipt comes again later";
  EXPECT_EQ(answers_, (Answers{false, false})) << "and they are answered once";
  EXPECT_EQ(given_back_, Counts{2});
  EXPECT_TRUE(writer_->is_idle());
}

TEST_F(OutcomeWriterTest, WhereOnlyReceiptsGoBackNothingIsLeft) {
  store_->fail_commits(EIO, for_ever);
  add_receipt("a");
  turn();
  pass(20s + 200ms);
  EXPECT_EQ(given_back_, Counts{1});
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 1);
  pass(1s);
  EXPECT_EQ(told_idle_, 1) << "and nothing more is tried";
}

TEST_F(OutcomeWriterTest, WhatIsAbandonedIsNotTriedAgain) {
  const auto id = claimed_one();
  store_->fail_commits(EIO, 1);
  add_taken(id, "a");
  loop();
  writer_->abandon();
  EXPECT_FALSE(writer_->is_idle()) << "it may succeed yet";
  turn();
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 1);
  pass(1s);
  EXPECT_EQ(state(id), store::State::queued);
}

TEST_F(OutcomeWriterTest, WhatIsAbandonedWhileItWaitsIsNotTriedAgain) {
  const auto id = claimed_one();
  store_->fail_commits(EIO, 1);
  add_taken(id, "a");
  turn();
  writer_->abandon();
  pass(200ms);
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 1);
  pass(1s);
  EXPECT_EQ(state(id), store::State::queued);
}

TEST_F(OutcomeWriterTest, AStoreThatIsClosingEndsIt) {
  store_->stop();
  add_receipt("a");
  turn();
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 1);
  EXPECT_EQ(answers_, Answers{}) << "the carrier repeats it";
  pass(1s);
  EXPECT_EQ(told_idle_, 1);
}

// LMDB writes nothing more once it could not write which of its pages are valid. It opens its file a second time for
// that: the last of its descriptors.
void let_no_commit_end(const std::filesystem::path& folder) {
  const auto data = std::filesystem::canonical(folder / "data.mdb");
  int last = -1;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const auto file = std::filesystem::read_symlink(each.path(), error);
    if (!error && file == data) last = std::max(last, std::stoi(each.path().filename()));
  }
  const int read_only = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(::dup2(read_only, last), 0);
  ::close(read_only);
}

TEST_F(OutcomeWriterTest, AStoreThatIsBrokenEndsIt) {
  writer_.reset();
  store_.reset();
  open(true);
  let_no_commit_end(path_);
  add_receipt("a");
  turn();
  EXPECT_TRUE(store_->is_broken());
  EXPECT_FALSE(writer_->is_idle()) << "that commit may be in the file";
  clock_.advance(200ms);
  turn();
  EXPECT_TRUE(writer_->is_idle());
  EXPECT_EQ(told_idle_, 1);
  EXPECT_EQ(answers_, Answers{});
}

TEST_F(OutcomeWriterTest, NobodyIsToldOnceItIsGone) {
  store_->fail_commits(EIO, 1);
  add_receipt("a");
  turn();
  add_receipt("b");
  loop();
  add_receipt("c");
  writer_.reset();
  turn();
  pass(1s);
  EXPECT_EQ(answers_, Answers{});
  EXPECT_EQ(told_idle_, 0);
}

}  // namespace
}  // namespace smsbridge::bridge
