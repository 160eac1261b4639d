// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"

namespace smsbridge::bridge {

template <class Object>
class Keys;
// What a gateway by SMPP has beside what all have; it is one already.
const Keys<GatewaySettings>& smpp_keys();

}  // namespace smsbridge::bridge
