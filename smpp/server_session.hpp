// SPDX-License-Identifier: MPL-2.0
// The message centre's side of an SMPP session (SMPP 3.4 section 2), the counterpart of ClientSession: it is bound to,
// takes requests, delivers, keeps alive and says goodbye. No I/O, no clock, no threads. One object is one connection.
//
// Use, after each input (on_bytes, on_deadline, on_closed): take next_event() until there is none; write output(); read
// if wants_read(); close the connection when wants_close() and call on_closed(); arm a timer for next_deadline(). The
// owner decides: it answers each BindWanted with answer_bind(), now or later, and owes each Submitted and Asked one
// answer(), or one forget(). What the client got wrong is answered here and told as Refused. Each delivery gets exactly
// one DeliveryAnswered or Undelivered. Lost is the last event.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "smpp/framer.hpp"
#include "smpp/lost_reason.hpp"
#include "smpp/operations.hpp"
#include "smpp/output_queue.hpp"
#include "smpp/pdu.hpp"
#include "smpp/sequence_set.hpp"
#include "smpp/time.hpp"
#include "smpp/window.hpp"

namespace smsbridge::smpp {

struct ServerConfig {
  std::string system_id;                                 // ours, in the answer to a bind
  Duration bind_timeout = std::chrono::seconds(10);      // from the connection to the answer of the bind; zero: never
  Duration enquire_link_interval{};                      // how often a bound client is asked; zero: never
  Duration enquire_link_timeout{};                       // of silence after we asked; zero: it may be silent for ever
  Duration response_timeout = std::chrono::seconds(60);  // of a delivery
  Duration frame_timeout = std::chrono::seconds(10);     // of half a PDU; zero: never
  Duration unbind_timeout = std::chrono::seconds(5);
  std::size_t window = 10;           // deliveries without an answer
  std::size_t requests_max = 1000;   // requests that we owe an answer, then ESME_RMSGQFUL
  std::size_t output_max = 4 << 20;  // octets that the client does not take, then reading pauses
  std::uint32_t pdu_size_max = pdu_size_max_limit;
};

class ServerSession {
 public:
  using State = SessionState;

  // Names a request of the client until it is answered.
  struct RequestId {
    std::uint32_t sequence = 0;
    Command command = Command::submit_sm;
  };

  // Views inside of events are valid until the next call of on_bytes() or next_event().
  struct BindWanted {  // nothing else is looked at before answer_bind()
    State kind;        // the state that it asks for
    Bind bind;
  };
  struct Submitted {  // submit_sm or data_sm
    RequestId id;
    Message message;
  };
  struct Asked {  // query_sm, cancel_sm, replace_sm or submit_multi
    RequestId id;
    Body body;
  };
  struct DeliveryAnswered {
    std::uint64_t cookie;
    std::uint32_t status;
    bool nack = false;  // by generic_nack, which is no consent whatever its status
  };
  struct Undelivered {  // perhaps it has arrived
    std::uint64_t cookie;
    bool timed_out;  // otherwise the session was lost
  };
  struct LateAnswer {  // after its Undelivered
    std::uint64_t cookie;
    std::uint32_t status;
  };
  struct Nacked {  // the client could not read something; a DeliveryAnswered follows when it was a delivery
    std::uint32_t sequence;
    std::uint32_t status;
  };
  // The session goes on until what is owed is answered, and what is forgotten is not owed.
  struct UnbindWanted {};    // by the client: there will be no new requests
  struct UnbindAnswered {};  // ours, by the client
  // What was answered with an error, or, with status 0, overlooked; for the log.
  struct Refused {
    std::uint32_t command_id;
    std::uint32_t status;
    std::string detail;
    bool breach = true;  // against the standard; false: what a client without a fault may meet
  };
  struct Lost {
    LostReason reason;
  };
  using Event = std::variant<BindWanted, Submitted, Asked, DeliveryAnswered, Undelivered, LateAnswer, Nacked,
                             UnbindWanted, UnbindAnswered, Refused, Lost>;
  enum class DeliverResult : std::uint8_t {
    queued,       // a DeliveryAnswered or Undelivered will follow
    window_full,  // again after the next of these
    not_bound,    // not sent, and never on this session if it is a transmitter's
    invalid,      // not sent: a field does not fit
  };

  ServerSession(ServerConfig config, Time now);

