// SPDX-License-Identifier: MPL-2.0
// Texts with places for values, as Fineract's users write them: mustache ({{name}}, {{#section}}, {{^unless}}, {{!
// note}}). What differs is made for SMS: names are found without regard to case and by the other names of one thing
// (variables.hpp), nothing is escaped for HTML, and numbers and days are written as people of the language do. Behind a
// bar stands how: {{loanAmount|money}}.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/text/locale.hpp"

namespace smsbridge::bridge::text {

struct TemplateError {
  std::size_t line = 1, column = 1;  // the column counts characters
  std::string detail;
};

// A place for a value, or a section, which is there only when its value is.
struct Tag {
  std::string name, form;  // "money", "money:KES", or nothing
  bool is_section = false;
  std::size_t at = 0;  // octets before it
};

struct Rendered {
  std::string text;
  std::vector<std::string> missing;     // names without a value; nothing stands for them
  std::vector<std::string> unreadable;  // "dueDate: 'soon' is no day"; the value stands there as it is
};

class Template {
 public:
  static tl::expected<Template, TemplateError> parse(std::string_view text);
  const std::vector<Tag>& tags() const { return tags_; }
  // `currency` where the values name none. Sections of values that are not there are not missing. The text is empty,
  // and `unreadable` says so, where lists in lists would make more of it than any message is.
  Rendered render(const boost::json::object& values, const Locale& locale, std::string_view currency) const;

 private:
  std::string text_;  // as the library takes it
  std::vector<Tag> tags_;
};

TemplateError template_error_at(std::string_view text, std::size_t at, std::string detail);
const std::vector<std::string_view>& template_forms();

}  // namespace smsbridge::bridge::text
