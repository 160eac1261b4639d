// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"

// What a request says beside its address.
namespace smsbridge::bridge {

// Windows programs put one before JSON, and a reader may ignore it (RFC 8259 section 8.1).
std::string_view without_byte_order_mark(std::string_view body);
tl::expected<boost::json::value, Problem> read_json(const HttpRequest& request);
// ?dry_run=true and the like.
tl::expected<bool, Problem> flag(const HttpRequest& request, const std::string& name);

}  // namespace smsbridge::bridge
