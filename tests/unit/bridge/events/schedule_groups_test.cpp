// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_groups.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Cells = std::vector<std::pair<std::string, std::string>>;

ScheduleSettings grouped(const json::object& more) {
  json::object settings{{"name", "arrears"},
                        {"tenant", "umoja"},
                        {"cron", "0 8 * * *"},
                        {"template", "arrears"},
                        {"report", {{"name", "Arrears"}}}};
  for (const auto& [key, value] : more) settings[key] = value;
  std::vector<ConfigProblem> problems;
  auto schedule = read_schedule(settings, ".", problems);
  EXPECT_TRUE(problems.empty()) << problems.front().text;
  return schedule;
}

StaffList two_officers() {
  return StaffList(json::parse(R"([{"id":3,"displayName":"Otieno","mobileNo":"0712000003"},
    {"id":7,"displayName":"Wanjiru","mobileNo":"0712000007"}, {"id":8,"displayName":"Grace"}])"));
}

ReportRow row_of(const char* officer, const char* client, const char* due, const char* currency = "KES") {
  return {{{"Loan Officer", officer}, {"Name", client}, {"Total Due", due}, {"Currency", currency}}};
}

json::object values_in(const RowGroups& groups, std::size_t message) {
  return groups.submission(message, nullptr).by_template->values;
}

TEST(RowGroups, AreThoseOfEachMemberOfStaff) {
  const auto schedule = grouped({{"to", "staff"},
                                 {"staff_column", "loan officer"},
                                 {"columns", {{"total due", "totalDue"}, {"Name", "fullName"}}}});
  RowGroups groups(schedule, two_officers());
  groups.add(row_of("Otieno", "Amina", "950.500000"));
  groups.add(row_of("nobody", "Juma", "1"));
  groups.add(row_of("WANJIRU ", "Baraka", "100"));
  groups.add(row_of("otieno", "Neema", "0.25"));
  groups.add(row_of("Grace", "Ali", "1"));
  ASSERT_EQ(groups.messages(), 2u);
  EXPECT_EQ(groups.group(0).first_row, 1u);
  EXPECT_EQ(groups.group(1).first_row, 3u);
  EXPECT_EQ(groups.shown(0), "staff 3");
  const auto message = groups.submission(0, nullptr);
  EXPECT_EQ(message.to, "0712000003");
  EXPECT_EQ(message.triggered_by, "schedule arrears");
  const auto values = values_in(groups, 0);
  EXPECT_EQ(values.at("count"), 2);
  EXPECT_EQ(values.at("staffName"), "Otieno");
  EXPECT_EQ(values.at("Currency"), "KES") << "all rows have it";
  EXPECT_FALSE(values.contains("fullName")) << "rows have several";
  EXPECT_FALSE(values.contains("more"));
  EXPECT_EQ(values.at("totals"), (json::object{{"totalDue", "950.750000"}}));
  EXPECT_EQ(values.at("rows"), values.at("first"));
  EXPECT_EQ(
      values.at("rows").as_array()[1].as_object(),
      (json::object{{"Loan Officer", "otieno"}, {"fullName", "Neema"}, {"totalDue", "0.25"}, {"Currency", "KES"}}));
  ASSERT_EQ(groups.refused().size(), 2u);
  EXPECT_EQ(groups.refused()[0].row, 2u);
  EXPECT_NE(groups.refused()[0].why.find("no active member of staff 'nobody'"), std::string::npos);
  EXPECT_EQ(groups.refused()[1].row, 5u);
  EXPECT_NE(groups.refused()[1].why.find("Cannot send SMS as no phone number"), std::string::npos);
}

TEST(RowGroups, GoToEachManager) {
  const auto schedule = grouped({{"to", "staff"}, {"staff", {"3", "7", "8"}}, {"group_by", {"CURRENCY"}}});
  RowGroups groups(schedule, two_officers());
  groups.add(row_of("", "Amina", "950"));
  groups.add(row_of("", "Baraka", "1", "USD"));
  groups.add(row_of("", "Neema", "50"));
  groups.add({{{"Name", "Juma"}}});
  ASSERT_EQ(groups.messages(), 6u);
  std::set<std::string> keys;
  std::vector<std::string> to;
  for (std::size_t i = 0; i < groups.messages(); ++i) {
    keys.insert(groups.key(i));
    EXPECT_EQ(groups.is_first_of_group(i), i % 3 == 0);
    const auto receiver = groups.receiver(i);
    to.push_back(receiver ? groups.submission(i, nullptr).to + " " + std::to_string(groups.group(i).count)
                          : receiver.error().substr(0, 34));
  }
  EXPECT_EQ(keys.size(), 6u);
  EXPECT_EQ(to, (std::vector<std::string>{"0712000003 2", "0712000007 2", "Cannot send SMS as no phone number",
                                          "0712000003 1", "0712000007 1", "Cannot send SMS as no phone number"}));
  EXPECT_EQ(groups.shown(4), "staff 7, CURRENCY USD");
  ASSERT_EQ(groups.refused().size(), 1u);
  EXPECT_EQ(groups.refused()[0].why, "has no value in the columns of 'group_by'");
}

