// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

// Hashes, signatures and what proves who somebody is.
namespace smsbridge::http_gateways {

enum class Hash : std::uint8_t { md5, sha1, sha256, sha512 };
std::string digest(Hash hash, std::string_view bytes);  // raw octets
std::string hmac(Hash hash, std::string_view key, std::string_view bytes);
// In constant time; different lengths are unequal at once.
bool same_secret(std::string_view a, std::string_view b);
std::string basic_auth(std::string_view user, std::string_view password);  // "Basic ..."

}  // namespace smsbridge::http_gateways
