// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <string>

namespace smsbridge::bridge {

// Calls `body` for everything secret in the settings of a gateway, webhook or tenant; `place` is its JSON pointer.
void for_each_secret(boost::json::object& settings,
                     const std::function<void(boost::json::value& secret, const std::string& place)>& body);
// The settings of one that decide where its secrets go, by JSON pointer.
boost::json::object addresses_of(const boost::json::object& settings);
// What stands in the place of a secret that is kept and not shown.
boost::json::value hidden_secret();
bool is_hidden_secret(const boost::json::value& value);

}  // namespace smsbridge::bridge
