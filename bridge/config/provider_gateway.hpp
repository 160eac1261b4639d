// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"

namespace smsbridge::bridge {

// What an account with an HTTP provider may have at most.
inline constexpr std::size_t max_in_flight_most = 1000, segments_max_most = 255;

template <class Object>
class Keys;
// What a gateway by an HTTP provider has beside what all have; it is one already.
const Keys<GatewaySettings>& provider_keys();

}  // namespace smsbridge::bridge
