// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>
#include <vector>

namespace smsbridge::bridge {

// What a mapping did not say itself and has from elsewhere.
struct Lent {
  std::string by;                  // for people: "the profile 'kannel'"
  YAML::Mark at;                   // where the borrower stands
  std::vector<std::string> paths;  // of what was lent

  bool holds(std::string_view path) const;
};

// `own`, with what `usual` has besides. Mappings are laid over one another, everything else is one or the other.
// Neither of them is changed, because two places of a file may be one node. `path` is that of `own`.
YAML::Node laid_over(const YAML::Node& usual, const YAML::Node& own, const std::string& path, Lent& lent);

}  // namespace smsbridge::bridge
