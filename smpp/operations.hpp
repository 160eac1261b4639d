// SPDX-License-Identifier: MPL-2.0
// Which PDU exists, who may send it, and in which state of the session (SMPP 3.4 section 2.3). One table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace smsbridge::smpp {

enum class Command : std::uint32_t {
  generic_nack = 0x80000000,
  bind_receiver = 0x00000001,
  bind_receiver_resp = 0x80000001,
  bind_transmitter = 0x00000002,
  bind_transmitter_resp = 0x80000002,
  query_sm = 0x00000003,
  query_sm_resp = 0x80000003,
  submit_sm = 0x00000004,
  submit_sm_resp = 0x80000004,
  deliver_sm = 0x00000005,
  deliver_sm_resp = 0x80000005,
  unbind = 0x00000006,
  unbind_resp = 0x80000006,
  replace_sm = 0x00000007,
  replace_sm_resp = 0x80000007,
  cancel_sm = 0x00000008,
  cancel_sm_resp = 0x80000008,
  bind_transceiver = 0x00000009,
  bind_transceiver_resp = 0x80000009,
  outbind = 0x0000000B,
  enquire_link = 0x00000015,
  enquire_link_resp = 0x80000015,
  submit_multi = 0x00000021,
  submit_multi_resp = 0x80000021,
  alert_notification = 0x00000102,
  data_sm = 0x00000103,
  data_sm_resp = 0x80000103,
};

enum class SessionState : std::uint8_t {
  closed,     // no connection
  open,       // connected, the bind is not answered yet
  bound_tx,   // may submit
  bound_rx,   // may receive
  bound_trx,  // may do both
  unbinding,  // we are leaving: nothing new is sent, answers are waited for
  unbound,    // the unbind was answered, or the session was lost; only closing is left
};

struct Operation {
  Command command;
  std::string_view name;
  std::uint8_t from_esme;  // states in which we may send it, a bit for each SessionState
  std::uint8_t from_smsc;  // states in which we accept it
};

inline constexpr std::uint32_t response_bit = 0x80000000;
inline constexpr std::size_t operation_count = 27;

// PDUs by operation_index(); the last one counts commands that version 3.4 does not have.
using PduCounts = std::array<std::uint64_t, operation_count + 1>;

// Every PDU of version 3.4. The position in here is the index of PduCounts.
std::span<const Operation> operations();
const Operation* find_operation(std::uint32_t command_id);
// The position in operations(), or operation_count for a command that version 3.4 does not have.
std::size_t operation_index(std::uint32_t command_id);

bool may_send(SessionState state, Command command);
bool may_receive(SessionState state, Command command);
// "deliver_sm", or "0x00000111" for a command that version 3.4 does not have.
std::string command_name(std::uint32_t command_id);

constexpr Command response_to(Command request) {
  return static_cast<Command>(static_cast<std::uint32_t>(request) | response_bit);
}
constexpr bool is_bind(Command command) {
  return command == Command::bind_receiver || command == Command::bind_transmitter ||
         command == Command::bind_transceiver;
}
constexpr bool is_response(std::uint32_t command_id) { return (command_id & response_bit) != 0; }
// alert_notification and outbind are requests that nobody answers (SMPP 3.4 sections 4.12 and 4.1.7).
constexpr bool has_response(Command request) {
  return request != Command::alert_notification && request != Command::outbind;
}

}  // namespace smsbridge::smpp
