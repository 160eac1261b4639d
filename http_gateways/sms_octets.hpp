// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

// Texts as the octets that travel in an SMS, for gateways that want them or give them so. Reading is lenient and never
// fails: what has no meaning becomes U+FFFD or is left out.
namespace smsbridge::http_gateways {

// GSM 03.38 default alphabet and extension, a septet in an octet of its own. Nothing: a character is in neither.
std::optional<std::string> to_gsm(std::string_view utf8);
std::string from_gsm(std::string_view octets);

std::string to_utf16be(std::string_view utf8);
std::string from_utf16be(std::string_view octets);

std::string from_latin1(std::string_view octets);

std::optional<std::string> from_hex(std::string_view text);

}  // namespace smsbridge::http_gateways
