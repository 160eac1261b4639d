// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace smsbridge::bridge {

// Values of a template as the command line gives them, NAME=VALUE each. Throws ClientError.
boost::json::object read_variables(const std::vector<std::string>& assignments);

}  // namespace smsbridge::bridge
