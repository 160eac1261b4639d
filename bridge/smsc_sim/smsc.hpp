// SPDX-License-Identifier: MPL-2.0
// A message centre with all its sessions, for demos, load and faults. No sockets, no clock, no threads: the owner says
// what happened and when, writes output(), closes what wants_close(), and calls on_deadline() in time. So the daemon's
// `smsc-sim` and the simulated world of the tests run the same code. It is also a judge: what a client must not do is
// answered as the standard says, and counted.
//
// Use, after each input (connected, received, closed, wrote, on_deadline): for each of sessions_with_output() write
// output() and tell wrote(), or close the connection and tell closed(). Callbacks must not call back in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/smsc_sim/chance.hpp"
#include "bridge/smsc_sim/options.hpp"
#include "bridge/smsc_sim/phone_message.hpp"
#include "bridge/smsc_sim/receipt_message.hpp"
#include "smpp/server_session.hpp"

namespace smsbridge::bridge::smsc_sim {

// Since the start.
struct Counts {
  std::uint64_t connections = 0, binds = 0, binds_refused = 0, unbinds = 0, enquire_links = 0;
  std::uint64_t submits = 0;   // asked for, whatever became of them
  std::uint64_t accepted = 0;  // taken: answered with 0, swallowed, or answered by cutting the connection
  std::uint64_t throttled = 0, rejected = 0, errors = 0, queue_full = 0;  // refused by options and limits
  std::uint64_t swallowed = 0, disconnects = 0, disconnects_before = 0;
  std::uint64_t receipts_due = 0;          // made, without those that were lost on purpose
  std::uint64_t receipts_sent = 0;         // with repetitions
  std::uint64_t receipts_repeated = 0;     // sent again for want of an answer with 0
  std::uint64_t receipts_answered = 0;     // with 0
  std::uint64_t receipts_refused = 0;      // with another status
  std::uint64_t receipts_lost = 0;         // on purpose
  std::uint64_t receipts_twice = 0;        // on purpose
  std::uint64_t receipts_dropped = 0;      // too many waited, or they could not be written
  std::uint64_t phone_parts_sent = 0;      // of messages of phones, with repetitions
  std::uint64_t phone_parts_answered = 0;  // with 0
  std::uint64_t queries = 0, cancels = 0;  // query_sm, and cancel_sm, whatever they were answered
  std::uint64_t late_answers = 0;          // to a receipt that was given up already
  std::uint64_t nacks = 0;                 // generic_nack received
  std::uint64_t protocol_errors = 0;       // what the client must not do
  std::size_t window_max = 0;              // most submits of one session unanswered; without delay: most in one read
  std::optional<Time> first_submit, last_submit;
};

class Smsc {
 public:
  using SessionId = std::uint64_t;

  // An accepted submit. The strings are overwritten by the next one.
  struct Taken {
    std::uint64_t number = 0;  // from 1
    std::string message_id;    // as in the response
    std::string source, destination;
    std::string text;  // UTF-8
    std::uint8_t esm_class = 0, data_coding = 0;
    std::uint16_t reference = 0;
    int part = 1, parts = 1;
    SessionId session = 0;
  };

  static constexpr std::size_t in_flight_max = 100'000;   // unanswered submits of one session, then 0x14
  static constexpr std::size_t receipts_max = 5'000'000;  // waiting, then they are dropped
  static constexpr std::size_t output_max = 4 << 20;      // octets unwritten, then reading pauses

  explicit Smsc(Options options);
  ~Smsc();
  Smsc(const Smsc&) = delete;
  Smsc& operator=(const Smsc&) = delete;

  // What happened.
  SessionId connected(Time now);
  void received(SessionId id, std::span<const std::uint8_t> octets, Time now);
  void closed(SessionId id, Time now);
  void on_deadline(Time now);

  // What to do.
  std::optional<Time> next_deadline() const;
  // Stays where it is until wrote() has been told of all of it.
  std::span<const std::uint8_t> output(SessionId id) const;
  void wrote(SessionId id, std::size_t count);
  // As soon as the output is written.
  bool wants_close(SessionId id) const;
  // It is one of those that are cut: no farewell, for example of TLS.
  bool is_cut(SessionId id) const;
  // False while the peer does not take what it is sent.
  bool wants_read(SessionId id) const;
  // Those with new output or a new wish to be closed since the last call.
  std::vector<SessionId> sessions_with_output();

  // What it shall do besides.
  void cut(SessionId id);               // at once
  void unbind(SessionId id, Time now);  // the polite way; closed when the client does not answer in 5 s
  void unbind_all(Time now);            // maintenance
  // A phone sends this text to whoever is bound and can receive, or will be. False: it is no text.
  bool from_phone(std::string_view from, std::string_view to, std::string_view text, Time now);
  std::vector<SessionId> sessions() const;
  // May be changed at any time, for example to end all faults.
  Options& options() { return options_; }

