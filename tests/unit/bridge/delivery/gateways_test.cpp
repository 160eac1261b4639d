// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateways.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using testing::ElementsAre;

struct NoConnector : Connector {
  void connect(boost::asio::any_io_executor, const Address&, Time, Handler) override {}
};

// On one loop, with a store that the test steps; no carrier answers.
class GatewaysTest : public testing::Test {
 protected:
  using Action = GatewayControl::Action;

  GatewaysTest() { begin(); }
  ~GatewaysTest() override {
    end();
    std::filesystem::remove_all(folder_);
  }

  void begin() {
    gateways_ = std::make_unique<Gateways>(Gateways::Context{
        .config = config_,
        .clock = clock_,
        .connector = connector_,
        .make_transport = {},
        .metrics = metrics_,
        .store = store_,
        .router = router_,
        .places = {{.executor = io_.get_executor(), .random = random_}},
        .starting = [this](const GatewaySettings& gateway) { started_.push_back(gateway.name + gateway.sender); }});
    gateways_->serve({{1, "umoja"}});
  }
  // How often it was said that all have ended.
  int end() {
    int ended = 0;
    gateways_->stop([&ended] { ++ended; });
    turn();
    gateways_.reset();
    return ended;
  }
  void turn() {
    for (int i = 0; i < 5; ++i) {
      store_.step();
      io_.restart();
      io_.poll();
    }
  }

  static GatewaySettings gateway(const std::string& name, store::GatewayId id, const std::string& sender = "") {
    GatewaySettings gateway;
    gateway.name = name;
    gateway.id = id;
    gateway.sender = sender;
    gateway.settings = {{"name", name}, {"sender", sender}};
    return gateway;
  }
  void run(const std::vector<GatewaySettings>& gateways) {
    const auto table = std::make_shared<RoutingTable>();
    for (const auto& each : gateways) table->gateways.push_back(std::make_shared<GatewaySettings>(each));
    router_.replace(table);
    gateways_->run(*table);
  }
  // Paused and draining.
  std::pair<bool, bool> ask(const std::string& gateway, Action action) {
    std::optional<GatewayStatus> status;
    gateways_->ask(gateway, action, io_.get_executor(), [&](GatewayStatus given) { status = std::move(given); });
    turn();
    EXPECT_TRUE(status) << "nobody answers for " << gateway;
    return status ? std::pair(status->paused_since != 0, status->draining_since != 0) : std::pair(false, false);
  }
  store::Options options() {
    store::Options options{.path = folder_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    return options;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-gateways-" + std::to_string(std::random_device{}()));
  const Config config_;
  VirtualClock clock_;
  boost::asio::io_context io_;
  Random random_{1};
  NoConnector connector_;
  metrics::Metrics metrics_{{"", "", ""}};
  store::Store store_{options()};
  Router router_{std::make_shared<RoutingTable>(), {}, clock_};
  std::vector<std::string> started_;
  std::unique_ptr<Gateways> gateways_;
};

TEST_F(GatewaysTest, CountsMessagesByHowTheyEnded) {
  run({gateway("main", 7)});
  using metrics::FinalState;
  using store::State;
  const std::pair<State, FinalState> rows[] = {
      {State::delivered, FinalState::delivered}, {State::undeliverable, FinalState::undeliverable},
      {State::expired, FinalState::expired},     {State::rejected, FinalState::rejected},
      {State::failed, FinalState::failed},       {State::cancelled, FinalState::cancelled},
      {State::sent, FinalState::unknown},        {State::unknown, FinalState::unknown}};
  for (const auto& [state, label] : rows) {
    auto& counted = *metrics_.queue("umoja", "main").finished[label];
    const auto before = counted.Value();
    gateways_->count({{.id = 1, .tenant = 1, .gateway = 7, .state = state}});
    EXPECT_EQ(counted.Value(), before + 1) << store::name(state);
  }
  EXPECT_EQ(metrics_.queue("umoja", "main").finished[FinalState::unknown]->Value(), 2);
}

TEST_F(GatewaysTest, AChangedGatewayIsReplacedAndOthersGoOn) {
  run({gateway("main", 7, "A"), gateway("other", 8)});
  turn();
  EXPECT_THAT(started_, ElementsAre("mainA", "other"));
  run({gateway("main", 7, "B"), gateway("other", 8)});
  run({gateway("main", 7, "C"), gateway("other", 8)});
  turn();
  EXPECT_THAT(started_, ElementsAre("mainA", "other", "mainC")) << "the last change counts";
  auto described = gateway("main", 7, "C");
  described.description = "ours";
  described.settings["description"] = "ours";
  run({described, gateway("other", 8)});
  turn();
  EXPECT_EQ(started_.size(), 3u) << "it works as before";
}

TEST_F(GatewaysTest, TellsOnceThatAllHaveEnded) {
  EXPECT_EQ(end(), 1) << "there was none";
  begin();
  run({gateway("main", 7), gateway("other", 8)});
  turn();
  int ended = 0;
  gateways_->stop([&ended] { ++ended; });
  EXPECT_EQ(ended, 0);
  run({gateway("late", 9)});
  turn();
  EXPECT_EQ(ended, 1);
  EXPECT_THAT(started_, ElementsAre("main", "other")) << "nothing starts any more";
}

TEST_F(GatewaysTest, WhatWasPausedOrDrainedIsSoAfterARestart) {
  run({gateway("main", 7), gateway("other", 8)});
  turn();
  ask("main", Action::pause);
  ask("other", Action::drain);
  EXPECT_EQ(end(), 1);
  begin();
  run({gateway("main", 7, "B"), gateway("other", 8)});
  turn();
  EXPECT_EQ(ask("main", Action::show), std::pair(true, false));
  EXPECT_EQ(ask("other", Action::show), std::pair(false, true));
  EXPECT_TRUE(router_.is_draining(8));
  EXPECT_EQ(ask("main", Action::resume), std::pair(false, false));
  run({gateway("main", 7, "B")});
  turn();
  end();
  begin();
  run({gateway("main", 7, "B"), gateway("other", 8)});
  turn();
  EXPECT_EQ(ask("main", Action::show), std::pair(false, false));
  EXPECT_EQ(ask("other", Action::show), std::pair(false, false)) << "it was removed: one of its name begins anew";
}

}  // namespace
}  // namespace smsbridge::bridge
