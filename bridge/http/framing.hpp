// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>

#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"

namespace smsbridge::bridge {

constexpr std::size_t target_bytes_max = 8000;  // what every server should take (RFC 9110 section 4.1)

// What the parser lets pass although two servers in a row could read it in two ways, and so could be made to see two
// requests where we see one (RFC 9112 section 11.2). The connection closes after such a request.
std::optional<Problem> framing_fault(const http::request_header<>& header);

}  // namespace smsbridge::bridge
