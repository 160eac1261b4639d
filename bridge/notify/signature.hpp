// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// Standard Webhooks 1.0, "Signature scheme", symmetric: HMAC-SHA256 of "id.timestamp.body". `secrets` begin with
// "whsec_"; one signature each, so that a receiver that knows any of them is content.
std::string webhook_signature(const std::vector<std::string>& secrets, std::string_view id, std::string_view timestamp,
                              std::string_view body);

// The three headers of a request, and its content type. `at_s`: seconds since 1970 of this attempt.
http_gateways::Headers webhook_headers(const std::vector<std::string>& secrets, const std::string& id,
                                       std::int64_t at_s, std::string_view body);

}  // namespace smsbridge::bridge
