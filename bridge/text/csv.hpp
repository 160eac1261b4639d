// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

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

}  // namespace smsbridge::bridge::text
