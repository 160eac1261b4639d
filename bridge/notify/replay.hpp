// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>

#include "bridge/notify/attempt.hpp"
#include "bridge/notify/outbox.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// Which events of a webhook's journal are sent once more.
struct Replay {
  WallMs from = 0, until = 0;  // delivered or given up at or after, and before; 0: not asked for
  std::string about;           // a message; empty: all
  bool only_given_up = false;
};
struct Replayed {
  std::size_t events = 0;
  WallMs next_from = 0;  // there are more than are taken at a time: from here on. 0: that was all
};
constexpr std::size_t replayed_most = 10'000;

// They keep their ids, so that a receiver that has them knows. One that still waits is not put a second time. Waits for
// the disk: not on a shard. Throws store::OpenError when the store does not take them. What is delivered after `now` is
// none of them: they would follow each other without end.
Replayed replay_journal(store::Store& store, store::TenantId tenant, store::GatewayId webhook, const Replay& replay,
                        WallMs now);

}  // namespace smsbridge::bridge
