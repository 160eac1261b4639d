// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(ScheduleSettings, AreToStaffByAColumnOrByTheirIds) {
  const auto read = [](json::object more) {
    auto settings = good_schedule();
    for (const auto& [key, value] : more) settings[key] = value;
    std::vector<ConfigProblem> problems;
    auto schedule = read_schedule(settings, ".", problems);
    EXPECT_TRUE(problems.empty()) << problems.front().text;
    return schedule;
  };
  EXPECT_FALSE(read({}).is_grouped());
  EXPECT_TRUE(read({{"group_by", {"clientId"}}}).is_grouped());
  const auto officers =
      read({{"to", "staff"}, {"staff_column", "Loan Officer"}, {"where", {{"Expected Disbursal", "{today}"}}}});
  EXPECT_TRUE(officers.is_grouped());
  EXPECT_EQ(officers.where, (ScheduleSettings::Words{{"Expected Disbursal", "{today}"}}));
  EXPECT_EQ(read({{"to", "staff"}, {"staff", {3, 7}}}).staff, (std::vector<std::string>{"3", "7"}));
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
      {"to", "staff", "'to: staff' needs one of the two"},
      {"to", "officers", "is not one of row, staff"},
      {"staff_column", "Loan Officer", "needs 'to: staff'"},
      {"staff", json::array{3}, "needs 'to: staff'"},
      {"staff", json::array{"Otieno"}, "'Otieno' is not the id of a member of staff"},
      {"name", "a/b", "no '/'"},
      {"templates", "x", "unknown key 'templates'"}};
  std::vector<ConfigProblem> both;
  read_schedule({{"to", "staff"}, {"staff_column", "a"}, {"staff", {"3"}}, {"key", {"id"}}}, ".", both);
  const auto has = [&](std::string_view text) {
    return std::ranges::any_of(both, [&](const auto& problem) { return problem.text.find(text) != std::string::npos; });
  };
  EXPECT_TRUE(has("'to: staff' needs one of the two"));
  EXPECT_TRUE(has("'group_by' tells groups apart"));
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
  const auto summed = read_template({{"name", "reminder"}, {"texts", {{"en", "{{totals.own due|money}}"}}}}, ".", none);
  settings["columns"] = json::object{{"totalDue", "own due"}};
  EXPECT_EQ(problems_of(settings, summed), "") << "their sum is";
  settings["columns"] = json::object{{"totalDue", "loanAmount"}};
  const auto said = problems_of(settings, made);
  EXPECT_NE(said.find("columns: schedule 'due' gives the column 'totalDue' to 'loanAmount'"), std::string::npos)
      << said;
}

}  // namespace
}  // namespace smsbridge::bridge
