// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/gateway_news.hpp"

#include <boost/asio/post.hpp>

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

const std::string down_scope = "gateway-down";

}  // namespace

void GatewayNews::start() {
  if (started_.exchange(true)) return;
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (!*alive) return;
    timer_ = context_.clock.timer(context_.executor);
    watch();
  });
}

// What counts as down is decided in policy/trust alone.
void GatewayNews::watch() {
  if (stopped_) return;
  const auto table = context_.router.table();
  const auto now = context_.clock.wall();
  for (const auto& gateway : table->gateways) look(*table, *gateway, now);
  timer_->at(context_.clock.now() + 1s, [this] { watch(); });
}

void GatewayNews::look(const RoutingTable& table, const GatewaySettings& gateway, WallMs now) {
  const bool told = was_told_down(gateway.id);
  if (context_.router.trust_in(gateway.id) != Trust::State::down) {
    down_since_.erase(gateway.id);
    if (told) tell(table, gateway, true, now);
    return;
  }
  const auto since = down_since_.try_emplace(gateway.id, now).first->second;
  if (!told && now - since >= down_for_ms) tell(table, gateway, false, since);
}

bool GatewayNews::was_told_down(store::GatewayId gateway) {
  const auto known = told_down_.find(gateway);
  if (known != told_down_.end()) return known->second;
  const auto mark = context_.store.reader().mark(down_scope, std::to_string(gateway), context_.clock.wall());
  return told_down_[gateway] = mark.has_value();
}

void GatewayNews::tell(const RoutingTable& table, const GatewaySettings& gateway, bool up, WallMs since) {
  store::Batch batch;
  context_.outbox.add_gateway(batch, tenants_of_(table, gateway), gateway.id, up, since);
  if (batch.tasks.empty() && !up) return;
  if (up)
    batch.erased_marks.push_back({.scope = down_scope, .key = std::to_string(gateway.id)});
  else
    batch.marks.push_back({.scope = down_scope, .key = std::to_string(gateway.id), .value = std::to_string(since)});
  told_down_[gateway.id] = !up;
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, id = gateway.id, up](const store::BatchResult& result) {
                          // It is told a second later then.
                          if (*alive && result.error != store::Error::none) told_down_[id] = up;
                        });
}

}  // namespace smsbridge::bridge
