// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/policy/trust.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// Sees how a gateway goes, tells routes how far it is trusted, and says what changes to people. One shard, as its
// gateway, which lives no longer than the settings.
class Watch {
 public:
  Watch(const GatewaySettings& settings, Router& router)
      : settings_(settings),
        router_(router),
        trust_(settings.hears_of_failures_only() ? 0 : settings.receipts_quiet_ms, router.trust_in(settings.id)) {}

  // Once a second, and when it changed.
  void can_send(bool can);
  // Once a second, and when it is throttled.
  void see(WallMs now, bool throttled) { heed(trust_.see(now, throttled)); }
  void taken(WallMs now, bool awaits_receipt) { heed(trust_.taken(now, awaits_receipt)); }
  void failed() { heed(trust_.failed()); }  // for a reason that may pass
  void receipt_came() { heed(trust_.receipt_came()); }
  const Trust& trust() const { return trust_; }
  void describe(GatewayStatus& status) const;

 private:
  void heed(Trust::News news);
  void tell();

  const GatewaySettings& settings_;
  Router& router_;
  Trust trust_;
  Trust::State told_ = Trust::State::down;
};

}  // namespace smsbridge::bridge
