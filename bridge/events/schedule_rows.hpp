// SPDX-License-Identifier: MPL-2.0
// What a schedule makes of rows: sums without I/O.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "bridge/config/schedule.hpp"
#include "bridge/events/report_rows.hpp"
#include "bridge/intake/submission.hpp"

namespace smsbridge::bridge {

// What became of the rows of a run so far.
struct RowCounts {
  std::size_t rows = 0, sent = 0, repeated = 0, refused = 0, parts = 0;
};
struct RefusedRow {
  std::size_t row = 0;  // the first is 1
  std::string id;       // the row's key, as it was read
  std::string why;
};
// So much of both is kept.
RefusedRow refused_row(std::size_t row, std::string_view id, std::string_view why);

// The local day of `now` in "{today}" and, so many days later, in "{today+3}" and "{today-1}". "{month}" is the first
// of its month, "{month_end}" the last, "{month-1}" the first of the month before.
std::string with_days(std::string text, WallMs now, const std::string& zone);
// What its `where` and its list ask for; others are passed over.
bool is_wanted(const ScheduleSettings& schedule, const ReportRow& row, WallMs now, const std::string& zone);

// What Fineract is asked, behind the address of its API; of a list one page, from the row `offset` on.
std::string report_path(const ScheduleSettings& schedule, WallMs now, const std::string& zone);
std::string list_path(std::size_t offset, std::size_t limit);

// Tells a row of a period from the others, as 32 digits: a mark holds no name and no number.
std::string row_key(const ScheduleSettings& schedule, const ReportRow& row);
// False: all columns of its `key` are empty, as they are where they are misspelt, and it would be taken for the others.
bool has_key(const ScheduleSettings& schedule, const ReportRow& row);
// What a person finds a refused row by: a column of its key, or one that has an id. Never the number of the phone,
// which who may see runs is not always allowed to see.
std::string shown_id(const ScheduleSettings& schedule, const ReportRow& row);

// What a text calls a column, and the cells by these names.
const std::string& variable_of(const ScheduleSettings& schedule, const std::string& column);
boost::json::object values_of(const ScheduleSettings& schedule, const ReportRow& row);

// The message that a row becomes; where the row has no number, one without.
Submission submission_of(const ScheduleSettings& schedule, const TemplateSettings* made, const ReportRow& row);

// The name of the holiday that Fineract has on this day, of its answer to holidays?officeId=; empty: it is none.
std::string holiday_on(const boost::json::value& holidays, WallMs now, const std::string& zone);

// The zone in which its times are.
const std::string& zone_of(const ScheduleSettings& schedule, const TenantSettings& tenant);
// The next time at which it is due, after `now`; 0: none.
WallMs next_due(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs now);
// A time at which it is due, rather than one of settings that it had before.
bool is_due_at(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs due);
// The time of the period that goes on at `now`: who got a message of it gets no second.
WallMs period_at(const ScheduleSettings& schedule, const TenantSettings& tenant, WallMs now);

}  // namespace smsbridge::bridge
