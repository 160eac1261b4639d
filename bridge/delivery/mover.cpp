// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/mover.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t moves_max = 500;  // a commit

}  // namespace

Moving Mover::moving(const Patience& patience) const {
  const auto now = context_.clock.wall();
  return {.gateway = context_.settings.id,
          .name = context_.settings.name,
          .patience = patience,
          .now = now,
          .route = [table = context_.router.table()](store::RouteId route) { return table->route(route); },
          .elsewhere =
              [this, now](const auto& content, const auto& left) {
                return context_.router.next(content, left, context_.settings.id, now);
              }};
}

void Mover::look_at(UnderWay::Order order) {
  if (const auto patience = owner_.patience()) leave(order, moving(*patience));
}

void Mover::leave(UnderWay::Order order, const Moving& moving) {
  const auto* const sending = context_.under_way.find(order);
  auto settlement = sending ? moving.of(sending->attempt) : std::nullopt;
  if (!settlement) return;
  context_.tally.moved(moving.patience.reason);
  owner_.leaves(order, std::move(*settlement));
}

void Mover::look() {
  if (moving_ || stopping_ || context_.router.table()->routes.empty()) return;
  const auto patience = owner_.patience();
  if (!patience) return;
  const auto moving = this->moving(*patience);
  // What was claimed and is not under way leaves as well, and before what is behind it in the queue.
  const auto& ready = context_.under_way.ready();
  for (const auto order : std::vector<UnderWay::Order>(ready.begin(), ready.end())) leave(order, moving);
  owner_.write();
  store::Batch batch;
  for (const auto& [tenant, queue_metrics] : context_.tally.queues())
    for (std::size_t lane = 0; lane < store::lane_count && batch.moves.size() < moves_max; ++lane)
      look_into({.gateway = context_.settings.id, .tenant = tenant, .lane = static_cast<store::Lane>(lane)}, moving,
                batch);
  if (!batch.moves.empty()) commit(std::move(batch), *patience);
}

// Looks at some messages of a queue; the next call goes on behind them, and at its end begins anew.
void Mover::look_into(const store::Queue& queue, const Moving& moving, store::Batch& batch) {
  const auto place = looked_at_.find(queue);
  const auto most = moves_max - batch.moves.size();
  auto waiting =
      context_.store.reader().waiting(queue, moving.now, place == looked_at_.end() ? nullptr : &place->second, most);
  std::ranges::move(moving.of(queue, waiting), std::back_inserter(batch.moves));
  if (waiting.size() < most)
    looked_at_.erase(queue);
  else
    looked_at_[queue] = std::move(waiting.back());
}

void Mover::commit(store::Batch batch, const Patience& patience) {
  log::info("gateway",
            patience.is_unreachable() ? "cannot send: messages move to other gateways"
                                      : "throttled for long: messages move to other gateways",
            "gateway", context_.settings.name, "messages", batch.moves.size());
  moving_ = true;
  const bool more = batch.moves.size() >= moves_max;
  context_.store.commit(std::move(batch), context_.executor,
                        [this, alive = alive_, more, reason = patience.reason](const store::BatchResult& result) {
                          if (!*alive) return;
                          moving_ = false;
                          for (const auto moved : result.moved)
                            if (moved == store::Settled::ok) context_.tally.moved(reason);
                          owner_.answered();
                          if (more && *alive) look();
                        });
}

}  // namespace smsbridge::bridge
