// SPDX-License-Identifier: MPL-2.0
// What a carrier sends by itself: to whose messages its receipts may belong, and what people are told.
#include "bridge/delivery/incoming.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/env/log.hpp"
#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using metrics::ReceiptState;
using store::Receipted;

class IncomingTest : public testing::Test {
 protected:
  static GatewaySettingsPtr gateway(const std::string& name, store::GatewayId id) {
    auto settings = std::make_shared<GatewaySettings>();
    settings->name = name;
    settings->id = id;
    settings->kind = "smpp";
    settings->smpp().address = {.host = "smsc.example", .port = 2775};
    settings->smpp().session.system_id = "umoja";
    return settings;
  }
  static std::shared_ptr<const RoutingTable> table(std::vector<GatewaySettingsPtr> gateways) {
    auto table = std::make_shared<RoutingTable>();
    table->gateways = std::move(gateways);
    return table;
  }

  VirtualClock clock_;
  metrics::Metrics metrics_{{}};
  metrics::GatewayMetrics& counted_ = metrics_.gateway("main", "smpp");
  const GatewaySettingsPtr main_ = gateway("main", 7);
  Router router_{table({main_}), {}, clock_};
  Incoming incoming_{{.settings = *main_, .clock = clock_, .metrics = counted_, .router = router_}};
};

TEST_F(IncomingTest, AReceiptIsCountedAndBelongsToItsAccount) {
  const auto alone = incoming_.receipt({.gateway = 7, .provider_ids = {"a"}}, ReceiptState::delivered);
  EXPECT_EQ(alone.provider_ids, std::vector<std::string>{"a"});
  EXPECT_TRUE(alone.account.empty());
  router_.replace(table({main_, gateway("second", 8)}));
  const auto shared = incoming_.receipt({.gateway = 7, .provider_ids = {"b"}}, ReceiptState::expired);
  EXPECT_EQ(shared.account, (std::vector<store::GatewayId>{7, 8})) << "since the table changed";
  EXPECT_EQ(counted_.receipts[ReceiptState::delivered]->Value(), 1);
  EXPECT_EQ(counted_.receipts[ReceiptState::expired]->Value(), 1);
}

TEST_F(IncomingTest, WhatIsParkedIsCountedAndNotCalledUnmatched) {
  for (const auto receipt : {Receipted::matched, Receipted::repeated, Receipted::another_phone, Receipted::ambiguous}) {
    incoming_.receipts_stored({receipt});
    EXPECT_EQ(counted_.receipts_parked->Value(), 0);
  }
  incoming_.receipts_stored({Receipted::parked, Receipted::matched, Receipted::parked});
  EXPECT_EQ(counted_.receipts_parked->Value(), 2);
  EXPECT_EQ(counted_.receipts_unmatched->Value(), 0) << "the store tells that when it is sure";
}

TEST_F(IncomingTest, ReceiptsThatWereGivenBackAreSaid) {
  const auto said = logged([&] { incoming_.receipts_given_back(3); });
  EXPECT_NE(said.find("could not be stored"), std::string::npos) << said;
  EXPECT_NE(said.find("receipts=3"), std::string::npos) << said;
}

TEST_F(IncomingTest, MessagesOfPhonesAreALineASecondWithTheLastDigits) {
  const auto said = logged([&] {
    for (int i = 0; i < 2'000; ++i) {
      incoming_.from_phone("254712345678");
      clock_.advance(std::chrono::milliseconds(1));
    }
  });
  EXPECT_EQ(std::ranges::count(said, '\n'), 2) << said;
  EXPECT_NE(said.find("messages=1000\n"), std::string::npos) << said;
  EXPECT_NE(said.find("678"), std::string::npos) << said;
  EXPECT_EQ(said.find("5678"), std::string::npos) << said;
  EXPECT_EQ(counted_.inbound_messages->Value(), 2'000);
}

TEST_F(IncomingTest, ANumberIsWholeWhereThatIsWanted) {
  log::show_full_numbers(true);
  const auto said = logged([&] { incoming_.from_phone("254712345678"); });
  log::show_full_numbers(false);
  EXPECT_NE(said.find("from=254712345678"), std::string::npos) << said;
}

}  // namespace
}  // namespace smsbridge::bridge
