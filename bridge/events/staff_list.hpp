// SPDX-License-Identifier: MPL-2.0
// The members of staff that a tenant's Fineract has, found by what a report says of them.
#pragma once
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge {

struct StaffMember {
  std::int64_t id = 0;
  std::string name;    // as reports have it
  std::string number;  // as Fineract has it; empty: none
};

class StaffList {
 public:
  StaffList() = default;
  // Fineract's answer to staff?status=active. What is no list is an empty one.
  explicit StaffList(const boost::json::value& answer);

  // By the id or the name, whose case does not count; else why there is nobody to send to, for people.
  tl::expected<const StaffMember*, std::string> reachable(std::string_view id_or_name) const;
  const StaffMember* find(std::int64_t id) const;  // nullptr: there is none

 private:
  std::map<std::int64_t, StaffMember> members_;
  std::map<std::string, std::int64_t, std::less<>> ids_;  // by name in small letters; 0: several are called so
};

}  // namespace smsbridge::bridge
