// SPDX-License-Identifier: MPL-2.0
#pragma once
// Reads what Fineract posts: JSON that may hold octets of ISO 8859-1 and halves of surrogate pairs.
#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace smsbridge::bridge {

constexpr std::size_t client_ref_max = 100;

// The strings may be anything but UTF-8: the functions below make text of them.
boost::json::value parse_body(std::string_view body, const boost::json::storage_ptr& memory,
                              boost::json::error_code& ec);

// Ids come as numbers from Fineract and as strings from others.
std::string scalar_text(const boost::json::value* value);
std::string string_of(const boost::json::object& entry, std::string_view name);
// As much of an id as is kept, so that a report finds it again.
std::string client_ref_of(const boost::json::value* value);

}  // namespace smsbridge::bridge
