// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/ready_templates.hpp"

#include <gmock/gmock.h>

#include "bridge/config/inbound.hpp"
#include "bridge/text/template_lint.hpp"

namespace smsbridge::bridge {
namespace {

TEST(ReadyTemplates, AreThereForEachEventInEachLanguage) {
  for (const auto& problem : problems_of_ready_templates()) ADD_FAILURE() << problem.path << ": " << problem.text;
  std::vector<std::string> names;
  for (const auto& made : ready_templates()) {
    names.push_back(made->name);
    if (made->event != "reply") {
      EXPECT_EQ(made->event, made->name);
    }
    EXPECT_FALSE(made->description.empty()) << made->name;
    EXPECT_EQ(made->texts.size(), 5u) << made->name;
    for (const char* language : {"en", "fr", "es", "sw", "hi"})
      EXPECT_NE(made->text_in(language), nullptr) << made->name << " " << language;
  }
  EXPECT_THAT(names, testing::ElementsAre(
                         "answer-balance", "answer-due", "answer-last", "birthday", "client-activated",
                         "client-created", "client-rejected", "client-transferred", "fixed-deposit-activated",
                         "fixed-deposit-matured", "group-activated", "loan-approved", "loan-charge-added",
                         "loan-closed", "loan-disbursal-undone", "loan-disbursed", "loan-rejected", "loan-repayment",
                         "loan-rescheduled", "loan-submitted", "loan-waived", "loan-withdrawn", "loan-written-off",
                         "managers-cash-summary", "officer-arrears", "officer-disbursements", "repayment-due",
                         "repayment-overdue", "savings-activated", "savings-closed", "savings-deposit",
                         "savings-interest-posted", "savings-withdrawal", "shares-activated", "which-client"));
  EXPECT_EQ(find_ready_template("loan-approved")->name, "loan-approved");
  EXPECT_EQ(find_ready_template("loan-paid"), nullptr);
}

// What a user gets without having written it: no mistake, one part as a rule, and never more than two.
TEST(ReadyTemplates, HaveNothingThatLintFinds) {
  for (const auto& made : ready_templates())
    for (const auto& text : made->texts) {
      SCOPED_TRACE(made->name + " " + text.language);
      const bool officer = made->audience == Audience::officer || made->audience == Audience::staff;
      const auto linted = text::lint({.text = text.text,
                                      .language = text.language,
                                      .currency = "KES",
                                      .own_variables = made->variables,
                                      .transliterate = made->transliterate.value_or(false),
                                      .to_client = !officer});
      for (const auto& finding : linted.findings)
        if (finding.severity != text::Finding::Severity::note) ADD_FAILURE() << finding.code << ": " << finding.detail;
      EXPECT_LE(linted.typical.parts, text.language == "hi" ? 2u : 1u);
    }
}

// The same things are said in each language: a name that only one of them uses is a slip.
TEST(ReadyTemplates, UseTheSameNamesInEachLanguage) {
  const auto names_in = [](const TemplateText& text) {
    std::set<std::string> names;
    for (const auto& tag : text.made.tags()) names.insert(tag.name);
    return names;
  };
  for (const auto& made : ready_templates()) {
    const auto english = names_in(*made->text_in("en"));
    for (const auto& text : made->texts)
      for (const auto& name : names_in(text))
        EXPECT_TRUE(english.contains(name)) << made->name << " " << text.language << " " << name;
  }
}

}  // namespace
}  // namespace smsbridge::bridge
