// SPDX-License-Identifier: MPL-2.0
#include "bridge/smsc_sim/smsc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <variant>

#include "bridge/smsc_sim/glob.hpp"
#include "smpp/content.hpp"
#include "smpp/framer.hpp"
#include "smpp/operations.hpp"
#include "smpp/receipt_writer.hpp"
#include "smpp/sequence_set.hpp"
#include "smpp/status.hpp"
#include "smpp/submit_rules.hpp"
#include "smpp/window.hpp"

namespace smsbridge::bridge::smsc_sim {

using smpp::Command;
using smpp::MessageState;
using smpp::SessionState;

namespace {

constexpr auto early_receipt_lead = std::chrono::milliseconds(10);  // of a receipt that comes before the response
constexpr auto unbind_timeout = std::chrono::seconds(5);
constexpr std::size_t quote_size = 20;  // SMPP 3.4 appendix B
constexpr std::uint8_t version_34 = 0x34;
constexpr std::uint8_t esm_class_receipt = 0x04;
constexpr std::uint8_t network_gsm = 3;

std::uint32_t id_of(Command command) { return static_cast<std::uint32_t>(command); }

}  // namespace

struct Smsc::Session {
  Session(SessionId number, std::size_t receipt_window)
      : id(number), framer(smpp::pdu_size_max_limit), deliveries(std::max<std::size_t>(receipt_window, 1)) {}

  bool is_bound() const { return client != nullptr; }
  bool can_receive() const { return state == SessionState::bound_rx || state == SessionState::bound_trx; }

  SessionId id;
  SessionState state = SessionState::open;
  Client* client = nullptr;
  std::uint8_t version = version_34;
  bool cut = false;
  bool is_touched = false;
  bool retry_planned = false;
  smpp::Framer framer;
  smpp::SequenceSet in_flight;  // submits that are answered later
  std::size_t submits_in_read = 0;
  smpp::Window deliveries;  // receipts in flight; the cookie is the receipt's place
  smpp::GivenUp given_up;
  std::uint32_t sequence = 0;
  std::uint32_t unbind_sequence = 0;
  bool is_leaving = false;      // unbound, and waits for the answers that it still gives
  smpp::SequenceSet enquiries;  // enquire_links without an answer: several, while a client does not read
  // What is being written must not move while more is added.
  mutable smpp::Buffer writing, queued;
  mutable std::size_t writing_done = 0;
};

struct Smsc::Client {
  std::string system_id;
  std::vector<Session*> bound;
  std::vector<Session*> receivers;
  std::size_t next_receiver = 0;
  std::deque<std::uint32_t> ready;  // receipts that are due, oldest first
  double tokens = 0;
  std::optional<Time> tokens_at;
};

Smsc::Smsc(Options options) : options_(std::move(options)), random_(options_.seed) {}
Smsc::~Smsc() = default;

// Sessions

Smsc::SessionId Smsc::connected(Time now) {
  const auto id = ++last_session_;
  sessions_.emplace(id, std::make_unique<Session>(id, options_.receipt_window));
  ++counts_.connections;
  if (options_.bind_timeout > Duration::zero()) plan(now + options_.bind_timeout, Due::patience, id);
  return id;
}

void Smsc::received(SessionId id, std::span<const std::uint8_t> octets, Time now) {
  auto* session = find(id);
  if (session == nullptr || session->state == SessionState::unbound) return;
  session->submits_in_read = 0;
  session->framer.feed(octets, now);
  while (session->state != SessionState::unbound) {
    const auto frame = session->framer.next();
    if (!frame) break;
    take(*session, *frame, now);
  }
  if (session->framer.is_broken() && session->state != SessionState::unbound) {
    const auto header = smpp::decode_header(session->framer.broken_frame());
    breach(*session, "command_length is impossible");
    put(*session, Command::generic_nack, smpp::status_invalid_command_length, header ? header->sequence : 0);
    leave(*session, now);
    start_close(*session, false);
  }
  if (session->client != nullptr) pump(*session->client, now);
}

void Smsc::closed(SessionId id, Time now) {
  auto* session = find(id);
  if (session == nullptr) return;
  note(*session, "closed");
  leave(*session, now);
  sessions_.erase(id);
}

// The session no longer belongs to its account. What it has not answered goes to others, or waits for one.
void Smsc::leave(Session& session, Time now) {
  auto* client = session.client;
  if (client == nullptr) return;
  session.client = nullptr;
  std::erase(client->bound, &session);
  std::erase(client->receivers, &session);
  std::vector<std::uint32_t> unanswered;
  while (const auto request = session.deliveries.take_oldest())
    unanswered.push_back(static_cast<std::uint32_t>(request->cookie));
  client->ready.insert(client->ready.begin(), unanswered.begin(), unanswered.end());
  pump(*client, now);
}

void Smsc::start_close(Session& session, bool cut) {
  session.state = SessionState::unbound;
  session.cut = session.cut || cut;
  touch(session);
}

void Smsc::cut(SessionId id) {
  if (auto* session = find(id)) start_close(*session, true);
}

void Smsc::unbind(SessionId id, Time now) {
  auto* session = find(id);
  if (session == nullptr || !session->is_bound() || session->state == SessionState::unbinding) return;
  session->unbind_sequence = next_sequence(*session);
  put(*session, Command::unbind, 0, session->unbind_sequence);
  std::erase(session->client->receivers, session);
  session->state = SessionState::unbinding;
  plan(now + unbind_timeout, Due::patience, id);
}

void Smsc::unbind_all(Time now) {
  for (const auto id : sessions()) unbind(id, now);
}

std::vector<Smsc::SessionId> Smsc::sessions() const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  std::ranges::sort(ids);
  return ids;
}