TEST(RowGroups, AreKnownAgainByWhatTellsThemApart) {
  const auto schedule = grouped({{"group_by", {"clientId", "Currency"}}});
  const auto key = [&](std::vector<Cells> rows) {
    RowGroups groups(schedule, {});
    for (auto& cells : rows) groups.add({std::move(cells)});
    return groups.key(0);
  };
  const auto usual = key({{{"clientId", "7"}, {"Currency", "KES"}, {"due", "1"}}});
  EXPECT_EQ(usual.size(), 32u);
  EXPECT_EQ(usual,
            key({{{"CLIENTID", "7"}, {"currency", "KES"}, {"due", "2"}}, {{"clientid", "7"}, {"currency", "KES"}}}))
      << "what else its rows say may change, and how many they are";
  EXPECT_NE(usual, key({{{"clientId", "8"}, {"Currency", "KES"}}}));
  EXPECT_NE(key({{{"clientId", "7"}}}), key({{{"Currency", "7"}}}));
}

TEST(RowGroups, OfRowsHaveTheNumberThatAllOfThemHave) {
  const auto schedule = grouped({{"group_by", {"clientId"}}});
  RowGroups groups(schedule, {});
  groups.add({{{"clientId", "7"}, {"mobileno", "0712000001"}, {"loan", "1"}}});
  groups.add({{{"clientId", "7"}, {"mobileno", "0712000001"}, {"loan", "2"}}});
  groups.add({{{"clientId", "8"}, {"mobileno", "0712000001"}}});
  groups.add({{{"clientId", "8"}, {"mobileno", "0712000002"}}});
  EXPECT_TRUE(groups.receiver(0));
  EXPECT_EQ(groups.submission(0, nullptr).to, "0712000001");
  EXPECT_FALSE(groups.submission(0, nullptr).by_template->values.contains("staffName"));
  ASSERT_FALSE(groups.receiver(1));
  EXPECT_NE(groups.receiver(1).error().find("several phone numbers"), std::string::npos);
  EXPECT_EQ(groups.shown(1), "clientId 8");
}

TEST(RowGroups, GiveATextSomeRowsAndSayHowManyAreLeftOut) {
  const auto schedule = grouped({{"to", "staff"}, {"staff", {"3"}}});
  RowGroups groups(schedule, two_officers());
  for (int i = 0; i < 700; ++i) groups.add(row_of("", "Amina", "0.1"));
  const auto values = values_in(groups, 0);
  EXPECT_EQ(values.at("count"), 700);
  EXPECT_EQ(values.at("first").as_array().size(), 5u);
  EXPECT_EQ(values.at("more"), 695);
  EXPECT_EQ(values.at("totals").at("Total Due"), "70.000000") << "a double would say 69.99999999999979";
  EXPECT_EQ(values.at("rows").as_array().size(), RowGroups::listed_most) << "more than a text can list";
}

TEST(RowGroups, HaveABound) {
  const auto schedule = grouped({{"group_by", {"id"}}});
  RowGroups groups(schedule, {});
  for (std::size_t i = 0; i < RowGroups::groups_most + RowGroups::refused_most + 3; ++i)
    groups.add({{{"id", std::to_string(i)}}});
  groups.add({{{"id", "0"}}});
  EXPECT_EQ(groups.messages(), RowGroups::groups_most);
  EXPECT_EQ(groups.group(0).count, 2u) << "of a group that there is, more rows are taken";
  EXPECT_EQ(groups.refused().size(), RowGroups::refused_most);
  EXPECT_EQ(groups.refused_besides(), 3u);
  EXPECT_EQ(groups.beyond(), RowGroups::refused_most + 3);
  EXPECT_NE(groups.refused()[0].why.find("one more group than the 20000"), std::string::npos);
}

TEST(ExactSum, IsExact) {
  const auto sum = [](std::vector<const char*> cells) {
    ExactSum made;
    for (const auto* cell : cells) made.add(cell);
    return made.text();
  };
  struct {
    const char* name;
    std::vector<const char*> cells;
    const char* want;
  } const cases[] = {
      {"nothing", {}, ""},
      {"amounts", {"1500.000000", "0.10", "1.5E3"}, "3000.100000"},
      {"below zero", {"1", "-1.25"}, "-0.250000"},
      {"of both signs", {"-2", "0.75"}, "-1.250000"},
      {"carried", {"0.999999", "0.000001"}, "1.000000"},
      {"nothing left", {"-1", "1"}, "0.000000"},
      {"beyond a double", {"9007199254740993", "0"}, "9007199254740993.000000"},
      {"too great", {"100000000000000000"}, ""},
      {"no number", {"1", "2026-12-04"}, ""},
      {"a number behind none", {"Amina", "1"}, ""},
      {"too fine", {"0.0000001"}, ""},
  };
  for (const auto& c : cases) EXPECT_EQ(sum(c.cells), c.want) << c.name;
}

}  // namespace
}  // namespace smsbridge::bridge
