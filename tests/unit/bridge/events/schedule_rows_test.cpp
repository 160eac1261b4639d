// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_rows.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

WallMs utc(const char* text) { return text::parse_rfc3339(text).value(); }

ScheduleSettings schedule_with(const json::object& more = {}) {
  json::object settings{{"name", "due"},
                        {"tenant", "umoja"},
                        {"cron", "0 8 * * *"},
                        {"template", "reminder"},
                        {"report", {{"name", "Loan payments due"}, {"parameters", {{"officeId", "1"}}}}}};
  for (const auto& [key, value] : more) settings[key] = value;
  std::vector<ConfigProblem> problems;
  auto schedule = read_schedule(settings, ".", problems);
  EXPECT_TRUE(problems.empty()) << problems.front().text;
  return schedule;
}

TEST(ScheduleRows, DaysAreThoseOfThePlace) {
  const auto late = utc("2026-11-30T21:30:00Z");  // December 1 in Nairobi
  EXPECT_EQ(with_days("{today}", late, "Africa/Nairobi"), "2026-12-01");
  EXPECT_EQ(with_days("{today}", late, "UTC"), "2026-11-30");
  EXPECT_EQ(with_days("from {today-1} to {today+31}", late, "UTC"), "from 2026-11-29 to 2026-12-31");
  EXPECT_EQ(with_days("{today+x} {todays} {today", late, "UTC"), "{today+x} {todays} {today");
}

TEST(ScheduleRows, MonthsHaveAFirstAndALastDay) {
  const auto january = utc("2027-01-31T21:30:00Z");  // February 1 in Nairobi
  EXPECT_EQ(with_days("{month} {month_end}", january, "UTC"), "2027-01-01 2027-01-31");
  EXPECT_EQ(with_days("{month-1} {month_end-1}", january, "UTC"), "2026-12-01 2026-12-31");
  EXPECT_EQ(with_days("{month} {month_end}", january, "Africa/Nairobi"), "2027-02-01 2027-02-28");
  EXPECT_EQ(with_days("{month+13} {month_end+13}", january, "UTC"), "2028-02-01 2028-02-29");
  EXPECT_EQ(with_days("{month_end+x} {months}", january, "UTC"), "{month_end+x} {months}");
}

TEST(ScheduleRows, ArePassedOverUnlessTheySayWhatIsAskedFor) {
  const auto now = utc("2026-12-04T05:00:00Z");
  const auto wanted = [&](json::object where, std::vector<std::pair<std::string, std::string>> cells) {
    return is_wanted(schedule_with({{"where", std::move(where)}}), {std::move(cells)}, now, "UTC");
  };
  const json::object today{{"expected disbursal", "{today}"}};
  EXPECT_TRUE(wanted(today, {{"Expected Disbursal", "2026-12-04"}}));
  EXPECT_TRUE(wanted(today, {{"Expected Disbursal", "2026-12-04 00:00:00"}})) << "as PostgreSQL has it";
  EXPECT_FALSE(wanted(today, {{"Expected Disbursal", "2026-12-05"}}));
  EXPECT_FALSE(wanted(today, {{"Name", "Amina"}}));
  EXPECT_TRUE(wanted({{"days", "0"}}, {{"days", "0.0"}}));
  EXPECT_FALSE(wanted({{"days", "0"}}, {{"days", "-1"}}));
  EXPECT_FALSE(wanted({{"days", "0"}, {"status", "active"}}, {{"days", "0"}, {"status", "closed"}}));
  EXPECT_TRUE(wanted({{"closed", ""}}, {{"days", "0"}})) << "nothing is said";
  auto clients = schedule_with();
  clients.list = ScheduleSettings::List::clients;
  EXPECT_TRUE(is_wanted(clients, {{{"active", "true"}}}, now, "UTC"));
  EXPECT_FALSE(is_wanted(clients, {{{"active", "false"}}}, now, "UTC"));
}

TEST(ScheduleRows, AskByNameAndParameters) {
  const auto schedule =
      schedule_with({{"report",
                      {{"name", "Loan payments due/all"},
                       {"parameters", {{"officeId", "1"}, {"loanOfficerId", "-1"}, {"day", "{today+3}"}}}}}});
  EXPECT_EQ(report_path(schedule, utc("2026-11-30T05:00:00Z"), "UTC"),
            "runreports/Loan%20payments%20due%2Fall?R_day=2026-12-03&R_loanOfficerId=-1&R_officeId=1");
  EXPECT_EQ(list_path(500, 500), "clients?offset=500&limit=500&orderBy=id&sortOrder=ASC");
}

TEST(ScheduleRows, AreToldApartByTheirIds) {
  const auto usual = schedule_with();
  const auto key = [](const ScheduleSettings& schedule, std::vector<std::pair<std::string, std::string>> cells) {
    return row_key(schedule, {std::move(cells)});
  };
  const auto first = key(usual, {{"id", "7"}, {"loanId", "1"}, {"totalDue", "100"}});
  EXPECT_EQ(first.size(), 32u);
  EXPECT_EQ(first, key(usual, {{"ID", "7"}, {"loanid", "1"}, {"totalDue", "99"}}))
      << "what else stands there may change";
  EXPECT_NE(first, key(usual, {{"id", "7"}, {"loanId", "2"}}));
  EXPECT_NE(key(usual, {{"id", "71"}}), key(usual, {{"id", "7"}, {"loanId", "1"}}));
  EXPECT_NE(key(usual, {{"name", "a"}}), key(usual, {{"name", "b"}})) << "without an id by all of it";
  const auto own = schedule_with({{"key", {"staff"}}});
  EXPECT_EQ(key(own, {{"id", "7"}, {"staff", "1"}}), key(own, {{"id", "8"}, {"staff", "1"}}));
}

