// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/schedule.hpp"

#include <fmt/format.h>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

using S = ScheduleSettings;

constexpr std::size_t words_max = 50, word_octets_max = 200;

void read_cron(ConfigSection& s, S& schedule) {
  s.read("cron", schedule.cron_text);
  if (schedule.cron_text.empty()) return;
  auto cron = text::Cron::parse(schedule.cron_text);
  if (cron)
    schedule.cron = *std::move(cron);
  else
    s.problem("cron", cron.error(), "bad-value");
}

void read_at(ConfigSection& s, S& schedule) {
  std::string given;
  s.read("at", given);
  if (given.empty()) return;
  const auto at = text::parse_rfc3339(given);
  if (at)
    schedule.at = *at;
  else
    s.problem("at", "'" + given + "' is not a time such as 2026-12-01T08:00:00+03:00", "bad-value");
}

void check_staff(ConfigSection& s, S& schedule) {
  for (const auto& id : schedule.staff)
    if (id.empty() || id.size() > 9 || id.front() == '0' || id.find_first_not_of("0123456789") != std::string::npos)
      s.problem("staff", "'" + id + "' is not the id of a member of staff in Fineract, such as 3", "bad-value");
  if (schedule.staff.size() > words_max) s.problem("staff", fmt::format("are more than {}", words_max), "bad-value");
}

// Names and what stands for them; names in any case, so that each is there once.
void read_words(ConfigSection& s, const char* key, S::Words& words) {
  s.map(key, [&](const std::string& name, const std::string& value) {
    if (name.empty() || name.size() > word_octets_max || value.size() > word_octets_max)
      return s.problem(key, fmt::format("names and values have at most {} octets", word_octets_max), "bad-value");
    words[name] = value;
  });
  if (words.size() > words_max) s.problem(key, fmt::format("are more than {}", words_max), "bad-value");
}

const Keys<S::Report>& report_keys() {
  using R = S::Report;
  using K = Keys<R>;
  static const K keys{
      K::text("name", &R::name, "Its name in Fineract, such as Loan payments due").needed(),
      K::special(
          "parameters", KeyInfo::Type::tree, [](ConfigSection& s, R& r) { read_words(s, "parameters", r.parameters); },
          "Its parameters without R_, such as {officeId: 1, fromX: 0, toY: 3}; {today+3} in a value is a day"),
  };
  return keys;
}

void check_schedule(ConfigSection& s, S& schedule) {
  if (schedule.cron_text.empty() == !s.is_given("at"))
    s.problem("cron", "either 'cron', for again and again, or 'at', for once: one of the two is needed", "missing");
  if (schedule.report.name.empty() == (schedule.list == S::List::none))
    s.problem("report", "either 'report' or 'list' says what is read from Fineract: one of the two is needed",
              "missing");
  if (schedule.to == S::To::staff && schedule.staff_column.empty() == schedule.staff.empty())
    s.problem("to",
              "either 'staff_column', whose value says who, or 'staff', those who get all of it: 'to: staff' needs one "
              "of the two",
              "missing");
  for (const auto* key : {"staff_column", "staff"})
    if (schedule.to != S::To::staff && s.is_given(key)) s.problem(key, "needs 'to: staff'", "bad-value");
  if (schedule.is_grouped() && !schedule.key.empty())
    s.problem("key", "tells rows apart that are messages of their own: 'group_by' tells groups apart", "bad-value");
}

