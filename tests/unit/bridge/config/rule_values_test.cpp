// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/rule_values.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

TEST(RuleValues, AreAllThatATemplateOfARuleMayNeed) {
  boost::json::object settings{{"name", "hours"}};
  settings["texts"] = {{"en", "{{keyword}} of {{mobileNumber}}: 8 to 17"},
                       {"sw", "Habari {{firstName}}{{#note}} {{note}}{{/note}}"}};
  std::vector<ConfigProblem> problems;
  const auto made = read_template(settings, ".", problems);
  ASSERT_TRUE(problems.empty()) << problems.front().text;
  InboundRuleSettings rule;
  rule.by_template = made.name;
  rule.language = "en";
  const auto missing = [&] { return values_never_given(rule, {&made}); };
  EXPECT_EQ(missing(), std::vector<std::string>()) << "by any of their names";
  rule.language = "sw";
  EXPECT_EQ(missing(), std::vector<std::string>{"firstName"}) << "what stands in a section may be missing";
  rule.language = "hi";
  EXPECT_EQ(missing(), std::vector<std::string>()) << "the first of its texts is taken";
  rule.by_template = "loan-approved";
  EXPECT_FALSE(missing().empty()) << "a ready one";
  rule.by_template = "nobody";
  EXPECT_EQ(missing(), std::vector<std::string>()) << "which is told elsewhere";
}

}  // namespace
}  // namespace smsbridge::bridge
