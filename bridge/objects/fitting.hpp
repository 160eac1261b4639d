// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <set>
#include <string>
#include <vector>

#include "bridge/routing/routing_table.hpp"

// Whether the objects of a table fit to each other.
namespace smsbridge::bridge {

// What they say of each other and is not so. `assumed` are names that will be there.
std::vector<ConfigProblem> problems_of(const RoutingTable& table, const std::set<std::string>& assumed = {});
// The same, but what did not fit before is not the fault of what changes now.
std::vector<ConfigProblem> new_problems(const RoutingTable& before, const RoutingTable& after,
                                        const std::set<std::string>& assumed = {});

}  // namespace smsbridge::bridge
