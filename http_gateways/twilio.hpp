// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Twilio Programmable Messaging, REST API 2010-04-01.
extern const Kind twilio;

}  // namespace smsbridge::http_gateways
