// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/paces.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "http_gateways/provider.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class PacesTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-paces-" + std::to_string(std::random_device{}()));
    store::Options options{.path = path_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store_->open_queue();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  static std::shared_ptr<GatewaySettings> smpp(const std::string& name, const std::string& system_id, double rate = 0) {
    auto gateway = std::make_shared<GatewaySettings>();
    gateway->name = name;
    gateway->smpp().address = {.host = "smsc.example", .port = 2775, .tls = {}};
    gateway->smpp().session.system_id = system_id;
    gateway->rate = rate;
    return gateway;
  }
  static std::shared_ptr<GatewaySettings> provider(const std::string& name, const std::string& user) {
    auto gateway = std::make_shared<GatewaySettings>();
    gateway->name = name;
    gateway->kind = "infobip";
    gateway->way = ProviderSettings{.kind = http_gateways::find_kind("infobip"), .account = {{"user", user}}};
    return gateway;
  }
  std::shared_ptr<Pace> of(const std::shared_ptr<GatewaySettings>& gateway) {
    return paces_.of(gateway, *store_, clock_.wall());
  }
  // It sends as fast as the carrier takes, 100/s, and writes down what it learns.
  void learn(const GatewaySettings& gateway, const std::shared_ptr<Pace>& pace) {
    PaceKeeper keeper(gateway, pace);
    for (int part = 0; part < 100; ++part) {
      pace->answered(clock_.now(), 10ms, {.unanswered = 1});
      clock_.advance(10ms);
    }
    pace->throttled(clock_.now(), clock_.now() - 1ms, 1s, {.unanswered = 1});
    clock_.advance(31s);
    keeper.look(*store_, io_.get_executor(), clock_.now(), clock_.wall());
    store_->step();
  }

  boost::asio::io_context io_;
  VirtualClock clock_;
  std::filesystem::path path_;
  std::unique_ptr<store::Store> store_;
  Paces paces_;
};

TEST_F(PacesTest, GatewaysOfOneAccountShareOne) {
  const auto first = of(smpp("main", "umoja"));
  EXPECT_EQ(of(smpp("campaigns", "umoja")), first);
  EXPECT_NE(of(smpp("other", "tujenge")), first);
  const auto infobip = of(provider("infobip", "umoja"));
  EXPECT_EQ(of(provider("infobip-2", "umoja")), infobip);
  EXPECT_NE(of(provider("infobip-3", "tujenge")), infobip);
  EXPECT_NE(infobip, first);
}

TEST_F(PacesTest, TheNarrowerRateOfAnAccountHoldsForAll) {
  const auto pace = of(smpp("main", "umoja", 50));
  of(smpp("campaigns", "umoja", 20));
  EXPECT_EQ(pace->rate(), 20);
}

TEST_F(PacesTest, WhatIsLearntOutlivesTheGateway) {
  const auto gateway = smpp("main", "umoja");
  learn(*gateway, of(gateway));
  EXPECT_NEAR(of(gateway)->rate(), 98, 8);
  EXPECT_NEAR(of(gateway)->learnt().rate, 100, 8) << "also of an account that is begun anew";
  learn(*gateway, std::make_shared<Pace>(Pace::Bounds{.rate = 0, .window = 5}));
  EXPECT_EQ(of(gateway)->window(), 5u) << "the newest counts";
  clock_.advance(8 * 24h);
  EXPECT_EQ(of(gateway)->rate(), 0) << "a week later a carrier may have changed its mind";
}

}  // namespace
}  // namespace smsbridge::bridge
