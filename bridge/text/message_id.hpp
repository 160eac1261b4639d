// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "store/message.hpp"

namespace smsbridge::bridge {

// The store's number as people see it: "msg_" and a ULID, whose time is the message's and whose rest holds the counter
// and a check, so that a mistyped id is not another message.
std::string message_id_text(store::MessageId id);
std::string ulid_text(store::MessageId id);
std::optional<store::MessageId> parse_message_id(std::string_view text);

}  // namespace smsbridge::bridge
