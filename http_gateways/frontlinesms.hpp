// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// The FrontlineSMS family: FrontlineCloud, the web connection of version 2, the HTTP trigger of version 1, and the
// phones that poll us (FrontlineSync, SMSSync).
extern const Kind frontlinesms;

}  // namespace smsbridge::http_gateways
