// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge {

// How many columns a terminal spends on a text: two for a wide character, none for one that combines.
std::size_t cells(std::string_view text);
// Cut to that many columns, with an ellipsis where something was cut.
std::string fitted(std::string_view text, std::size_t cells_max);
// $COLUMNS, or what the terminal says, or 80.
std::size_t terminal_width();
// Of tables with all about one thing, which the terminal may wrap: nothing is cut.
constexpr std::size_t any_width = static_cast<std::size_t>(-1) / 2;

// Aligned columns on a terminal, cut to its width; tab-separated and whole otherwise, for scripts. A row is one line,
// whatever its cells hold: they come from carriers and callers, who would otherwise write rows of their own.
class Table {
 public:
  Table(std::vector<std::string> head, bool terminal, std::size_t width = terminal_width());
  // Columns that a narrow terminal can do without, the first of them first; the others go from the right.
  void leave_out_first(std::vector<std::string> heads) { dispensable_ = std::move(heads); }
  // Columns whose short words, such as a number, are cut only when there is nothing left to cut of the others.
  void cut_last(std::vector<std::string> heads) { cut_last_ = std::move(heads); }
  void expect(std::vector<std::string> row) { expected_ = std::move(row); }  // a row as they will come, for the widths
  void add(std::vector<std::string> row);
  // What was added since the last time; the first rows, or the expected one, make the widths, and the head is above
  // them.
  void print(std::ostream& out);

 private:
  void lay_out();
  void leave_out(std::size_t column);
  void print_row(std::ostream& out, const std::vector<std::string>& row) const;

  const bool terminal_;
  const std::size_t width_;
  const std::vector<std::string> head_;
  std::vector<std::string> dispensable_, cut_last_, expected_, left_out_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> columns_, widths_;  // which are shown, and how wide
  bool laid_out_ = false;
};

}  // namespace smsbridge::bridge
