// SPDX-License-Identifier: MPL-2.0
// command_status: the name of a code and what it means for a message or a bind. One table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace smsbridge::smpp {

enum class StatusClass : std::uint8_t {
  ok,                         // accepted
  throttle,                   // slow the link down, keep the message first in line, count no attempt
  transient_retry,            // again later with backoff, limited attempts
  permanent_message_failure,  // fail this message, keep the session
  account_refused,  // alarm, and try again only every 10 to 15 minutes: accounts are locked after repeated failures.
                    // In the response to a message it may be the message alone; another one shows
  session_fatal,    // close, bind again, send again what was not answered
};

struct StatusInfo {
  std::uint32_t code;     // for a code that no standard names: the first code of its range
  std::string_view name;  // empty for a code that no standard names
  std::string_view meaning;
  StatusClass status_class;  // in the response to a message
  StatusClass bind_class;    // in the response to a bind
};

// Codes that begin the sentence "answered with"; the session and the codec use them by name.
inline constexpr std::uint32_t status_ok = 0x00;
inline constexpr std::uint32_t status_invalid_message_length = 0x01;
inline constexpr std::uint32_t status_invalid_command_length = 0x02;
inline constexpr std::uint32_t status_invalid_command_id = 0x03;
inline constexpr std::uint32_t status_invalid_bind_state = 0x04;
inline constexpr std::uint32_t status_malformed_tlvs = 0xC0;

const StatusInfo& status_info(std::uint32_t code);
std::span<const StatusInfo> status_table();
// "ESME_RINVDSTADR", or "0x00000403" for a code without a name.
std::string status_name(std::uint32_t code);
// "transient-retry"; as in configuration files.
std::string_view status_class_name(StatusClass status_class);

}  // namespace smsbridge::smpp
