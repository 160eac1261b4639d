// SPDX-License-Identifier: MPL-2.0
// What Fineract's API says of the subject of an event: whether the event is true, whom it concerns, and what may stand
// in a text about it. Pure sums over JSON.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "bridge/events/catalogue.hpp"
#include "bridge/events/hook.hpp"

namespace smsbridge::bridge {

// Where it is read, behind the address of the API.
std::string path_of(Subject subject, std::int64_t id);

struct Truth {
  enum class Is : std::uint8_t {
    true_,
    not_yet,  // it may become true: a hook is sent before its command is committed
    false_,   // it will not
  } is = Is::not_yet;
  std::string why;  // for people; empty: true
};
Truth truth_of(const HookRow& row, const Heard& heard, const boost::json::object& subject);

// Ids are 0 where there is none.
struct Concerned {
  std::int64_t client = 0, group = 0, officer = 0, office = 0;
  std::string product;
  std::optional<double> amount;  // of the event; to compare, not to be shown
};
// Whether a list of names that something is for holds one; an empty list is for all.
bool holds(const std::vector<std::string>& list, std::string_view value);
// Why an event's conditions are not met; empty: they are.
std::string why_not_wanted(const EventSettings& notice, const Concerned& concerned);
Concerned concerned_by(Subject subject, const HookRow& row, const Heard& heard, const boost::json::object& read);

// By the names that templates have for them (text/variables.hpp), as Fineract has them.
boost::json::object values_of(Subject subject, const HookRow& row, const Heard& heard, const boost::json::object& read);

}  // namespace smsbridge::bridge