std::size_t Smsc::bound_sessions() const {
  std::size_t count = 0;
  for (const auto& [name, client] : clients_) count += client->bound.size();
  return count;
}

// Output

std::span<const std::uint8_t> Smsc::output(SessionId id) const {
  const auto* session = find(id);
  if (session == nullptr) return {};
  if (session->writing_done == session->writing.size()) {
    session->writing.clear();
    session->writing_done = 0;
    session->writing.swap(session->queued);
  }
  return std::span<const std::uint8_t>(session->writing).subspan(session->writing_done);
}

void Smsc::wrote(SessionId id, std::size_t count) {
  auto* session = find(id);
  if (session == nullptr) return;
  session->writing_done = std::min(session->writing_done + count, session->writing.size());
}

bool Smsc::wants_close(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->state == SessionState::unbound;
}

bool Smsc::is_cut(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->cut;
}

bool Smsc::wants_read(SessionId id) const {
  const auto* session = find(id);
  return session != nullptr && session->state != SessionState::unbound &&
         session->writing.size() - session->writing_done + session->queued.size() < output_max;
}

std::vector<Smsc::SessionId> Smsc::sessions_with_output() {
  std::vector<SessionId> ids;
  ids.swap(touched_);
  for (const auto id : ids)
    if (auto* session = find(id)) session->is_touched = false;
  std::erase_if(ids, [this](SessionId id) { return find(id) == nullptr; });
  return ids;
}

// Time

std::optional<Time> Smsc::next_deadline() const {
  if (events_.empty()) return std::nullopt;
  return events_.top().due;
}

void Smsc::on_deadline(Time now) {
  while (!events_.empty() && events_.top().due <= now) {
    const auto event = events_.top();
    events_.pop();
    if (event.what == Due::receipt) {
      auto& client = *receipts_[event.subject].client;
      client.ready.push_back(static_cast<std::uint32_t>(event.subject));
      pump(client, now);
      continue;
    }
    auto* session = find(event.subject);
    if (session == nullptr || session->state == SessionState::unbound) continue;
    switch (event.what) {
      case Due::answer:
        session->in_flight.erase(event.sequence);
        answer_submit(*session, event.request, event.sequence, event.status, event.message_number);
        if (!session->is_leaving || session->in_flight.size() > 0) break;
        leave(*session, now);
        start_close(*session, false);
        break;
      case Due::cut:
        ++counts_.disconnects;
        note(*session, "cut instead of an answer");
        start_close(*session, true);
        break;
      case Due::retry:
        session->retry_planned = false;
        while (const auto request = session->deliveries.take_expired(now)) {
          session->given_up.remember(request->sequence, request->cookie);
          if (session->client != nullptr) session->client->ready.push_back(static_cast<std::uint32_t>(request->cookie));
        }
        if (const auto due = session->deliveries.next_deadline()) {
          session->retry_planned = true;
          plan(*due, Due::retry, session->id);
        }
        if (session->client != nullptr) pump(*session->client, now);
        break;
      case Due::enquire_link:
        if (!session->is_bound() || options_.enquire_link_interval <= Duration::zero()) break;
        put(*session, Command::enquire_link, 0, next_sequence(*session));
        session->enquiries.insert(session->sequence);
        plan(now + options_.enquire_link_interval, Due::enquire_link, session->id);
        break;
      case Due::patience:
        if (session->state != SessionState::open && session->state != SessionState::unbinding) break;
        note(*session, session->state == SessionState::open ? "no bind in time" : "no answer to the unbind");
        start_close(*session, false);
        break;
      case Due::receipt:
        break;
    }
  }
}

