// SPDX-License-Identifier: MPL-2.0
// What the body of a Fineract web hook says.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/events/catalogue.hpp"

namespace smsbridge::bridge {

// A command that Fineract says it carried out: whether it did, its API shows. Ids are 0 where there is none.
struct Heard {
  std::string entity, action;
  std::int64_t loan = 0, savings = 0, client = 0, group = 0, office = 0;
  std::int64_t resource = 0, sub_resource = 0;  // what the command made or changed, and what came of it besides
  std::string by;                               // who gave it
  std::string receipt;                          // number of the receipt that he wrote down
};
std::int64_t subject_of(const Heard& heard, Subject subject);  // 0: it names none

struct NotHeard {
  enum class Why : std::uint8_t {
    refused,     // Fineract carried it out not
    not_done,    // no result: refused, or it waits for somebody's approval, and then another hook follows
    unreadable,  // neither JSON nor a form, or without what a hook has
  } why = Why::unreadable;
  std::string detail;  // for people
};

// `body` as Fineract sends it: JSON or a form (by `content_type`), wrapped or, up to Fineract 1.4, as the command's
// result alone. Numbers may be doubles. Nothing of `request`, where passwords stand, is looked at.
tl::expected<Heard, NotHeard> hear(std::string_view entity, std::string_view action, std::string_view content_type,
                                   std::string_view body);

// As the body of a task.
boost::json::object json_of(const Heard& heard);
Heard heard_of(const boost::json::object& object);

}  // namespace smsbridge::bridge