const Keys<S>& schedule_keys() {
  using K = Keys<S>;
  static const K keys(
      {
          K::text("name", &S::name, "Name in API, CLI and logs").needed().checked([](ConfigSection& s, S& schedule) {
            check_name(s, schedule.name);
          }),
          K::integer("id", &S::id, 1, 1'000'000'000, "Its number; one that is made at run time gets one")
              .usually(nullptr),
          K::text("description", &S::description, "For people"),
          K::text("tenant", &S::tenant, "Whose Fineract is read, and who sends").needed(),
          K::boolean("enabled", &S::enabled, "false: it does not run by itself"),
          K::special("cron", KeyInfo::Type::text, read_cron,
                     "When: five fields as of crontab, or words such as every weekday at 08:00"),
          K::special("at", KeyInfo::Type::text, read_at, "When, for once: such as 2026-12-01T08:00:00+03:00"),
          K::text("zone", &S::zone, "Time zone of 'cron'; else the tenant's")
              .checked([](ConfigSection& s, S& schedule) {
                if (!schedule.zone.empty()) check_zone(s, "zone", schedule.zone);
              }),
          K::choice("missed", &S::missed, Choices<S::Missed>{{"once", S::Missed::once}, {"skip", S::Missed::skip}},
                    "Times at which the daemon was down: made up for, all of them by one run, or not"),
          K::choice("holidays", &S::holidays,
                    Choices<S::Holidays>{{"ignore", S::Holidays::ignore}, {"skip", S::Holidays::skip}},
                    "skip: it does not run on holidays that Fineract has"),
          K::integer("office", &S::office, 1, 1'000'000'000, "Number of the office whose holidays count"),
          K::section<S::Report>(
              "report", [](S& schedule) -> S::Report& { return schedule.report; }, report_keys(),
              "Report whose rows become messages"),
          K::choice("list", &S::list, Choices<S::List>{{"none", S::List::none}, {"clients", S::List::clients}},
                    "Instead of a report: clients, which is all active ones"),
          K::special(
              "where", KeyInfo::Type::tree,
              [](ConfigSection& s, S& schedule) { read_words(s, "where", schedule.where); },
              "What a row has to say, by column, such as {Expected Disbursal: \"{today}\"}; others are passed over"),
          K::choice("to", &S::to, Choices<S::To>{{"row", S::To::row}, {"staff", S::To::staff}},
                    "row: the number is in the row; staff: members of staff, whose numbers Fineract has"),
          K::text("staff_column", &S::staff_column,
                  "Column that says which member of staff, by id or name; his rows are one message"),
          K::texts("staff", &S::staff, "Ids of members of staff who get all rows, instead of staff_column")
              .checked(check_staff),
          K::texts("group_by", &S::group_by, "Rows that are alike in these columns become one message"),
          K::text("template", &S::by_template, "Template that the messages are made of").needed(),
          K::text("number_column", &S::number_column, "Column of the phone's number")
              .checked([](ConfigSection& s, S& schedule) {
                if (schedule.number_column.empty())
                  s.problem("number_column", "is empty: which column has the number?", "bad-value");
              }),
          K::text("language_column", &S::language_column,
                  "Column of the language, such as sw; else the tenant's first"),
          K::special(
              "columns", KeyInfo::Type::tree,
              [](ConfigSection& s, S& schedule) { read_words(s, "columns", schedule.columns); },
              "Which variable of the template a column is, such as {totalDue: installmentAmount}; others go by their "
              "name"),
          K::texts("key", &S::key, "Columns that tell two rows apart: who has got one of a period gets no second"),
          K::choice("lane", &S::lane, lane_choices(), "Lane of the messages; else the template's, or reminder")
              .usually(nullptr),
      },
      check_schedule);
  return keys;
}

}  // namespace

std::vector<KeyInfo> schedule_infos() { return schedule_keys().infos(); }

void read_schedule(ConfigSection& s, ScheduleSettings& schedule) {
  if (s.node().IsMap()) schedule.settings = to_json(s.node()).as_object();
  schedule_keys().read(s, schedule);
}

ScheduleSettings read_schedule(const boost::json::object& settings, const std::filesystem::path& folder,
                               std::vector<ConfigProblem>& problems) {
  return read_object<ScheduleSettings>(settings, folder, problems, read_schedule);
}

}  // namespace smsbridge::bridge
