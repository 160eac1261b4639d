// SPDX-License-Identifier: MPL-2.0
// Rows of a schedule that become one message: sums without I/O.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/schedule.hpp"
#include "bridge/events/schedule_rows.hpp"
#include "bridge/events/staff_list.hpp"

namespace smsbridge::bridge {

// A sum of decimal numbers, without what a double would round.
class ExactSum {
 public:
  void add(std::string_view cell);
  // As Fineract writes amounts, "1500.000000"; empty: nothing was added, or something that is no such number, or too
  // great a one.
  std::string text() const;

 private:
  std::int64_t whole_ = 0;
  std::int32_t millionths_ = 0;
  bool any_ = false, good_ = true;
};

// Rows that belong together.
struct RowGroup {
  std::string apart;              // what tells it from others
  std::size_t first_row = 0;      // its number
  std::size_t count = 0;          // of rows
  std::int64_t staff = 0;         // who is named in them; 0: nobody
  std::vector<std::string> rows;  // the first of them, packed
  std::vector<bool> alike;        // by cell of the first one: all rows say the same
  std::vector<ExactSum> sums;     // by column
};

// All groups of a run: any of them may get one more by the last row, so they are held until it was read. How many they
// are is bounded, and what they hold.
class RowGroups {
 public:
  RowGroups(const ScheduleSettings& schedule, StaffList staff) : schedule_(schedule), staff_(std::move(staff)) {}

  // Puts it to the others of its group, or to those that are refused.
  void add(const ReportRow& row);

  // What a run sends, in this order: each group to each of those who get it.
  std::size_t messages() const { return groups_.size() * receivers(); }
  const RowGroup& group(std::size_t message) const { return groups_[message / receivers()]; }
  // The first message that its rows are counted with.
  bool is_first_of_group(std::size_t message) const { return message % receivers() == 0; }
  // Who gets it. Of groups whose rows have the number: nobody.
  tl::expected<const StaffMember*, std::string> receiver(std::size_t message) const;
  // Tells it from the other messages of a period, as row_key().
  std::string key(std::size_t message) const;
  std::string shown(std::size_t message) const;
  // With the values that its text may say.
  Submission submission(std::size_t message, const TemplateSettings* made) const;

  // At most refused_most of them are kept; the others are counted.
  const std::vector<RefusedRow>& refused() const { return refused_; }
  std::size_t refused_besides() const { return refused_besides_; }
  // Of the rows that are refused, those for which there was no room.
  std::size_t beyond() const { return beyond_; }

  // Beyond it rows are refused.
  static constexpr std::size_t groups_most = 20'000, refused_most = 5'000, octets_most = 64u << 20;
  // What a text gets of a long group: some to show, and as many as a template can list and one more, so that it is
  // refused rather than cut.
  static constexpr std::size_t first_most = 5, listed_most = 501;
  // Of columns, those that a row of ReportRows can have.
  static constexpr std::size_t columns_most = 500;

 private:
  std::size_t receivers() const { return schedule_.staff.empty() ? 1 : schedule_.staff.size(); }
  void refuse(const ReportRow& row, std::string_view why);
  struct Cell {
    std::size_t place;  // of its column
    std::string_view value;
  };
  using Cells = std::vector<Cell>;
  void put(RowGroup& group, const Cells& cells);
  static std::string packed(const Cells& cells);
  static Cells unpacked(std::string_view packed);
  Cells placed(const ReportRow& row);
  ReportRow row_of(const Cells& cells) const;
  // The cells that all of its rows have alike.
  ReportRow shared(const RowGroup& group) const;

  const ScheduleSettings& schedule_;
  const StaffList staff_;
  std::vector<RowGroup> groups_;
  std::map<std::string, std::size_t> places_;  // in groups_, by what tells them apart
  std::map<std::string, std::size_t, std::less<>> column_places_;
  std::vector<std::string> columns_;
  std::size_t rows_ = 0;
  std::vector<RefusedRow> refused_;
  std::size_t refused_besides_ = 0, beyond_ = 0, octets_ = 0;
};

}  // namespace smsbridge::bridge