void Smsc::plan(Time due, Due what, std::uint64_t subject) {
  Event event;
  event.due = due;
  event.order = ++last_order_;
  event.what = what;
  event.subject = subject;
  events_.push(event);
}

// Requests and responses of the client

void Smsc::take(Session& session, smpp::Octets frame, Time now) {
  const auto header = *smpp::decode_header(frame);
  const auto command = static_cast<Command>(header.command_id);
  if (smpp::is_response(header.command_id)) return take_response(session, header, now);
  if (smpp::find_operation(header.command_id) == nullptr) {
    breach(session, "a command that version 3.4 does not have");
    return put(session, Command::generic_nack, smpp::status_invalid_command_id, header.sequence);
  }
  if (header.sequence == 0 || header.sequence > smpp::sequence_max) breach(session, "sequence_number out of range");
  if (header.status != 0) breach(session, "command_status in a request");
  if (session.in_flight.contains(header.sequence)) breach(session, "sequence_number of a request that is in flight");

  const bool may = smpp::may_send(session.state, command);
  switch (command) {
    case Command::bind_receiver:
    case Command::bind_transmitter:
    case Command::bind_transceiver:
      return take_bind(session, header, frame, now);
    case Command::submit_sm:
    case Command::data_sm:
      return take_submit(session, header, frame, now);
    case Command::enquire_link:
    case Command::unbind:
      if (frame.size() != smpp::header_size) {
        breach(session, "a body behind a PDU without one");
        return put(session, Command::generic_nack, smpp::status_invalid_command_length, header.sequence);
      }
      if (command == Command::enquire_link) {
        ++counts_.enquire_links;
        return put(session, Command::enquire_link_resp, 0, header.sequence);
      }
      if (!may) {
        breach(session, "unbind without a bind");
        return put(session, Command::unbind_resp, smpp::status_invalid_bind_state, header.sequence);
      }
      ++counts_.unbinds;
      note(session, "unbound");
      put(session, Command::unbind_resp, 0, header.sequence);
      leave(session, now);
      return start_close(session, false);
    case Command::query_sm:
    case Command::cancel_sm:
    case Command::replace_sm: {
      // This centre keeps no message: there is nothing to find.
      const auto status = command == Command::query_sm    ? smpp::status_query_failed
                          : command == Command::cancel_sm ? smpp::status_cancel_failed
                                                          : smpp::status_replace_failed;
      if (!may) breach(session, "a request in the wrong state");
      return put(session, smpp::response_to(command), may ? status : smpp::status_invalid_bind_state, header.sequence);
    }
    default:
      break;
  }
  // submit_multi is legal but not built; everything else is for a message centre to send.
  if (!may || command != Command::submit_multi) breach(session, "a request that a client does not send, or not now");
  put(session, Command::generic_nack, smpp::status_invalid_command_id, header.sequence);
}

void Smsc::take_response(Session& session, const smpp::Header& header, Time now) {
  switch (static_cast<Command>(header.command_id)) {
    case Command::deliver_sm_resp:
      break;
    case Command::generic_nack:
      ++counts_.nacks;
      note(session, "generic_nack received");
      break;
    case Command::enquire_link_resp:
      if (!session.enquiries.contains(header.sequence)) return breach(session, "a response to nothing");
      return session.enquiries.erase(header.sequence);
    case Command::unbind_resp:
      if (session.state != SessionState::unbinding || header.sequence != session.unbind_sequence)
        return breach(session, "a response to nothing");
      session.is_leaving = options_.answers_after_unbind && session.in_flight.size() > 0;
      if (session.is_leaving) return;
      leave(session, now);
      return start_close(session, false);
    default:
      return breach(session, "a response to nothing");
  }
  const auto request = session.deliveries.close(header.sequence);
  if (!request) {
    if (session.given_up.take(header.sequence)) {
      ++counts_.late_answers;
    } else if (header.command_id == id_of(Command::deliver_sm_resp)) {
      breach(session, "a response to nothing");
    }
    return;
  }
  const auto place = static_cast<std::uint32_t>(request->cookie);
  if (header.status == 0 && header.command_id == id_of(Command::deliver_sm_resp)) {
    ++counts_.receipts_answered;
    return free_receipt(place);
  }
  ++counts_.receipts_refused;
  plan(now + options_.receipt_retry, Due::receipt, place);
}

