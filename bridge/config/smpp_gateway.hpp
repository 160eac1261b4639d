// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"

namespace smsbridge::bridge {

// What a gateway by SMPP has beside what all have.
void read_smpp(ConfigSection& s, GatewaySettings& g);

}  // namespace smsbridge::bridge
