// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bridge/config/gateway.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/random.hpp"
#include "bridge/env/stream.hpp"
#include "bridge/policy/bind_failure.hpp"
#include "bridge/policy/hosts.hpp"
#include "bridge/policy/pace.hpp"
#include "smpp/client_session.hpp"

namespace smsbridge::bridge {

// One bind: connects, drives the session's state machine, and comes back for ever after a loss. It decides nothing
// about messages; its owner, the gateway, does. Lives on the gateway's shard.
class SmppLink : public std::enable_shared_from_this<SmppLink> {
 public:
  enum class State : std::uint8_t { closed, connecting, binding, bound, unbinding, backoff };

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_bound(SmppLink& link) = 0;
    virtual void on_answered(SmppLink& link, const smpp::Answered& answer) = 0;
    virtual void on_late_answer(SmppLink& link, const smpp::LateAnswer& answer) = 0;
    virtual void on_unanswered(SmppLink& link, const smpp::Unanswered& request) = 0;
    virtual void on_replied(SmppLink& link, const smpp::Replied& replied) = 0;
    virtual void on_delivered(SmppLink& link, const smpp::Delivered& delivery) = 0;
    // SMPP 5.0 section 4.8.4.18: how busy the centre is, 0 to 100. Before the answer that said so.
    virtual void on_congestion(SmppLink& link, std::uint8_t state) = 0;
    virtual void on_refused(SmppLink& link, const smpp::Refused& refused) = 0;
    virtual void on_window_moved(SmppLink& link) = 0;  // after a burst of events: there may be room again
    virtual void on_lost(SmppLink& link, smpp::LostReason reason, bool was_bound) = 0;
    // An attempt to connect and bind has failed; last_error() says why, and next_try() when the next one is.
    virtual void on_not_bound(SmppLink& link, metrics::BindResult result) = 0;
  };

  // `session` of `config` says what is common to the gateway's binds. `place`: of its session, which the two binds of a
  // pair share; `hosts` says where to connect to, and learns how it went.
  struct Which {
    int number = 1;
    std::size_t place = 0;
    smpp::ClientConfig::BindType type = smpp::ClientConfig::BindType::transceiver;
  };
  SmppLink(Which which, const GatewaySettings& config, boost::asio::any_io_executor executor, Clock& clock,
           Connector& connector, Random& random, const Pace& pace, Hosts& hosts, Owner& owner);

  void start();
  // Where it waits before the next attempt: tries now.
  void reconnect();
  // Leaves its host in peace, as stop() does, and goes at once to the one that it prefers now.
  void move();
  // Unbinds in peace: no new submits, waits for answers, then closes. Does not come back.
  void stop();
  // Closes at once and does not come back; open submits are reported as unanswered.
  void abort();

  smpp::ClientSession::SubmitResult submit(const smpp::Message& message, std::uint64_t cookie);
  // A query_sm or cancel_sm; on_replied() follows where it is queued.
  template <class Question>
  smpp::ClientSession::SubmitResult ask(const Question& question, std::uint64_t cookie, Duration patience) {
    if (!can_submit()) return smpp::ClientSession::SubmitResult::not_bound;
    const auto result = session_->ask(question, cookie, patience, clock_.now());
    if (result == smpp::ClientSession::SubmitResult::queued) write_soon();
    return result;
  }
  // `generation` is that of the delivery's session; an answer for a session that is gone is dropped.
  void answer_delivery(std::uint64_t generation, std::uint32_t sequence, smpp::Command command, std::uint32_t status);

