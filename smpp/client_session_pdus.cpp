// SPDX-License-Identifier: MPL-2.0
// What a PDU of the message centre means to a ClientSession.
#include <algorithm>
#include <utility>

#include "smpp/client_session.hpp"
#include "smpp/receipt.hpp"
#include "smpp/status.hpp"

namespace smsbridge::smpp {
namespace {

constexpr std::size_t stray_nacks_max = 3;  // of a session that is out of step, within stray_nacks_time
constexpr Duration stray_nacks_time = std::chrono::seconds(10);
constexpr std::size_t early_max = 100;  // deliveries ahead of the answer to the bind

std::optional<std::uint8_t> congestion_in(const std::vector<Tlv>& tlvs) {
  for (const auto& tlv : tlvs)
    if (tlv.tag == tag::congestion_state && tlv.value.size() == 1) return tlv.value[0];
  return std::nullopt;
}

SessionState bound_state(ClientConfig::BindType type) {
  switch (type) {
    case ClientConfig::BindType::transmitter:
      return SessionState::bound_tx;
    case ClientConfig::BindType::receiver:
      return SessionState::bound_rx;
    case ClientConfig::BindType::transceiver:
      break;
  }
  return SessionState::bound_trx;
}

Event answer_of(const Request& request, const Header& header, Octets frame, Time now) {
  if (request.command != Command::submit_sm) {
    Replied replied{request.cookie, request.command, true, header.status, {}};
    if (request.command == Command::query_sm && header.status == status_ok) {
      QuerySmResp response;
      decode_body(frame, response);
      replied.state = {.message_state = response.message_state, .error_code = response.error_code};
    }
    return replied;
  }
  MessageResp response;
  decode_body(frame, response);
  Answered answered{request.cookie, header.status, readable_id(response.message_id), now - request.sent};
  answered.congestion = congestion_in(response.tlvs);
  return answered;
}

}  // namespace

// What cannot wait until the owner takes events: the peer must not think that we are dead because we are busy, and we
// must not think so of the peer.
void ClientSession::look_at(Octets frame, Time now) {
  const auto header = *decode_header(frame);
  ++received_[operation_index(header.command_id)];
  last_received_ = now;
  enquire_deadline_.reset();
  enquires_missed_ = 0;
  switch (static_cast<Command>(header.command_id)) {
    case Command::enquire_link:
      put(answers_, Command::enquire_link_resp, status_ok, header.sequence);
      break;
    case Command::enquire_link_resp:
      if (header.sequence == enquire_sequence_ && enquire_sequence_ != 0) {
        enquire_round_trip_ = now - enquire_sent_;
        enquire_sequence_ = 0;
      }
      break;
    case Command::unbind:
      if (may_receive(state_, Command::unbind)) answer_unbind(header.sequence);
      break;
    default:
      break;
  }
}

std::optional<Event> ClientSession::take(Octets frame) {
  const auto header = *decode_header(frame);
  const auto command = static_cast<Command>(header.command_id);
  if (command == Command::enquire_link) return std::nullopt;
  if (command == Command::enquire_link_resp) {
    if (header.status == status_invalid_bind_state) leave(LostReason::not_bound);
    const auto congestion = congestion_in(tlvs_behind_header(frame));
    return congestion ? std::optional<Event>(Congested{*congestion}) : std::nullopt;
  }
  if (command == Command::generic_nack) return take_nack(header);
  if (is_response(header.command_id)) return take_response(header, frame);
  // Nothing can be answered any more, so the message centre will deliver again.
  if (lost_) return std::nullopt;
  return take_request(header, frame);
}

std::optional<Event> ClientSession::take_response(const Header& header, Octets frame) {
  if (header.command_id == static_cast<std::uint32_t>(response_to(bind_command(config_.bind_type))))
    return take_bind_response(header, frame);
  if (header.command_id == static_cast<std::uint32_t>(Command::unbind_resp)) {
    if (unbind_deadline_ && header.sequence == unbind_sequence_ && !lost_) lose(LostReason::local, true);
    return std::nullopt;
  }
  // A response belongs to the request with its number, and only if it is of the same kind.
  if (const auto* request = window_.find(header.sequence)) {
    if (header.command_id != static_cast<std::uint32_t>(response_to(request->command))) return std::nullopt;
    auto answered = answer_of(*request, header, frame, now_);
    window_.close(header.sequence);
    unbind_when_empty();
    if (header.status == status_invalid_bind_state) leave(LostReason::not_bound);
    lose_when_answered();
    return answered;
  }
  if (header.command_id != static_cast<std::uint32_t>(Command::submit_sm_resp)) return std::nullopt;
  if (const auto cookie = given_up_.take(header.sequence)) {
    MessageResp response;
    decode_body(frame, response);
    return LateAnswer{*cookie, header.status, readable_id(response.message_id)};
  }
  return std::nullopt;
}

std::optional<Event> ClientSession::take_bind_response(const Header& header, Octets frame) {
  if (state_ != State::open || lost_ || header.sequence != bind_sequence_) return std::nullopt;
  bind_deadline_.reset();
  if (header.status != status_ok) {
    lose(LostReason::bind_refused, false);
    return BindRefused{header.status};
  }
  state_ = bound_state(config_.bind_type);
  BindResp response;
  decode_body(frame, response);
  Bound bound{std::string(response.system_id), std::nullopt};
  for (const auto& tlv : response.tlvs)
    if (tlv.tag == tag::sc_interface_version && tlv.value.size() == 1) bound.interface_version = tlv.value[0];
  return bound;
}

// SMPP 3.4 section 4.3: the peer could not read a PDU of ours, and may not even know which one it was.
std::optional<Event> ClientSession::take_nack(const Header& header) {
  // It lost its place in our stream. Whatever follows is garbage to it.
  const bool is_fatal = header.status == status_invalid_command_length;
  // Nothing but the bind was sent, whatever number it writes.
  if (state_ == State::open && (header.sequence == bind_sequence_ || header.sequence == 0) && !lost_) {
    bind_deadline_.reset();
    lose(LostReason::bind_refused, false);
    return BindRefused{header.status};
  }
  if (const auto request = window_.close(header.sequence)) {
    if (header.status == status_invalid_bind_state)
      leave(LostReason::not_bound);
    else if (is_fatal && !lost_ && !leaving_ && !peer_unbinds_)
      lose(LostReason::protocol_error, false);
    unbind_when_empty();
    lose_when_answered();
    // A nack is no consent, whatever its status.
    const auto status = header.status == status_ok ? status_invalid_command_id : header.status;
    if (request->command != Command::submit_sm) return Replied{request->cookie, request->command, true, status, {}};
    return Answered{request->cookie, status, {}, now_ - request->sent, true};
  }
  if (lost_) return std::nullopt;
  if (unbind_deadline_ && header.sequence == unbind_sequence_)
    lose(LostReason::local, true);
  else if (header.status == status_invalid_bind_state)
    leave(LostReason::not_bound);
  else if (is_fatal && !leaving_ && !peer_unbinds_)
    lose(LostReason::protocol_error, false);
  else if (enquire_sequence_ != 0 && header.sequence == enquire_sequence_)
    enquire_sequence_ = 0;  // it does not know enquire_link, but it is alive
  else if (const auto cookie = given_up_.take(header.sequence))
    return LateAnswer{*cookie, header.status == status_ok ? status_invalid_command_id : header.status, {}};
  else
    stray_nack();
  return std::nullopt;
}

std::optional<Event> ClientSession::take_request(const Header& header, Octets frame) {
  const auto command = static_cast<Command>(header.command_id);
  if (find_operation(header.command_id) == nullptr)
    return refuse(header, status_invalid_command_id, "not a command of SMPP 3.4");
  // Nobody asked for it here; a message centre that wants to be bound to is configured as a link of ours.
  if (!has_response(command)) return std::nullopt;
  if (command == Command::unbind && (peer_unbinds_ || may_receive(state_, command))) {
    if (!peer_unbinds_) answer_unbind(header.sequence);  // it came together with the response to our bind
    leave(unbind_wanted_ ? LostReason::local : LostReason::peer_unbind);
    return std::nullopt;
  }
  const bool delivers = command == Command::deliver_sm || command == Command::data_sm;
  if (delivers && state_ == State::open && early_.size() < early_max) {
    early_.emplace_back(frame.begin(), frame.end());
    return std::nullopt;
  }
  if (!may_receive(state_, command)) return refuse(header, status_invalid_bind_state, "does not belong here");
  if (!delivers) return std::nullopt;
  Delivered delivered{header.sequence, command, {}};
  if (auto error = decode_body(frame, command, delivered.message))
    return refuse(header, error->code, std::move(error->detail));
  owed_.emplace_back(header.sequence, command);
  if (!wants_read()) paused_ = true;
  return delivered;
}

std::optional<Event> ClientSession::refuse(const Header& header, std::uint32_t status, std::string detail) {
  if (find_operation(header.command_id) == nullptr)
    put(answers_, Command::generic_nack, status, header.sequence);
  else
    put_response(static_cast<Command>(header.command_id), status, header.sequence);
  return Refused{header.command_id, status, std::move(detail)};
}

void ClientSession::stray_nack() {
  stray_nacks_.push_back(now_);
  while (now_ - stray_nacks_.front() > stray_nacks_time) stray_nacks_.pop_front();
  if (stray_nacks_.size() >= stray_nacks_max) lose(LostReason::protocol_error, false);
}

}  // namespace smsbridge::smpp
