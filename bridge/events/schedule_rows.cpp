// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "bridge/events/fineract_json.hpp"
#include "bridge/text/locale.hpp"
#include "bridge/text/ucs2.hpp"
#include "bridge/text/variables.hpp"
#include "bridge/text/zone.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

// Columns by which reports name whom and what a row is about.
constexpr std::array<std::string_view, 9> id_columns = {
    "id",        "clientId",      "loanId",    "loanAccountId",   "loanAccountNumber",
    "accountNo", "accountNumber", "savingsId", "savingsAccountNo"};
// Those that a person is shown, the most telling first.
constexpr std::array<std::string_view, 5> shown_columns = {"loanAccountId", "loanId", "accountNo", "id", "clientId"};
constexpr int active_holiday = 300;
constexpr int days_away_max = 3660;
constexpr std::size_t refused_id_octets = 60, refused_why_octets = 200;

std::string day_text(const text::LocalTime& noon, const std::string& zone) {
  const auto day = text::local_time(text::instant_of(noon, zone), zone);
  return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
}

text::LocalTime noon_of(WallMs now, const std::string& zone) {
  auto day = text::local_time(now, zone);
  day.hour = 12;
  return day;
}

std::string local_day(WallMs now, const std::string& zone, int later) {
  auto day = noon_of(now, zone);
  day.day += later;
  return day_text(day, zone);
}

// Nothing: it is no word for a day.
std::optional<std::string> named_day(std::string_view words, WallMs now, const std::string& zone) {
  const auto sign = words.find_first_of("+-");
  const auto word = words.substr(0, sign);
  int later = 0;
  if (sign != std::string_view::npos) {
    words.remove_prefix(words[sign] == '+' ? sign + 1 : sign);
    const auto [stop, error] = std::from_chars(words.data(), words.data() + words.size(), later);
    if (error != std::errc() || stop != words.data() + words.size() || std::abs(later) > days_away_max)
      return std::nullopt;
  }
  if (word == "today") return local_day(now, zone, later);
  auto day = noon_of(now, zone);
  day.month += later, day.day = 1;
  if (word == "month") return day_text(day, zone);
  if (word != "month_end") return std::nullopt;
  day.month += 1, day.day = 0;
  return day_text(day, zone);
}

// As people see it: a day with or without a time behind, and a number with any number of zeros.
bool says(std::string_view cell, std::string_view wanted) {
  if (cell == wanted) return true;
  if (const auto day = text::parse_day(wanted)) {
    const auto own = text::parse_day(cell);
    return own && own->year == day->year && own->month == day->month && own->day == day->day;
  }
  const auto number = text::parse_decimal(wanted), own = text::parse_decimal(cell);
  return number && own && number->negative == own->negative && number->whole == own->whole &&
         number->fraction == own->fraction;
}

}  // namespace

RefusedRow refused_row(std::size_t row, std::string_view id, std::string_view why) {
  return {.row = row,
          .id = std::string(text::cut_utf8(id, refused_id_octets)),
          .why = std::string(text::cut_utf8(why, refused_why_octets))};
}

std::string with_days(std::string text, WallMs now, const std::string& zone) {
  for (std::size_t at = 0; (at = text.find('{', at)) != std::string::npos; ++at) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) break;
    if (const auto day = named_day(std::string_view(text).substr(at + 1, end - at - 1), now, zone))
      text.replace(at, end - at + 1, *day);
  }
  return text;
}

bool is_wanted(const ScheduleSettings& schedule, const ReportRow& row, WallMs now, const std::string& zone) {
  // Every bank has closed clients: they are no rows, rather than rows that somebody has to look into.
  if (schedule.list == ScheduleSettings::List::clients && row.cell("active") != "true") return false;
  return std::ranges::all_of(schedule.where, [&](const auto& each) {
    return says(row.cell(each.first),
                each.second.find('{') == std::string::npos ? each.second : with_days(each.second, now, zone));
  });
}

std::string report_path(const ScheduleSettings& schedule, WallMs now, const std::string& zone) {
  auto path = "runreports/" + http_gateways::percent_encode(schedule.report.name);
  char sign = '?';
  for (const auto& [name, value] : schedule.report.parameters) {
    path += sign + ("R_" + http_gateways::percent_encode(name)) + "=" +
            http_gateways::percent_encode(with_days(value, now, zone));
    sign = '&';
  }
  return path;
}

