// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/template_lint.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smsbridge::bridge::text {
namespace {

// "error unknown-variable 1:6"; what is said is for people.
std::string found(std::string_view text, bool transliterate = false, bool to_client = true) {
  static const std::vector<std::string> own{"Shamba_Acres"};
  const auto linted = lint(
      {.text = text, .language = "en", .own_variables = own, .transliterate = transliterate, .to_client = to_client});
  std::string all;
  for (const auto& f : linted.findings) {
    const auto* const word = f.severity == Finding::Severity::error     ? "error"
                             : f.severity == Finding::Severity::warning ? "warning"
                                                                        : "note";
    all += fmt::format("{}{} {} {}:{}", all.empty() ? "" : "; ", word, f.code, f.line, f.column);
  }
  return all;
}

TEST(TemplateLint, SaysWhatIsWrongAndWhere) {
  const struct {
    const char *name, *text, *want;
  } cases[] = {
      {"good", "Dear {{firstName}}, KES {{loanAmount}} is due on {{dueDate}}.", ""},
      {"unclosed", "Dear {{firstName}}\n{{#note}}", "error unreadable 2:1"},
      {"unknown", "Dear {{firstName}}, é {{colour}}", "error unknown-variable 1:23"},
      {"an own column", "Dear {{firstName}}, {{shamba_acres}} {{farm.shamba_acres}}", ""},
      {"a section is a name, too", "Dear {{firstName}}{{#colour}}x{{/colour}}", "error unknown-variable 1:19"},
      {"a quote and a dash", "Dear {{firstName}},\nit’s due – pay it’s",
       "warning forces-ucs2 2:3; warning forces-ucs2 2:10"},
      {"Hindi", "{{firstName}}, आपका ऋण", "note ucs2 0:0"},
      {"nobody is named", "Your loan is due.", "warning names-nobody 0:0"},
      {"the last name says it", "Mr {{lastName}}, pay.", ""},
      {"a section names nobody", "{{#firstName}}You{{/firstName}}", "warning names-nobody 0:0"},
  };
  for (const auto& c : cases) EXPECT_EQ(found(c.text), c.want) << c.name;
  EXPECT_EQ(found("Client {{id}} is late.", false, false), "") << "an officer's phone is his own";
  EXPECT_EQ(found("{{firstName}}, it’s due", true), "note forces-ucs2 1:18") << "it is replaced";
  EXPECT_EQ(found("{{firstName}}" + std::string(400, 'x')), "warning many-parts 0:0");
}

TEST(TemplateLint, CountsPartsWithUsualAndWithLongValues) {
  const auto parts = [](const std::string& text, bool transliterate = false) {
    const auto linted = lint({.text = text, .language = "en", .own_variables = {}, .transliterate = transliterate});
    return std::pair(linted.typical.parts, linted.longest.parts);
  };
  EXPECT_EQ(parts("{{fullName}}" + std::string(140, 'x')), std::pair(std::size_t{1}, std::size_t{2}));
  EXPECT_EQ(parts("{{fullName}}’" + std::string(100, 'x')), std::pair(std::size_t{2}, std::size_t{3}));
  EXPECT_EQ(parts("{{fullName}}’" + std::string(100, 'x'), true), std::pair(std::size_t{1}, std::size_t{1}));
  EXPECT_EQ(parts("{{"), std::pair(std::size_t{0}, std::size_t{0}));
}

// Lint with long values shows what a client may get: each known value has to be readable in each form.
TEST(TemplateLint, SamplesFillEverything) {
  const auto made =
      Template::parse("{{firstName}} {{x|money}} {{y|date}} {{a.b}} {{#z}}{{c}}{{/z}} {{loanAmount|money}}");
  ASSERT_TRUE(made);
  for (const auto sample : {Sample::typical, Sample::longest}) {
    const auto rendered = made->render(sample_values(*made, sample), locale_of("en"), "KES");
    EXPECT_TRUE(rendered.missing.empty()) << rendered.missing.front();
    EXPECT_TRUE(rendered.unreadable.empty()) << rendered.unreadable.front();
  }
}

}  // namespace
}  // namespace smsbridge::bridge::text
