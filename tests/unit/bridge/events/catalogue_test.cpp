// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/catalogue.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bridge/config/ready_templates.hpp"

namespace smsbridge::bridge {
namespace {

TEST(Catalogue, EachEventHasAHookAndAReadyText) {
  std::set<std::string_view> names;
  for (const auto& event : event_catalogue()) {
    EXPECT_TRUE(names.insert(event.name).second) << event.name;
    EXPECT_FALSE(event.meaning.empty());
    EXPECT_TRUE(std::ranges::any_of(hook_table(), [&](const HookRow& row) { return row.event == event.name; }))
        << event.name;
    const auto ready = find_ready_template(event.name);
    ASSERT_TRUE(ready) << event.name;
    for (const auto* language : {"en", "fr", "es", "sw", "hi"}) EXPECT_TRUE(ready->text_in(language)) << event.name;
  }
  for (const auto& row : hook_table()) EXPECT_TRUE(names.contains(row.event)) << row.entity << " " << row.action;
}

TEST(Catalogue, OneCommandMayTellOfSeveralEvents) {
  const auto rows = hooks_of("LOAN", "REPAYMENT");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]->event, "loan-repayment");
  EXPECT_EQ(rows[1]->event, "loan-closed");
  EXPECT_TRUE(hooks_of("USER", "CREATE").empty());
  EXPECT_TRUE(hooks_of("loan", "REPAYMENT").empty());
}

}  // namespace
}  // namespace smsbridge::bridge
