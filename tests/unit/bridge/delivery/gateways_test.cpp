// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateways.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

struct NoConnector : Connector {
  void connect(boost::asio::any_io_executor, const Address&, Time, Handler) override {}
};

TEST(Gateways, CountsMessagesByHowTheyEnded) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("smsbridge-gateways-" + std::to_string(std::random_device{}()));
  {
    const Config config;
    VirtualClock clock;
    NoConnector connector;
    metrics::Metrics metrics({"", "", ""});
    store::Options options{.path = folder, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [&clock] { return clock.wall(); };
    store::Store store(std::move(options));
    auto gateway = std::make_shared<GatewaySettings>();
    gateway->name = "main";
    gateway->id = 7;
    const auto table = std::make_shared<RoutingTable>();
    table->gateways = {gateway};
    Router router(table, {}, clock);
    boost::asio::io_context io;  // which does not run
    Random random(1);
    Gateways gateways({.config = config,
                       .clock = clock,
                       .connector = connector,
                       .make_transport = {},
                       .metrics = metrics,
                       .store = store,
                       .router = router,
                       .places = {{.executor = io.get_executor(), .random = random}}});
    gateways.serve({{1, "umoja"}});
    gateways.run(*table);

    using metrics::FinalState;
    using store::State;
    const std::pair<State, FinalState> rows[] = {
        {State::delivered, FinalState::delivered}, {State::undeliverable, FinalState::undeliverable},
        {State::expired, FinalState::expired},     {State::rejected, FinalState::rejected},
        {State::failed, FinalState::failed},       {State::cancelled, FinalState::cancelled},
        {State::sent, FinalState::unknown},        {State::unknown, FinalState::unknown}};
    for (const auto& [state, label] : rows) {
      auto& counted = *metrics.queue("umoja", "main").finished[label];
      const auto before = counted.Value();
      gateways.count({{.id = 1, .tenant = 1, .gateway = 7, .state = state}});
      EXPECT_EQ(counted.Value(), before + 1) << store::name(state);
    }
    EXPECT_EQ(metrics.queue("umoja", "main").finished[FinalState::unknown]->Value(), 2);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace smsbridge::bridge
