// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// SMSGate: an Android phone that sends, through the public server, a private one, or the phone's own.
extern const Kind android_smsgate;

}  // namespace smsbridge::http_gateways
