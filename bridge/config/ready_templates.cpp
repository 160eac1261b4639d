// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/ready_templates.hpp"

#include <algorithm>

#include "bridge/config/embedded.hpp"
#include "bridge/config/yaml.hpp"

// The build lists them in this file: READY(number, name, path).
#define READY(number, name, file) SMSBRIDGE_EMBED(smsbridge_template_##number, file)
#include SMSBRIDGE_TEMPLATES
#undef READY

namespace smsbridge::bridge {
namespace {

constexpr EmbeddedFile ready_files[] = {
#define READY(number, name, file) {name, smsbridge_template_##number##_begin, smsbridge_template_##number##_end},
#include SMSBRIDGE_TEMPLATES
#undef READY
};

struct Loaded {
  std::vector<TemplatePtr> templates;
  std::vector<ConfigProblem> problems;
};

// The file has the keys of a template but its name, which is that of the file.
const Loaded& loaded_templates() {
  static const Loaded all = [] {
    Loaded made;
    for (const auto& [name, begin, end] : ready_files) {
      auto settings = to_json(YAML::Load(std::string(begin, end)));
      settings.as_object()["name"] = name;
      std::vector<ConfigProblem> problems;
      auto read = read_template(settings.as_object(), ".", problems);
      if (problems.empty()) made.templates.push_back(std::make_shared<const TemplateSettings>(std::move(read)));
      for (auto& problem : problems) made.problems.push_back(std::move(problem));
    }
    std::ranges::sort(made.templates, {}, [](const TemplatePtr& each) { return each->name; });
    return made;
  }();
  return all;
}

}  // namespace

const std::vector<TemplatePtr>& ready_templates() { return loaded_templates().templates; }

TemplatePtr find_ready_template(std::string_view name) {
  const auto& all = ready_templates();
  const auto it = std::ranges::find_if(all, [&](const TemplatePtr& each) { return each->name == name; });
  return it == all.end() ? nullptr : *it;
}

std::vector<TemplatePtr> with_ready_templates(std::vector<TemplatePtr> made) {
  const auto own = made.size();
  for (const auto& ready : ready_templates())
    if (std::none_of(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(own),
                     [&](const TemplatePtr& each) { return each->name == ready->name; }))
      made.push_back(ready);
  return made;
}

std::vector<ConfigProblem> problems_of_ready_templates() { return loaded_templates().problems; }

}  // namespace smsbridge::bridge