void Smsc::take_bind(Session& session, const smpp::Header& header, smpp::Octets frame, Time now) {
  const auto command = static_cast<Command>(header.command_id);
  const auto response = smpp::response_to(command);
  const auto refuse = [&](std::uint32_t status, std::string_view why) {
    ++counts_.binds_refused;
    note(session, why);
    put(session, response, status, header.sequence);
  };
  if (session.state != SessionState::open) {
    breach(session, "a second bind");
    return refuse(smpp::status_already_bound, "bind refused: the session is bound");
  }
  const auto decoded = smpp::decode(frame);
  const auto* pdu = std::get_if<smpp::Pdu>(&decoded);
  const auto* bind = pdu == nullptr ? nullptr : std::get_if<smpp::Bind>(&pdu->body);
  if (bind == nullptr) {
    breach(session, "a bind that cannot be read");
    const auto* error = std::get_if<smpp::DecodeError>(&decoded);
    refuse(error == nullptr ? smpp::status_invalid_command_length : error->code, "bind refused: not readable");
    return start_close(session, false);
  }
  const auto account = std::ranges::find(options_.accounts, bind->system_id, &Account::system_id);
  if (!options_.accounts.empty() && account == options_.accounts.end()) {
    refuse(smpp::status_invalid_system_id, "bind refused: unknown system_id");
    return start_close(session, false);
  }
  if (!options_.accounts.empty() && account->password != bind->password) {
    refuse(smpp::status_invalid_password, "bind refused: wrong password");
    return start_close(session, false);
  }
  auto found = clients_.find(bind->system_id);
  if (found == clients_.end()) {
    auto made = std::make_unique<Client>();
    made->system_id = bind->system_id;
    found = clients_.emplace(made->system_id, std::move(made)).first;
  }
  auto& client = *found->second;
  if (options_.sessions_max != 0 && client.bound.size() >= options_.sessions_max) {
    refuse(smpp::status_already_bound, "bind refused: too many sessions of this account");
    return start_close(session, false);
  }
  session.state = command == Command::bind_receiver      ? SessionState::bound_rx
                  : command == Command::bind_transmitter ? SessionState::bound_tx
                                                         : SessionState::bound_trx;
  session.version = bind->interface_version;
  session.client = &client;
  client.bound.push_back(&session);
  if (session.can_receive()) client.receivers.push_back(&session);
  ++counts_.binds;
  note(session, "bound as " + client.system_id);

  smpp::BindResp answer{"smsc-sim", {}};
  if (session.version >= version_34)
    answer.tlvs.push_back({smpp::tag::sc_interface_version, smpp::Octets(&version_34, 1)});
  std::ignore = smpp::encode(session.queued, {0, id_of(response), 0, header.sequence}, answer);  // its fields fit
  touch(session);
  if (options_.enquire_link_interval > Duration::zero())
    plan(now + options_.enquire_link_interval, Due::enquire_link, session.id);
}

// Submits

void Smsc::take_submit(Session& session, const smpp::Header& header, smpp::Octets frame, Time now) {
  const auto command = static_cast<Command>(header.command_id);
  ++counts_.submits;
  if (!counts_.first_submit) counts_.first_submit = now;
  counts_.last_submit = now;
  if (!smpp::may_send(session.state, command)) {
    // A submit that crossed our unbind is nobody's mistake.
    if (session.state != SessionState::unbinding) breach(session, "a submit in the wrong state");
    return put(session, smpp::response_to(command), smpp::status_invalid_bind_state, header.sequence);
  }
  ++session.submits_in_read;
  counts_.window_max = std::max(counts_.window_max, std::max(session.submits_in_read, session.in_flight.size() + 1));
  if (session.in_flight.size() >= in_flight_max) {
    ++counts_.queue_full;
    return put(session, smpp::response_to(command), smpp::status_queue_full, header.sequence);
  }

  auto tlvs = std::move(message_.tlvs);
  tlvs.clear();
  message_ = {};
  message_.tlvs = std::move(tlvs);
  if (const auto error = smpp::decode_body(frame, command, message_)) {
    breach(session, error->detail);
    return answer_later(session, header, error->code, now);
  }
  if (const auto status = refusal(session, now)) return answer_later(session, header, status, now);
  if (chance(options_.disconnect_before) || is_poison()) {
    ++counts_.disconnects_before;
    note(session, "cut before a message was taken");
    return start_close(session, true);
  }
  accept(session, header, now);
}