  // What it saw.
  const Counts& counts() const { return counts_; }
  std::size_t receipts_waiting() const { return receipts_.size() - free_receipts_.size(); }  // not answered with 0 yet
  std::size_t phone_parts_waiting() const { return phone_parts_.size(); }  // that nobody could have yet
  std::size_t bound_sessions() const;
  std::function<void(const Taken&)> on_taken;
  // For people: binds, refusals, losses, and each protocol error.
  std::function<void(SessionId, std::string_view)> on_note;

 private:
  struct Session;
  struct Client;  // an account with its sessions, and with the receipts that are due
  struct OwnedReceipt : Receipt {
    Client* client = nullptr;
    SessionId session = 0;  // that submitted
    bool sent = false;
    std::optional<PhonePart> phone{};  // instead of a receipt: a message of a phone, or a part of one
  };
  struct Kept {  // a message that can be asked about
    std::string source, destination;
    Time done{};  // from then on it is in its last state
    smpp::MessageState state = smpp::MessageState::delivered;
    std::uint64_t number = 0;
    std::vector<std::uint32_t> receipts;  // their places
  };
  using RequestId = smpp::ServerSession::RequestId;
  enum class Due : std::uint8_t { answer, receipt, line, cut };
  struct Event {
    Time due{};
    std::uint64_t order = 0;  // events of one instant happen in the order they were planned
    Due what = Due::answer;
    std::uint64_t subject = 0;  // session, or place of the receipt
    std::uint64_t message_number = 0;
    std::uint32_t status = 0;
    RequestId request;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return a.due != b.due ? a.due > b.due : a.order > b.order; }
  };

  void take_events(Session& session, Time now);
  void look_after(Session& session);
  void on_deadline_of(Session& session, Time due, Time now);
  void on(Session& session, const smpp::ServerSession::BindWanted& wanted, Time now);
  void on(Session& session, const smpp::ServerSession::Submitted& submitted, Time now);
  void on(Session& session, const smpp::ServerSession::Asked& asked, Time now);
  void on(Session& session, const smpp::ServerSession::DeliveryAnswered& answered, Time now);
  void on(Session& session, const smpp::ServerSession::Undelivered& undelivered, Time now);
  void on(Session& session, const smpp::ServerSession::LateAnswer& late, Time now);
  void on(Session& session, const smpp::ServerSession::Nacked& nacked, Time now);
  void on(Session& session, const smpp::ServerSession::UnbindWanted& wanted, Time now);
  void on(Session& session, const smpp::ServerSession::UnbindAnswered& answered, Time now);
  void on(Session& session, const smpp::ServerSession::Refused& refused, Time now);
  void on(Session& session, const smpp::ServerSession::Lost& lost, Time now);

  void count_submit(Time now);
  std::uint32_t refusal(Session& session, const smpp::Message& message, Time now);
  bool is_poison(const smpp::Message& message) const;
  void accept(Session& session, const smpp::ServerSession::Submitted& submitted, Time now);
  void tell_taken(Session& session, const smpp::Message& message, std::uint64_t number);
  void plan(Time due, Due what, std::uint64_t subject);
  void plan(Event event);
  void answer_later(Session& session, RequestId request, std::uint32_t status, Time now);
  void answer_submit(Session& session, RequestId request, std::uint32_t status, std::uint64_t message_number);

  void plan_receipts(Session& session, const smpp::Message& message, std::uint64_t message_number, Time due, Time now);
  bool wants_receipt(const smpp::Message& message, smpp::MessageState state) const;
  Kept* keep(const smpp::Message& message, std::uint64_t message_number, smpp::MessageState state, Time done);
  Kept* kept_as(std::string_view message_id, std::string_view source);
  void answer_query(Session& session, RequestId request, const smpp::QuerySm& query, Time now);
  void answer_cancel(Session& session, RequestId request, const smpp::CancelSm& cancel, Time now);
  std::uint32_t free_place();
  void give_phone_parts(Client& client, Time now);
  void pump(Client& client, Time now);
  Session* receiver_for(Client& client, const OwnedReceipt& receipt);
  void send_receipt(Session& session, std::uint32_t place, Time now);
  void free_receipt(std::uint32_t place);

  Session* find(SessionId id) const;
  void leave(Session& session, Time now);
  void cut_off(Session& session);
  void touch(Session& session);
  void breach(Session& session, std::string_view what);
  void note(Session& session, std::string_view what);

  Options options_;
  Chance chance_;
  Counts counts_;
  SessionId last_session_ = 0;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_order_ = 0;
  std::unordered_map<SessionId, std::unique_ptr<Session>> sessions_;
  std::map<std::string, std::unique_ptr<Client>, std::less<>> clients_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::deque<OwnedReceipt> receipts_;  // places are used again
  std::vector<std::uint32_t> free_receipts_;
  std::unordered_map<std::string, Kept> kept_;  // by message id
  std::deque<std::string> kept_order_;          // the oldest first
  std::vector<SessionId> touched_;
  std::deque<PhonePart> phone_parts_;  // of before anybody could receive
  std::uint16_t last_reference_ = 0;

  // Kept between PDUs for their memory.
  ReceiptMessage receipt_message_;
  Taken taken_;
};

}  // namespace smsbridge::bridge::smsc_sim
