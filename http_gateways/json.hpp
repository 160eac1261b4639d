// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// JSON of strangers: liberal in what is read, and nothing throws.
namespace smsbridge::http_gateways {

// Lenient: what readable() and repaired_json() can mend is mended. Nothing: not JSON all the same. Integers with more
// digits than 64 bits hold become strings, so that ids keep all their digits.
std::optional<boost::json::value> parse_json(std::string_view body);
// By RFC 6901 pointer; null: not there, or JSON null.
const boost::json::value* at(const boost::json::value& value, std::string_view pointer);
// A string as it is; numbers and booleans in their JSON form; anything else empty.
std::string text_of(const boost::json::value* value);
std::string text_at(const boost::json::value& value, std::string_view pointer);
std::string word_at(const boost::json::value& value, std::string_view pointer);  // trimmed
std::optional<std::int64_t> integer_of(const boost::json::value* value);         // 3 and "3"
std::optional<bool> boolean_of(const boost::json::value* value);                 // true and "true"
// A count of parts or messages; nothing: not there, or out of any reason.
std::optional<int> parts_of(const boost::json::value* value);

// Settings of an account.
std::string text_setting(const boost::json::object& settings, std::string_view name, std::string_view otherwise = {});
bool flag_setting(const boost::json::object& settings, std::string_view name, bool otherwise);

}  // namespace smsbridge::http_gateways
