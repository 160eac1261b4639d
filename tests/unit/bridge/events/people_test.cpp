// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/people.hpp"

#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

TEST(People, AreToldByWhatTheTablesSayOfTheirConsent) {
  FineractSettings fineract;
  fineract.data_tables = {"About"};
  EventSettings plain, asked, unless, both;
  asked.opt_in_field = "Wants_News";
  unless.opt_out_field = "no_news";
  both.opt_in_field = "wants_news";
  both.opt_out_field = "no_news";
  struct Case {
    const char* what;
    const EventSettings& notice;
    std::optional<json::object> columns;
    bool opted_out;
    const char* why_not;
  };
  const Case cases[] = {
      {"nobody is asked", plain, json::object{}, false, ""},
      {"wants no texts at all", plain, json::object{}, true, "by Fineract's column"},
      {"asked for it", asked, json::object{{"WANTS_NEWS", true}}, false, ""},
      {"asked for it in words", asked, json::object{{"wants_news", "Yes"}}, false, ""},
      {"did not", asked, json::object{{"wants_news", false}}, false,
       "the client did not ask for it in the column Wants_News"},
      {"has no row", asked, json::object{}, false, "the client did not ask for it in the column Wants_News"},
      {"says nothing", asked, json::object{{"wants_news", nullptr}}, false,
       "the client did not ask for it in the column Wants_News"},
      {"has no such column", asked, json::object{{"other", true}}, false,
       "the data tables have no column Wants_News: whether the client agrees is not known"},
      {"has no such column", unless, json::object{{"no_newss", true}}, false,
       "the data tables have no column no_news: whether the client agrees is not known"},
      {"asked for it, and wants no texts at all", asked, json::object{{"wants_news", true}}, true,
       "by Fineract's column"},
      {"does not want it", unless, json::object{{"No_News", "1"}}, false, "by the column no_news"},
      {"has no row", unless, json::object{}, false, ""},
      {"says nothing", unless, json::object{{"no_news", nullptr}}, false, ""},
      {"does not mind", unless, json::object{{"no_news", "false"}}, false, ""},
      {"asked for it once, and now does not", both, json::object{{"wants_news", true}, {"no_news", true}}, false,
       "by the column no_news"},
      {"no client", both, std::nullopt, false, ""},
  };
  for (const auto& c : cases) {
    Person person;
    person.columns = c.columns;
    person.opted_out = c.opted_out;
    EXPECT_EQ(why_no_consent(c.notice, person, fineract), c.why_not) << c.what;
  }
  const FineractSettings without_tables;
  EXPECT_NE(why_no_consent(unless, Person{.columns = json::object{}}, without_tables), "");
  EXPECT_EQ(why_no_consent(plain, Person{.columns = json::object{}}, without_tables), "");
}

}  // namespace
}  // namespace smsbridge::bridge
