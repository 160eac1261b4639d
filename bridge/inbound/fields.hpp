// SPDX-License-Identifier: MPL-2.0
#pragma once
// Fields of the records of this room: one that lacks, or is of another type, is as if it were not there.
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace smsbridge::bridge {

inline std::string text_in(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

inline std::int64_t number_in(const boost::json::object& object, std::string_view key, std::int64_t otherwise) {
  const auto* value = object.if_contains(key);
  return value && value->is_int64() ? value->get_int64() : otherwise;
}

inline bool flag_in(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

}  // namespace smsbridge::bridge