// The status that refuses message_, or 0.
std::uint32_t Smsc::refusal(Session& session, Time now) {
  const auto data = smpp::split_user_data(message_.payload(), message_.esm_class);
  if (const auto breached = smpp::breach_of(message_, data, smpp::part_of(message_, data)); breached.status != 0) {
    breach(session, breached.reason);
    return breached.status;
  }
  if (options_.throttle_rate > 0 && throttles(*session.client, now)) {
    ++counts_.throttled;
    return smpp::status_throttled;
  }
  for (const auto& [pattern, status] : options_.reject) {
    if (!glob_matches(pattern, message_.destination.digits)) continue;
    ++counts_.rejected;
    return status;
  }
  if (chance(options_.error_rate)) {
    ++counts_.errors;
    return options_.error_status;
  }
  return 0;
}

bool Smsc::is_poison() const {
  return !options_.poison.empty() && glob_matches(options_.poison, message_.destination.digits);
}

// A bucket that holds a tenth of a second, as carriers measure in short slots.
bool Smsc::throttles(Client& client, Time now) {
  const double room = std::max(1.0, options_.throttle_rate / 10);
  if (client.tokens_at) {
    const std::chrono::duration<double> passed = now - *client.tokens_at;
    client.tokens = std::min(room, client.tokens + passed.count() * options_.throttle_rate);
  } else {
    client.tokens = room;
  }
  client.tokens_at = now;
  // What a whole number of intervals gave is a token, whatever the rounding made of it.
  if (client.tokens < 1 - 1e-9) return true;
  client.tokens -= 1;
  return false;
}

void Smsc::accept(Session& session, const smpp::Header& header, Time now) {
  ++counts_.accepted;
  const auto number = ++last_number_;
  if (on_taken) {
    const auto data = smpp::split_user_data(message_.payload(), message_.esm_class);
    const auto part = smpp::part_of(message_, data);
    IdBuffer id;
    taken_.number = number;
    taken_.message_id = write_id(id, options_.response_id, options_.first_id + number - 1);
    taken_.source = message_.source.digits;
    taken_.destination = message_.destination.digits;
    taken_.text = smpp::utf8_of(data.body, message_.data_coding);
    taken_.esm_class = message_.esm_class;
    taken_.data_coding = message_.data_coding;
    taken_.reference = part.reference;
    taken_.part = part.number;
    taken_.parts = part.total;
    taken_.session = session.id;
    on_taken(taken_);
  }

  auto answer_due = now + drawn(options_.response_delay, options_.response_jitter);
  auto receipt_due = answer_due + drawn(options_.receipt_delay, options_.receipt_jitter);
  if (chance(options_.receipt_before_response)) {
    receipt_due = now;
    answer_due = std::max(answer_due, now + early_receipt_lead);
  }
  Event event;
  event.due = answer_due;
  event.subject = session.id;
  event.message_number = number;
  event.sequence = header.sequence;
  event.request = static_cast<Command>(header.command_id);
  if (chance(options_.swallow)) {
    ++counts_.swallowed;
  } else if (chance(options_.disconnect)) {
    event.what = Due::cut;
    event.order = ++last_order_;
    events_.push(event);
  } else if (answer_due <= now) {
    answer_submit(session, event.request, event.sequence, 0, number);
  } else {
    session.in_flight.insert(header.sequence);
    event.order = ++last_order_;
    events_.push(event);
  }
  // After the answer, so that the receipt follows it even without any delay.
  plan_receipt(session, number, receipt_due, now);
}

