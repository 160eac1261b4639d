// SPDX-License-Identifier: MPL-2.0
#include "smpp/client_session.hpp"

#include <algorithm>
#include <utility>

#include "smpp/receipt.hpp"
#include "smpp/status.hpp"

namespace smsbridge::smpp {
namespace {

constexpr int enquires_missed_max = 2;
constexpr std::size_t unread_max =
    1 << 20;  // octets received that nobody takes, or answers that the peer does not read

bool is_bound_state(SessionState state) {
  return state == SessionState::bound_tx || state == SessionState::bound_rx || state == SessionState::bound_trx;
}

void lower_to(std::optional<Time>& earliest, std::optional<Time> time) {
  if (time && (!earliest || *time < *earliest)) earliest = time;
}

}  // namespace

Command bind_command(ClientConfig::BindType type) {
  switch (type) {
    case ClientConfig::BindType::transmitter:
      return Command::bind_transmitter;
    case ClientConfig::BindType::receiver:
      return Command::bind_receiver;
    case ClientConfig::BindType::transceiver:
      break;
  }
  return Command::bind_transceiver;
}

ClientSession::ClientSession(ClientConfig config, std::uint64_t jitter_seed)
    : config_(std::move(config)), framer_(config_.pdu_size_max), window_(config_.window), random_(jitter_seed) {}

void ClientSession::on_connected(Time now) {
  // Nothing of an earlier connection is left: numbers begin at 1 again (some message centres insist), and octets or
  // answers meant for the old connection must not reach the new one.
  now_ = now;
  state_ = State::open;
  framer_.clear();
  while (window_.take_oldest()) continue;
  given_up_.clear();
  sequence_ = 0;
  writing_.clear();
  answers_.clear();
  requests_.clear();
  writing_done_ = 0;
  events_.clear();
  early_.clear();
  owed_.clear();
  enquire_deadline_.reset();
  enquires_missed_ = 0;
  paused_ = false;
  enquire_sequence_ = unbind_sequence_ = 0;
  stray_nacks_.clear();
  unbind_wanted_ = peer_unbinds_ = false;
  unbind_deadline_.reset();
  leaving_.reset();
  leave_deadline_.reset();
  lost_.reset();
  lost_told_ = false;
  flush_deadline_.reset();
  last_received_ = now;
  draw_idle_time();

  const auto command = bind_command(config_.bind_type);
  bind_sequence_ = take_sequence();
  bind_deadline_ = now + config_.bind_timeout;
  const Bind bind{config_.system_id, config_.password, config_.system_type,  config_.interface_version,
                  config_.addr_ton,  config_.addr_npi, config_.address_range};
  const Header header{.command_id = static_cast<std::uint32_t>(command), .sequence = bind_sequence_};
  if (const auto error = encode(requests_, header, bind)) {
    // The configuration promised fields that fit. A bind that was cut would only lock the account.
    invalid_field_ = error->field;
    return lose(LostReason::local, false);
  }
  count_sent(command);
}

void ClientSession::on_bytes(Octets octets, Time now) {
  now_ = now;
  if (lost_ || state_ == State::closed) return;
  framer_.feed(octets, now);
  while (const auto frame = framer_.look()) look_at(*frame, now);
  if (!framer_.is_broken()) return;
  // SMPP 3.4 section 3.2: without a usable length the next PDU cannot be found.
  const auto header = decode_header(framer_.broken_frame());
  put(answers_, Command::generic_nack, status_invalid_command_length, header ? header->sequence : 0);
  lose(LostReason::protocol_error, true);
}

void ClientSession::on_deadline(Time now) {
  now_ = now;
  if (state_ == State::closed) return;
  if (lost_) {
    if (flush_deadline_ && *flush_deadline_ <= now) {
      flush_deadline_.reset();
      writing_.clear();
      answers_.clear();
      writing_done_ = 0;
    }
    return;
  }
  if (bind_deadline_ && *bind_deadline_ <= now) return lose(LostReason::bind_timeout, false);
  // While we do not read, the peer's silence is our own doing.
  if (std::exchange(paused_, !wants_read())) {
    framer_.restart_partial(now);
    last_received_ = now;
    enquire_deadline_.reset();
  }
  if (const auto since = framer_.partial_since(); since && *since + config_.frame_timeout <= now)
    return lose(LostReason::frame_timeout, false);

  while (const auto request = window_.take_expired(now)) {
    if (request->command == Command::submit_sm) given_up_.remember(request->sequence, request->cookie);
    events_.push_back(without_answer(*request, true, true));
  }
  unbind_when_empty();
  if (unbind_deadline_ && *unbind_deadline_ <= now) return lose(LostReason::local, true);
  if (leaving_) {
    if (*leave_deadline_ <= now) return lose(*leaving_, true);
    return lose_when_answered();
  }

  if (enquire_deadline_ && *enquire_deadline_ <= now) {
    enquire_deadline_.reset();
    if (++enquires_missed_ >= enquires_missed_max) return lose(LostReason::enquire_link_timeout, false);
    return send_enquire_link(now);
  }
  const bool is_idle = config_.enquire_link_interval > Duration::zero() && state_ != State::open &&
                       !enquire_deadline_ && last_received_ + idle_time_ <= now;
  if (is_idle) send_enquire_link(now);
}

void ClientSession::on_closed(Time now) {
  now_ = now;
  if (state_ == State::closed) return;
  // Instead of answering an unbind, some message centres just close.
  if (!lost_)
    lose(unbind_deadline_ ? LostReason::local
         : leaving_       ? *leaving_
         : peer_unbinds_  ? LostReason::peer_unbind
                          : LostReason::peer_closed,
         false);
  state_ = State::closed;
  flush_deadline_.reset();
  writing_.clear();
  answers_.clear();
  requests_.clear();
  writing_done_ = 0;
}

ClientSession::SubmitResult ClientSession::submit(const Message& message, std::uint64_t cookie, Time now) {
  return request(Command::submit_sm, message, cookie, config_.response_timeout, now);
}

template <class Body>
ClientSession::SubmitResult ClientSession::request(Command command, const Body& body, std::uint64_t cookie,
                                                   Duration patience, Time now) {
  now_ = now;
  if (lost_ || leaving_ || peer_unbinds_ || !may_send(state_, command)) return SubmitResult::not_bound;
  if (window_.free() == 0) return SubmitResult::window_full;
  const auto sequence = take_sequence();
  const Header header{.command_id = static_cast<std::uint32_t>(command), .sequence = sequence};
  if (const auto error = encode(requests_, header, body)) {
    sequence_ = sequence == 1 ? sequence_max : sequence - 1;
    invalid_field_ = error->field;
    return SubmitResult::invalid;
  }
  window_.open({sequence, command, cookie, now, now + patience});
  count_sent(command);
  return SubmitResult::queued;
}
template ClientSession::SubmitResult ClientSession::request(Command, const QuerySm&, std::uint64_t, Duration, Time);
template ClientSession::SubmitResult ClientSession::request(Command, const CancelSm&, std::uint64_t, Duration, Time);

Event ClientSession::without_answer(const Request& request, bool timed_out, bool sent) {
  if (request.command == Command::submit_sm) return Unanswered{request.cookie, timed_out, sent};
  return Replied{request.cookie, request.command, false, 0, {}};
}

void ClientSession::answer_delivery(std::uint32_t sequence, Command command, std::uint32_t status) {
  // Answers come mostly in order, so this finds its delivery at the front.
  const auto owed = std::ranges::find(owed_, std::pair(sequence, command));
  if (owed == owed_.end()) return;
  owed_.erase(owed);
  if (lost_) return;
  put_response(command, status, sequence);
  lose_when_answered();
}

void ClientSession::unbind(Time now) {
  now_ = now;
  if (lost_ || unbind_wanted_ || state_ == State::closed) return;
  if (!is_bound_state(state_)) return lose(LostReason::local, false);
  unbind_wanted_ = true;
  state_ = State::unbinding;
  unbind_when_empty();
}

void ClientSession::abort(LostReason reason) {
  if (!lost_ && state_ != State::closed) lose(reason, false);
}

std::optional<Time> ClientSession::next_deadline() const {
  std::optional<Time> earliest;
  if (state_ == State::closed) return earliest;
  if (lost_) return is_flushed() ? earliest : flush_deadline_;
  lower_to(earliest, bind_deadline_);
  if (const auto since = framer_.partial_since()) lower_to(earliest, *since + config_.frame_timeout);
  lower_to(earliest, window_.next_deadline());
  lower_to(earliest, unbind_deadline_);
  lower_to(earliest, leave_deadline_);
  if (config_.enquire_link_interval > Duration::zero() && state_ != State::open && !leaving_)
    lower_to(earliest, enquire_deadline_ ? *enquire_deadline_ : last_received_ + idle_time_);
  return earliest;
}

Octets ClientSession::output() const {
  if (writing_done_ == writing_.size() && !(answers_.empty() && requests_.empty())) {
    writing_.clear();
    writing_done_ = 0;
    if (answers_.empty()) {
      std::swap(writing_, requests_);
    } else {
      std::swap(writing_, answers_);
      writing_.insert(writing_.end(), requests_.begin(), requests_.end());
      requests_.clear();
    }
  }
  return Octets(writing_).subspan(writing_done_);
}

void ClientSession::wrote(std::size_t count) { writing_done_ = std::min(writing_done_ + count, writing_.size()); }

std::optional<Event> ClientSession::next_event() {
  if (auto event = next_caused()) return event;
  if (auto event = next_early()) return event;
  while (const auto frame = framer_.next()) {
    if (auto event = take(*frame)) return event;
    if (auto event = next_caused()) return event;
  }
  return lost_ ? next_of_loss() : std::nullopt;
}

std::optional<Event> ClientSession::next_early() {
  while (!early_.empty() && state_ != State::open && !lost_) {
    early_frame_ = std::move(early_.front());
    early_.pop_front();
    if (auto event = take(early_frame_)) return event;
  }
  return std::nullopt;
}

std::optional<Event> ClientSession::next_caused() {
  if (events_.empty()) return std::nullopt;
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

bool ClientSession::wants_close() const { return lost_ && is_flushed(); }

bool ClientSession::wants_read() const {
  return !lost_ && state_ != State::closed && owed_.size() < config_.deliveries_max && framer_.size() < unread_max &&
         answers_.size() < unread_max;
}

bool ClientSession::is_bound() const { return is_bound_state(state_) && !lost_ && !leaving_ && !peer_unbinds_; }

Octets ClientSession::broken_frame() const {
  const auto frame = framer_.broken_frame();
  return frame.first(std::min<std::size_t>(frame.size(), 64));
}

Octets ClientSession::unframed() const {
  const auto rest = framer_.rest();
  return rest.first(std::min<std::size_t>(rest.size(), 64));
}

// Each open submit is told once, then the loss itself when the last words are out.
std::optional<Event> ClientSession::next_of_loss() {
  if (const auto request = window_.take_oldest()) return without_answer(*request, false, true);
  if (lost_told_ || !is_flushed()) return std::nullopt;
  lost_told_ = true;
  return Lost{*lost_};
}

void ClientSession::answer_unbind(std::uint32_t sequence) {
  put(answers_, Command::unbind_resp, status_ok, sequence);
  peer_unbinds_ = true;
  drop_requests();
}

// The session is over, but answers may be under way or lie behind the PDU that ended it. The peer has them sent:
// without them the messages would be in doubt, and go out twice.
void ClientSession::leave(LostReason reason) {
  if (lost_ || leaving_ || !(is_bound_state(state_) || state_ == State::unbinding)) return;
  leaving_ = reason;
  leave_deadline_ = now_ + config_.unbind_timeout;
  enquire_deadline_.reset();
  unbind_deadline_.reset();
  drop_requests();
  lose_when_answered();
}

void ClientSession::lose_when_answered() {
  if (leaving_ && !lost_ && window_.size() == 0 && owed_.empty()) lose(*leaving_, true);
}

// What has not left surely was not sent.
void ClientSession::drop_requests() {
  for (auto rest = Octets(requests_); rest.size() >= header_size;) {
    const auto header = *decode_header(rest);
    if (const auto request = window_.close(header.sequence)) events_.push_back(without_answer(*request, false, false));
    rest = rest.subspan(std::min<std::size_t>(header.length, rest.size()));
  }
  requests_.clear();
}

void ClientSession::send_enquire_link(Time now) {
  enquire_sequence_ = take_sequence();
  enquire_sent_ = now;
  enquire_deadline_ = now + config_.enquire_link_timeout;
  put(answers_, Command::enquire_link, status_ok, enquire_sequence_);
  draw_idle_time();
}

// Ten percent more or less, so that links which were bound together do not ask together for ever.
void ClientSession::draw_idle_time() {
  // SplitMix64, because seeds may be as close as 1 and 2.
  auto mixed = random_ += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  mixed ^= mixed >> 31;
  const auto fraction = static_cast<double>(mixed >> 11) / static_cast<double>(std::uint64_t{1} << 53);
  const auto interval = static_cast<double>(config_.enquire_link_interval.count());
  idle_time_ = Duration(static_cast<Duration::rep>(interval * (0.9 + 0.2 * fraction)));
}

void ClientSession::unbind_when_empty() {
  if (!unbind_wanted_ || unbind_deadline_ || lost_ || leaving_ || peer_unbinds_ || window_.size() > 0) return;
  unbind_sequence_ = take_sequence();
  unbind_deadline_ = now_ + config_.unbind_timeout;
  put(requests_, Command::unbind, status_ok, unbind_sequence_);
}

void ClientSession::lose(LostReason reason, bool with_last_words) {
  lost_ = reason;
  state_ = State::unbound;
  bind_deadline_.reset();
  leave_deadline_.reset();
  owed_.clear();
  drop_requests();
  if (with_last_words) {
    flush_deadline_ = now_ + config_.unbind_timeout;
  } else {
    answers_.clear();
    writing_.clear();
    writing_done_ = 0;
  }
}

std::uint32_t ClientSession::take_sequence() { return sequence_ = next_sequence(sequence_); }

void ClientSession::put(Buffer& buffer, Command command, std::uint32_t status, std::uint32_t sequence) {
  encode(buffer, Header{.command_id = static_cast<std::uint32_t>(command), .status = status, .sequence = sequence});
  count_sent(command);
}

void ClientSession::put_response(Command request, std::uint32_t status, std::uint32_t sequence) {
  const auto response = response_to(request);
  if (request != Command::deliver_sm && request != Command::data_sm) return put(answers_, response, status, sequence);
  // The empty message_id belongs to these also in an error (SMPP 3.4 sections 4.6.2 and 4.7.2).
  const Header header{.command_id = static_cast<std::uint32_t>(response), .status = status, .sequence = sequence};
  if (!encode(answers_, header, MessageResp{})) count_sent(response);
}

}  // namespace smsbridge::smpp
