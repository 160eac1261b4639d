// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <iostream>
#include <string>
#include <vector>

#include "bridge/text/printable.hpp"

namespace smsbridge::bridge {

// Aligned columns on a terminal; tab-separated and whole otherwise, for scripts. A row is one line, whatever its cells
// hold: they come from carriers and callers, who would otherwise write rows of their own.
class Table {
 public:
  Table(std::vector<std::string> head, bool terminal) : terminal_(terminal) {
    if (terminal_) rows_.push_back(std::move(head));
  }
  void add(std::vector<std::string> row) {
    for (auto& cell : row) cell = text::printable(cell);
    rows_.push_back(std::move(row));
  }
  void print(std::ostream& out) const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_)
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (widths.size() <= i) widths.push_back(0);
        widths[i] = std::max(widths[i], row[i].size());
      }
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        out << row[i];
        if (i + 1 == row.size()) break;
        if (terminal_)
          out << std::string(widths[i] - row[i].size() + 2, ' ');
        else
          out << '\t';
      }
      out << '\n';
    }
  }

 private:
  const bool terminal_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace smsbridge::bridge
