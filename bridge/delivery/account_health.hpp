// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/policy/health.hpp"

namespace smsbridge::bridge {

// Whether an account with a carrier or provider can be used: its circuit breaker, with the timer that tries again and
// the words for people. The channel reports what the peer says. The clock is read, the owner is asked and `changed` is
// called on the channel's shard.
class AccountHealth {
 public:
  // `peer`: "carrier" or "provider". `changed`: the account may be used again, or no more.
  AccountHealth(const GatewaySettings& config, std::string peer, boost::asio::any_io_executor executor, Clock& clock,
                Channel::Owner& owner, std::function<void()> changed);

  bool is_open() const { return state() == Health::State::open; }  // nothing may be sent
  // One message at a time shows whether it can be used.
  bool is_probed() const { return state() == Health::State::half_open; }

  // No connection, or a fault of the peer. `unavailable`: for how long it says that it is. Then nothing is counted: its
  // word is better than our guess.
  void at_fault(const std::string& why, std::optional<Duration> unavailable = {});
  // The account is refused, or for long too busy, or it is this message alone: the owner finds out by others.
  void blamed(std::uint64_t cookie, Answer if_at_fault, bool refused, std::optional<Duration> unavailable = {});
  // The peer speaks with us, and means the message.
  void passed();
  void try_now();  // what waits for its time
  void stop();     // tries no more

  void describe(GatewayStatus& status) const;

 private:
  // Asked several times for each message: the clock is read only where the time matters.
  Health::State state() const { return health_.is_closed() ? Health::State::closed : health_.state(clock_.now()); }
  void see_whether_open(bool was_open, bool refused);

  const GatewaySettings& config_;
  const std::string peer_;
  Clock& clock_;
  Channel::Owner& owner_;
  std::function<void()> changed_;
  std::unique_ptr<Timer> timer_;
  mutable Health health_;
  std::string last_error_;  // until a message passes
  bool stopping_ = false;
};

}  // namespace smsbridge::bridge
