// SPDX-License-Identifier: MPL-2.0
// What becomes of its binds, for people and for the gateway.
#include <fmt/format.h>

#include "bridge/delivery/smpp_channel.hpp"
#include "bridge/delivery/smpp_labels.hpp"
#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration failure_told_every = std::chrono::minutes(10);

}  // namespace

void SmppChannel::on_window_moved(SmppLink&) {
  // A bind that is being left takes answers for a while, but nothing new.
  if (was_up_ && !is_up()) tell_up_or_down();
  owner_.on_room();
}

void SmppChannel::tell_up_or_down() {
  was_up_ = is_up();
  owner_.on_up_or_down();
}

void SmppChannel::on_bound(SmppLink& link) {
  log::info("gateway", "bound", "gateway", config_.name, "session", link.number(), "host", name_of(link.address()));
  context_.smpp_metrics.bind_attempts[metrics::BindResult::ok]->Increment();
  told_.erase({link.number(), link.host()});
  hosts_.bound(link);
  if (link.can_submit()) tell_up_or_down();
  publish_metrics();
}

void SmppChannel::on_lost(SmppLink& link, smpp::LostReason reason, bool was_bound) {
  if (was_bound) {
    context_.smpp_metrics.disconnects[label_of(reason)]->Increment();
    if (!stopping_ && reason != smpp::LostReason::local)
      log::warn("gateway", "bind lost; reconnecting", "gateway", config_.name, "session", link.number(), "reason",
                metrics::label_value(label_of(reason)), "detail", link.last_error());
  }
  if (was_up_ && !is_up()) tell_up_or_down();
  publish_metrics();
  if (stopping_) owner_.on_closed();
}

void SmppChannel::on_refused(SmppLink& link, const smpp::Refused& refused) {
  context_.smpp_metrics.refused_pdus[label_of(static_cast<smpp::Command>(refused.command_id))]->Increment();
  const auto count = lines_.due("refused " + smpp::command_name(refused.command_id), context_.clock.now());
  if (count == 0) return;
  log::warn("gateway", "a request of the message centre was refused", "gateway", config_.name, "session", link.number(),
            "command", smpp::command_name(refused.command_id), "status", smpp::status_name(refused.status), "detail",
            refused.detail, "count", count);
}

// The same failure again and again is one line, until it changes.
void SmppChannel::on_not_bound(SmppLink& link, metrics::BindResult result) {
  context_.smpp_metrics.bind_attempts[result]->Increment();
  publish_metrics();
  auto& told = told_[{link.number(), link.host()}];
  const auto now = context_.clock.now();
  if (told.error == link.last_error() && now - told.at < failure_told_every) return;
  told = {.error = link.last_error(), .at = now};
  const auto seconds = link.next_try() ? std::chrono::duration<double>(*link.next_try() - now).count() : 0;
  // What the carrier says of the account is for a person.
  log::line(result == metrics::BindResult::refused ? spdlog::level::err : spdlog::level::warn, "gateway",
            "not bound; trying again", "gateway", config_.name, "session", link.number(), "host", link.address().host,
            "port", link.address().port, "detail", link.last_error(), "next_try_seconds",
            fmt::format("{:.0f}", seconds));
}

}  // namespace smsbridge::bridge
