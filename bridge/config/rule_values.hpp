// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "bridge/config/inbound.hpp"
#include "bridge/config/template.hpp"

// What the templates of rules for phones' messages can say.
namespace smsbridge::bridge {

// All of it: `keyword` is the word that the phone `number` sent.
boost::json::object values_of_answer(const std::string& keyword, const std::string& number);

// The values without which the template of a rule makes no text, and which no rule has: it will not answer. A template
// that is not among these, and is no ready one, needs none.
std::vector<std::string> values_never_given(const InboundRuleSettings& rule,
                                            const std::vector<const TemplateSettings*>& templates);

}  // namespace smsbridge::bridge