TEST(ScheduleRows, HaveNoKeyWhereAllOfItsColumnsAreEmpty) {
  const auto has = [](const ScheduleSettings& schedule, std::vector<std::pair<std::string, std::string>> cells) {
    return has_key(schedule, {std::move(cells)});
  };
  const auto own = schedule_with({{"key", {"clientId", "dueDate"}}});
  EXPECT_TRUE(has(own, {{"CLIENTID", "7"}}));
  EXPECT_TRUE(has(own, {{"dueDate", "2026-12-04"}}));
  EXPECT_FALSE(has(own, {{"client_id", "7"}, {"dueDate", ""}})) << "misspelt: all rows would be the same";
  EXPECT_TRUE(has(schedule_with(), {{"name", "a"}})) << "without a key all of the row is one";
}

TEST(ScheduleRows, AreShownByAnIdButNeverByThePhone) {
  const ReportRow row{{{"id", "7"}, {"mobileno", "0712345678"}, {"staff", "12"}}};
  EXPECT_EQ(shown_id(schedule_with(), row), "id 7");
  EXPECT_EQ(shown_id(schedule_with({{"key", {"staff"}}}), row), "staff 12");
  EXPECT_EQ(shown_id(schedule_with({{"key", {"mobileNo", "staff"}}}), row), "staff 12");
  EXPECT_EQ(shown_id(schedule_with({{"key", {"mobileNo"}}, {"number_column", "MOBILENO"}}), row), "id 7");
  EXPECT_EQ(shown_id(schedule_with({{"number_column", "id"}}), {{{"id", "0712345678"}}}), "");
}

TEST(ScheduleRows, BecomeMessages) {
  auto schedule = schedule_with({{"language_column", "lang"}, {"columns", {{"totaldue", "installmentAmount"}}}});
  const ReportRow row{{{"mobileno", "0712345678"}, {"totalDue", "950.000000"}, {"firstName", "Amina"}, {"lang", "SW"}}};
  const auto message = submission_of(schedule, nullptr, row);
  EXPECT_EQ(message.to, "0712345678");
  EXPECT_EQ(message.lane, store::Lane::reminder);
  EXPECT_EQ(message.triggered_by, "schedule due");
  EXPECT_EQ(message.by_template->language, "sw");
  EXPECT_EQ(
      message.by_template->values,
      (json::object{
          {"mobileno", "0712345678"}, {"installmentAmount", "950.000000"}, {"firstName", "Amina"}, {"lang", "SW"}}));
  TemplateSettings made;
  made.lane = store::Lane::transaction;
  EXPECT_EQ(submission_of(schedule, &made, row).lane, store::Lane::transaction);
  schedule.lane = store::Lane::campaign;
  EXPECT_EQ(submission_of(schedule, &made, row).lane, store::Lane::campaign);
  EXPECT_EQ(submission_of(schedule, &made, {}).to, "");
}

TEST(ScheduleRows, KnowHolidays) {
  const auto holidays =
      json::parse(R"([{"name":"Jamhuri","fromDate":[2026,12,12],"toDate":[2026,12,13],"status":{"id":300}},
    {"name":"not active","fromDate":[2026,12,20],"toDate":[2026,12,20],"status":{"id":100}},{"name":"one day","fromDate":[2027,1,1]}])");
  const auto on = [&](const char* at) { return holiday_on(holidays, utc(at), "Africa/Nairobi"); };
  EXPECT_EQ(on("2026-12-11T20:59:00Z"), "");
  EXPECT_EQ(on("2026-12-11T21:00:00Z"), "Jamhuri") << "its day began in Nairobi";
  EXPECT_EQ(on("2026-12-13T12:00:00Z"), "Jamhuri");
  EXPECT_EQ(on("2026-12-14T12:00:00Z"), "");
  EXPECT_EQ(on("2026-12-20T12:00:00Z"), "");
  EXPECT_EQ(on("2027-01-01T12:00:00Z"), "one day");
  EXPECT_EQ(holiday_on(json::object(), 0, "UTC"), "");
}

TEST(ScheduleRows, AreDueInTheZoneOfTheTenantUnlessTheyHaveOne) {
  TenantSettings tenant{.name = "umoja"};
  tenant.time_zone = "Africa/Nairobi";
  const auto schedule = schedule_with();
  const auto now = utc("2026-11-30T05:00:00Z");
  EXPECT_EQ(next_due(schedule, tenant, now), utc("2026-12-01T05:00:00Z"));
  EXPECT_TRUE(is_due_at(schedule, tenant, now));
  EXPECT_FALSE(is_due_at(schedule, tenant, now + 60'000)) << "a time of settings that it had before";
  EXPECT_EQ(period_at(schedule, tenant, now + 3600'000), now);
  EXPECT_EQ(next_due(schedule_with({{"zone", "UTC"}}), tenant, now), utc("2026-11-30T08:00:00Z"));
}

}  // namespace
}  // namespace smsbridge::bridge