  int number() const { return which_.number; }
  std::size_t place() const { return which_.place; }
  // Where it is connected, or was last.
  Hosts::Host host() const { return host_; }
  const Address& address() const { return addresses_[host_]; }
  std::optional<Time> bound_since() const { return state_ == State::bound ? std::optional(bound_at_) : std::nullopt; }
  State state() const { return state_; }
  bool is_bound() const { return session_ && session_->is_bound() && !stopping_; }
  // A receiver's bind takes no submits (SMPP 3.4 section 2.3).
  bool can_submit() const {
    return is_bound() && !write_failed_ && session_config_.bind_type != smpp::ClientConfig::BindType::receiver;
  }
  // As far as the pace of the account goes.
  std::size_t window_free() const {
    if (!can_submit()) return 0;
    const auto window = pace_.window(), used = session_->in_flight();
    return window > used ? std::min(session_->window_free(), window - used) : 0;
  }
  std::size_t in_flight() const { return session_ ? session_->in_flight() : 0; }
  // Before it moves: what has begun on it is brought to its end, since parts that came by two binds are never joined.
  void leave(Time by) { leaving_by_ = by; }
  bool is_leaving() const { return is_bound() && leaving_by_; }
  bool may_move(Time now) const { return is_leaving() && (messages_ == 0 || now >= *leaving_by_); }
  bool takes_new() const { return can_submit() && !leaving_by_; }
  // A message whose parts leave by it, until nothing more of it goes out.
  void began() { ++messages_; }
  void ended() { messages_ -= messages_ > 0 ? 1 : 0; }
  std::uint64_t generation() const { return generation_; }
  const std::string& last_error() const { return last_error_; }
  std::optional<Time> next_try() const { return state_ == State::backoff ? std::optional(next_try_) : std::nullopt; }
  const smpp::ClientSession* session() const { return session_.get(); }
  // Over all sessions of this link.
  smpp::PduCounts pdus_sent() const { return session_ ? sum(past_sent_, session_->sent()) : past_sent_; }
  smpp::PduCounts pdus_received() const {
    return session_ ? sum(past_received_, session_->received()) : past_received_;
  }

 private:
  void connect();
  void connected(std::unique_ptr<Stream> stream);
  void read();
  void write();
  void write_soon();
  void cannot_write(boost::system::error_code ec);
  void arm();
  void take_events();
  void lost(smpp::LostReason reason);
  void refused(std::uint32_t status);
  BindFailure why_not_bound(smpp::LostReason reason) const;
  void not_bound(BindFailure failure);
  void put_off();
  void come_back();
  void after_input();
  static smpp::PduCounts sum(smpp::PduCounts a, const smpp::PduCounts& b);

  const Which which_;
  const GatewaySettings& config_;
  const SmppSettings& way_;
  smpp::ClientConfig session_config_;
  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Connector& connector_;
  Random& random_;
  const Pace& pace_;
  Hosts& hosts_;
  Owner& owner_;
  const std::vector<Address> addresses_;
  std::unique_ptr<Timer> deadline_timer_, reconnect_timer_;
  std::unique_ptr<Stream> stream_;
  std::shared_ptr<smpp::ClientSession> session_;  // shared with a write in progress, which reads from its output
  std::vector<std::uint8_t> incoming_;
  State state_ = State::closed;
  std::uint64_t generation_ = 0;  // of the connection: handlers of an earlier one do nothing
  bool reading_ = false, writing_ = false, write_failed_ = false, stopping_ = false, in_events_ = false,
       write_posted_ = false, moving_ = false;
  Hosts::Host host_ = 0;
  std::vector<int> failures_;     // in a row, at each host
  std::vector<Time> not_before_;  // when each may be tried again
  Time bound_at_{};
  Time next_try_{};
  std::optional<Duration> refused_delay_;
  std::optional<Time> leaving_by_;      // it takes nothing new
  std::size_t messages_ = 0;            // that began on it
  bool account_refused_ = false;        // other hosts would say the same, but those where it was bound before
  std::optional<BindFailure> refusal_;  // the answer to the bind
  std::optional<Time> armed_for_;
  std::string last_error_;  // until it is bound
  std::string io_error_;    // how this connection ended
  smpp::PduCounts past_sent_{}, past_received_{};
};

std::string_view name(SmppLink::State state);
// "smsc.example:2775"
std::string name_of(const Address& address);

}  // namespace smsbridge::bridge
