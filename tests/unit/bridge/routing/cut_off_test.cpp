// SPDX-License-Identifier: MPL-2.0
// Who a change would leave without a way out.
#include "bridge/routing/cut_off.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using Names = std::vector<std::string>;

class CutOffTest : public testing::Test {
 protected:
  CutOffTest() {
    config_.tenants = {{.name = "x"}, {.name = "y"}};
    for (const auto* name : {"a", "b"}) {
      GatewaySettings gateway;
      gateway.name = name;
      gateway.id = static_cast<store::GatewayId>(config_.gateways.size() + 1);
      config_.gateways.push_back(gateway);
    }
    add("all", "a", {}, {});
    add("kenya", "b", {"KE"}, {});
  }
  RouteSettings& add(const std::string& name, const std::string& via, Names countries, Names prefixes) {
    auto& route = config_.routes.emplace_back();
    route.name = name;
    route.id = static_cast<store::GatewayId>(100 + config_.routes.size());
    route.countries = std::move(countries);
    route.prefixes = std::move(prefixes);
    route.via = {{.gateway = via}};
    return route;
  }
  CutOff after(const std::function<void(Config&)>& change, std::set<store::GatewayId> draining = {}) const {
    auto changed = config_;
    change(changed);
    const RoutingTable before(config_), now(changed);
    return cut_off_between({before, {}}, {now, std::move(draining)});
  }
  static void nothing(Config&) {}
  static Names described(const std::vector<CutOff::Place>& places) {
    Names names;
    for (const auto& place : places) {
      auto text = place.name;
      if (place.id) text += " " + std::to_string(place.id);
      for (const auto& tenant : place.tenants) text += " " + tenant;
      names.push_back(text);
    }
    return names;
  }
  Config config_;
};

TEST_F(CutOffTest, NobodyWhereAnotherWayIsLeft) {
  EXPECT_TRUE(after(nothing).empty());
  EXPECT_TRUE(after([](Config& c) { c.routes[0].via.insert(c.routes[0].via.begin(), {.gateway = "b"}); }).empty());
  // "kenya" is asked for by its id; its country goes by "all".
  const auto cut = after([](Config& c) { c.routes.pop_back(); });
  EXPECT_EQ(cut.tenants, Names());
  EXPECT_EQ(cut.destinations, std::vector<CutOff::Place>());
  EXPECT_EQ(described(cut.providers), (Names{"b 2 x y", "kenya 102 x y"}));
}

TEST_F(CutOffTest, TenantsWithoutAnyWay) {
  const auto cut = after([](Config& c) {
    c.routes.pop_back();
    c.routes[0].tenants = {"y"};
  });
  EXPECT_EQ(cut.tenants, Names{"x"});
  EXPECT_EQ(described(cut.providers), (Names{"b 2 y", "kenya 102 y"})) << "of those who still have a way";
  EXPECT_EQ(after([](Config& c) { c.tenants.pop_back(); }).tenants, Names{"y"});
  EXPECT_EQ(after([](Config& c) { c.routes.clear(); }).tenants, Names()) << "then the first gateway is the default";
}

TEST_F(CutOffTest, DestinationsThatNoRouteTakes) {
  config_.routes.erase(config_.routes.begin());
  add("uganda", "a", {"UG"}, {});
  add("safaricom", "a", {}, {"+25471"});
  const auto without = [&](std::size_t place) {
    return after([place](Config& c) { c.routes.erase(c.routes.begin() + static_cast<std::ptrdiff_t>(place)); });
  };
  EXPECT_EQ(described(without(0).destinations), Names()) << "the prefix is Kenya's";
  EXPECT_EQ(described(without(1).destinations), Names{"UG x y"});
  EXPECT_EQ(described(without(2).destinations), Names()) << "the route of its country takes it";
  config_.tenants[0].default_gateway = "a";
  EXPECT_EQ(described(without(1).destinations), Names{"UG y"}) << "the other one has a default";
}

TEST_F(CutOffTest, ByDraining) {
  const auto one = after(nothing, {2});
  EXPECT_EQ(one.tenants, Names());
  EXPECT_EQ(described(one.providers), (Names{"b 2 x y", "kenya 102 x y"}));
  EXPECT_EQ(after(nothing, {1, 2}).tenants, (Names{"x", "y"}));
}

TEST_F(CutOffTest, ByTakingAGatewayAway) {
  const auto cut = after([](Config& c) { c.gateways[0].tenants = {"x"}; });
  EXPECT_EQ(cut.tenants, Names());
  EXPECT_EQ(described(cut.providers), (Names{"a 1 y", "all 101 y"}));
}

TEST_F(CutOffTest, ByWhatATenantNames) {
  const auto cut = after([](Config& c) { c.tenants[1].gateways = {"b"}; });
  EXPECT_EQ(cut.tenants, Names());
  EXPECT_EQ(described(cut.providers), (Names{"a 1 y", "all 101 y"})) << "as when the gateway names the other one";
}

}  // namespace
}  // namespace smsbridge::bridge
