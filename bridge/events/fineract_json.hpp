// SPDX-License-Identifier: MPL-2.0
// What Fineract writes in JSON, read without a surprise: members that may be absent, ids that became doubles, days as
// lists of numbers.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace smsbridge::bridge {

// Empty: there is none, or it is something else.
const boost::json::array& list_at(const boost::json::object& object, std::string_view key);
// nullptr: likewise.
const boost::json::object* object_at(const boost::json::object& object, std::string_view key);
// A text as it is, a number or another value as JSON has it; empty: absent or null.
std::string text_at(const boost::json::object& object, std::string_view key);
bool is_true_at(const boost::json::object& object, std::string_view key);
// 7, 7.0 and "7"; 0: there is none.
std::int64_t id_at(const boost::json::object& object, std::string_view key);
std::int64_t id_of(std::string_view text);
// [2024,10,24] and "2024-10-24" as the latter; empty: there is none.
std::string day_at(const boost::json::object& object, std::string_view key);
// Fineract's {id, code, value}; 0: there is none.
std::int64_t status_at(const boost::json::object& object);
// Of a loan or an account: it was taken back.
bool is_reversed(const boost::json::object& transaction);
// The first of a loan's schedule that is not paid; nullptr: there is none.
const boost::json::object* next_period(const boost::json::object& loan);

}  // namespace smsbridge::bridge
