// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "bridge/config/webhook.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

// An event as it is kept until it is delivered: the key of its task, and the JSON that its receiver gets. Events of one
// message that become due together sort by their keys in the order in which they happened.
struct HookEvent {
  std::string key, body;
};
HookEvent make_event(WebhookEvent type, std::string_view about, WallMs at, boost::json::object data);

// What a key says: "01J…_1790000000123_1" is of the message 01J….
std::string event_id(std::string_view key);          // what the receiver knows a repetition by
std::string_view event_about(std::string_view key);  // one text for each message, one for each gateway
WallMs event_at(std::string_view key);
std::string_view event_type(std::string_view key);  // "message.delivered"; empty: it is no event's key

// What an event of a message tells: `state` is what it tells of, and may be older than the message is.
boost::json::object message_data(const store::Message& message, store::State state, std::string_view tenant,
                                 std::string_view gateway);
// The event that a state is told by; nothing: none.
std::optional<WebhookEvent> event_of(store::State state);

}  // namespace smsbridge::bridge
