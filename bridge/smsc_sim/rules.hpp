// SPDX-License-Identifier: MPL-2.0
// What the standard demands of a message that a client submits, beyond the layout that the codec checks.
#pragma once

#include <cstdint>
#include <string_view>

#include "bridge/smsc_sim/content.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::bridge::smsc_sim {

// The codes this centre answers with (SMPP 3.4 section 5.1.3).
namespace status {
inline constexpr std::uint32_t already_bound = 0x05;
inline constexpr std::uint32_t invalid_priority = 0x06;
inline constexpr std::uint32_t invalid_registered_delivery = 0x07;
inline constexpr std::uint32_t system_error = 0x08;
inline constexpr std::uint32_t invalid_source = 0x0A;
inline constexpr std::uint32_t invalid_destination = 0x0B;
inline constexpr std::uint32_t invalid_password = 0x0E;
inline constexpr std::uint32_t invalid_system_id = 0x0F;
inline constexpr std::uint32_t cancel_failed = 0x11;
inline constexpr std::uint32_t replace_failed = 0x13;
inline constexpr std::uint32_t queue_full = 0x14;
inline constexpr std::uint32_t invalid_esm_class = 0x43;
inline constexpr std::uint32_t invalid_replace_flag = 0x54;
inline constexpr std::uint32_t throttled = 0x58;
inline constexpr std::uint32_t invalid_schedule = 0x61;
inline constexpr std::uint32_t invalid_expiry = 0x62;
inline constexpr std::uint32_t query_failed = 0x67;
inline constexpr std::uint32_t invalid_tlv_value = 0xC4;
}  // namespace status

struct Breach {
  std::uint32_t status = 0;  // 0: nothing is wrong
  std::string_view reason;
};

Breach breach_of(const smpp::Message& message, const smpp::UserData& data, const Part& part);

}  // namespace smsbridge::bridge::smsc_sim
