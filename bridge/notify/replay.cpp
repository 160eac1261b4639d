// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/replay.hpp"

#include <algorithm>
#include <utility>

namespace smsbridge::bridge {
namespace {

constexpr std::string_view id_prefix = "evt_";
constexpr std::size_t replayed_at_once = 200;

std::size_t put_all(store::Store& store, store::Batch batch) {
  if (batch.tasks.empty()) return 0;
  const auto result = store.commit_and_wait(std::move(batch));
  return static_cast<std::size_t>(std::ranges::count(result.tasks, store::TaskPut::stored));
}

}  // namespace

Replayed replay_journal(store::Store& store, store::TenantId tenant, store::GatewayId webhook, const Replay& replay,
                        WallMs now) {
  const auto kind = hook_tasks(webhook);
  store::JournalQuery query{.tenant = tenant,
                            .stream = kind,
                            .key = replay.about,
                            .from = replay.from,
                            .until = replay.until ? std::min(replay.until, now) : now,
                            .oldest_first = true,
                            .limit = replayed_at_once};
  Replayed done;
  for (;;) {
    const auto page = store.reader().journal(query);
    store::Batch batch;
    for (const auto& entry : page.entries) {
      const auto attempt = read_attempt(entry);
      if (!attempt || attempt->body.empty() || !attempt->event.starts_with(id_prefix)) continue;
      if (replay.only_given_up && attempt->end != "given_up") continue;
      batch.tasks.push_back({.task = {.tenant = tenant, .kind = kind, .key = attempt->event.substr(id_prefix.size())},
                             .body = attempt->body});
    }
    done.events += put_all(store, std::move(batch));
    if (!page.next) return done;
    query.cursor = page.next;
    if (done.events >= replayed_most) {
      done.next_from = store::id_time(page.next);
      return done;
    }
  }
}

}  // namespace smsbridge::bridge