std::string list_path(std::size_t offset, std::size_t limit) {
  return fmt::format("clients?offset={}&limit={}&orderBy=id&sortOrder=ASC", offset, limit);
}

std::string row_key(const ScheduleSettings& schedule, const ReportRow& row) {
  std::string whole;
  const auto add = [&](std::string_view name, std::string_view value) {
    whole += fmt::format("{}:{}={}:{};", name.size(), name, value.size(), value);
  };
  for (const auto& column : schedule.key) add(column, row.cell(column));
  if (schedule.key.empty())
    for (const auto column : id_columns)
      if (const auto value = row.cell(column); !value.empty()) add(column, value);
  if (whole.empty())
    for (const auto& [column, value] : row.cells) add(column, value);
  return http_gateways::hex(http_gateways::digest(http_gateways::Hash::sha256, whole)).substr(0, 32);
}

bool has_key(const ScheduleSettings& schedule, const ReportRow& row) {
  return schedule.key.empty() ||
         std::ranges::any_of(schedule.key, [&](const auto& column) { return !row.cell(column).empty(); });
}

std::string shown_id(const ScheduleSettings& schedule, const ReportRow& row) {
  std::vector<std::string_view> columns(schedule.key.begin(), schedule.key.end());
  columns.insert(columns.end(), shown_columns.begin(), shown_columns.end());
  for (const auto column : columns)
    if (const auto value = row.cell(column); !value.empty() && !text::equal_names(column, schedule.number_column))
      return std::string(column) + " " + std::string(value);
  return {};
}

const std::string& variable_of(const ScheduleSettings& schedule, const std::string& column) {
  const auto renamed =
      std::ranges::find_if(schedule.columns, [&](const auto& each) { return text::equal_names(each.first, column); });
  return renamed == schedule.columns.end() ? column : renamed->second;
}

json::object values_of(const ScheduleSettings& schedule, const ReportRow& row) {
  json::object values;
  for (const auto& [column, value] : row.cells) values[variable_of(schedule, column)] = value;
  return values;
}

Submission submission_of(const ScheduleSettings& schedule, const TemplateSettings* made, const ReportRow& row) {
  Submission submission;
  submission.source = store::Source::schedule;
  submission.to = row.cell(schedule.number_column);
  submission.triggered_by = "schedule " + schedule.name;
  submission.lane = schedule.lane ? schedule.lane : made ? made->lane : std::nullopt;
  if (!submission.lane) submission.lane = store::Lane::reminder;
  ByTemplate asked{.name = schedule.by_template, .language = {}, .values = {}};
  if (!schedule.language_column.empty()) {
    asked.language = row.cell(schedule.language_column);
    std::ranges::transform(asked.language, asked.language.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  }
  asked.values = values_of(schedule, row);
  submission.by_template = std::move(asked);
  return submission;
}

std::string holiday_on(const json::value& holidays, WallMs now, const std::string& zone) {
  const auto today = local_day(now, zone, 0);
  const auto* list = holidays.if_array();
  if (!list) return {};
  for (const auto& each : *list) {
    const auto* holiday = each.if_object();
    if (!holiday) continue;
    if (const auto status = status_at(*holiday); status && status != active_holiday) continue;
    const auto from = day_at(*holiday, "fromDate"), to = day_at(*holiday, "toDate");
    if (from.empty() || today < from || today > (to.empty() ? from : to)) continue;
    const auto name = text_at(*holiday, "name");
    return name.empty() ? "a holiday" : name;
  }
  return {};
}

const std::string& zone_of(const ScheduleSettings& schedule, const TenantSettings& tenant) {
  return schedule.zone.empty() ? tenant.time_zone : schedule.zone;
}

WallMs next_due(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs now) {
  if (schedule.cron) return schedule.cron->next_after(now, zone_of(schedule, tenant));
  return schedule.at > now ? schedule.at : 0;
}

bool is_due_at(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs due) {
  if (schedule.cron) return schedule.cron->next_after(due - 1, zone_of(schedule, tenant)) == due;
  return schedule.at == due;
}

WallMs period_at(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs now) {
  return schedule.cron ? schedule.cron->last_until(now, zone_of(schedule, tenant)) : schedule.at;
}

}  // namespace smsbridge::bridge
