// SPDX-License-Identifier: MPL-2.0
#include "smpp/server_session.hpp"

#include <algorithm>
#include <utility>

#include "smpp/status.hpp"

namespace smsbridge::smpp {
namespace {

constexpr std::size_t unread_max = 1 << 20;  // octets received that nobody takes

std::uint32_t id_of(Command command) { return static_cast<std::uint32_t>(command); }

SessionState state_wanted_by(Command bind) {
  return bind == Command::bind_receiver      ? SessionState::bound_rx
         : bind == Command::bind_transmitter ? SessionState::bound_tx
                                             : SessionState::bound_trx;
}

}  // namespace

ServerSession::ServerSession(ServerConfig config, Time now)
    : config_(std::move(config)),
      now_(now),
      framer_(config_.pdu_size_max),
      window_(std::max<std::size_t>(config_.window, 1)) {
  if (config_.bind_timeout > Duration::zero()) bind_deadline_ = now + config_.bind_timeout;
}

// What happened

void ServerSession::on_bytes(Octets octets, Time now) {
  now_ = now;
  silent_since_.reset();
  if (!lost_) framer_.feed(octets, now);
}

void ServerSession::on_deadline(Time now) {
  now_ = now;
  if (lost_) return;
  const auto has_passed = [now](std::optional<Time> due) { return due && *due <= now; };
  if (has_passed(bind_deadline_)) return lose(LostReason::bind_timeout);
  if (has_passed(unbind_deadline_)) {
    forget_all();
    if (!lost_) lose(LostReason::local);
    return;
  }
  // While we do not read, the client's silence is our own doing.
  if (!wants_read()) {
    framer_.restart_partial(now);
    if (silent_since_) silent_since_ = now;
  }
  const auto lasts_too_long = [now](std::optional<Time> since, Duration most) {
    return since && most > Duration::zero() && *since + most <= now;
  };
  if (lasts_too_long(framer_.partial_since(), config_.frame_timeout)) return lose(LostReason::frame_timeout);
  if (lasts_too_long(silent_since_, config_.enquire_link_timeout)) return lose(LostReason::enquire_link_timeout);
  while (const auto request = window_.take_expired(now)) {
    given_up_.remember(request->sequence, request->cookie);
    events_.push_back(Undelivered{request->cookie, true});
  }
  if (has_passed(enquire_due_)) enquire(now);
}

void ServerSession::on_closed(Time now) {
  now_ = now;
  if (!lost_)
    lose(client_unbind_               ? LostReason::peer_unbind
         : state_ == State::unbinding ? LostReason::local
                                      : LostReason::peer_closed);
  out_.clear();
}

// What the owner decides

void ServerSession::answer_bind(std::uint32_t status, Time now) {
  now_ = now;
  if (lost_ || !bind_) return;
  const auto [sequence, command] = *std::exchange(bind_, std::nullopt);
  const auto response = response_to(command);
  if (status != status_ok) {
    out_.put(response, status, sequence);
    return lose(LostReason::bind_refused);
  }
  bind_deadline_.reset();
  state_ = kind_;
  BindResp body{config_.system_id, {}};
  if (version_ >= version_34) body.tlvs.push_back({tag::sc_interface_version, Octets(&version_34, 1)});
  if (!out_.put(response, sequence, body))
    out_.put(response, status_ok, sequence);  // a name that does not fit is left out
  if (config_.enquire_link_interval > Duration::zero()) enquire_due_ = now + config_.enquire_link_interval;
}

void ServerSession::answer(RequestId id, std::uint32_t status) {
  if (lost_) return;
  out_.put(response_to(id.command), status, id.sequence);
  pay(id.sequence);
}

template <class Response>
bool ServerSession::answer_with(RequestId id, const Response& response) {
  if (lost_) return true;
  if (!out_.put(response_to(id.command), id.sequence, response)) return false;
  pay(id.sequence);
  return true;
}
template bool ServerSession::answer_with(RequestId, const MessageResp&);
template bool ServerSession::answer_with(RequestId, const SubmitMultiResp&);
template bool ServerSession::answer_with(RequestId, const QuerySmResp&);

void ServerSession::forget(RequestId id) {
  if (!lost_) pay(id.sequence);
}

void ServerSession::forget_all() {
  unanswered_ = {};
  owed_ = 0;
  finish_unbind();
}

ServerSession::DeliverResult ServerSession::deliver(const Message& message, std::uint64_t cookie, Time now) {
  now_ = now;
  if (!may_deliver()) return DeliverResult::not_bound;
  if (window_.free() == 0) return DeliverResult::window_full;
  const auto before = sequence_;
  if (!out_.put(Command::deliver_sm, take_sequence(), message)) {
    sequence_ = before;
    return DeliverResult::invalid;
  }
  window_.open({sequence_, Command::deliver_sm, cookie, now, now + config_.response_timeout});
  return DeliverResult::queued;
}

void ServerSession::unbind(Time now) {
  now_ = now;
  if (!is_bound()) return;
  state_ = State::unbinding;
  unbind_sequence_ = take_sequence();
  out_.put(Command::unbind, status_ok, unbind_sequence_);
  unbind_deadline_ = now + config_.unbind_timeout;
}

void ServerSession::abort(LostReason reason) {
  if (!lost_) lose(reason);
}

// What to do

std::optional<Time> ServerSession::next_deadline() const {
  std::optional<Time> earliest;
  if (lost_) return earliest;
  const auto lower_to = [&](std::optional<Time> time) {
    if (time && (!earliest || *time < *earliest)) earliest = time;
  };
  // A start and how long it may last; zero: for ever.
  const auto lower_to_end = [&](std::optional<Time> since, Duration most) {
    if (since && most > Duration::zero()) lower_to(*since + most);
  };
  for (const auto due : {bind_deadline_, unbind_deadline_, window_.next_deadline(), enquire_due_}) lower_to(due);
  lower_to_end(framer_.partial_since(), config_.frame_timeout);
  lower_to_end(silent_since_, config_.enquire_link_timeout);
  return earliest;
}

bool ServerSession::wants_read() const {
  return !lost_ && out_.size() < config_.output_max && framer_.size() < unread_max;
}

bool ServerSession::is_bound() const {
  return state_ == State::bound_tx || state_ == State::bound_rx || state_ == State::bound_trx;
}

std::optional<ServerSession::Event> ServerSession::next_event() {
  const auto next_caused = [this]() -> std::optional<Event> {
    if (events_.empty()) return std::nullopt;
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
  };
  if (auto event = next_caused()) return event;
  while (!lost_ && !bind_) {
    const auto frame = framer_.next();
    if (!frame) break;
    if (auto event = take(*frame)) return event;
    if (auto event = next_caused()) return event;
  }
  if (!lost_ && !bind_ && framer_.is_broken()) {
    // SMPP 3.4 section 3.2: without a usable length the next PDU cannot be found.
    const auto header = decode_header(framer_.broken_frame()).value_or(Header{});
    auto event = refuse(header, Command::generic_nack, status_invalid_command_length, "command_length is impossible");
    lose(LostReason::protocol_error);
    return event;
  }
  return lost_ ? next_of_loss() : std::nullopt;
}

std::optional<ServerSession::Event> ServerSession::next_of_loss() {
  if (const auto request = window_.take_oldest()) return Undelivered{request->cookie, false};
  if (std::exchange(lost_told_, true)) return std::nullopt;
  return Lost{*lost_};
}

// Requests of the client

std::optional<ServerSession::Event> ServerSession::take(Octets frame) {
  const auto header = *decode_header(frame);
  ++received_[operation_index(header.command_id)];
  if (is_response(header.command_id)) return take_response(header);
  if (find_operation(header.command_id) == nullptr)
    return refuse(header, Command::generic_nack, status_invalid_command_id, "a command that version 3.4 does not have");
  note_oddities(header);
  return take_request(header, frame);
}

void ServerSession::note_oddities(const Header& header) {
  if (header.sequence == 0 || header.sequence > sequence_max)
    events_.push_back(overlook(header, "sequence_number out of range"));
  if (header.status != 0) events_.push_back(overlook(header, "command_status in a request"));
  if (unanswered_.contains(header.sequence))
    events_.push_back(overlook(header, "sequence_number of a request that is in flight"));
}

std::optional<ServerSession::Event> ServerSession::take_request(const Header& header, Octets frame) {
  switch (static_cast<Command>(header.command_id)) {
    case Command::bind_receiver:
    case Command::bind_transmitter:
    case Command::bind_transceiver:
      return take_bind(header, frame);
    case Command::submit_sm:
    case Command::data_sm:
      return take_submit(header, frame);
    case Command::query_sm:
    case Command::cancel_sm:
    case Command::replace_sm:
    case Command::submit_multi:
      return take_question(header, frame);
    case Command::enquire_link:
    case Command::unbind:
      return take_bodiless(header, frame);
    default:
      return refuse(header, Command::generic_nack, status_invalid_command_id, "a request that a client does not send");
  }
}

std::optional<ServerSession::Event> ServerSession::take_bind(const Header& header, Octets frame) {
  const RequestId id{header.sequence, static_cast<Command>(header.command_id)};
  const auto response = response_to(id.command);
  if (state_ != State::open) return refuse(header, response, status_already_bound, "a second bind");
  const auto decoded = decode(frame);
  const auto* pdu = std::get_if<Pdu>(&decoded);
  if (pdu == nullptr) {
    auto event = refuse(header, response, std::get<DecodeError>(decoded).code, "a bind that cannot be read");
    lose(LostReason::bind_refused);
    return event;
  }
  const auto& bind = std::get<Bind>(pdu->body);
  bind_ = id;
  kind_ = state_wanted_by(id.command);
  version_ = bind.interface_version;
  return BindWanted{kind_, bind};
}

// Nothing when it may be taken. What crossed our unbind is nobody's mistake.
std::optional<ServerSession::Event> ServerSession::refuse_if_untimely(const Header& header) {
  const auto command = static_cast<Command>(header.command_id);
  if (!may_send(state_, command) || client_unbind_)
    return refuse(header, response_to(command), status_invalid_bind_state, "a request in the wrong state",
                  state_ != State::unbinding || client_unbind_);
  if (owed_ >= config_.requests_max)
    return refuse(header, response_to(command), status_queue_full, "too many requests without an answer", false);
  return std::nullopt;
}

std::optional<ServerSession::Event> ServerSession::take_submit(const Header& header, Octets frame) {
  if (auto refused = refuse_if_untimely(header)) return refused;
  const RequestId id{header.sequence, static_cast<Command>(header.command_id)};
  std::optional<Event> event(std::in_place, Submitted{id, {}});
  if (const auto error = decode_body(frame, id.command, std::get<Submitted>(*event).message))
    return refuse(header, response_to(id.command), error->code, error->detail);
  owe(id);
  return event;
}

std::optional<ServerSession::Event> ServerSession::take_question(const Header& header, Octets frame) {
  if (auto refused = refuse_if_untimely(header)) return refused;
  const RequestId id{header.sequence, static_cast<Command>(header.command_id)};
  auto decoded = decode(frame);
  if (const auto* error = std::get_if<DecodeError>(&decoded))
    return refuse(header, response_to(id.command), error->code, error->detail);
  owe(id);
  return Asked{id, std::move(std::get<Pdu>(decoded).body)};
}

std::optional<ServerSession::Event> ServerSession::take_bodiless(const Header& header, Octets frame) {
  if (frame.size() != header_size)
    return refuse(header, Command::generic_nack, status_invalid_command_length, "a body behind a PDU without one");
  if (header.command_id == id_of(Command::enquire_link)) {
    out_.put(Command::enquire_link_resp, status_ok, header.sequence);
    return std::nullopt;
  }
  if (!may_send(state_, Command::unbind))
    return refuse(header, Command::unbind_resp, status_invalid_bind_state, "unbind without a bind");
  // Its answers go before the farewell: without them its messages would be in doubt, and come again.
  state_ = State::unbinding;
  client_unbind_ = header.sequence;
  enquire_due_.reset();
  silent_since_.reset();
  unbind_deadline_ = now_ + config_.unbind_timeout;
  finish_unbind();
  return UnbindWanted{};
}

// Responses of the client

std::optional<ServerSession::Event> ServerSession::take_response(const Header& header) {
  switch (static_cast<Command>(header.command_id)) {
    case Command::deliver_sm_resp:
      return take_delivery_answer(header);
    case Command::generic_nack:
      enquiries_.erase(header.sequence);  // it does not know enquire_link, but it is alive
      if (auto answered = take_delivery_answer(header)) events_.push_back(*std::move(answered));
      return Nacked{header.sequence, header.status};
    case Command::enquire_link_resp:
      if (!enquiries_.contains(header.sequence)) break;
      enquiries_.erase(header.sequence);
      return std::nullopt;
    case Command::unbind_resp:
      if (unbind_sequence_ == 0 || unbind_answered_ || header.sequence != unbind_sequence_) break;
      unbind_answered_ = true;
      finish_unbind();
      return UnbindAnswered{};
    default:
      break;
  }
  return overlook(header, "a response to nothing");
}

std::optional<ServerSession::Event> ServerSession::take_delivery_answer(const Header& header) {
  const bool nack = header.command_id == id_of(Command::generic_nack);
  if (const auto request = window_.close(header.sequence))
    return DeliveryAnswered{request->cookie, header.status, nack};
  if (const auto cookie = given_up_.take(header.sequence)) return LateAnswer{*cookie, header.status};
  if (nack) return std::nullopt;
  return overlook(header, "a response to nothing");
}

// The rest

void ServerSession::owe(RequestId id) {
  unanswered_.insert(id.sequence);
  ++owed_;
}

void ServerSession::pay(std::uint32_t sequence) {
  if (owed_ == 0) return;  // all was forgotten
  unanswered_.erase(sequence);
  --owed_;
  finish_unbind();
}

// What is owed is answered before the session ends, whoever ends it.
void ServerSession::finish_unbind() {
  if (lost_ || owed_ > 0) return;
  if (client_unbind_) {
    out_.put(Command::unbind_resp, status_ok, *client_unbind_);
    lose(LostReason::peer_unbind);
  } else if (unbind_answered_) {
    lose(LostReason::local);
  }
}

void ServerSession::enquire(Time now) {
  const auto sequence = take_sequence();
  out_.put(Command::enquire_link, status_ok, sequence);
  enquiries_.insert(sequence);
  enquire_due_ = now + config_.enquire_link_interval;
  if (!silent_since_) silent_since_ = now;
}

void ServerSession::lose(LostReason reason) {
  lost_ = reason;
  state_ = State::unbound;
  bind_.reset();
}

ServerSession::Event ServerSession::refuse(const Header& header, Command response, std::uint32_t status,
                                           std::string detail, bool breach) {
  out_.put(response, status, header.sequence);
  return Refused{header.command_id, status, std::move(detail), breach};
}

ServerSession::Event ServerSession::overlook(const Header& header, std::string detail) {
  return Refused{header.command_id, status_ok, std::move(detail)};
}

}  // namespace smsbridge::smpp
