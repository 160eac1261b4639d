// SPDX-License-Identifier: MPL-2.0
// How what waits too long at a gateway comes to another, with a real store and in virtual time.
#include "bridge/delivery/mover.hpp"

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
using metrics::MoveReason;

class MoverTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-mover-" + std::to_string(std::random_device{}()));
    store::Options options{.path = path_, .size_limit_bytes = 64u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store_->open_queue();
    router_.trust(8, Trust::State::trusted);
    mover_ =
        std::make_unique<Mover>(Mover::Context{.settings = *main_,
                                               .executor = io_.get_executor(),
                                               .clock = clock_,
                                               .store = *store_,
                                               .router = router_,
                                               .under_way = under_way_,
                                               .tally = tally_},
                                Mover::Owner{.patience = [this] { return patience_; },
                                             .leaves =
                                                 [this](UnderWay::Order order, const store::Settlement& settlement) {
                                                   under_way_.remove(order);
                                                   left_.push_back(settlement.id);
                                                 },
                                             .write = [this] { written_ = left_.size(); },
                                             .answered = [this] { ++answered_; }});
  }
  void TearDown() override {
    mover_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  static GatewaySettingsPtr gateway(const std::string& name, store::GatewayId id) {
    auto settings = std::make_shared<GatewaySettings>();
    settings->name = name;
    settings->id = id;
    return settings;
  }
  // Over "main", then "other": what waits leaves at once.
  std::shared_ptr<const RoutingTable> table() const {
    auto route = std::make_shared<RouteSettings>();
    route->name = "any";
    route->id = 101;
    route->via = {{.gateway = "main"}, {.gateway = "other"}};
    route->unreachable_after.fill(0);
    auto table = std::make_shared<RoutingTable>();
    table->gateways = {main_, gateway("other", 8)};
    table->routes = {std::move(route)};
    return table;
  }
  static store::Content content(store::RouteId route) {
    store::Content content;
    content.tenant = 1;
    content.gateway = 7;
    content.route = route;
    content.lane = store::Lane::transaction;
    content.to = "+254712345678";
    content.text = "text";
    return content;
  }
  void post(std::size_t messages, store::RouteId route = 101) {
    store::Batch batch;
    for (std::size_t i = 0; i < messages; ++i) batch.enqueue.emplace_back().content = content(route);
    store_->commit(std::move(batch), io_.get_executor(), [](const store::BatchResult&) {});
    turn();
    clock_.advance(1s);
  }
  std::size_t turn() {
    const auto changes = store_->step();
    io_.restart();
    io_.poll();
    return changes;
  }
  std::size_t waiting(store::GatewayId gateway) {
    const store::Queue queue{.gateway = gateway, .tenant = 1, .lane = store::Lane::transaction};
    return store_->reader().waiting(queue, clock_.wall() + 1, nullptr, 10'000).size();
  }
  double moved(MoveReason reason) { return counted_.moves[reason]->Value(); }

  std::filesystem::path path_;
  boost::asio::io_context io_;
  VirtualClock clock_;
  metrics::Metrics metrics_{{}};
  metrics::GatewayMetrics& counted_ = metrics_.gateway("main", "smpp");
  const GatewaySettingsPtr main_ = gateway("main", 7);
  Router router_{table(), {{1, "umoja"}}, clock_};
  UnderWay under_way_;
  Tally tally_{counted_, {{1, &metrics_.queue("umoja", "main")}}};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Mover> mover_;
  std::optional<Patience> patience_ = Patience{.reason = MoveReason::unreachable, .since = 0};
  std::vector<store::MessageId> left_;  // of those that were claimed
  std::size_t written_ = 0;
  int answered_ = 0;
};

TEST_F(MoverTest, AllThatWaitsMovesACommitAtATime) {
  post(501);
  mover_->look();
  EXPECT_TRUE(mover_->is_moving());
  mover_->look();
  EXPECT_EQ(turn(), 500u) << "the second look does nothing";
  EXPECT_EQ(waiting(8), 500u);
  EXPECT_EQ(answered_, 1);
  EXPECT_TRUE(mover_->is_moving()) << "the rest follows at once";
  turn();
  EXPECT_EQ(waiting(8), 501u);
  EXPECT_EQ(waiting(7), 0u);
  EXPECT_FALSE(mover_->is_moving());
  EXPECT_EQ(moved(MoveReason::unreachable), 501);
}

TEST_F(MoverTest, NothingMovesWhileNothingIsWrong) {
  post(3);
  patience_.reset();
  mover_->look();
  EXPECT_FALSE(mover_->is_moving());
  patience_ = {.reason = MoveReason::unreachable, .since = 0};
  mover_->look();
  patience_.reset();
  turn();
  EXPECT_EQ(waiting(8), 3u) << "what is on its way goes on";
}

TEST_F(MoverTest, OneThatStopsBeginsNoOtherCommit) {
  post(501);
  mover_->look();
  mover_->stop();
  turn();
  EXPECT_FALSE(mover_->is_moving());
  EXPECT_EQ(answered_, 1);
  mover_->look();
  EXPECT_FALSE(mover_->is_moving());
  EXPECT_EQ(waiting(7), 1u);
}

TEST_F(MoverTest, ThoseThatStayHoldUpNobodyBehindThem) {
  post(600, 0);
  post(1);
  mover_->look();
  EXPECT_FALSE(mover_->is_moving()) << "whose gateway was named stays";
  mover_->look();
  turn();
  EXPECT_EQ(waiting(8), 1u);
  EXPECT_EQ(waiting(7), 600u);
  post(1);
  for (int i = 0; i < 2; ++i) mover_->look(), turn();
  EXPECT_EQ(waiting(8), 2u) << "and it begins anew";
}

TEST_F(MoverTest, WhatAFailedCommitLeftBehindMovesLater) {
  post(3);
  store_->fail_commits(EIO, 1);
  mover_->look();
  turn();
  EXPECT_FALSE(mover_->is_moving());
  EXPECT_EQ(moved(MoveReason::unreachable), 0);
  mover_->look();
  turn();
  EXPECT_EQ(waiting(8), 3u);
  EXPECT_EQ(moved(MoveReason::unreachable), 3);
}

TEST_F(MoverTest, WhatIsClaimedLeavesBeforeWhatWaitsBehindIt) {
  post(1);
  const auto claim = [&](store::MessageId id) {
    store::Claimed message{.id = id, .attempt = 1, .due_at = clock_.wall()};
    message.content = content(101);
    return under_way_.add({std::move(message), 1}, std::make_unique<Channel::Outgoing>(), Suspects::Apart::no);
  };
  claim(5);
  const auto sent = claim(6);
  under_way_.at(sent).attempt.submitted(0, clock_.now());
  mover_->look();
  EXPECT_EQ(left_, std::vector<store::MessageId>{5}) << "6 is on its way";
  EXPECT_EQ(written_, 1u) << "and is on its way to the disk";
  EXPECT_EQ(moved(MoveReason::unreachable), 1);
  under_way_.at(sent).attempt.not_taken(0);
  mover_->look_at(sent);
  EXPECT_EQ(left_, (std::vector<store::MessageId>{5, 6}));
  mover_->look_at(sent);
  EXPECT_EQ(left_.size(), 2u) << "it is gone";
}

}  // namespace
}  // namespace smsbridge::bridge
