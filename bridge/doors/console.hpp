// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <vector>

#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {

// The web console: files that the build put into the program. What it shows and does it asks of the API like anybody.
std::vector<Endpoint> console_endpoints();

}  // namespace smsbridge::bridge
