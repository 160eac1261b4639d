// SPDX-License-Identifier: MPL-2.0
// Messages made of a template: which text, with what, and what makes two of them the same.
#include "bridge/intake/by_template.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

class ByTemplateTest : public testing::Test {
 protected:
  ByTemplateTest() {
    change({{"name", "approved"},
            {"version", 3},
            {"sender", "UMOJA"},
            {"lane", "reminder"},
            {"tlvs", {{{"tag", "0x1401"}, {"value", "of the template"}}, {{"tag", "0x1402"}, {"value", "x"}}}},
            {"texts",
             {{"sw", "Habari {{firstName}}, KES {{loanAmount}}"}, {"en", "Dear {{firstName}}"}, {"fr", "Cher"}}}});
  }
  void change(json::object settings) {
    std::vector<ConfigProblem> problems;
    auto table = std::make_shared<RoutingTable>();
    table->gateways = {std::make_shared<GatewaySettings>(GatewaySettings{.name = "a", .id = 1})};
    table->templates = {std::make_shared<TemplateSettings>(read_template(settings, ".", problems))};
    EXPECT_TRUE(problems.empty()) << problems.front().text;
    router_.replace(table);
  }
  Prepared prepared(
      const std::string& language, json::object values, const std::string& name = "approved",
      const std::function<void(Submission&)>& more = [](Submission&) {}) {
    Submission s;
    s.to = "+254712345678";
    s.by_template = ByTemplate{.name = name, .language = language, .values = std::move(values)};
    more(s);
    const Tenant tenant{.id = 1, .config = settings_, .metrics = metrics_.tenant("t")};
    return prepare(std::move(s), tenant, directory_, clock_.wall());
  }
  std::string text(const std::string& language) {
    return prepared(language, {{"firstname", "Amina"}, {"loanAmount", "4500.000000"}}).enqueue.content.text;
  }

  TenantSettings settings_{.name = "t", .default_country = "KE"};
  VirtualClock clock_;
  metrics::Metrics metrics_{{"", "", ""}};
  Router router_{std::make_shared<RoutingTable>(), {{1, "t"}}, clock_};
  Directory directory_{router_};
};

TEST_F(ByTemplateTest, TakesTheTextOfTheLanguageOrTheNextBest) {
  EXPECT_EQ(text("sw"), "Habari Amina, KES 4,500");
  EXPECT_EQ(text("en"), "Dear Amina");
  EXPECT_EQ(text("hi"), "Habari Amina, KES 4,500") << "the template's first";
  settings_.languages = {"es", "fr", "en"};
  EXPECT_EQ(text("hi"), "Cher") << "the tenant's first that there is";
  EXPECT_EQ(text(""), "Cher");
  settings_.languages = {"en"};
  EXPECT_EQ(text(""), "Dear Amina") << "none was asked for: the tenant's first";
  const auto made_by = read_made_by(prepared("hi", {{"firstName", "A"}}).enqueue.content.made_by);
  ASSERT_TRUE(made_by);
  EXPECT_EQ(made_by->name, "approved");
  EXPECT_EQ(made_by->version, 3);
  EXPECT_EQ(made_by->language, "en");
  EXPECT_EQ(made_by->asked, "hi");
}

TEST_F(ByTemplateTest, SaysWhatTheMessageDoesNot) {
  const json::object values{{"firstName", "A"}};
  const auto content = prepared("en", values).enqueue.content;
  EXPECT_EQ(content.from, "UMOJA");
  EXPECT_EQ(content.lane, store::Lane::reminder);
  EXPECT_EQ(content.tlvs, (std::vector<store::Tlv>{{0x1401, "of the template"}, {0x1402, "x"}}));
  const auto own = prepared("en", values, "approved", [](Submission& s) {
                     s.from = "22384";
                     s.lane = store::Lane::otp;
                     s.tlvs = {{0x1401, "its own"}};
                   }).enqueue.content;
  EXPECT_EQ(own.from, "22384");
  EXPECT_EQ(own.lane, store::Lane::otp);
  EXPECT_EQ(own.tlvs, (std::vector<store::Tlv>{{0x1401, "its own"}, {0x1402, "x"}}));
}

TEST_F(ByTemplateTest, RefusesWhatItCannotFill) {
  const auto missing = prepared("sw", {{"firstName", "Amina"}}).refusal;
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->code, ProblemCode::missing_variable);
  EXPECT_EQ(missing->detail, "the template 'approved' needs values that were not given: loanAmount");
  const auto unknown = prepared("sw", {}, "aproved").refusal;
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->code, ProblemCode::unknown_template);
  EXPECT_EQ(unknown->detail, "there is no template 'aproved' for this tenant; did you mean 'approved'?");
  change({{"name", "approved"}, {"texts", {{"en", "{{loanAmount|money}}"}}}});
  const auto unreadable = prepared("en", {{"loanAmount", "a lot"}}).refusal;
  ASSERT_TRUE(unreadable);
  EXPECT_EQ(unreadable->code, ProblemCode::invalid_request);
  change({{"name", "approved"}, {"tenants", {"another"}}, {"texts", {{"en", "x"}}}});
  const auto others = prepared("en", {}).refusal;
  ASSERT_TRUE(others) << "what is another's is not there";
  EXPECT_EQ(others->detail, "there is no template 'approved' for this tenant");
  change({{"name", "loan-approved"}, {"tenants", {"another"}}, {"texts", {{"en", "x"}}}});
  const auto ready = prepared("en", {}, "loan-approved").refusal;
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->code, ProblemCode::missing_variable) << "what is shipped stays everybody else's";
}

// Its text may be another one by the time that a caller repeats himself.
TEST_F(ByTemplateTest, ARepetitionIsWhatTheCallerSaidAndNotWhatTheTemplateMadeOfIt) {
  const json::object values{{"firstName", "Amina"}, {"loanAmount", 1}};
  const auto digest = [&](const std::string& language, const json::object& given) {
    return prepared(language, given).enqueue.content.digest;
  };
  const auto before = digest("sw", values);
  EXPECT_NE(before, digest("en", values));
  EXPECT_NE(before, digest("sw", {{"firstName", "Amina"}, {"loanAmount", 2}}));
  EXPECT_EQ(before, digest("sw", {{"loanAmount", 1}, {"firstName", "Amina"}})) << "in whatever order";
  change({{"name", "approved"}, {"version", 4}, {"lane", "campaign"}, {"texts", {{"sw", "Mpya {{firstName}}"}}}});
  EXPECT_EQ(before, digest("sw", values));
  change({{"name", "other"}, {"texts", {{"sw", "x"}}}});
  EXPECT_EQ(before, digest("sw", values)) << "the template is gone, and the message still known";
}

TEST_F(ByTemplateTest, WithoutUnicodeValuesAreTransliterated) {
  change({{"name", "approved"}, {"unicode", false}, {"texts", {{"en", "{{firstName}} " + std::string(80, 'x')}}}});
  const auto content = prepared("en", {{"firstName", "Wanjikũ"}}).enqueue.content;
  EXPECT_TRUE(content.transliterated);
  EXPECT_EQ(content.text.substr(0, 8), "Wanjiku ");
  EXPECT_EQ(content.parts, 1);
}

TEST_F(ByTemplateTest, IsKeptInWordsThatAreReadAgain) {
  const auto again = read_made_by(made_by_text({.version = 12, .language = "sw", .asked = "en", .name = "two words"}));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->name, "two words");
  EXPECT_EQ(again->version, 12);
  EXPECT_FALSE(read_made_by(""));
}

}  // namespace
}  // namespace smsbridge::bridge
