// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/schedule.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/config/config.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object good_schedule() {
  return {{"name", "due"},
          {"tenant", "umoja"},
          {"cron", "every weekday at 08:00"},
          {"template", "reminder"},
          {"report", {{"name", "Loan payments due"}, {"parameters", {{"officeId", "1"}, {"fromX", "0"}}}}}};
}

TEST(ScheduleSettings, AreRead) {
  std::vector<ConfigProblem> problems;
  const auto usual = read_schedule(good_schedule(), ".", problems);
  ASSERT_TRUE(problems.empty()) << problems.front().text;
  EXPECT_EQ(usual.cron->fields(), "0 8 * * 1,2,3,4,5");
  EXPECT_EQ(usual.number_column, "mobileNo");
  EXPECT_EQ(usual.report.parameters, (ScheduleSettings::Words{{"fromX", "0"}, {"officeId", "1"}}));
  EXPECT_FALSE(usual.lane);
  auto settings = good_schedule();
  settings.erase("cron");
  settings.erase("report");
  settings["at"] = "2026-12-01T08:00:00+03:00";
  settings["list"] = "clients";
  settings["missed"] = "skip";
  settings["holidays"] = "skip";
  settings["columns"] = json::object{{"totalDue", "installmentAmount"}};
  const auto once = read_schedule(settings, ".", problems);
  ASSERT_TRUE(problems.empty()) << problems.front().text;
  EXPECT_EQ(once.at, 1796101200000);
  EXPECT_EQ(once.list, ScheduleSettings::List::clients);
  EXPECT_EQ(once.missed, ScheduleSettings::Missed::skip);
  EXPECT_EQ(once.columns, (ScheduleSettings::Words{{"totalDue", "installmentAmount"}}));
}

TEST(ScheduleSettings, SayWhatIsWrong) {
  const std::vector<std::tuple<std::string, json::value, std::string>> table = {
      {"cron", "0 25 * * *", "the hour '25'"},
      {"cron", "every weekday", "says no time of day"},
      {"at", "2026-12-01T08:00:00+03:00", "one of the two"},
      {"cron", nullptr, "either 'cron', for again and again, or 'at'"},
      {"zone", "Africa/Nirobi", "is not a time zone"},
      {"list", "clients", "either 'report' or 'list'"},
      {"list", "groups", "is not one of none, clients"},
      {"missed", "twice", "is not one of once, skip"},
      {"number_column", "", "is empty"},
      {"columns", json::object{{"x", std::string(300, 'x')}}, "at most 200 octets"},
      {"report", json::object{{"parameters", json::object()}}, "name"},
      {"office", 0, "1"},
      {"name", "a/b", "no '/'"},
      {"templates", "x", "unknown key 'templates'"}};
  for (const auto& [key, value, want] : table) {
    auto settings = good_schedule();
    if (value.is_null())
      settings.erase(key);
    else
      settings[key] = value;
    std::vector<ConfigProblem> problems;
    read_schedule(settings, ".", problems);
    std::string all;
    for (const auto& problem : problems) all += problem.text + ";";
    EXPECT_NE(all.find(want), std::string::npos) << key << ": " << all;
  }
}

TEST(ScheduleSettings, NameTemplatesThatThereAre) {
  TenantSettings umoja{.name = "umoja"}, tujenge{.name = "tujenge"};
  std::vector<ConfigProblem> none;
  const auto made =
      read_template({{"name", "reminder"}, {"texts", {{"en", "Pay {{installmentAmount|money}}"}}}}, ".", none);
  auto limited = made;
  limited.tenants = {"tujenge"};
  const auto problems_of = [&](json::object settings, const TemplateSettings& text) {
    const auto schedule = read_schedule(settings, ".", none);
    std::string all;
    for (const auto& problem : check_references({}, {}, {&umoja, &tujenge}, {}, {}, {&text}, {}, {&schedule}))
      all += problem.key + ": " + problem.text + ";";
    return all;
  };
  EXPECT_EQ(problems_of(good_schedule(), made), "");
  EXPECT_NE(problems_of(good_schedule(), limited).find("template: schedule 'due' is of the tenant 'umoja', and its"),
            std::string::npos);
  auto settings = good_schedule();
  settings["template"] = "other";
  EXPECT_NE(problems_of(settings, made).find("names the unknown template 'other'"), std::string::npos);
  settings["template"] = "loan-approved";
  EXPECT_EQ(problems_of(settings, made), "") << "a ready one";
  settings = good_schedule();
  settings["tenant"] = "nobody";
  EXPECT_NE(problems_of(settings, made).find("names the unknown tenant 'nobody'"), std::string::npos);
  settings = good_schedule();
  settings["columns"] = json::object{{"totalDue", "amountDue"}};
  EXPECT_EQ(problems_of(settings, made), "") << "another name of installmentAmount";
  settings["columns"] = json::object{{"totalDue", "loanAmount"}};
  const auto said = problems_of(settings, made);
  EXPECT_NE(said.find("columns: schedule 'due' gives the column 'totalDue' to 'loanAmount'"), std::string::npos)
      << said;
}

}  // namespace
}  // namespace smsbridge::bridge
