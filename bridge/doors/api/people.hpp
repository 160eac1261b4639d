// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/events/people.hpp"
#include "bridge/http/problem.hpp"

namespace smsbridge::bridge {

// Somebody in Fineract, as a message names him instead of a number.
struct Named {
  Audience as = Audience::client;  // client, staff or group
  std::int64_t id = 0;
};

// Takes `client`, `staff` or `group` out of a message; nothing: it names none.
tl::expected<std::optional<Named>, Problem> take_named(boost::json::object& message);

// Asks the tenant's Fineract. `done` is called once, on the executor of the request.
using FoundPeople = std::function<void(tl::expected<std::vector<Person>, Problem>)>;
void find_people(Services& services, const Tenant& tenant, Named named, const boost::asio::any_io_executor& home,
                 FoundPeople done);

// A message for this person: number, name, and what a template may say of him, where the message does not say it.
tl::expected<boost::json::object, Problem> message_for(const boost::json::object& message, const Person& person);

}  // namespace smsbridge::bridge
