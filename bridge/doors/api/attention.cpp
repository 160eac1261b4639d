// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/api/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/values.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Severity = Attention::Severity;

// A receiver is late when its events are older than that.
constexpr WallMs late_webhook_ms = 15 * 60'000;

std::string because(const std::string& why) { return why.empty() ? std::string() : " (" + why + ")"; }

// The account's own error, or the first of a session.
std::string error_of(const GatewayStatus& status) {
  if (!status.last_error.empty()) return status.last_error;
  for (const auto& session : status.sessions)
    if (!session.last_error.empty()) return session.last_error;
  return {};
}

void look_at(const Seen::OfGateway& gateway, std::vector<Attention>& found) {
  const auto& [name, status, waiting] = gateway;
  const auto add = [&, &waits = waiting, &of = name](Severity severity, std::string code, std::string what,
                                                     WallMs since, std::string action) {
    found.push_back({severity, std::move(code), std::move(what), since, waits, "gateway", of, std::move(action)});
  };
  if (status.paused_since)
    add(waiting > 0 ? Severity::warning : Severity::info, "gateway-paused",
        fmt::format("{} is paused: somebody asked for it, and nothing goes out", name), status.paused_since, "resume");
  else if (status.state == "down")
    add(Severity::error, "gateway-down", fmt::format("{} cannot send{}", name, because(error_of(status))),
        status.down_since, "reconnect");
  else if (status.draining_since)
    add(Severity::info, "gateway-draining", fmt::format("{} is drained: it takes no new messages", name),
        status.draining_since, "resume");
  if (status.receipts_quiet_since)
    add(Severity::warning, "receipts-stopped",
        fmt::format("{} takes messages, and no receipts come back: whether they arrive is not known", name),
        status.receipts_quiet_since, "");
  if (status.throttled)
    add(Severity::info, "gateway-throttled", fmt::format("{}: the carrier asks for less, and gets it", name), 0, "");
}

void look_at(const Seen::OfWebhook& webhook, WallMs now, std::vector<Attention>& found) {
  const auto& [name, shown] = webhook;
  const auto waits = static_cast<std::int64_t>(shown.waiting);
  const auto add = [&, &of = name](std::string code, std::string what, WallMs since, std::string action) {
    found.push_back(
        {Severity::warning, std::move(code), std::move(what), since, waits, "webhook", of, std::move(action)});
  };
  if (shown.gone_at)
    add("webhook-gone", fmt::format("the receiver of {} said that it is gone (410): it gets nothing", name),
        shown.gone_at, "resume");
  else if (shown.oldest_at && now - shown.oldest_at > late_webhook_ms)
    add("webhook-behind", fmt::format("events for {} wait{}", name, because(shown.status.last_error)), shown.oldest_at,
        "");
}

void look_at_store(const Seen& seen, std::vector<Attention>& found) {
  const auto add = [&](std::string code, std::string what) {
    found.push_back({Severity::error, std::move(code), std::move(what), 0, 0, "store", "store", ""});
  };
  if (seen.store_broken)
    add("store-broken", "the store is broken, and nothing is accepted: start the bridge anew, and look at the disk");
  else if (seen.store_failing)
    add("store-failing", "the disk refuses what is to be kept, and nothing is accepted; it is tried again");
  else if (seen.store_full)
    add("store-full", "no room is left to keep messages: make room on the disk, or raise store.size_limit");
}

// What is asked of several shards, until all have answered.
struct Gathering {
  Seen seen;
  std::size_t left = 1;
  std::function<void(const Seen&)> done;
  void one_less() {
    if (--left == 0) done(seen);
  }
};

void show_attention(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "messages:read", respond, false);
  if (!caller) return;
  const auto gathering = std::make_shared<Gathering>();
  auto& seen = gathering->seen;
  seen.all_tenants = speaks_for_all(services, *caller);
  seen.store_broken = services.store.is_broken();
  seen.store_failing = services.store.is_failing();
  seen.store_full = !services.store.has_room();
  const auto counts = services.store.counts();
  std::map<store::GatewayId, std::int64_t> waiting;
  for (const auto& [owner, states] : counts) {
    if (caller->tenant && owner.first != caller->tenant->id) continue;
    seen.doubtful += states[static_cast<std::size_t>(store::State::doubtful)];
    waiting[owner.second] += states[static_cast<std::size_t>(store::State::queued)];
  }
  gathering->done = [respond, &services](const Seen& all) {
    json::array items;
    for (const auto& each : attention_of(all, services.clock.wall()))
      items.push_back(
          {{"code", each.code},
           {"severity", word(each.severity)},
           {"what", text_or_null(each.what)},
           {"since", time_or_null(each.since)},
           {"messages", each.messages},
           {"object", each.kind.empty() ? json::value(nullptr) : json::value{{"kind", each.kind}, {"name", each.name}}},
           {"action", text_or_null(each.action)}});
    respond({.body = json::serialize(json::object{{"items", std::move(items)}}), .headers = {}});
  };
  const auto table = services.directory.table();
  for (const auto& gateway : table->gateways) {
    if (!may_see(services, *caller, *gateway)) continue;
    ++gathering->left;
    services.gateways.ask(gateway->name, GatewayControl::Action::show, request.executor,
                          [gathering, name = gateway->name, waits = waiting[gateway->id]](GatewayStatus status) {
                            gathering->seen.gateways.push_back({name, std::move(status), waits});
                            gathering->one_less();
                          });
  }
  for (const auto& webhook : table->webhooks) {
    if (caller->tenant && webhook->tenant != caller->tenant->config.name) continue;
    ++gathering->left;
    services.webhooks.ask(*webhook, request.executor, [gathering, name = webhook->name](const Webhooks::Shown& shown) {
      gathering->seen.webhooks.push_back({name, shown});
      gathering->one_less();
    });
  }
  gathering->one_less();
}

}  // namespace

std::string_view word(Attention::Severity severity) {
  return severity == Severity::error ? "error" : severity == Severity::warning ? "warning" : "info";
}

std::vector<Attention> attention_of(const Seen& seen, WallMs now) {
  std::vector<Attention> found;
  if (seen.all_tenants) look_at_store(seen, found);
  for (const auto& gateway : seen.gateways) look_at(gateway, found);
  for (const auto& webhook : seen.webhooks) look_at(webhook, now, found);
  if (seen.doubtful > 0)
    found.push_back({Severity::warning, "doubtful",
                     fmt::format("{} messages were handed over and not answered: they may have arrived", seen.doubtful),
                     0, seen.doubtful, "", "", ""});
  std::ranges::stable_sort(found, {}, [](const Attention& each) {
    return std::tuple(each.severity, -each.messages, each.kind, each.name, each.code);
  });
  return found;
}

std::vector<Endpoint> attention_endpoints(Services& services) {
  return {{http::verb::get, "/api/v1/attention",
           [&services](const HttpRequest& r, const Respond& a) { show_attention(services, r, a); }}};
}

}  // namespace smsbridge::bridge
