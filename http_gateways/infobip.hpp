// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Infobip SMS, API v2 (/sms/2/text/advanced) and v3 (/sms/3/messages).
extern const Kind infobip;

}  // namespace smsbridge::http_gateways
