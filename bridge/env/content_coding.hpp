// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>

#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// The body without gzip or deflate, which some servers and proxies use though nobody asked for it. Told by the octets
// rather than by Content-Encoding alone: what names a coding that it does not have (such as "UTF-8", or gzip that a
// proxy has undone) stays as it is. Nothing: longer than `max_bytes`.
std::optional<std::string> decoded_body(const http_gateways::Reply& reply, std::size_t max_bytes);

// In the gzip coding (RFC 1952).
std::string gzipped(std::string_view body);

}  // namespace smsbridge::bridge
