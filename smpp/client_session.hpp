// SPDX-License-Identifier: MPL-2.0
// The ESME's side of an SMPP session (SMPP 3.4 section 2): bind, submit, receive, keep alive, unbind. No I/O, no clock,
// no threads: the owner says what happened, takes events and octets to write, and calls on_deadline() in time.
//
// Use, after each input (on_connected, on_bytes, on_deadline, on_closed): take next_event() until there is none; write
// output(); read if wants_read(); close the connection when wants_close() and call on_closed(); arm a timer for
// next_deadline(). Events have to be drained before on_deadline() is called, or an answer that is already here is taken
// for missing. Lost is always the last event of a connection; a new connection begins with on_connected().
//
// A session that ends in peace, by an unbind from either side, takes answers for as long as the peer can still send
// them: nothing new is submitted, and only what has no answer when the peer closes, or after a few seconds, is in
// doubt.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "smpp/framer.hpp"
#include "smpp/lost_reason.hpp"
#include "smpp/operations.hpp"
#include "smpp/pdu.hpp"
#include "smpp/time.hpp"
#include "smpp/window.hpp"

namespace smsbridge::smpp {

struct ClientConfig {
  enum class BindType : std::uint8_t { transmitter, receiver, transceiver };
  BindType bind_type = BindType::transceiver;
  std::string system_id, password, system_type, address_range;
  std::uint8_t interface_version = version_34, addr_ton = 0, addr_npi = 0;
  std::size_t window = 10;
  Duration bind_timeout = std::chrono::seconds(60);
  Duration response_timeout = std::chrono::seconds(60);
  Duration enquire_link_interval = std::chrono::seconds(30);  // zero: never
  Duration enquire_link_timeout = std::chrono::seconds(15);
  Duration frame_timeout = std::chrono::seconds(10);
  Duration unbind_timeout = std::chrono::seconds(5);
  std::uint32_t pdu_size_max = pdu_size_max_limit;  // a message_payload of 64K octets is legal (section 5.3.2.32)
  std::size_t deliveries_max = 1000;                // answers owed, before we stop reading
};

Command bind_command(ClientConfig::BindType type);

struct Bound {
  std::string system_id;
  std::optional<std::uint8_t> interface_version;
};
struct BindRefused {
  std::uint32_t status;
};
// Each submit gets exactly one Answered or Unanswered, each question one Replied.
struct Answered {
  std::uint64_t cookie;
  std::uint32_t status;
  std::string message_id;
  Duration round_trip;
  bool nack = false;                            // by generic_nack: the peer could not read the PDU
  std::optional<std::uint8_t> congestion = {};  // congestion_state of SMPP 5.0, 0 to 100
};
struct Unanswered {  // perhaps sent
  std::uint64_t cookie;
  bool timed_out;    // otherwise the session was lost
  bool sent = true;  // false: surely not, it still was in our queue
};
struct Congested {  // said with an enquire_link_resp; of a submit, see Answered
  std::uint8_t state;
};
struct QuerySmState {
  std::uint8_t message_state = 0;  // SMPP 3.4 section 5.2.28
  std::uint8_t error_code = 0;     // of the network, 0: none
};
struct Replied {  // to a query_sm or cancel_sm; what comes after its time is dropped
  std::uint64_t cookie;
  Command command;
  bool answered;         // otherwise it was not in time, or the session was lost
  std::uint32_t status;  // of the answer
  QuerySmState state;    // of a query with status 0
};
struct LateAnswer {  // after its Unanswered
  std::uint64_t cookie;
  std::uint32_t status;
  std::string message_id;
};
struct Delivered {  // deliver_sm or data_sm; has to be answered with answer_delivery()
  std::uint32_t sequence;
  Command command;
  Message message;
};
struct Refused {  // a request of the peer that was answered with an error; for the log
  std::uint32_t command_id;
  std::uint32_t status;
  std::string detail;
};
struct Lost {
  LostReason reason;
};
using Event =
    std::variant<Bound, BindRefused, Answered, Unanswered, Replied, LateAnswer, Congested, Delivered, Refused, Lost>;

class ClientSession {
 public:
  using State = SessionState;
  enum class SubmitResult : std::uint8_t {
    queued,       // an Answered or Unanswered will follow
    window_full,  // again after the next Answered or Unanswered
    not_bound,    // not sent
    invalid,      // not sent: a field does not fit, see invalid_field()
  };

  explicit ClientSession(ClientConfig config, std::uint64_t jitter_seed = 0);

  // What happened.
  void on_connected(Time now);
  void on_bytes(Octets octets, Time now);
  void on_deadline(Time now);
  void on_closed(Time now);

