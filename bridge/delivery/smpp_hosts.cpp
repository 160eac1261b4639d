// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/smpp_hosts.hpp"

#include <algorithm>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_every_min = 1s, look_every_max = 30s, try_timeout = 10s, leave_within = 60s;

}  // namespace

SmppHosts::SmppHosts(const GatewaySettings& config, boost::asio::any_io_executor executor, Clock& clock,
                     Connector& connector, Random& random, metrics::SmppMetrics& metrics, const Links& links)
    : config_(config),
      executor_(executor),
      clock_(clock),
      connector_(connector),
      random_(random),
      metrics_(metrics),
      links_(links),
      addresses_(config.smpp().addresses()),
      hosts_(addresses_.size(), config.smpp().use_hosts, config.smpp().return_after),
      trying_(addresses_.size()),
      look_timer_(clock.timer(executor)) {}

void SmppHosts::start() {
  for (const auto& link : links_) last_.push_back(hosts_.home(link->place()));
  if (hosts_.count() == 1) return;
  const auto every = std::clamp(config_.smpp().return_after / 4, look_every_min, look_every_max);
  look_timer_->at(clock_.now() + random_.jitter(every, 0.1), [this] { look(); });
}

void SmppHosts::stop() {
  look_timer_->cancel();
  alive_.reset();
}

void SmppHosts::look() {
  const bool any = std::ranges::any_of(links_, [](const auto& link) { return link->is_bound(); });
  for (Hosts::Host host = 0; host < hosts_.count(); ++host) {
    if (hosts_.is_trusted(host)) continue;
    if (sessions_at(host) > 0)
      works(host);
    else if (any && !hosts_.is_left_alone(host, clock_.now()))  // else the sessions try by themselves
      try_out(host);
  }
  const bool is_leaving = bring_one_home();
  const auto every = std::clamp(config_.smpp().return_after / 4, look_every_min, look_every_max);
  look_timer_->at(clock_.now() + (is_leaving ? look_every_min : random_.jitter(every, 0.1)), [this] { look(); });
}

void SmppHosts::try_out(Hosts::Host host) {
  if (trying_[host]) return;
  trying_[host] = true;
  connector_.connect(executor_, addresses_[host], clock_.now() + try_timeout,
                     [this, host, alive = std::weak_ptr(alive_)](ConnectStage stage, const std::string& detail,
                                                                 const std::unique_ptr<Stream>&) {
                       if (alive.expired()) return;
                       trying_[host] = false;
                       if (stage != ConnectStage::ok)
                         return hosts_.failed(host, clock_.now(), explain_stage(stage, detail).text);
                       works(host);
                     });
}

void SmppHosts::works(Hosts::Host host) {
  if (hosts_.works(host, clock_.now()))
    log::info("gateway", "a host of the carrier is good again", "gateway", config_.name, "host",
              name_of(addresses_[host]));
}

// The next one follows when this one is bound again. True: one waits for the end of what it has begun.
bool SmppHosts::bring_one_home() {
  using enum SmppLink::State;
  const bool busy = std::ranges::any_of(links_, [](const auto& link) {
    return link->state() == connecting || link->state() == binding || link->state() == unbinding;
  });
  if (busy) return false;
  auto leaving = std::ranges::find_if(links_, [](const auto& link) { return link->is_leaving(); });
  for (auto it = links_.begin(); leaving == links_.end() && it != links_.end(); ++it) {
    const auto& link = *it;
    const auto to = link->is_bound() ? hosts_.better(link->place(), link->host(), clock_.now()) : std::nullopt;
    if (!to) continue;
    log::info("gateway", "a session goes back to its host: it ends what it has begun, unbinds and connects there",
              "gateway", config_.name, "session", link->number(), "from", name_of(addresses_[link->host()]), "to",
              name_of(addresses_[*to]));
    link->leave(clock_.now() + leave_within);
    leaving = it;
  }
  if (leaving == links_.end()) return false;
  if (!(*leaving)->may_move(clock_.now())) return true;
  (*leaving)->move();
  return false;
}

void SmppHosts::bound(const SmppLink& link) {
  hosts_.bound(link.host(), clock_.now());
  auto& last = last_[static_cast<std::size_t>(link.number() - 1)];
  const auto from = std::exchange(last, link.host());
  if (from == link.host()) return;
  const bool is_home = link.host() == hosts_.home(link.place());
  metrics_.host_changes[is_home ? metrics::HostChange::returned : metrics::HostChange::failed]->Increment();
  if (is_home) return;
  log::warn("gateway", "a session is bound to another host of the carrier", "gateway", config_.name, "session",
            link.number(), "from", name_of(addresses_[from]), "to", name_of(addresses_[link.host()]), "detail",
            hosts_.why(from));
}

std::size_t SmppHosts::sessions_at(Hosts::Host host) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(links_, [host](const auto& link) { return link->is_bound() && link->host() == host; }));
}

void SmppHosts::describe(GatewayStatus& status) const {
  const auto wall_of = [this](std::optional<Time> time) {
    if (!time) return WallMs{0};
    return clock_.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(*time - clock_.now()).count();
  };
  for (const auto& link : links_)
    status.sessions.push_back({.number = link->number(),
                               .state = std::string(name(link->state())),
                               .last_error = link->last_error(),
                               .next_try_at = wall_of(link->next_try()),
                               .host = name_of(link->address()),
                               .bound_since = wall_of(link->bound_since())});
  for (Hosts::Host host = 0; host < hosts_.count(); ++host) {
    auto& told = status.hosts.emplace_back();
    told.host = name_of(addresses_[host]);
    told.sessions = sessions_at(host);
    if (hosts_.is_trusted(host) || hosts_.count() == 1) continue;
    told.why = hosts_.why(host);
    told.avoided_since = wall_of(hosts_.failed_at(host));
  }
}

void SmppHosts::publish_metrics() {
  metrics_.sessions_away->Set(static_cast<double>(std::ranges::count_if(
      links_, [this](const auto& link) { return link->is_bound() && link->host() != hosts_.home(link->place()); })));
}

}  // namespace smsbridge::bridge
