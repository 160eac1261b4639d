// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/lent.hpp"

#include <algorithm>

namespace smsbridge::bridge {

bool Lent::holds(std::string_view path) const {
  return std::ranges::any_of(paths, [&](const std::string& lent) {
    return path.starts_with(lent) &&
           (path.size() == lent.size() || path[lent.size()] == '.' || path[lent.size()] == '[');
  });
}

YAML::Node laid_over(const YAML::Node& usual, const YAML::Node& own, const std::string& path, Lent& lent) {
  YAML::Node both(YAML::NodeType::Map);
  const auto place = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  for (const auto& entry : own) {
    const auto key = entry.first.Scalar();
    const auto under = usual[key];
    const bool maps = under.IsDefined() && under.IsMap() && entry.second.IsMap();
    // Not by both[key], which would take the second of two equal keys for the first.
    both.force_insert(entry.first, maps ? laid_over(under, entry.second, place(key), lent) : entry.second);
  }
  for (const auto& entry : usual) {
    const auto key = entry.first.Scalar();
    if (own[key].IsDefined()) continue;
    both.force_insert(entry.first, entry.second);
    lent.paths.push_back(place(key));
  }
  return both;
}

}  // namespace smsbridge::bridge
