// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge::text {

// One field of a comma-separated line (RFC 4180 section 2). What a spreadsheet would take for a formula is made text by
// an apostrophe: names are chosen by people, and a bill is opened by another.
inline std::string csv_cell(std::string text) {
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos)
    text.insert(0, 1, '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

// The fields of a line, without its quotes and without that apostrophe.
inline std::vector<std::string> csv_cells(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      cells.back() += line[i++];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else if (c != '\r')
      cells.back() += c;
  }
  for (auto& cell : cells)
    if (cell.size() > 1 && cell[0] == '\'' && std::string_view("=+-@\t").find(cell[1]) != std::string_view::npos)
      cell.erase(0, 1);
  return cells;
}

}  // namespace smsbridge::bridge::text
