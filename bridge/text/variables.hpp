// SPDX-License-Identifier: MPL-2.0
// The names that templates may use: those which Fineract's own campaigns give, in all the spellings that its rules have
// for one thing, and what stands behind each. What an institution adds itself (columns of data tables) is not here.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge::text {

enum class VariableKind {
  text,    // as it is
  number,  // 1,500
  amount,  // 1,500.50, with the digits of the currency
  day,     // 4 Nov 2026
};

struct Variable {
  std::string_view name;
  VariableKind kind = VariableKind::text;  // how it is written where the template does not say
  std::string_view meaning;                // for people
  std::string_view typical, longest;       // values, to see what a text costs
  std::string_view others;                 // other names of the same, with spaces between
  bool names_person = false;               // tells people who share a phone for whom a message is
};
std::span<const Variable> known_variables();

// Case does not count. A name that several rows have is that of the first. nullptr: it is not known.
const Variable* find_variable(std::string_view name);
// By which values may be given that stand for `name`: the others of each row that has it, the best first. Without
// `name`.
std::vector<std::string_view> other_names(std::string_view name);
bool equal_names(std::string_view a, std::string_view b);

}  // namespace smsbridge::bridge::text