  // What is wanted.
  SubmitResult submit(const Message& message, std::uint64_t cookie, Time now);
  // They take a place in the window, and `patience` is the time that their answer has (SMPP 3.4 sections 4.8 and 4.9).
  SubmitResult ask(const QuerySm& query, std::uint64_t cookie, Duration patience, Time now) {
    return request(Command::query_sm, query, cookie, patience, now);
  }
  SubmitResult ask(const CancelSm& cancel, std::uint64_t cookie, Duration patience, Time now) {
    return request(Command::cancel_sm, cancel, cookie, patience, now);
  }
  // An answer that is not owed (any more) is dropped.
  void answer_delivery(std::uint32_t sequence, Command command, std::uint32_t status);
  // Nothing new is sent; when the window is empty, unbind, and close.
  void unbind(Time now);
  // Closes without a word, for an answer that says the session is beyond repair.
  void abort(LostReason reason);

  // What to do.
  std::optional<Time> next_deadline() const;
  // Stays where it is until wrote() has been told of all of it, whatever is queued meanwhile.
  Octets output() const;
  void wrote(std::size_t count);
  // Views inside are valid until the next call of on_bytes(), on_connected() or next_event().
  std::optional<Event> next_event();
  bool wants_close() const;
  bool wants_read() const;

  // How things are.
  bool is_bound() const;
  std::size_t window_free() const { return window_.free(); }
  std::size_t in_flight() const { return window_.size(); }
  State state() const { return state_; }
  const PduCounts& sent() const { return sent_; }
  const PduCounts& received() const { return received_; }
  std::optional<Duration> last_enquire_link_round_trip() const { return enquire_round_trip_; }
  std::string_view invalid_field() const { return invalid_field_; }  // of the last submit that was invalid
  // The first octets of what broke the framing, for the log; at most 64, and valid until the next on_bytes().
  Octets broken_frame() const;
  // Likewise, of what came last and is no whole PDU.
  Octets unframed() const;

 private:
  // The first look at a PDU, as soon as it is complete.
  void look_at(Octets frame, Time now);
  // Its turn.
  std::optional<Event> take(Octets frame);
  std::optional<Event> take_response(const Header& header, Octets frame);
  std::optional<Event> take_bind_response(const Header& header, Octets frame);
  std::optional<Event> take_nack(const Header& header);
  std::optional<Event> take_request(const Header& header, Octets frame);
  std::optional<Event> refuse(const Header& header, std::uint32_t status, std::string detail);
  std::optional<Event> next_caused();
  std::optional<Event> next_early();
  std::optional<Event> next_of_loss();

  template <class Body>
  SubmitResult request(Command command, const Body& body, std::uint64_t cookie, Duration patience, Time now);
  static Event without_answer(const Request& request, bool timed_out, bool sent);
  void answer_unbind(std::uint32_t sequence);
  void stray_nack();
  void send_enquire_link(Time now);
  void draw_idle_time();
  void unbind_when_empty();
  void leave(LostReason reason);
  void lose_when_answered();
  void drop_requests();
  void lose(LostReason reason, bool with_last_words);

  std::uint32_t take_sequence();
  void put(Buffer& buffer, Command command, std::uint32_t status, std::uint32_t sequence);
  void put_response(Command request, std::uint32_t status, std::uint32_t sequence);
  void count_sent(Command command) { ++sent_[operation_index(static_cast<std::uint32_t>(command))]; }
  bool is_flushed() const { return writing_done_ == writing_.size() && answers_.empty() && requests_.empty(); }

  ClientConfig config_;
  State state_ = State::closed;
  Framer framer_;
  Window window_;
  GivenUp given_up_;
  std::uint32_t sequence_ = 0;
  Time now_{};  // the latest one told
  std::uint64_t random_;

  // Answers leave before requests, so a full queue of submits does not delay an enquire_link_resp. output() moves both
  // into writing_ when that is used up.
  mutable Buffer writing_, answers_, requests_;
  mutable std::size_t writing_done_ = 0;

  std::deque<Event> events_;  // what deadlines and ends cause; what PDUs cause is made when it is asked for
  // Deliveries that came before the answer to the bind: their turn is behind it.
  std::deque<Buffer> early_;
  Buffer early_frame_;                                  // the one whose turn it is
  std::deque<std::pair<std::uint32_t, Command>> owed_;  // deliveries to answer, oldest first

  std::uint32_t bind_sequence_ = 0;
  std::optional<Time> bind_deadline_;
  Time last_received_{};
  Duration idle_time_{};  // the interval with its jitter
  std::uint32_t enquire_sequence_ = 0;
  Time enquire_sent_{};
  std::optional<Time> enquire_deadline_;
  int enquires_missed_ = 0;
  bool paused_ = false;  // since the last on_deadline() there was a time when we did not read
  std::optional<Duration> enquire_round_trip_;
  std::deque<Time> stray_nacks_;

  bool unbind_wanted_ = false;
  bool peer_unbinds_ = false;
  std::uint32_t unbind_sequence_ = 0;
  std::optional<Time> unbind_deadline_;

  // Nothing new is sent, what is under way is waited for until then, and then the session is lost.
  std::optional<LostReason> leaving_;
  std::optional<Time> leave_deadline_;
  std::optional<LostReason> lost_;
  bool lost_told_ = false;
  std::optional<Time> flush_deadline_;  // the last words are written by then, or never

  std::string_view invalid_field_;
  PduCounts sent_{}, received_{};
};

}  // namespace smsbridge::smpp
