// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http_gateways/provider.hpp"

namespace smsbridge::http_gateways {

// Vonage Messages API v1, channel sms.
extern const Kind vonage_messages;

// A JSON Web Token over these bytes as they are (RFC 7515). Empty: the text is no RSA private key.
std::string sign_rs256(std::string_view header, std::string_view payload, std::string_view private_key_pem);

// The claims of a token that says HS256 and was signed with this secret. Nothing: `problem` says why.
std::optional<boost::json::object> claims_of_hs256(std::string_view token, std::string_view secret,
                                                   std::string& problem);

}  // namespace smsbridge::http_gateways
