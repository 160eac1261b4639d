// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "bridge/access/tenants.hpp"
#include "bridge/intake/submission.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

// The message as the API shows it; without `content` the text is absent and numbers are masked.
boost::json::object message_json(const store::Message& message, const Tenants& tenants, const Directory& directory,
                                 bool content, store::WallMs now);
boost::json::object timeline_json(const store::Message& message, const Directory& directory);
// What a person should know of a number that was taken all the same; empty: nothing.
std::string number_warning(std::string_view e164);
// The same of all of it: its number, and characters that are lost on the way.
boost::json::value template_json(const store::Content& content);  // null: it was made of none
boost::json::array warnings_json(const store::Content& content);
// scheduled is a queued message whose time has not come.
std::string_view shown_state(const store::Message& message, store::WallMs now);

}  // namespace smsbridge::bridge
