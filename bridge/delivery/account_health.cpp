// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/account_health.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

using namespace std::chrono_literals;

AccountHealth::AccountHealth(const GatewaySettings& config, std::string peer, boost::asio::any_io_executor executor,
                             Clock& clock, Channel::Owner& owner, std::function<void()> changed)
    : config_(config),
      peer_(std::move(peer)),
      clock_(clock),
      owner_(owner),
      changed_(std::move(changed)),
      timer_(clock.timer(std::move(executor))) {}

void AccountHealth::stop() {
  stopping_ = true;
  timer_->cancel();
}

void AccountHealth::try_now() {
  if (stopping_ || !is_open()) return;
  timer_->cancel();
  health_.try_now();
  changed_();
}

void AccountHealth::at_fault(const std::string& why, std::optional<Duration> unavailable) {
  last_error_ = why;
  const bool was_open = is_open();
  const auto now = clock_.now();
  if (unavailable)
    health_.unavailable(now + *unavailable);
  else
    health_.failed(now);
  see_whether_open(was_open, false);
}

void AccountHealth::blamed(std::uint64_t cookie, Answer if_at_fault, bool refused,
                           std::optional<Duration> unavailable) {
  using Blame = Channel::Owner::Blame;
  const auto why = if_at_fault.error;
  const auto blame = owner_.on_blamed(cookie, std::move(if_at_fault));
  if (blame == Blame::message) return passed();
  if (blame == Blame::known) return;
  last_error_ = why;
  const bool was_open = is_open();
  health_.blamed(clock_.now(), blame == Blame::way_out_again, refused, unavailable);
  if (!is_open())
    log::warn("gateway", "the " + peer_ + " refuses the account or one message: another message shows which", "gateway",
              config_.name, "detail", why);
  see_whether_open(was_open, refused);
}

// `refused`: the account was.
void AccountHealth::see_whether_open(bool was_open, bool refused) {
  if (stopping_ || !is_open()) return;
  timer_->at(health_.until(), [this] { changed_(); });
  if (was_open) return;
  const auto wait = (health_.until() - clock_.now()) / 1s;
  if (refused)
    log::error("gateway", "the " + peer_ + " refuses this account: check its credentials, credit and settings",
               "gateway", config_.name, "detail", last_error_, "next_try_seconds", wait);
  else
    log::warn("gateway", "the " + peer_ + " cannot be used; trying again later", "gateway", config_.name, "detail",
              last_error_, "next_try_seconds", wait);
  changed_();
}

void AccountHealth::passed() {
  if (is_probed()) log::info("gateway", "the " + peer_ + " takes messages again", "gateway", config_.name);
  health_.succeeded(clock_.now());
  if (!is_open()) last_error_.clear();
}

void AccountHealth::describe(GatewayStatus& status) const {
  status.last_error = last_error_;
  if (is_open()) status.next_try_at = clock_.wall() + (health_.until() - clock_.now()) / 1ms;
}

}  // namespace smsbridge::bridge
