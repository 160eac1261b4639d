// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smsbridge::bridge {

// A row of a report or a list of Fineract: the cells that have a value, by the names of their columns. Numbers are as
// they were written, days as 2024-12-25.
struct ReportRow {
  std::vector<std::pair<std::string, std::string>> cells;
  // Case does not count: PostgreSQL folds the names of Fineract's columns. Empty: it has none, or none of this name.
  std::string_view cell(std::string_view column) const;
};

// The rows of an answer, one slice after the other: what was not asked for yet is no more than its text. Reads
// runreports in both its forms, {columnHeaders, data} and a list of objects, in which cells are values or all strings,
// and {pageItems} of a list, where what is in an object is "status.value".
class ReportRows {
 public:
  explicit ReportRows(std::string text);
  ~ReportRows();

  // At most `most` of them; none: the end, or a mistake.
  std::vector<ReportRow> next(std::size_t most);
  // What is wrong with the answer; empty: nothing so far.
  const std::string& error() const;

 private:
  class Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace smsbridge::bridge
