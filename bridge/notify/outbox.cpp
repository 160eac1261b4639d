// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "bridge/text/message_id.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

bool wants(const Outbox::Listeners::OfTenant& tenant, WebhookEvent type) {
  return std::ranges::any_of(tenant.receivers, [type](const auto& each) { return each.events.contains(type); });
}

std::string gateway_name_in(const Outbox::Listeners& listeners, store::GatewayId id) {
  const auto it = listeners.gateways.find(id);
  return it == listeners.gateways.end() ? std::string() : it->second;
}

// It has no number before it is kept, and is kept once.
std::string name_of(const ReceivedSms& sms) {
  const auto hash = std::hash<std::string>();
  return fmt::format("in{:016x}", hash(sms.gateway + "/" + sms.from + "/" + sms.to) * 31 + hash(sms.text));
}

}  // namespace

std::string hook_tasks(store::GatewayId webhook) { return "webhook/" + std::to_string(webhook); }

store::Batch Outbox::alongside(const std::vector<store::News>& news, const store::ReadMessage& read, bool kept) const {
  store::Batch batch;
  const auto listeners = listeners_.load();
  if (listeners->by_tenant.empty()) return batch;
  for (const auto& [id, tenant, state] : news) {
    const auto it = listeners->by_tenant.find(tenant);
    const auto type = event_of(state);
    if (it == listeners->by_tenant.end() || !type || !wants(it->second, *type)) continue;
    if (!kept) {
      it->second.metrics->events[metrics::WebhookEnd::no_room]->Increment();
      continue;
    }
    const auto message = read(id);
    if (!message) continue;
    const auto gateway = gateway_name_in(*listeners, store::gateway_of(message->content, message->progress));
    add(batch, tenant, it->second, *type,
        make_event(*type, ulid_text(id), clock_.wall(), message_data(*message, state, it->second.name, gateway)));
  }
  return batch;
}

void Outbox::add_received(store::Batch& batch, const ReceivedSms& sms) const {
  const auto listeners = listeners_.load();
  const auto it = listeners->by_tenant.find(sms.tenant);
  if (it == listeners->by_tenant.end()) return;
  const auto or_null = [](const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); };
  add(batch, sms.tenant, it->second, WebhookEvent::received,
      make_event(WebhookEvent::received, name_of(sms), sms.at,
                 {{"tenant", it->second.name},
                  {"gateway", sms.gateway},
                  {"from", sms.from},
                  {"to", sms.to},
                  {"text", sms.text},
                  {"keyword", or_null(sms.keyword)},
                  {"rule", or_null(sms.rule)},
                  {"action", or_null(sms.action)}}));
}

void Outbox::add_gateway(store::Batch& batch, const std::vector<store::TenantId>& tenants, store::GatewayId gateway,
                         bool up, WallMs since) const {
  const auto listeners = listeners_.load();
  const auto type = up ? WebhookEvent::gateway_up : WebhookEvent::gateway_down;
  for (const auto tenant : tenants)
    if (const auto it = listeners->by_tenant.find(tenant); it != listeners->by_tenant.end())
      add(batch, tenant, it->second, type,
          make_event(type, "gateway-" + std::to_string(gateway), since,
                     {{"gateway", gateway_name_in(*listeners, gateway)},
                      {"tenant", it->second.name},
                      {"state", up ? "up" : "down"}}));
}

void Outbox::add(store::Batch& batch, store::TenantId tenant, const Listeners::OfTenant& of, WebhookEvent type,
                 const HookEvent& event) {
  for (const auto& receiver : of.receivers)
    if (receiver.events.contains(type))
      batch.tasks.push_back(
          {.task = {.tenant = tenant, .kind = hook_tasks(receiver.webhook), .key = event.key}, .body = event.body});
}

}  // namespace smsbridge::bridge
