// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Telerivet, REST API v1.
extern const Kind telerivet;

}  // namespace smsbridge::http_gateways
