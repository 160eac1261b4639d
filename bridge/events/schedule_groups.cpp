// SPDX-License-Identifier: MPL-2.0
#include "bridge/events/schedule_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "bridge/text/locale.hpp"
#include "bridge/text/nearest.hpp"
#include "bridge/text/variables.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

constexpr std::int32_t millionths_in_one = 1'000'000;
constexpr std::size_t whole_digits_max = 17, fraction_digits_max = 6;
constexpr std::int64_t whole_most = 1'000'000'000'000'000'000;  // of a sum: one more number does not overflow it

std::int64_t number_of(const std::string& digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string told_apart(const ScheduleSettings& schedule, const ReportRow& row, std::int64_t staff) {
  auto whole = fmt::format("staff {};", staff);
  for (const auto& column : schedule.group_by) {
    const auto value = row.cell(column);
    whole += fmt::format("{}:{}={}:{};", column.size(), text::lower(column), value.size(), value);
  }
  return whole;
}

void append_short(std::string& to, std::size_t number) {
  to += static_cast<char>(number & 0xFF);
  to += static_cast<char>(number >> 8 & 0xFF);
}

std::size_t take_short(std::string_view& from) {
  const auto octet = [&](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(from[at])); };
  const auto number = octet(0) | octet(1) << 8;
  from.remove_prefix(2);
  return number;
}

}  // namespace

// ---- sums ----

void ExactSum::add(std::string_view cell) {
  any_ = true;
  const auto number = text::parse_decimal(cell);
  good_ = good_ && number && number->whole.size() <= whole_digits_max && number->fraction.size() <= fraction_digits_max;
  if (!good_) return;
  auto fraction = number->fraction;
  fraction.resize(fraction_digits_max, '0');
  const std::int64_t sign = number->negative ? -1 : 1;
  millionths_ += static_cast<std::int32_t>(sign * number_of(fraction));
  whole_ += sign * number_of(number->whole) + millionths_ / millionths_in_one;
  millionths_ %= millionths_in_one;
  good_ = whole_ < whole_most && whole_ > -whole_most;
}

std::string ExactSum::text() const {
  if (!any_ || !good_) return {};
  auto whole = whole_;
  auto millionths = millionths_;
  if (whole > 0 && millionths < 0) --whole, millionths += millionths_in_one;
  if (whole < 0 && millionths > 0) ++whole, millionths -= millionths_in_one;
  const bool negative = whole < 0 || millionths < 0;
  return fmt::format("{}{}.{:06}", negative ? "-" : "", std::abs(whole), std::abs(millionths));
}

// ---- rows into groups ----

void RowGroups::add(const ReportRow& row) {
  ++rows_;
  const bool is_named = schedule_.group_by.empty() || std::ranges::any_of(schedule_.group_by, [&](const auto& column) {
                          return !row.cell(column).empty();
                        });
  if (!is_named) return refuse(row, "has no value in the columns of 'group_by'");
  std::int64_t staff = 0;
  if (!schedule_.staff_column.empty()) {
    const auto member = staff_.reachable(row.cell(schedule_.staff_column));
    if (!member) return refuse(row, member.error());
    staff = (*member)->id;
  }
  if (octets_ > octets_most) return ++beyond_, refuse(row, "is one of more rows than a run can hold");
  const auto key = told_apart(schedule_, row, staff);
  auto place = places_.find(key);
  if (place == places_.end()) {
    if (groups_.size() == groups_most)
      return ++beyond_, refuse(row, fmt::format("is of one more group than the {} that a run sends", groups_most));
    place = places_.emplace(key, groups_.size()).first;
    groups_.push_back({.apart = key, .first_row = rows_, .staff = staff, .rows = {}, .alike = {}, .sums = {}});
  }
  put(groups_[place->second], placed(row));
}

void RowGroups::refuse(const ReportRow& row, std::string_view why) {
  if (refused_.size() == refused_most) return void(++refused_besides_);
  refused_.push_back(refused_row(rows_, shown_id(schedule_, row), why));
}

void RowGroups::put(RowGroup& group, const Cells& cells) {
  ++group.count;
  for (const auto& [place, value] : cells) {
    if (group.sums.size() <= place) group.sums.resize(place + 1);
    if (!value.empty()) group.sums[place].add(value);
  }
  if (group.rows.size() < listed_most) octets_ += group.rows.emplace_back(packed(cells)).size();
  if (group.count == 1) return group.alike.assign(cells.size(), true);
  // Both stand in the order of the report's columns.
  const auto first = unpacked(group.rows.front());
  std::size_t next = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!group.alike[i]) continue;
    auto at = next;
    while (at < cells.size() && cells[at].place != first[i].place) ++at;
    if (at < cells.size()) next = at + 1;
    group.alike[i] = at < cells.size() && cells[at].value == first[i].value;
  }
}

