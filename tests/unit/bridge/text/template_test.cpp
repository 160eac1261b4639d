// SPDX-License-Identifier: MPL-2.0
#include "bridge/text/template.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace smsbridge::bridge::text {
namespace {

namespace json = boost::json;

// The text, or what is wrong: "missing a, b" or "unreadable ...".
std::string rendered(const std::string& text, const std::string& values, const char* language = "en") {
  const auto made = Template::parse(text);
  if (!made) return fmt::format("{}:{}: {}", made.error().line, made.error().column, made.error().detail);
  const auto result = made->render(json::parse(values).as_object(), locale_of(language), "KES");
  if (!result.missing.empty()) return fmt::format("missing {}: {}", fmt::join(result.missing, ", "), result.text);
  if (!result.unreadable.empty()) return fmt::format("unreadable {}", fmt::join(result.unreadable, "; "));
  return result.text;
}

TEST(Template, NobodyMakesMoreOfItThanAMessage) {
  const std::string refused = "unreadable lists and values make more of it than a message can be";
  json::object many;
  for (int i = 0; i < 60'000; ++i) many["k" + std::to_string(i)] = i;
  many["a"] = json::array(40, 1);
  const auto values = json::serialize(many);
  EXPECT_EQ(rendered("{{#a}}" + std::string(3'000, 'x') + "{{/a}}", R"({"a": [1,2,3]})"), std::string(9'000, 'x'));
  EXPECT_EQ(rendered("{{#a}}" + std::string(3'000, 'x') + "{{/a}}", values), refused) << "what stands in the template";
  EXPECT_EQ(rendered("{{k1}}", values), "1");
  EXPECT_EQ(rendered("{{k1}}{{k2}}{{x}}{{y}}{{z}}", values), refused) << "names to look through";
  EXPECT_EQ(rendered("{{x|money:ugx}}", "{}").substr(0, 4), "1:1:");
}

TEST(Template, ShowsValuesAsPeopleWriteThem) {
  const struct {
    const char *name, *text, *values, *want;
  } cases[] = {
      {"plain", "Habari", "{}", "Habari"},
      {"a name", "Dear {{firstName}},", R"({"firstName": "Amina"})", "Dear Amina,"},
      {"nothing is escaped", "{{fullName}} & {{{fullName}}} & {{&fullName}}", R"({"fullName": "O'Brien <\"&>"})",
       "O'Brien <\"&> & O'Brien <\"&> & O'Brien <\"&>"},
      {"no value is a template", "{{a}}", R"({"a": "{{b}}", "b": "no"})", "{{b}}"},
      {"case", "{{FIRSTNAME}} {{firstname}}", R"({"firstName": "Amina"})", "Amina Amina"},
      {"the exact name first", "{{Name}}", R"({"name": "a", "Name": "b"})", "b"},
      {"another name of the same", "{{loanAccountId}} {{principal}}", R"({"accountnumber": "000012", "LoanAmount": 5})",
       "000012 5"},
      {"its own name before another", "{{dueDate}}", R"({"paymentDueDate": "2026-11-05", "dueDate": "2026-11-04"})",
       "4 Nov 2026"},
      {"database scale", "KES {{loanAmount}}", R"({"loanAmount": "4500.000000"})", "KES 4,500"},
      {"a double", "{{loanAmount}} {{loanId}}", R"({"loanAmount": 1.0E7, "loanId": 12.0})", "10,000,000 12"},
      {"cents", "{{loanAmount}}", R"({"loanAmount": 1500.5})", "1,500.50"},
      {"an id has no groups", "{{loanId}} {{clientId}}", R"({"loanId": 1234567, "id": 7654321.0})", "1234567 7654321"},
      {"a text of digits stays", "{{accountNo}} {{version}}", R"({"accountNo": "000012", "version": "1.10"})",
       "000012 1.10"},
      {"a column nobody knows", "{{shamba.acres}} {{x}}", R"({"shamba": {"Acres": 2.50}, "x": "7.250000"})",
       "2.5 7.25"},
      {"true", "{{x}}", R"({"x": true})", "true"},
      {"a date of Java", "{{dueDate}}", R"({"dueDate": [2026, 11, 4]})", "4 Nov 2026"},
      {"a date in doubles", "{{dueDate}}", R"({"dueDate": [2026.0, 11.0, 4.0]})", "4 Nov 2026"},
      {"a date that is none stays", "{{dueDate}}", R"({"dueDate": "tomorrow"})", "tomorrow"},
      {"money", "{{loanAmount|money}}", R"({"loanAmount": 4500})", "KES 4,500"},
      {"of the currency given", "{{ loanAmount | money }}", R"({"loanAmount": 4500.4, "currency": {"code": "UGX"}})",
       "UGX 4,500"},
      {"of the currency named", "{{loanAmount|money:TZS}}", R"({"loanAmount": 4500, "currencyCode": "UGX"})",
       "TZS 4,500"},
      {"amount", "{{x|amount}}", R"({"x": "4500.5"})", "4,500.50"},
      {"number", "{{x|number}}", R"({"x": 4500.5})", "4,500.5"},
      {"text", "{{loanAmount|text}}", R"({"loanAmount": "4500.50"})", "4500.50"},
      {"text of the database", "{{x|text}}", R"({"x": "4500.500000"})", "4500.500000"},
      {"numbers are no day", "{{#x}}{{.}} {{/x}}", R"({"x": [1500, 10, 20]})", "1500 10 20 "},
      {"an empty currency", "{{x|money}}", R"({"x": 4500, "currencyCode": ""})", "KES 4,500"},
      {"dates", "{{x|date}} {{x|date:short}} {{x|date:long}}", R"({"x": "2026-11-04"})",
       "4 Nov 2026 04/11/2026 4 November 2026"},
      {"what is no number", "{{loanAmount|money}}", R"({"loanAmount": "a lot"})",
       "unreadable loanAmount: 'a lot' is no number"},
      {"what is no day", "{{x|date}}", R"({"x": "4/11/2026"})", "unreadable x: '4/11/2026' is no day"},
      {"missing", "Dear {{firstName}} {{ nickname }}!", R"({"nickname": null})",
       "missing firstName, nickname: Dear  !"},
      {"an object is no text", "{{client}}", R"({"client": {"a": 1}})", "missing client: "},
      {"an empty text is a text", "[{{note}}]", R"({"note": ""})", "[]"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.text, c.values), c.want) << c.name;
  EXPECT_EQ(rendered("{{loanAmount|money}} {{dueDate|date:long}}",
                     R"({"loanAmount": 1234567.5, "dueDate": "2026-11-04"})", "fr"),
            "1 234 567,50 KES 4 novembre 2026");
}

TEST(Template, HasSections) {
  const struct {
    const char *name, *text, *values, *want;
  } cases[] = {
      {"of a value", "a{{#note}} b {{note}}{{/note}}{{^note}} none{{/note}}", R"({"note": "x"})", "a b x"},
      {"without one, nothing is missing", "a{{#note}} b {{note}}{{/note}}{{^note}} none{{/note}}", "{}", "a none"},
      {"an empty text is none", "{{#note}}yes{{/note}}{{^note}}no{{/note}}", R"({"note": ""})", "no"},
      {"false is none", "{{#x}}yes{{/x}}{{^x}}no{{/x}}", R"({"x": false})", "no"},
      {"null is none", "{{#x}}yes{{/x}}{{^x}}no{{/x}}", R"({"x": null})", "no"},
      {"0 is one", "{{#totalOverdue}}yes{{/totalOverdue}}", R"({"totalOverdue": 0.0})", "yes"},
      {"by another name", "{{#dueDate}}due {{dueDate}}{{/dueDate}}", R"({"PaymentDueDate": [2026, 11, 4]})",
       "due 4 Nov 2026"},
      {"of a list", "{{#loans}}{{loanId}}: {{loanAmount}} {{name}};{{/loans}}",
       R"({"loans": [{"loanId": 1.0, "loanAmount": "10.000000"}, {"loanId": 2.0, "loanAmount": "20.5"}], "name": "A"})",
       "1: 10 A;2: 20.50 A;"},
      {"of plain items", "{{#x}}{{.}},{{/x}}", R"({"x": ["a", 2.0]})", "a,2,"},
      {"of an empty list", "{{#x}}a{{/x}}{{^x}}none{{/x}}", R"({"x": []})", "none"},
      {"a line of its own goes", "a\n{{#x}}\nb\n{{/x}}\nc", R"({"x": true})", "a\nb\nc"},
      {"a note", "a{{! for the officer }}b", "{}", "ab"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.text, c.values), c.want) << c.name;
}

TEST(Template, SaysWhereAMistakeIs) {
  const struct {
    const char *name, *text, *want;
  } cases[] = {
      {"a tag without end", "Dear {{firstName,\nyours", "1:6: the tag that begins here is not closed by }}"},
      {"before the next one", "Dear {{first {{last}}", "1:6: the tag that begins here is not closed by }}"},
      {"a section without end", "a\nÉ {{#note}}x", "2:3: the section {{#note}} is not closed by {{/note}}"},
      {"an end without section", "x{{/note}}", "1:2: no section is open that {{/note}} could close"},
      {"ends crossed", "{{#a}}{{#b}}{{/a}}{{/b}}", "1:13: {{/a}} stands where {{/b}} is due"},
      {"no name", "{{ }}", "1:1: a name is missing here"},
      {"a partial", "{{>footer}}", "1:1: there are no partials: write the text itself"},
      {"delimiters", "{{=<% %>=}}", "1:1: delimiters stay {{ and }}"},
      {"no such form", "{{x|upper}}",
       "1:1: 'upper' is no way to write a value; there are money, amount, number, date, date:short, date:long, text, "
       "and money:KES"},
      {"a form of a section", "{{#x|money}}{{/x}}", "1:1: a section has no '|': it only asks whether there is a value"},
      {"braces", "{{{{x}}}}", "1:1: a name holds no braces"},
  };
  for (const auto& c : cases) EXPECT_EQ(rendered(c.text, "{}"), c.want) << c.name;
}

TEST(Template, IsBounded) {
  std::string deep, closed;
  for (int i = 0; i < 9; ++i) {
    deep += "{{#x}}";
    closed += "{{/x}}";
  }
  EXPECT_EQ(rendered(deep + closed, "{}"), "1:49: sections stand too deep in each other");
  std::string many;
  for (int i = 0; i < 201; ++i) many += "{{x}}";
  EXPECT_NE(rendered(many, "{}").find("more than 200 tags"), std::string::npos);
  // A list in each item of the same list would be walked for longer than anybody waits.
  std::string list = R"({"x": [)";
  for (int i = 0; i < 400; ++i) list += "1,";
  list += "1]}";
  EXPECT_EQ(rendered("{{#x}}{{#x}}{{#x}}{{#x}}a{{/x}}{{/x}}{{/x}}{{/x}}", list),
            "unreadable lists and values make more of it than a message can be");
}

TEST(Template, TellsItsTags) {
  const auto made = Template::parse("{{a}} {{#b}}{{c|money}}{{/b}}");
  ASSERT_TRUE(made);
  ASSERT_EQ(made->tags().size(), 3u);
  EXPECT_EQ(made->tags()[0].name, "a");
  EXPECT_TRUE(made->tags()[1].is_section);
  EXPECT_EQ(made->tags()[2].form, "money");
  EXPECT_EQ(made->tags()[2].at, 12u);
}

}  // namespace
}  // namespace smsbridge::bridge::text
