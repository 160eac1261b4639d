// SPDX-License-Identifier: MPL-2.0
#pragma once
// What was read of a provider's reply or callback, as JSON for `smsbridge gateways parse`. What is not known is left
// out.
#include <boost/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "http_gateways/provider.hpp"

namespace smsbridge::bridge {

// JSON is UTF-8; what a provider sent need not be.
boost::json::string string_of(std::string_view text);

void put(boost::json::object& object, std::string_view name, std::string_view text);
void put(boost::json::object& object, std::string_view name, http_gateways::ErrorClass error_class);
template <class Number>
void put(boost::json::object& object, std::string_view name, const std::optional<Number>& number) {
  if (number) object[name] = *number;
}

boost::json::object object_of(const http_gateways::Verdict& verdict);
boost::json::array array_of(const std::vector<http_gateways::StatusUpdate>& updates);
boost::json::object object_of(const http_gateways::CallbackResult& result);

}  // namespace smsbridge::bridge