RowGroups::Cells RowGroups::placed(const ReportRow& row) {
  Cells cells;
  for (const auto& [column, value] : row.cells) {
    auto it = column_places_.find(column);
    if (it == column_places_.end() && columns_.size() == columns_most) continue;
    if (it == column_places_.end()) {
      it = column_places_.emplace(column, columns_.size()).first;
      columns_.push_back(column);
    }
    cells.push_back({.place = it->second, .value = value});
  }
  return cells;
}

// A place and a length before each value: a name in each row would take more than all of its values.
std::string RowGroups::packed(const Cells& cells) {
  std::string text;
  for (const auto& [place, value] : cells) {
    append_short(text, place);
    append_short(text, value.size());
    text += value;
  }
  text.shrink_to_fit();
  return text;
}

RowGroups::Cells RowGroups::unpacked(std::string_view packed) {
  Cells cells;
  while (!packed.empty()) {
    const auto place = take_short(packed), size = take_short(packed);
    cells.push_back({.place = place, .value = packed.substr(0, size)});
    packed.remove_prefix(size);
  }
  return cells;
}

ReportRow RowGroups::row_of(const Cells& cells) const {
  ReportRow row;
  for (const auto& [place, value] : cells) row.cells.emplace_back(columns_[place], value);
  return row;
}

ReportRow RowGroups::shared(const RowGroup& group) const {
  Cells cells;
  const auto first = unpacked(group.rows.front());
  for (std::size_t i = 0; i < first.size(); ++i)
    if (group.alike[i]) cells.push_back(first[i]);
  return row_of(cells);
}

// ---- groups into messages ----

tl::expected<const StaffMember*, std::string> RowGroups::receiver(std::size_t message) const {
  const auto& of = group(message);
  if (schedule_.to == ScheduleSettings::To::staff)
    return schedule_.staff.empty() ? staff_.find(of.staff) : staff_.reachable(schedule_.staff[message % receivers()]);
  const auto& column = schedule_.number_column;
  if (shared(of).cell(column).empty() && !row_of(unpacked(of.rows.front())).cell(column).empty())
    return tl::unexpected(
        std::string("its rows have several phone numbers, or not all have one: 'group_by' should tell them apart"));
  return nullptr;
}

std::string RowGroups::key(std::size_t message) const {
  auto whole = group(message).apart;
  if (!schedule_.staff.empty()) whole += "to " + schedule_.staff[message % receivers()];
  return http_gateways::hex(http_gateways::digest(http_gateways::Hash::sha256, whole)).substr(0, 32);
}

std::string RowGroups::shown(std::size_t message) const {
  const auto& of = group(message);
  std::string shown;
  if (schedule_.to == ScheduleSettings::To::staff)
    shown = "staff " + (schedule_.staff.empty() ? std::to_string(of.staff) : schedule_.staff[message % receivers()]);
  const auto row = shared(of);
  for (const auto& column : schedule_.group_by) {
    const auto value = row.cell(column);
    if (value.empty() || text::equal_names(column, schedule_.number_column)) continue;
    shown += fmt::format("{}{} {}", shown.empty() ? "" : ", ", column, value);
  }
  return shown;
}

Submission RowGroups::submission(std::size_t message, const TemplateSettings* made) const {
  const auto& of = group(message);
  auto submission = submission_of(schedule_, made, shared(of));
  auto& values = submission.by_template->values;
  json::array rows, first;
  for (const auto& packed : of.rows) {
    auto row = values_of(schedule_, row_of(unpacked(packed)));
    if (first.size() < first_most) first.push_back(row);
    rows.push_back(std::move(row));
  }
  json::object totals;
  for (std::size_t place = 0; place < of.sums.size(); ++place)
    if (auto sum = of.sums[place].text(); !sum.empty())
      totals[variable_of(schedule_, columns_[place])] = std::move(sum);
  values["rows"] = std::move(rows);
  values["first"] = std::move(first);
  values["count"] = of.count;
  values["totals"] = std::move(totals);
  values.erase("more");
  if (of.count > first_most) values["more"] = of.count - first_most;
  if (const auto to = receiver(message); to && *to) {
    submission.to = (*to)->number;
    values["staffName"] = (*to)->name;
  }
  return submission;
}

}  // namespace smsbridge::bridge
