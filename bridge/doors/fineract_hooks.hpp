// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {

// Where Fineract's web hooks go, on its listener.
std::vector<Endpoint> fineract_hook_endpoints(Services& services);

}  // namespace smsbridge::bridge
