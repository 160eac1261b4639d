// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/rule_values.hpp"

#include <algorithm>

#include "bridge/config/ready_templates.hpp"

namespace smsbridge::bridge {

boost::json::object values_of_answer(const std::string& keyword, const std::string& number) {
  return {{"keyword", keyword}, {"mobileNo", number}};
}

std::vector<std::string> values_never_given(const InboundRuleSettings& rule,
                                            const std::vector<const TemplateSettings*>& templates) {
  const auto ready = find_ready_template(rule.by_template);
  const auto own = std::ranges::find(templates, rule.by_template, &TemplateSettings::name);
  const auto* const made = own != templates.end() ? *own : ready.get();
  if (rule.by_template.empty() || !made || made->texts.empty()) return {};
  const auto* const asked = made->text_in(rule.language);
  const auto& text = asked ? *asked : made->texts.front();
  return text.made.render(values_of_answer("BAL", "+254700000001"), text::locale_of(text.language), "KES").missing;
}

}  // namespace smsbridge::bridge
