// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <yaml-cpp/yaml.h>

#include <boost/json/value.hpp>
#include <iosfwd>
#include <optional>

namespace smsbridge::bridge {

// What stands in a file, and where more begins behind '---' or '...', which nobody would read. Throws YAML::Exception,
// also where it is not UTF-8: the library would put another character in its place, in a password as well.
struct YamlFile {
  YAML::Node tree;
  std::optional<YAML::Mark> more;
};
YamlFile read_yaml(std::istream& in);

// The form in which objects come over the API, as the reader knows it; and back.
YAML::Node to_yaml(const boost::json::value& value);
boost::json::value to_json(const YAML::Node& node);

}  // namespace smsbridge::bridge