  // What happened.
  void on_bytes(Octets octets, Time now);
  void on_deadline(Time now);
  void on_closed(Time now);

  // What the owner decides.
  void answer_bind(std::uint32_t status, Time now);
  void answer(RequestId id, std::uint32_t status);  // a refusal, or the consent of a request without a body in it
  // False: a field does not fit, and the answer is still owed.
  [[nodiscard]] bool answer(RequestId id, const MessageResp& response) { return answer_with(id, response); }
  [[nodiscard]] bool answer(RequestId id, const SubmitMultiResp& response) { return answer_with(id, response); }
  [[nodiscard]] bool answer(RequestId id, const QuerySmResp& response) { return answer_with(id, response); }
  // It will not be answered: what must not be done to a client that is not being tested.
  void forget(RequestId id);
  void forget_all();
  DeliverResult deliver(const Message& message, std::uint64_t cookie, Time now);
  // At once. What is owed may be answered behind it, new requests are refused.
  void unbind(Time now);
  // Without a word; only what is queued already still leaves.
  void abort(LostReason reason);

  // What to do.
  std::optional<Time> next_deadline() const;
  // Stays where it is until wrote() has been told of all of it, whatever is queued meanwhile.
  Octets output() const { return out_.front(); }
  void wrote(std::size_t count) { out_.wrote(count); }
  std::optional<Event> next_event();
  bool wants_close() const { return lost_ && output().empty(); }
  bool wants_read() const;

  // How things are.
  State state() const { return state_; }
  bool is_bound() const;
  bool may_deliver() const { return state_ == State::bound_rx || state_ == State::bound_trx; }
  bool is_lost() const { return lost_.has_value(); }
  std::uint8_t interface_version() const { return version_; }  // the client's
  std::size_t window_free() const { return window_.free(); }
  std::size_t owed() const { return owed_; }
  std::uint64_t octets_queued() const { return out_.octets_put(); }  // since the beginning
  const PduCounts& sent() const { return out_.counts(); }
  const PduCounts& received() const { return received_; }

 private:
  std::optional<Event> take(Octets frame);
  std::optional<Event> take_request(const Header& header, Octets frame);
  std::optional<Event> take_bind(const Header& header, Octets frame);
  std::optional<Event> take_submit(const Header& header, Octets frame);
  std::optional<Event> take_question(const Header& header, Octets frame);
  std::optional<Event> take_bodiless(const Header& header, Octets frame);
  std::optional<Event> take_response(const Header& header);
  std::optional<Event> take_delivery_answer(const Header& header);
  std::optional<Event> refuse_if_untimely(const Header& header);
  void note_oddities(const Header& header);
  Event refuse(const Header& header, Command response, std::uint32_t status, std::string detail, bool breach = true);
  Event overlook(const Header& header, std::string detail);

  template <class Response>
  bool answer_with(RequestId id, const Response& response);
  void owe(RequestId id);
  void pay(std::uint32_t sequence);
  void finish_unbind();
  void enquire(Time now);
  void lose(LostReason reason);
  std::optional<Event> next_of_loss();
  std::uint32_t take_sequence() { return sequence_ = next_sequence(sequence_); }

  ServerConfig config_;
  State state_ = State::open;
  Time now_;  // the latest one told
  Framer framer_;
  std::deque<Event> events_;  // what deadlines cause, and what was overlooked

  std::optional<RequestId> bind_;  // waits for answer_bind()
  State kind_ = State::open;       // what it asks for
  std::uint8_t version_ = 0;
  std::optional<Time> bind_deadline_;

  SequenceSet unanswered_;  // the numbers of what we owe
  std::size_t owed_ = 0;    // with those whose number is used twice
  Window window_;           // deliveries
  GivenUp given_up_;
  std::uint32_t sequence_ = 0;

  SequenceSet enquiries_;  // without an answer: several, while a client does not read
  std::optional<Time> enquire_due_;
  std::optional<Time> silent_since_;  // we have asked, and nothing came

  std::optional<std::uint32_t> client_unbind_;  // the number of the client's unbind, until we answer it
  std::uint32_t unbind_sequence_ = 0;           // of ours
  bool unbind_answered_ = false;
  std::optional<Time> unbind_deadline_;
  std::optional<LostReason> lost_;
  bool lost_told_ = false;

  OutputQueue out_;
  PduCounts received_{};
};

}  // namespace smsbridge::smpp
