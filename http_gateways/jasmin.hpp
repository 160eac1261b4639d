// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Jasmin SMS Gateway, HTTP API and REST API.
extern const Kind jasmin;

}  // namespace smsbridge::http_gateways
