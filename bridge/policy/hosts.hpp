// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bridge/config/gateway.hpp"

namespace smsbridge::bridge {

// Which of a carrier's hosts a session connects to. One that failed stands behind the others until it was good for a
// while; then its sessions come home to it. One that failed again soon after they did is waited for longer, so that a
// host that takes connections and no binds does not cost each of them a minute again and again. Shared by the sessions
// of a gateway. Pure: the caller brings the time.
class Hosts {
 public:
  using Host = std::size_t;            // place in the settings
  using Use = SmppSettings::UseHosts;  // all on the first that is good, or each on its own

  Hosts(std::size_t count, Use use, Duration return_after)
      : use_(use), return_after_(return_after), hosts_(std::max<std::size_t>(count, 1)) {}

  std::size_t count() const { return hosts_.size(); }
  // Where session `place` belongs.
  Host home(std::size_t place) const { return use_ == Use::spread ? place % hosts_.size() : 0; }

  struct Choice {
    Host host = 0;
    Time at{};  // not before
  };
  // `not_before`: when the session may go to each host again.
  Choice next(std::size_t place, std::span<const Time> not_before, Time now) const {
    const auto at = [&](Host host) { return std::max({now, not_before[host], hosts_[host].left_alone_until}); };
    const auto order = [&](Host host) {
      const auto& h = hosts_[host];
      return std::tuple(at(host), !h.trusted || h.refused_at != never, h.refused_at, rank(place, host));
    };
    Host best = 0;
    for (Host host = 1; host < hosts_.size(); ++host)
      if (order(host) < order(best)) best = host;
    return {.host = best, .at = at(best)};
  }
  // Whether a session that is bound at `current` is to go to another one, which it prefers.
  std::optional<Host> better(std::size_t place, Host current, Time now) const {
    std::optional<Host> best;
    for (Host host = 0; host < hosts_.size(); ++host)
      if (hosts_[host].trusted && hosts_[host].left_alone_until <= now &&
          rank(place, host) < rank(place, best.value_or(current)))
        best = host;
    return best;
  }

  // The carrier took the account there. Until it refuses it, a refusal elsewhere is that other host's fault, and says
  // nothing of this one. Where none took it, it is the account's, as far as we know: the hosts are asked in turn, and
  // the first that takes it shows whose fault it was.
  void bound(Host host, Time now) {
    hosts_[host].takes_account = true;
    hosts_[host].refused_at = never;
    for (Host other = 0; other < hosts_.size(); ++other)
      if (std::exchange(hosts_[other].refused_at, never) != never) failed(other, now, hosts_[other].why);
  }
  bool takes_account(Host host) const { return hosts_[host].takes_account; }
  void refused(Host host, Time now, std::string why) {
    hosts_[host].takes_account = false;
    if (std::ranges::any_of(hosts_, &State::takes_account)) return failed(host, now, std::move(why));
    hosts_[host].refused_at = now;
    hosts_[host].why = std::move(why);
  }
  void failed(Host host, Time now, std::string why) {
    auto& h = hosts_[host];
    h.why = std::move(why);
    h.good_since.reset();
    if (!std::exchange(h.trusted, false)) return;
    const bool soon = h.trusted_since && now - *h.trusted_since < h.wait;
    h.wait = soon ? std::min(2 * h.wait, waits_max * return_after_) : return_after_;
    h.failed_at = now;
  }
  // It takes connections, or a session is bound there. True: it was good for long enough by now.
  bool works(Host host, Time now) {
    auto& h = hosts_[host];
    if (h.trusted) return false;
    if (!h.good_since) h.good_since = now;
    if (now - *h.good_since < h.wait) return false;
    h.trusted = true;
    h.trusted_since = now;
    return true;
  }
  // As it asked for.
  void leave_alone(Host host, Time until) {
    auto& left = hosts_[host].left_alone_until;
    left = std::max(left, until);
  }
  // Somebody wants to know.
  void try_now() {
    for (auto& host : hosts_) host.left_alone_until = {};
  }

  bool is_trusted(Host host) const { return hosts_[host].trusted; }
  bool is_left_alone(Host host, Time now) const { return hosts_[host].left_alone_until > now; }
  // Of one that is not trusted.
  Time failed_at(Host host) const { return hosts_[host].failed_at; }
  const std::string& why(Host host) const { return hosts_[host].why; }

 private:
  static constexpr int waits_max = 8;
  static constexpr Time never = Time::min();
  std::size_t rank(std::size_t place, Host host) const { return (host + hosts_.size() - home(place)) % hosts_.size(); }
  struct State {
    bool trusted = true, takes_account = false;
    std::optional<Time> good_since;     // of one that is not trusted
    std::optional<Time> trusted_since;  // again
    Duration wait{};
    Time failed_at{}, left_alone_until{};
    Time refused_at = never;  // the account, and none took it since
    std::string why;
  };
  const Use use_;
  const Duration return_after_;
  std::vector<State> hosts_;
};

}  // namespace smsbridge::bridge
