// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/notify/event.hpp"
#include "metrics/metrics.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

// Tasks of this kind are the events that wait for a webhook.
std::string hook_tasks(store::GatewayId webhook);

// A message of a phone, as `message.received` tells it.
struct ReceivedSms {
  store::TenantId tenant = 0;
  std::string gateway, from, to, text;
  std::string keyword, rule, action;  // what the tenant's rules made of it; empty: nothing
  WallMs at = 0;
};

// Writes events where what they tell of is written: each is a task in the same batch, so that a crash neither loses nor
// invents one. Nothing is made for whom nobody listens. Any thread.
class Outbox {
 public:
  // Who listens. It never changes: a change makes another one.
  struct Listeners {
    struct Receiver {
      store::GatewayId webhook = 0;
      std::set<WebhookEvent> events;
    };
    struct OfTenant {
      std::string name;
      std::vector<Receiver> receivers;
      metrics::WebhookMetrics* metrics = nullptr;
    };
    std::map<store::TenantId, OfTenant> by_tenant;
    std::map<store::GatewayId, std::string> gateways;  // their names
  };

  explicit Outbox(const Clock& clock) : clock_(clock) {}
  void listen(std::shared_ptr<const Listeners> listeners) { listeners_ = std::move(listeners); }

  // What becomes of messages: see store::Alongside. On the writer's thread.
  store::Batch alongside(const std::vector<store::News>& news, const store::ReadMessage& read, bool kept) const;
  // A phone's message, into the batch that keeps it.
  void add_received(store::Batch& batch, const ReceivedSms& sms) const;
  // A gateway went down, or is up again, since then, into the batch that remembers it; for these tenants.
  void add_gateway(store::Batch& batch, const std::vector<store::TenantId>& tenants, store::GatewayId gateway, bool up,
                   WallMs since) const;

 private:
  static void add(store::Batch& batch, store::TenantId tenant, const Listeners::OfTenant& of, WebhookEvent type,
                  const HookEvent& event);

  const Clock& clock_;
  std::atomic<std::shared_ptr<const Listeners>> listeners_{std::make_shared<const Listeners>()};
};

}  // namespace smsbridge::bridge