// A refusal takes as long as a consent.
void Smsc::answer_later(Session& session, const smpp::Header& header, std::uint32_t status, Time now) {
  const auto request = static_cast<Command>(header.command_id);
  const auto due = now + drawn(options_.response_delay, options_.response_jitter);
  if (due <= now) return answer_submit(session, request, header.sequence, status, 0);
  session.in_flight.insert(header.sequence);
  Event event;
  event.due = due;
  event.order = ++last_order_;
  event.subject = session.id;
  event.sequence = header.sequence;
  event.status = status;
  event.request = request;
  events_.push(event);
}

void Smsc::answer_submit(Session& session, Command request, std::uint32_t sequence, std::uint32_t status,
                         std::uint64_t message_number) {
  const auto response = smpp::response_to(request);
  if (status != 0) return put(session, response, status, sequence);
  IdBuffer id;
  const smpp::MessageResp body{write_id(id, options_.response_id, options_.first_id + message_number - 1), {}};
  std::ignore = smpp::encode(session.queued, {0, id_of(response), 0, sequence}, body);  // an id always fits
  touch(session);
}

void Smsc::put(Session& session, Command command, std::uint32_t status, std::uint32_t sequence) {
  smpp::encode(session.queued, smpp::Header{0, id_of(command), status, sequence});
  touch(session);
}

// Receipts

bool Smsc::wants_receipt(MessageState state) const {
  if (options_.receipts == Receipts::off) return false;
  if (options_.receipts == Receipts::always) return true;
  const bool is_delivered = state == MessageState::delivered;
  switch (message_.registered_delivery & 0x03) {  // SMPP 3.4 section 5.2.17, the last one 5.0
    case 1:
      return true;
    case 2:
      return !is_delivered;
    case 3:
      return is_delivered;
    default:
      return false;
  }
}

void Smsc::plan_receipt(Session& session, std::uint64_t message_number, Time due, Time now) {
  const auto state = draw_outcome();
  if (!wants_receipt(state)) return;
  if (chance(options_.receipt_lost)) {
    ++counts_.receipts_lost;
    return;
  }
  const int copies = chance(options_.receipt_twice) ? 2 : 1;
  if (copies == 2) ++counts_.receipts_twice;
  for (int copy = 0; copy < copies; ++copy) {
    if (receipts_waiting() >= receipts_max) {
      ++counts_.receipts_dropped;
      return;
    }
    std::uint32_t place;
    if (free_receipts_.empty()) {
      place = static_cast<std::uint32_t>(receipts_.size());
      receipts_.emplace_back();
    } else {
      place = free_receipts_.back();
      free_receipts_.pop_back();
    }
    auto& receipt = receipts_[place];
    receipt.client = session.client;
    receipt.session = session.id;
    receipt.message_number = message_number;
    receipt.state = state;
    receipt.source_ton = message_.source.ton;
    receipt.source_npi = message_.source.npi;
    receipt.destination_ton = message_.destination.ton;
    receipt.destination_npi = message_.destination.npi;
    receipt.source = message_.source.digits;
    receipt.destination = message_.destination.digits;
    receipt.quote.clear();
    const auto data = smpp::split_user_data(message_.payload(), message_.esm_class);
    smpp::append_quote(receipt.quote, data.body, message_.data_coding, quote_size);
    receipt.submitted = now;
    receipt.done = due;
    receipt.sent = false;
    ++counts_.receipts_due;
    if (due <= now && copy == 0) {
      session.client->ready.push_back(place);
    } else {
      plan(due + copy * options_.receipt_delay, Due::receipt, place);
    }
  }
}

void Smsc::pump(Client& client, Time now) {
  while (!client.ready.empty()) {
    const auto place = client.ready.front();
    auto* session = receiver_for(client, receipts_[place]);
    if (session == nullptr) return;
    client.ready.pop_front();
    send_receipt(*session, place, now);
  }
}

// Nothing when all that may have it are busy, or none is there.
Smsc::Session* Smsc::receiver_for(Client& client, const Receipt& receipt) {
  const auto& receivers = client.receivers;
  const auto is_free = [](const Session* session) {
    return session->deliveries.free() > 0 && session->state != SessionState::unbound;
  };
  const auto own = std::ranges::find(receivers, receipt.session, &Session::id);
  const bool avoid_own = options_.receipts_on_other_session && own != receivers.end() && receivers.size() > 1;
  if (!avoid_own && own != receivers.end() && is_free(*own)) return *own;
  for (std::size_t tried = 0; tried < receivers.size(); ++tried) {
    auto* session = receivers[client.next_receiver++ % receivers.size()];
    if (is_free(session) && !(avoid_own && session == *own)) return session;
  }
  return nullptr;
}

