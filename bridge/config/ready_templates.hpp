// SPDX-License-Identifier: MPL-2.0
// Texts that are there without being made: one for each thing that happens at a bank, in each shipped language.
// conf/templates has them, and the program holds them.
#pragma once
#include <string_view>
#include <vector>

#include "bridge/config/template.hpp"

namespace smsbridge::bridge {

const std::vector<TemplatePtr>& ready_templates();       // by name
TemplatePtr find_ready_template(std::string_view name);  // nullptr: there is none

// Those, and the ready ones of other names.
std::vector<TemplatePtr> with_ready_templates(std::vector<TemplatePtr> made);

// What is wrong with the files, of which nothing should be; one that is wrong is left out.
std::vector<ConfigProblem> problems_of_ready_templates();

}  // namespace smsbridge::bridge
