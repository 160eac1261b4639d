// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/unmatched.hpp"

#include <gtest/gtest.h>

#include "tests/unit/bridge/delivery/logged.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using store::Unmatched;

class UnmatchedReceiptsTest : public testing::Test {
 protected:
  static std::shared_ptr<const RoutingTable> table() {
    auto table = std::make_shared<RoutingTable>();
    auto carrier = std::make_shared<GatewaySettings>();
    carrier->name = "carrier";
    carrier->id = 7;
    carrier->kind = "smpp";
    table->gateways.push_back(std::move(carrier));
    auto provider = std::make_shared<GatewaySettings>();
    provider->name = "provider";
    provider->id = 8;
    provider->kind = "generic";
    provider->way = ProviderSettings{};
    table->gateways.push_back(std::move(provider));
    return table;
  }
  std::string said_of(const store::GivenUp& receipts) {
    return logged([&] { unmatched_.given_up(receipts); });
  }
  double counted(const std::string& gateway, const std::string& kind) {
    return metrics_.gateway(gateway, kind).receipts_unmatched->Value();
  }

  VirtualClock clock_;
  metrics::Metrics metrics_{{}};
  Router router_{table(), {}, clock_};
  UnmatchedReceipts unmatched_{{.metrics = metrics_, .router = router_, .clock = clock_}};
};

TEST_F(UnmatchedReceiptsTest, EachIsCountedForItsGateway) {
  unmatched_.given_up({{{7, Unmatched::no_message}, 2}, {{7, Unmatched::no_room}, 3}, {{8, Unmatched::ambiguous}, 1}});
  EXPECT_EQ(counted("carrier", "smpp"), 5);
  EXPECT_EQ(counted("provider", "generic"), 1);
}

TEST_F(UnmatchedReceiptsTest, ShowsHowManyAreParked) {
  const auto shown = [&](const std::string& gateway, const std::string& kind) {
    return metrics_.gateway(gateway, kind).parked_receipts->Value();
  };
  unmatched_.show({{7, 5}, {9, 1}});
  EXPECT_EQ(shown("carrier", "smpp"), 5);
  EXPECT_EQ(shown("provider", "generic"), 0);
  unmatched_.show({{8, 2}});
  EXPECT_EQ(shown("carrier", "smpp"), 0);
  EXPECT_EQ(shown("provider", "generic"), 2);
}

TEST_F(UnmatchedReceiptsTest, EachReasonIsSaidOnceAMinuteWithWhatCanBeDone) {
  struct Case {
    store::GatewayId gateway;
    Unmatched why;
    const char *said, *not_said;
  };
  const Case cases[] = {{7, Unmatched::no_message, "dialect.id_in_response", "address_may_differ"},
                        {8, Unmatched::no_message, "another program", "dialect"},
                        {7, Unmatched::another_phone, "set dialect.address_may_differ", "id_in_response"},
                        {7, Unmatched::ambiguous, "several messages have its id", "dialect"},
                        {7, Unmatched::no_room, "the oldest gave way", "dialect"},
                        {9, Unmatched::no_message, "number 9, which is gone", "dialect"}};
  for (const auto& each : cases) {
    const auto said = said_of({{{each.gateway, each.why}, 2}});
    EXPECT_NE(said.find(each.said), std::string::npos) << said;
    EXPECT_EQ(said.find(each.not_said), std::string::npos) << said;
    EXPECT_NE(said.find("receipts=2"), std::string::npos) << said;
    EXPECT_EQ(said_of({{{each.gateway, each.why}, 1}}), "");
  }
  clock_.advance(std::chrono::minutes(1));
  EXPECT_NE(said_of({{{7, Unmatched::ambiguous}, 1}}).find("receipts=2"), std::string::npos)
      << "with how many there were";
}

}  // namespace
}  // namespace smsbridge::bridge
