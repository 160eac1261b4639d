// SPDX-License-Identifier: MPL-2.0
#include "smpp/operations.hpp"

#include <array>
#include <cstdio>

namespace smsbridge::smpp {
namespace {

constexpr std::uint8_t bit(SessionState state) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(state)); }

constexpr std::uint8_t none = 0;
constexpr std::uint8_t open = bit(SessionState::open);
constexpr std::uint8_t leaving = bit(SessionState::unbinding);
constexpr std::uint8_t tx = bit(SessionState::bound_tx) | bit(SessionState::bound_trx);
constexpr std::uint8_t bound = tx | bit(SessionState::bound_rx);
// Message centres deliver on links that are bound as transmitter only, and go on delivering while we leave. Refusing
// would lose the message, so both are taken.
constexpr std::uint8_t rx = bound | leaving;
constexpr std::uint8_t live = open | bound | leaving;

using enum Command;
constexpr std::array<Operation, operation_count> table{{
    // command, name, states in which we send it, states in which we take it
    {generic_nack, "generic_nack", live, live},
    {bind_receiver, "bind_receiver", open, none},
    {bind_receiver_resp, "bind_receiver_resp", none, open},
    {bind_transmitter, "bind_transmitter", open, none},
    {bind_transmitter_resp, "bind_transmitter_resp", none, open},
    {bind_transceiver, "bind_transceiver", open, none},
    {bind_transceiver_resp, "bind_transceiver_resp", none, open},
    {outbind, "outbind", none, open},
    {unbind, "unbind", bound | leaving, bound | leaving},
    {unbind_resp, "unbind_resp", bound | leaving, bound | leaving},
    {enquire_link, "enquire_link", live, live},
    {enquire_link_resp, "enquire_link_resp", live, live},
    {submit_sm, "submit_sm", tx, none},
    {submit_sm_resp, "submit_sm_resp", none, tx | leaving},
    {submit_multi, "submit_multi", tx, none},
    {submit_multi_resp, "submit_multi_resp", none, tx | leaving},
    {deliver_sm, "deliver_sm", none, rx},
    {deliver_sm_resp, "deliver_sm_resp", rx, none},
    {data_sm, "data_sm", tx, rx},
    {data_sm_resp, "data_sm_resp", rx, tx | leaving},
    {query_sm, "query_sm", tx, none},
    {query_sm_resp, "query_sm_resp", none, tx | leaving},
    {cancel_sm, "cancel_sm", tx, none},
    {cancel_sm_resp, "cancel_sm_resp", none, tx | leaving},
    {replace_sm, "replace_sm", tx, none},
    {replace_sm_resp, "replace_sm_resp", none, tx | leaving},
    {alert_notification, "alert_notification", none, rx},
}};

// All numbers without the response bit are at most 0x103, so the index of a command is one look into an array.
constexpr std::size_t id_limit = 0x104;
constexpr auto index_table = [] {
  std::array<std::array<std::uint8_t, id_limit>, 2> index{};
  for (auto& half : index) half.fill(operation_count);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto id = static_cast<std::uint32_t>(table[i].command);
    index[is_response(id) ? 1 : 0][id & ~response_bit] = static_cast<std::uint8_t>(i);
  }
  return index;
}();

}  // namespace

std::span<const Operation> operations() { return table; }

std::size_t operation_index(std::uint32_t command_id) {
  const auto number = command_id & ~response_bit;
  if (number >= id_limit) return operation_count;
  return index_table[is_response(command_id) ? 1 : 0][number];
}

const Operation* find_operation(std::uint32_t command_id) {
  const auto index = operation_index(command_id);
  return index == operation_count ? nullptr : &table[index];
}

bool may_send(SessionState state, Command command) {
  const auto* operation = find_operation(static_cast<std::uint32_t>(command));
  return operation != nullptr && (operation->from_esme & bit(state)) != 0;
}

bool may_receive(SessionState state, Command command) {
  const auto* operation = find_operation(static_cast<std::uint32_t>(command));
  return operation != nullptr && (operation->from_smsc & bit(state)) != 0;
}

std::string command_name(std::uint32_t command_id) {
  if (const auto* operation = find_operation(command_id)) return std::string(operation->name);
  char text[11];
  std::snprintf(text, sizeof text, "0x%08X", static_cast<unsigned>(command_id));
  return text;
}

}  // namespace smsbridge::smpp
