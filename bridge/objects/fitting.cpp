// SPDX-License-Identifier: MPL-2.0
#include "bridge/objects/fitting.hpp"

#include <algorithm>

namespace smsbridge::bridge {
namespace {

template <class Pointer>
std::vector<typename Pointer::element_type*> pointers(const std::vector<Pointer>& objects) {
  std::vector<typename Pointer::element_type*> list;
  for (const auto& object : objects) list.push_back(object.get());
  return list;
}

}  // namespace

std::vector<ConfigProblem> problems_of(const RoutingTable& table, const std::set<std::string>& assumed) {
  return check_references(pointers(table.gateways), pointers(table.routes), pointers(table.tenants),
                          pointers(table.webhooks), pointers(table.inbound_rules), pointers(table.templates),
                          pointers(table.events), pointers(table.schedules), assumed);
}

std::vector<ConfigProblem> new_problems(const RoutingTable& before, const RoutingTable& after,
                                        const std::set<std::string>& assumed) {
  const auto known = problems_of(before, assumed);
  auto problems = problems_of(after, assumed);
  std::erase_if(problems, [&](const ConfigProblem& problem) {
    return std::ranges::find(known, problem.text, &ConfigProblem::text) != known.end();
  });
  return problems;
}

}  // namespace smsbridge::bridge
