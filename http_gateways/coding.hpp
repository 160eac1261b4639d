// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

// Octets as text that others may carry.
namespace smsbridge::http_gateways {

// RFC 3986: everything but unreserved characters as %XX; a space is %20.
std::string percent_encode(std::string_view text);
// Bad escapes stay as they are. `plus_is_space`: as in query strings and forms.
std::string percent_decode(std::string_view text, bool plus_is_space = true);
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);  // without padding
std::optional<std::string> from_base64url(std::string_view text);
std::string hex(std::string_view bytes);   // lower case
std::string lower(std::string_view text);  // ASCII
bool is_unreserved(char c);                // RFC 3986 section 2.3

}  // namespace smsbridge::http_gateways
