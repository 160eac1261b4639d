// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/keywords.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using Change = Decision::OptOutChange;

InboundRulePtr rule(const std::string& name, std::vector<std::string> keywords, std::vector<std::string> tenants = {},
                    InboundRuleSettings::Action action = InboundRuleSettings::Action::answer) {
  auto made = std::make_shared<InboundRuleSettings>();
  made->name = name;
  made->keywords = std::move(keywords);
  made->tenants = std::move(tenants);
  made->action = action;
  return made;
}

TEST(Keywords, OfTheShippedLanguagesStopAndStart) {
  const RoutingTable table;
  const struct {
    const char* text;
    Change change;
  } cases[] = {
      {"STOP", Change::out},         {"stop it now", Change::out},   {"Arrêt.", Change::out},
      {"¡Baja!", Change::out},       {"Acha", Change::out},          {"बंद", Change::out},
      {"roko", Change::out},         {"START", Change::in},          {"Abonner", Change::in},
      {"ALTA", Change::in},          {"anza", Change::in},           {"शुरू", Change::in},
      {"end", Change::out},          {"End of month", Change::none}, {"alta velocidad", Change::none},
      {"please stop", Change::none}, {"stopper", Change::none},      {"", Change::none},
  };
  for (const auto& c : cases) EXPECT_EQ(decide(c.text, "umoja", table).change, c.change) << c.text;
}

TEST(Keywords, RulesOfTheTenantComeFirst) {
  RoutingTable table;
  table.inbound_rules = {rule("bal", {"BAL", "Sâlio"}), rule("other", {"bal"}, {"tujenge"}),
                         rule("stop", {"stop"}, {"umoja"}),
                         rule("go", {"twende"}, {}, InboundRuleSettings::Action::opt_in)};
  const auto of = [&](const char* text, const char* tenant) {
    const auto decision = decide(text, tenant, table);
    return decision.rule ? decision.rule->name : std::string("-");
  };
  EXPECT_EQ(of("salio?", "umoja"), "bal");
  EXPECT_EQ(of("bal", "tujenge"), "bal") << "the first that fits";
  EXPECT_EQ(of("stop", "umoja"), "stop");
  EXPECT_EQ(decide("stop", "umoja", table).change, Change::none) << "its rule says what follows, and no more";
  EXPECT_EQ(of("stop", "tujenge"), "-");
  EXPECT_EQ(decide("stop", "tujenge", table).change, Change::out);
  EXPECT_EQ(decide("Twende", "umoja", table).change, Change::in);
  EXPECT_EQ(of("loan", "umoja"), "-");
}

}  // namespace
}  // namespace smsbridge::bridge
