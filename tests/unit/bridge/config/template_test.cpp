// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/template.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object good_template() {
  return {{"name", "approved"}, {"texts", {{"sw", "Habari {{firstName}}"}, {"en", "Dear {{firstName}}"}}}};
}

TEST(TemplateSettings, AreRead) {
  auto settings = good_template();
  settings["audience"] = "officer";
  settings["lane"] = "reminder";
  settings["transliterate"] = false;
  settings["tlvs"] = {{{"tag", "0x1401"}, {"value", "1107"}}};
  std::vector<ConfigProblem> problems;
  const auto made = read_template(settings, ".", problems);
  ASSERT_TRUE(problems.empty()) << problems.front().text;
  EXPECT_EQ(made.texts.front().language, "sw") << "in the order in which they were given";
  EXPECT_EQ(made.text_in("en")->text, "Dear {{firstName}}");
  EXPECT_EQ(made.text_in("fr"), nullptr);
  EXPECT_EQ(name(made.audience), "officer");
  EXPECT_EQ(made.lane, store::Lane::reminder);
  EXPECT_EQ(made.transliterate, false);
  EXPECT_EQ(made.tlvs, (std::vector<store::Tlv>{{0x1401, "1107"}}));
  EXPECT_EQ(made.version, 1);
  const auto plain = read_template(good_template(), ".", problems);
  EXPECT_FALSE(plain.lane || plain.transliterate);
}

TEST(TemplateSettings, SayWhatIsWrong) {
  const std::vector<std::tuple<std::string, json::value, std::string>> table = {
      {"texts", json::object(), "has no text"},
      {"texts", json::object{{"english", "x"}}, "is not a language"},
      {"texts", json::object{{"EN", "x"}}, "is not a language"},
      {"texts", json::object{{"sw", ""}}, "sw: is empty"},
      {"texts", json::object{{"sw", "a\n{{#note}}"}}, "sw, line 2, column 1: the section {{#note}} is not closed"},
      {"texts", json::object{{"sw", std::string(4001, 'x')}}, "more than 4000 octets"},
      {"texts", json::object{{"sw", std::string("a\0b", 3)}}, "NUL"},
      {"texts", "Dear", "must be a mapping"},
      {"event", "two\nlines", "control character"},
      {"audience", "clerk", "is not one of client, group"},
      {"sender", "far too long a name", "is no sender"},
      {"lane", "fast", "is not one of"},
      {"transliterate", "perhaps", "neither true nor false"},
      {"tlvs", json::array{json::object{{"tag", "0x0424"}}}, "is ours"},
      {"version", 0, "1"},
      {"name", "a/b", "no '/'"},
      {"text", "x", "unknown key 'text'"}};
  for (const auto& [key, value, want] : table) {
    auto settings = good_template();
    settings[key] = value;
    std::vector<ConfigProblem> problems;
    read_template(settings, ".", problems);
    ASSERT_FALSE(problems.empty()) << key << ": " << want;
    EXPECT_NE(problems.front().text.find(want), std::string::npos) << problems.front().text;
  }
  auto settings = good_template();
  settings["unicode"] = false;
  std::vector<ConfigProblem> problems;
  read_template(settings, ".", problems);
  EXPECT_TRUE(problems.empty());
  settings["texts"].as_object()["sw"] = "Mkopo – umeidhinishwa";
  read_template(settings, ".", problems);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_NE(problems.front().text.find("the text in sw has '–' (U+2013)"), std::string::npos) << problems.front().text;
}

TEST(TemplateSettings, AreNamedByRules) {
  TenantSettings umoja{.name = "umoja"}, tujenge{.name = "tujenge"};
  TemplateSettings made;
  made.name = "hours";
  made.tenants = {"umoja"};
  InboundRuleSettings rule;
  rule.name = "saa";
  rule.by_template = "hours";
  const auto problems_of = [&](const std::set<std::string>& assumed = {}) {
    std::string all;
    for (const auto& problem : check_references({}, {}, {&umoja, &tujenge}, {}, {&rule}, {&made}, {}, {}, assumed))
      all += problem.text + ";";
    return all;
  };
  EXPECT_EQ(problems_of(), "");
  rule.tenants = {"umoja", "tujenge"};
  EXPECT_NE(problems_of().find("is for the tenant 'tujenge', and its template 'hours' is not"), std::string::npos);
  rule.by_template = "ours";
  EXPECT_NE(problems_of().find("names the unknown template 'ours'"), std::string::npos);
  EXPECT_EQ(problems_of({"ours"}), "");
  rule.by_template.clear();
  made.tenants = {"nobody"};
  EXPECT_NE(problems_of().find("names the unknown tenant 'nobody'"), std::string::npos);
}

}  // namespace
}  // namespace smsbridge::bridge
