// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Kannel's smsbox, /cgi-bin/sendsms.
extern const Kind kannel;

}  // namespace smsbridge::http_gateways
