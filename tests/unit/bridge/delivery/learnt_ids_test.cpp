// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/learnt_ids.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <random>

#include "http_gateways/provider.hpp"
#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using Base = smpp::IdRule::Base;

class LearntIdsTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("smsbridge-ids-" + std::to_string(std::random_device{}()));
    store::Options options{.path = path_, .size_limit_bytes = 16u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    store_ = std::make_unique<store::Store>(std::move(options));
    store_->open_queue();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  static std::shared_ptr<GatewaySettings> smpp(const std::string& name, const std::string& system_id) {
    auto gateway = std::make_shared<GatewaySettings>();
    gateway->name = name;
    gateway->smpp().address = {.host = "smsc.example", .port = 2775, .tls = {}};
    gateway->smpp().session.system_id = system_id;
    auto& dialect = gateway->smpp().dialect;
    dialect.response_id = dialect.receipt_id = smpp::IdNotation::automatic;
    return gateway;
  }
  std::shared_ptr<IdLearning> of(const std::shared_ptr<GatewaySettings>& gateway) {
    return learnt_.of(gateway, *store_, clock_.wall());
  }
  // So many messages to different phones: their ids in answers, and in receipts behind a prefix.
  void exchange(IdLessons& lessons, int messages, const std::string& prefix) {
    for (int i = 0; i < messages; ++i) {
      const auto id = std::to_string(++id_), phone = fmt::format("2547{:08}", i);
      lessons.answered({.kind = Answer::Kind::accepted, .provider_ids = {id}, .error = {}}, "+" + phone, clock_.now());
      lessons.received({prefix + id}, phone, "UMOJA", clock_.now());
    }
    lessons.look(*store_, io_.get_executor());
    store_->step();
  }

  boost::asio::io_context io_;
  VirtualClock clock_;
  std::filesystem::path path_;
  std::unique_ptr<store::Store> store_;
  LearntIds learnt_;
  std::uint64_t id_ = 41'000'000;
};

TEST_F(LearntIdsTest, WhatIsLearntOutlivesTheGatewayUntilItIsContradicted) {
  const auto gateway = smpp("main", "umoja");
  const smpp::IdRule rule{.base = Base::same, .receipt_prefix = "7 a:"};
  {
    IdLessons lessons(*gateway, of(gateway));
    const auto said = logged([&] { exchange(lessons, 20, "7 A:"); });
    EXPECT_NE(said.find("learnt how ids of messages are written"), std::string::npos) << said;
    EXPECT_NE(said.find("7 a:"), std::string::npos) << said;
  }
  EXPECT_EQ(of(gateway)->rule(), rule) << "also of an account that is begun anew";
  EXPECT_FALSE(of(smpp("main", "other"))->rule()) << "of another account nothing is known";
  {
    IdLessons lessons(*gateway, of(gateway));
    EXPECT_EQ(lessons.describe(gateway->smpp().dialect).rule, rule);
    const auto said = logged([&] { exchange(lessons, 10, ""); });
    EXPECT_NE(said.find("learning it anew"), std::string::npos) << said;
    EXPECT_EQ(lessons.describe(gateway->smpp().dialect).pairs_wanted, 40u);
  }
  EXPECT_FALSE(of(gateway)->rule());
}

TEST_F(LearntIdsTest, GatewaysOfOneAccountLearnTogether) {
  const auto main = smpp("main", "umoja"), spare = smpp("spare", "umoja");
  const auto first = of(main), second = of(spare);
  EXPECT_EQ(first, second);
}

TEST_F(LearntIdsTest, WhatTheDialectSaysGoesBefore) {
  auto gateway = smpp("main", "umoja");
  {
    IdLessons lessons(*gateway, of(gateway));
    exchange(lessons, 20, "p:");
  }
  auto& dialect = gateway->smpp().dialect;
  dialect.response_id = smpp::IdNotation::hexadecimal;
  dialect.receipt_id = smpp::IdNotation::decimal;
  const auto nothing = of(gateway);
  EXPECT_EQ(nothing, nullptr);
  const IdLessons lessons(*gateway, nothing);
  EXPECT_TRUE(lessons.describe(dialect).by_dialect);
  EXPECT_EQ(lessons.describe(dialect).rule->base, Base::decimal);
}

TEST_F(LearntIdsTest, AProvidersIdsAreNotLearnt) {
  auto provider = std::make_shared<GatewaySettings>();
  provider->way = ProviderSettings{.kind = http_gateways::find_kind("infobip"), .account = {}};
  EXPECT_EQ(of(provider), nullptr);
}

}  // namespace
}  // namespace smsbridge::bridge
