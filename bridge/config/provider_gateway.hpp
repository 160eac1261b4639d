// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"
#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// What an account with an HTTP provider may have at most.
inline constexpr std::size_t max_in_flight_most = 1000, segments_max_most = 255;

// What a gateway by an HTTP provider has beside what all have.
void read_provider(ConfigSection& s, GatewaySettings& g, const http_gateways::Kind& kind);

}  // namespace smsbridge::bridge
