// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Africa's Talking messaging, version 1.
extern const Kind africastalking;

}  // namespace smsbridge::http_gateways
