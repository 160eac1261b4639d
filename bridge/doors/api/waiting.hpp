// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "store/reader.hpp"

namespace smsbridge::bridge {

// Why a message waits, for people: what holds it up, until when, and how many go before it. Null when it does not.
// `gateway` is nullptr when there is none of its number; `status` is that gateway's own word.
boost::json::value waiting_json(const store::Message& message, const GatewaySettings* gateway,
                                const GatewayStatus& status, const store::Reader& reader, WallMs now);

}  // namespace smsbridge::bridge
