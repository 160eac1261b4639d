// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

// What each listener of the daemon takes.
namespace smsbridge::bridge {

HttpDoor api_door(Services& services);
HttpDoor fineract_door(Services& services);
HttpDoor monitoring_door(Services& services);

}  // namespace smsbridge::bridge
