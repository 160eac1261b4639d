// SPDX-License-Identifier: MPL-2.0
// What is wrong with the text of a template, or dear, before anybody gets it.
#pragma once

#include <boost/json/object.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/text/segments.hpp"
#include "bridge/text/template.hpp"

namespace smsbridge::bridge::text {

struct Finding {
  enum class Severity {
    error,    // it cannot go out like this
    warning,  // it can, and most likely is not meant so
    note,     // worth knowing
  } severity = Severity::warning;
  std::string_view code;             // unreadable, unknown-variable, forces-ucs2, ucs2, many-parts, names-nobody
  std::size_t line = 0, column = 0;  // 0: of all of it
  std::string detail;
};

struct LintOf {
  std::string_view text, language, currency;
  std::span<const std::string> own_variables;  // besides those that are known
  bool transliterate = false;
  bool to_client = true;  // phones of clients are shared
};
struct Linted {
  std::vector<Finding> findings;
  Measure typical, longest;  // with such values; parts 0 where the text cannot be read
};
Linted lint(const LintOf& of);

enum class Sample { typical, longest };
// A value for everything that the template asks for.
boost::json::object sample_values(const Template& made, Sample sample);

}  // namespace smsbridge::bridge::text