void Smsc::send_receipt(Session& session, std::uint32_t place, Time now) {
  auto& receipt = receipts_[place];
  IdBuffer buffer;
  const auto id = write_id(buffer, options_.receipt_id.value_or(options_.response_id),
                           options_.first_id + receipt.message_number - 1);
  const auto wall = [this](Time time) {
    return options_.wall_at_zero +
           std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  };
  smpp::write_receipt_text(receipt_text_,
                           {id, receipt.state, wall(receipt.submitted), wall(receipt.done), receipt.quote});
  constexpr std::string_view failure = "stat:UNDELIV";
  if (const auto at = receipt_text_.find(failure); options_.vendor_words && at != std::string::npos)
    receipt_text_.replace(at, failure.size(), "stat:NOCRED");

  delivery_.source = {receipt.destination_ton, receipt.destination_npi, receipt.destination};
  delivery_.destination = {receipt.source_ton, receipt.source_npi, receipt.source};
  delivery_.esm_class = esm_class_receipt;
  delivery_.short_message = smpp::as_octets(receipt_text_);
  delivery_.tlvs.clear();
  const auto state = static_cast<std::uint8_t>(receipt.state);
  const auto code = smpp::network_error_of(receipt.state);
  const std::uint8_t network_error[] = {network_gsm, static_cast<std::uint8_t>(code >> 8),
                                        static_cast<std::uint8_t>(code)};
  if (options_.receipt_tlvs && session.version >= version_34) {
    buffer[id.size()] = '\0';
    delivery_.tlvs.push_back({smpp::tag::receipted_message_id, smpp::as_octets({buffer.data(), id.size() + 1})});
    delivery_.tlvs.push_back({smpp::tag::message_state, smpp::Octets(&state, 1)});
    if (code != 0) delivery_.tlvs.push_back({smpp::tag::network_error_code, network_error});
  }
  const auto sequence = next_sequence(session);
  if (smpp::encode(session.queued, {0, id_of(Command::deliver_sm), 0, sequence}, delivery_)) {
    ++counts_.receipts_dropped;  // an address of data_sm that deliver_sm has no room for
    return free_receipt(place);
  }
  smpp::Request request;
  request.sequence = sequence;
  request.command = Command::deliver_sm;
  request.cookie = place;
  request.sent = now;
  request.deadline = now + options_.receipt_retry;
  session.deliveries.open(request);
  if (!session.retry_planned) {
    session.retry_planned = true;
    plan(request.deadline, Due::retry, session.id);
  }
  ++counts_.receipts_sent;
  if (receipt.sent) ++counts_.receipts_repeated;
  receipt.sent = true;
  touch(session);
}

void Smsc::free_receipt(std::uint32_t place) { free_receipts_.push_back(place); }

// The rest

Smsc::Session* Smsc::find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Smsc::touch(Session& session) {
  if (session.is_touched) return;
  session.is_touched = true;
  touched_.push_back(session.id);
}

void Smsc::breach(Session& session, std::string_view what) {
  ++counts_.protocol_errors;
  if (on_note) on_note(session.id, fmt::format("protocol error: {}", what));
}

void Smsc::note(Session& session, std::string_view what) {
  if (on_note) on_note(session.id, what);
}

std::uint32_t Smsc::next_sequence(Session& session) { return session.sequence = smpp::next_sequence(session.sequence); }

Duration Smsc::drawn(Duration delay, Duration jitter) {
  return jitter > Duration::zero() ? delay + Duration(random_.between(0, jitter.count())) : delay;
}

MessageState Smsc::draw_outcome() {
  if (options_.outcomes.size() == 1) return options_.outcomes.front().first;
  double total = 0;
  for (const auto& [state, weight] : options_.outcomes) total += weight;
  auto drawn_weight = static_cast<double>(random_.next() >> 11) * 0x1p-53 * total;
  for (const auto& [state, weight] : options_.outcomes) {
    if (drawn_weight < weight) return state;
    drawn_weight -= weight;
  }
  return MessageState::delivered;
}

}  // namespace smsbridge::bridge::smsc_sim
