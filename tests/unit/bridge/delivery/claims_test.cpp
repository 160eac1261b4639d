// SPDX-License-Identifier: MPL-2.0
// How messages come from the queues to their gateway, with a real store and in virtual time.
#include "bridge/delivery/claims.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <filesystem>
#include <random>
#include <string>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

class ClaimsTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-claims-" + std::to_string(std::random_device{}()));
    store::Options options{.path = path_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store_->open_queue();
    claims_ = std::make_unique<Claims>(
        Claims::Context{.executor = io_.get_executor(), .clock = clock_, .store = *store_, .gateway = 7},
        Claims::Owner{.room = [this]() -> std::optional<Claiming::Room> {
                        if (!is_up_) return std::nullopt;
                        return Claiming::Room{.capacity = places_, .ahead_max = 0, .taken = taken_.size()};
                      },
                      .ready = [] { return std::size_t{0}; },
                      .take =
                          [this](std::vector<store::Claimed> messages) {
                            for (auto& message : messages) taken_.push_back(message.content.text);
                          },
                      .failed = [this] { ++failed_; },
                      .answered = [this] { ++answered_; }});
    due();
  }
  void TearDown() override {
    claims_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  // What was asked of the store is answered. Returns how much that was.
  std::size_t turn() {
    const auto changes = store_->step();
    io_.restart();
    io_.poll();
    return changes;
  }
  void turns() {
    while (turn() > 0) continue;
  }
  void post(const std::string& text, WallMs due_at = 0) {
    store::Batch batch;
    auto& content = batch.enqueue.emplace_back().content;
    content.tenant = 1;
    content.gateway = 7;
    content.lane = store::Lane::transaction;
    content.to = "+254712345678";
    content.text = text;
    content.due_at = due_at;
    store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    turn();
  }
  void due() { claims_->due({{.gateway = 7, .tenant = 1, .lane = store::Lane::transaction}}); }

  std::filesystem::path path_;
  boost::asio::io_context io_;
  VirtualClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Claims> claims_;
  bool is_up_ = true;
  std::size_t places_ = 2;
  Texts taken_;
  int failed_ = 0, answered_ = 0;
};

TEST_F(ClaimsTest, BringsWhatThereIsRoomForUntilThereIsNoMore) {
  for (const auto* text : {"a", "b", "c"}) post(text);
  claims_->claim();
  EXPECT_TRUE(claims_->is_asking());
  claims_->claim();
  EXPECT_EQ(turn(), 2u) << "one claim at a time, of one queue";
  EXPECT_EQ(taken_, (Texts{"a", "b"}));
  EXPECT_FALSE(claims_->is_asking());
  EXPECT_EQ(answered_, 1);
  turns();
  EXPECT_EQ(taken_, (Texts{"a", "b"})) << "there is no room";
  taken_.clear();
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, Texts{"c"});
}

TEST_F(ClaimsTest, NothingComesWhileNothingCanBeSent) {
  post("a");
  is_up_ = false;
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, Texts{});
  is_up_ = true;
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, Texts{"a"});
}

TEST_F(ClaimsTest, WhereNothingWaitsTheNextIsHandedOverByTheCommitThatBringsIt) {
  claims_->claim();
  turns();
  answered_ = 0;
  post("a");
  EXPECT_EQ(taken_, Texts{"a"});
  EXPECT_EQ(answered_, 0) << "nobody asked";
  claims_->claim();
  turns();
  claims_->withdraw();
  post("b");
  EXPECT_EQ(taken_, Texts{"a"}) << "it waits";
  due();
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, (Texts{"a", "b"}));
}

TEST_F(ClaimsTest, WhatIsDueLaterComesAtItsTime) {
  post("later", clock_.wall() + 5'000);
  claims_->claim();
  turns();
  clock_.advance(4'999ms);
  turns();
  EXPECT_EQ(taken_, Texts{});
  clock_.advance(1ms);
  turns();
  EXPECT_EQ(taken_, Texts{"later"});
}

TEST_F(ClaimsTest, AClockThatIsSetAheadIsNoticedWithinAMinute) {
  post("later", clock_.wall() + 3'600'000);
  claims_->claim();
  turns();
  clock_.set_ahead(1h);
  clock_.advance(59s);
  turns();
  EXPECT_EQ(taken_, Texts{});
  clock_.advance(1s);
  turns();
  EXPECT_EQ(taken_, Texts{"later"});
}

TEST_F(ClaimsTest, WhatTheDiskDidNotTakeIsAskedForAgain) {
  post("a");
  store_->fail_commits(EIO, 1);
  claims_->claim();
  turn();
  EXPECT_EQ(failed_, 1);
  EXPECT_EQ(answered_, 1);
  EXPECT_FALSE(claims_->is_asking()) << "when is the gateway's to say";
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, Texts{"a"});
}

TEST_F(ClaimsTest, WhatCameAfterTheGatewayWasToBeEmptiedStays) {
  post("before");
  claims_->drain(clock_.wall());
  clock_.advance(1s);
  post("after");
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, Texts{"before"});
  post("later");
  turns();
  EXPECT_EQ(taken_, Texts{"before"}) << "nor is it handed over";
  claims_->drain(0);
  claims_->look_at(1);
  taken_.clear();
  claims_->claim();
  turns();
  EXPECT_EQ(taken_, (Texts{"after", "later"}));
}

TEST_F(ClaimsTest, TheRestComesBeforeItsAnswer) {
  claims_->claim();
  turns();
  // Handed over by a commit that is not answered yet.
  store::Batch batch;
  auto& content = batch.enqueue.emplace_back().content;
  content.tenant = 1;
  content.gateway = 7;
  content.lane = store::Lane::transaction;
  content.text = "last";
  store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
  store_->step();
  answered_ = 0;
  is_up_ = false;
  claims_->ask_for_the_rest();
  claims_->ask_for_the_rest();
  EXPECT_TRUE(claims_->is_asking());
  EXPECT_EQ(taken_, Texts{});
  turns();
  EXPECT_EQ(taken_, Texts{"last"});
  EXPECT_EQ(answered_, 1);
  EXPECT_FALSE(claims_->is_asking());
}

TEST_F(ClaimsTest, NobodyIsToldOnceItIsGone) {
  post("a");
  claims_->claim();
  claims_.reset();
  turns();
  EXPECT_EQ(taken_, Texts{});
  EXPECT_EQ(answered_, 0);
}

}  // namespace
}  // namespace smsbridge::bridge
