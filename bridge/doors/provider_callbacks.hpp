// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {

// /in/{gateway}/{secret}: where providers report to.
std::vector<Endpoint> callback_endpoints(Services& services);

}  // namespace smsbridge::bridge
