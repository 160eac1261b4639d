// SPDX-License-Identifier: MPL-2.0
// Whose the gateways are, and what differs between two tables.
#include "bridge/routing/routing_table.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

GatewaySettings gateway(const std::string& name, std::vector<std::string> tenants = {}) {
  GatewaySettings gateway;
  gateway.name = name;
  gateway.id = static_cast<store::GatewayId>(name.front());
  gateway.tenants = std::move(tenants);
  return gateway;
}

RouteSettings route(const std::string& name, const std::string& via, std::vector<std::string> tenants = {}) {
  RouteSettings route{.name = name, .id = static_cast<store::GatewayId>(1000 + name.front())};
  route.tenants = std::move(tenants);
  route.via = {{.gateway = via}};
  return route;
}

TEST(RoutingTable, AGatewayIsForTheTenantsThatHaveAWayByIt) {
  struct {
    const char* name;
    std::vector<TenantSettings> tenants;
    std::vector<GatewaySettings> gateways;
    std::vector<RouteSettings> routes;
    std::vector<std::string> want;  // "tenant gateway", what may be
  } const cases[] = {
      {"the only tenant", {{.name = "x"}}, {gateway("a"), gateway("b")}, {}, {"x a", "x b"}},
      {"the only tenant, and a gateway for somebody else",
       {{.name = "x"}},
       {gateway("a", {"z"}), gateway("b")},
       {},
       {"x b"}},
      {"named",
       {{.name = "x"}, {.name = "y"}},
       {gateway("a", {"x"}), gateway("b", {"x", "y"})},
       {},
       {"x a", "x b", "y b"}},
      {"the first is everybody's without routes",
       {{.name = "x"}, {.name = "y"}},
       {gateway("a"), gateway("b")},
       {},
       {"x a", "y a"}},
      {"by default_gateway",
       {{.name = "x", .default_gateway = "b"}, {.name = "y"}},
       {gateway("a"), gateway("b")},
       {route("r", "a", {"y"})},
       {"x b", "y a"}},
      {"by a route for all",
       {{.name = "x"}, {.name = "y"}},
       {gateway("a"), gateway("b")},
       {route("r", "b")},
       {"x b", "y b"}},
      {"a route opens nothing that is closed",
       {{.name = "x"}, {.name = "y"}},
       {gateway("a", {"x"})},
       {route("r", "a")},
       {"x a"}},
      {"named by the tenant, and no others",
       {{.name = "x", .gateways = {"b", "c"}}, {.name = "y"}},
       {gateway("a"), gateway("b"), gateway("c"), gateway("d", {"x", "y"})},
       {route("r", "a")},
       {"x b", "x c", "y a", "y d"}},
      {"named by the tenant, and for somebody else",
       {{.name = "x", .gateways = {"a", "b"}}, {.name = "y"}},
       {gateway("a", {"y"}), gateway("b", {"x"})},
       {},
       {"x b", "y a"}},
      {"named by the only tenant", {{.name = "x", .gateways = {"b"}}}, {gateway("a"), gateway("b")}, {}, {"x b"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Config config;
    config.tenants = c.tenants;
    config.gateways = c.gateways;
    config.routes = c.routes;
    const RoutingTable table(config);
    std::vector<std::string> may;
    for (const auto& tenant : c.tenants)
      for (const auto& each : c.gateways)
        if (table.may_use(tenant.name, each)) may.push_back(tenant.name + " " + each.name);
    EXPECT_EQ(may, c.want);
    EXPECT_TRUE(table.may_use("gone", c.gateways.front())) << "what a tenant left behind goes out";
  }
}

TEST(RoutingTable, TheDefaultIsOneThatLetsTheTenantIn) {
  Config config;
  config.tenants = {{.name = "x"},
                    {.name = "y"},
                    {.name = "z", .default_gateway = "a"},
                    {.name = "v", .gateways = {"c"}},
                    {.name = "w", .default_gateway = "b", .gateways = {"c"}}};
  config.gateways = {gateway("a", {"x"}), gateway("b"), gateway("c")};
  const RoutingTable table(config);
  EXPECT_EQ(table.default_for(config.tenants[3])->name, "c");
  EXPECT_EQ(table.default_for(config.tenants[4]), nullptr);
  EXPECT_EQ(table.default_for(config.tenants[0])->name, "a");
  EXPECT_EQ(table.default_for(config.tenants[1])->name, "b");
  EXPECT_EQ(table.default_for(config.tenants[2]), nullptr);
}

// A receipt may come by any of them; one of another account has ids of its own.
TEST(RoutingTable, GatewaysShareAnAccountByHostPortAndSystemId) {
  struct Account {
    const char *kind, *host;
    std::uint16_t port;
    const char* system_id;
  };
  struct {
    const char* name;
    Account other;
    bool shared;
  } const cases[] = {
      {"the same", {"smpp", "h", 2775, "bank"}, true},      {"another host", {"smpp", "g", 2775, "bank"}, false},
      {"another port", {"smpp", "h", 2776, "bank"}, false}, {"another system_id", {"smpp", "h", 2775, "bank2"}, false},
      {"a provider", {"twilio", "h", 2775, "bank"}, false},
  };
  const auto with = [](const std::string& name, const Account& account) {
    auto made = gateway(name);
    made.kind = account.kind;
    if (const auto* kind = http_gateways::find_kind(made.kind)) {
      made.way = ProviderSettings{.kind = kind};
      return made;
    }
    made.smpp().address = {.host = account.host, .port = account.port};
    made.smpp().session.system_id = account.system_id;
    return made;
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Config config;
    config.gateways = {with("a", {"smpp", "h", 2775, "bank"}), with("b", c.other)};
    const std::vector<store::GatewayId> both{'a', 'b'}, none;
    for (const auto& each : config.gateways)
      EXPECT_EQ(RoutingTable(config).sharing_account(each), c.shared ? both : none) << each.name;
  }
}

TEST(RoutingTable, SaysWhatDiffers) {
  Config before;
  before.tenants = {{.name = "x", .fineract_app_keys = {"k"}}, {.name = "y"}};
  before.gateways = {gateway("a"), gateway("b")};
  before.routes = {route("r", "a"), route("s", "a")};
  const RoutingTable was(before);
  EXPECT_EQ(changes_between(was, RoutingTable(before)).tenants, TableChanges::Names());
  EXPECT_EQ(changes_between(was, RoutingTable(before)).routes, TableChanges::Names());
  EXPECT_FALSE(changes_between(was, RoutingTable(before)).prices);

  auto after = before;
  after.tenants[0].fineract_app_keys = {"k", "l"};
  after.tenants[1].name = "z";
  after.gateways[1].smpp().session.password = "another";
  after.routes[1].settings["position"] = 5;
  after.lanes[2].doubt = DoubtPolicy::resend;
  after.lanes[3].validity_ms = 1000;
  after.prices.add(97, "254", {.part = 1, .currency = "KES"});
  const auto changes = changes_between(was, RoutingTable(after));
  EXPECT_EQ(changes.tenants, (TableChanges::Names{.added = {"z"}, .changed = {"x"}, .removed = {"y"}}));
  EXPECT_EQ(changes.gateways, (TableChanges::Names{.added = {}, .changed = {"b"}, .removed = {}}));
  EXPECT_EQ(changes.routes, (TableChanges::Names{.added = {}, .changed = {"s"}, .removed = {}}));
  EXPECT_EQ(changes.lanes, (std::vector<std::string>{"reminder", "campaign"}));
  EXPECT_TRUE(changes.prices);
}

}  // namespace
}  // namespace smsbridge::bridge
