// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/watch.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

void Watch::can_send(bool can) {
  trust_.can_send(can);
  // Also what did not change: a gateway that was taken out of the table, and put back, is a new one to routes.
  tell();
}

void Watch::describe(GatewayStatus& status) const {
  status.receipts_quiet_since = trust_.receipts_quiet_since();
  status.down_since = trust_.down_since();
  status.throttled = trust_.is_throttled();
}

void Watch::heed(Trust::News news) {
  switch (news) {
    case Trust::News::none:
      break;
    case Trust::News::receipts_stopped:
      log::warn("gateway", "receipts have stopped coming: routes prefer other gateways until one comes", "gateway",
                settings_.name);
      break;
    case Trust::News::receipts_come:
      log::info("gateway", "receipts come again", "gateway", settings_.name);
      break;
    case Trust::News::many_fail:
      log::warn("gateway", "many messages fail: routes prefer other gateways until it is better", "gateway",
                settings_.name);
      break;
    case Trust::News::fewer_fail:
      log::info("gateway", "fewer messages fail", "gateway", settings_.name);
      break;
  }
  // With each message, so no more than has to be.
  if (trust_.state() != told_) tell();
}

void Watch::tell() {
  told_ = trust_.state();
  router_.trust(settings_.id, told_);
}

}  // namespace smsbridge::bridge
