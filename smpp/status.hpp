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

// Codes that we answer with or look for, by name (SMPP 3.4 section 5.1.3).
inline constexpr std::uint32_t status_ok = 0x00;
inline constexpr std::uint32_t status_invalid_message_length = 0x01;
inline constexpr std::uint32_t status_invalid_command_length = 0x02;
inline constexpr std::uint32_t status_invalid_command_id = 0x03;
inline constexpr std::uint32_t status_invalid_bind_state = 0x04;
inline constexpr std::uint32_t status_already_bound = 0x05;
inline constexpr std::uint32_t status_invalid_priority = 0x06;
inline constexpr std::uint32_t status_invalid_registered_delivery = 0x07;
inline constexpr std::uint32_t status_system_error = 0x08;
inline constexpr std::uint32_t status_invalid_source = 0x0A;
inline constexpr std::uint32_t status_invalid_destination = 0x0B;
inline constexpr std::uint32_t status_invalid_password = 0x0E;
inline constexpr std::uint32_t status_invalid_system_id = 0x0F;
inline constexpr std::uint32_t status_cancel_failed = 0x11;
inline constexpr std::uint32_t status_replace_failed = 0x13;
inline constexpr std::uint32_t status_queue_full = 0x14;
inline constexpr std::uint32_t status_invalid_esm_class = 0x43;
inline constexpr std::uint32_t status_invalid_replace_flag = 0x54;
inline constexpr std::uint32_t status_throttled = 0x58;
inline constexpr std::uint32_t status_invalid_schedule = 0x61;
inline constexpr std::uint32_t status_invalid_expiry = 0x62;
inline constexpr std::uint32_t status_query_failed = 0x67;
inline constexpr std::uint32_t status_malformed_tlvs = 0xC0;
inline constexpr std::uint32_t status_invalid_tlv_value = 0xC4;

const StatusInfo& status_info(std::uint32_t code);
std::span<const StatusInfo> status_table();
// "ESME_RINVDSTADR", or "0x00000403" for a code without a name.
std::string status_name(std::uint32_t code);
// "transient-retry"; as in configuration files.
std::string_view status_class_name(StatusClass status_class);

}  // namespace smsbridge::smpp
