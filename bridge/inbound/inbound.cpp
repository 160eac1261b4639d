// SPDX-License-Identifier: MPL-2.0
#include "bridge/inbound/inbound.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "bridge/env/log.hpp"
#include "bridge/text/number.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t parts_max = 20'000;  // that wait in memory; the oldest message gives way
constexpr std::size_t page_parts = 1'000;
constexpr Duration not_kept_pause = 1min;      // before what could not be kept is tried again
constexpr std::size_t international_min = 10;  // digits; shorter ones may be short codes
constexpr std::size_t number_max = 64;         // octets of what stands for a number and is none
constexpr Duration parts_grace = 10min;        // after a start: carriers repeat what they could not deliver meanwhile

}  // namespace

Inbound::Inbound(Context context) : context_(std::move(context)), timer_(context_.clock.timer(context_.executor)) {}

// ---- whose it is ----

// By the number that the phone wrote to, else by the gateway that it came by, else the first one's, which is a guess.
const Tenant* Inbound::tenant_of(const GatewaySettings& gateway, const FromPhone& message,
                                 metrics::GatewayMetrics& metrics) {
  const auto table = context_.router.table();
  for (const auto& tenant : table->tenants)
    for (const auto& number : tenant->numbers)
      if (text::digits_of(number) == text::digits_of(message.to)) return context_.tenants.find(tenant->name);
  std::vector<TenantSettingsPtr> who;
  for (const auto& tenant : table->tenants)
    if (table->may_use(tenant->name, gateway)) who.push_back(tenant);
  if (who.empty()) who = table->tenants;
  if (who.empty()) return nullptr;
  if (who.size() > 1) {
    metrics.inbound_unassigned->Increment();
    if (const auto times = said_.due("whose " + gateway.name, context_.clock.now()))
      log::warn("inbound",
                "several tenants may use this gateway and none has the number that phones write to: it is taken for "
                "the first one's; name the number in the tenant's 'numbers'",
                "gateway", gateway.name, "to", text::cut_utf8(message.to, number_max), "tenant", who.front()->name,
                "times", times);
  }
  return context_.tenants.find(who.front()->name);
}

// The number as messages to this phone have it. Carriers leave out the plus, also where they do not say so.
std::string Inbound::phone_of(const FromPhone& message, const Tenant& tenant) {
  const auto read = [&](const std::string& text) {
    return text::normalise_number(text, tenant.config.default_country, text::Lengths::any);
  };
  const bool plus = message.international && !message.from.starts_with('+');
  auto number = read((plus ? "+" : "") + message.from);
  if (!number && message.from.size() >= international_min && !message.from.starts_with('0'))
    number = read("+" + message.from);
  return number ? number->e164 : std::string(text::cut_utf8(message.from, number_max));
}

// ---- what comes ----

void Inbound::take(const GatewaySettings& gateway, FromPhone message, boost::asio::any_io_executor home,
                   std::function<void(bool kept)> kept) {
  auto& metrics = context_.metrics.gateway(gateway.name, gateway.kind);
  const auto* tenant = tenant_of(gateway, message, metrics);
  if (!tenant) return kept(false);
  const auto table = context_.router.table();
  const auto sharing = table->sharing_account(gateway);
  const auto first = sharing.empty() ? nullptr : table->gateway(sharing.front());
  auto arrival = std::make_shared<Arrival>(Arrival{.gateway = gateway.name,
                                                   .account = first ? first->name : gateway.name,
                                                   .tenant = tenant,
                                                   .metrics = &metrics,
                                                   .message = std::move(message),
                                                   .seen = {},
                                                   .since = context_.clock.now(),
                                                   .home = std::move(home),
                                                   .kept = std::move(kept)});
  arrival->seen = seen_key(arrival->account, arrival->message);
  arrival->message.from = phone_of(arrival->message, *tenant);
  arrival->message.to = text::cut_utf8(arrival->message.to, number_max);
  boost::asio::post(context_.executor, [this, alive = alive_, arrival] {
    if (*alive) arrived(arrival);
  });
}

void Inbound::arrived(const ArrivalPtr& arrival) {
  if (arrival->message.parts > 1) return take_part(arrival);
  Keeping keeping{.message = {.tenant = arrival->tenant->id, .gateway = arrival->gateway, .parts = {}},
                  .account = arrival->account,
                  .last = arrival,
                  .group = {}};
  keeping.message.parts.emplace(1, arrival->message);
  keep(std::move(keeping));
}

void Inbound::answer(const ArrivalPtr& arrival, bool kept) {
  if (!kept) arrival->metrics->inbound_refused->Increment();
  boost::asio::post(arrival->home, [arrival, kept] { arrival->kept(kept); });
}

// ---- parts ----

// Of one message one change at a time is on its way to the disk, so that what is here is what is there.
void Inbound::take_part(const ArrivalPtr& arrival) {
  const auto key = group_key(arrival->account, arrival->message);
  auto& group = groups_[key];
  if (group.busy) return group.waiting.push_back(arrival);
  auto& parts = group.so_far.parts;
  const auto& message = arrival->message;
  if (parts.empty()) {
    group.account = arrival->account;
    group.so_far.tenant = arrival->tenant->id;
    group.so_far.gateway = arrival->gateway;
    group.so_far.since = context_.clock.wall();
    group.due = context_.clock.now() + std::chrono::milliseconds(context_.settings.parts_wait_ms);
  }
  const auto there = parts.find(message.part);
  if (there != parts.end() && there->second.body == message.body) {
    arrival->metrics->inbound_repeated->Increment();
    return answer(arrival, true);
  }
  group.busy = true;
  if (there != parts.end()) {
    // The phone uses the reference for another message: the one before will not become whole.
    group.waiting.push_front(arrival);
    return keep({.message = group.so_far, .account = group.account, .last = nullptr, .group = key});
  }
  const bool completes = static_cast<int>(parts.size()) + 1 == message.parts;
  const KeptPart kept{
      .tenant = group.so_far.tenant, .gateway = arrival->gateway, .since = group.so_far.since, .part = message};
  if (!completes && value_of(kept).size() > store::mark_value_max) {
    // Longer than a part of an SMS can be: a message by itself, and said so.
    group.busy = false;
    Keeping alone{.message = {.tenant = arrival->tenant->id, .gateway = arrival->gateway, .parts = {}},
                  .account = arrival->account,
                  .last = arrival,
                  .group = {}};
    alone.message.parts.emplace(message.part, message);
    if (parts.empty()) groups_.erase(key);
    return keep(std::move(alone));
  }
  if (!completes) return keep_part(arrival, key);
  auto whole = group.so_far;
  whole.parts.emplace(message.part, message);
  keep({.message = std::move(whole), .account = group.account, .last = arrival, .group = key});
}

void Inbound::keep_part(const ArrivalPtr& arrival, const std::string& key) {
  const auto& group = groups_.at(key);
  store::Batch batch;
  batch.only_if.emplace_back(store::MarkAbsent{.scope = inbound_seen_scope, .key = arrival->seen});
  batch.marks.push_back(seen_mark(arrival->seen, arrival->message));
  batch.marks.push_back({.scope = inbound_part_scope,
                         .key = key + "/" + std::to_string(arrival->message.part),
                         .value = value_of({.tenant = group.so_far.tenant,
                                            .gateway = arrival->gateway,
                                            .since = group.so_far.since,
                                            .part = arrival->message})});
  commit(std::move(batch), arrival->since, [this, arrival, key](const store::BatchResult& result, bool again) {
    auto& waiting = groups_.at(key);
    if (result.error == store::Error::none) {
      const bool repeated = result.unmet && !again;
      if (repeated) arrival->metrics->inbound_repeated->Increment();
      if (!repeated && waiting.so_far.parts.emplace(arrival->message.part, arrival->message).second) ++parts_waiting_;
    }
    answer(arrival, result.error == store::Error::none);
    arm(waiting.due);
    go_on(key);
    make_room();
  });
}

// What waited for the disk has its turn.
void Inbound::go_on(const std::string& key) {
  const auto it = groups_.find(key);
  if (it == groups_.end()) return;
  it->second.busy = false;
  const auto waiting = std::exchange(it->second.waiting, {});
  if (waiting.empty() && it->second.so_far.parts.empty()) groups_.erase(it);
  for (const auto& arrival : waiting) take_part(arrival);
}

// The message of a group is on the disk, or was kept as far as it came.
void Inbound::ended(const Keeping& keeping, bool written) {
  if (keeping.group.empty()) return;
  auto& group = groups_.at(keeping.group);
  if (written) {
    parts_waiting_ -= group.so_far.parts.size();
    group.so_far = {};
  } else {
    if (!keeping.last) group.due = context_.clock.now() + not_kept_pause;
    arm(group.due);
  }
  go_on(keeping.group);
}

void Inbound::load() {
  std::string after;
  for (;;) {
    const auto page = context_.store.reader().marks({.scope = inbound_part_scope, .after = after, .limit = page_parts},
                                                    context_.clock.wall());
    for (const auto& mark : page) {
      const auto kept = read_part(mark.value);
      const auto slash = mark.key.find('/');
      if (!kept || slash == std::string::npos) {
        log::error("inbound", "a part of a message that waits cannot be read: it is left out", "key", mark.key);
        continue;
      }
      auto& group = groups_[mark.key.substr(0, slash)];
      group.so_far.tenant = kept->tenant;
      group.so_far.gateway = kept->gateway;
      group.so_far.since = group.so_far.since ? std::min(group.so_far.since, kept->since) : kept->since;
      group.so_far.parts.emplace(kept->part.part, kept->part);
      const auto left =
          std::chrono::milliseconds(group.so_far.since + context_.settings.parts_wait_ms - context_.clock.wall());
      group.due = context_.clock.now() + std::max<Duration>(left, parts_grace);
      ++parts_waiting_;
    }
    if (page.size() < page_parts) break;
    after = page.back().key;
  }
  if (parts_waiting_ > 0)
    log::info("inbound", "parts of messages wait for the others", "parts", parts_waiting_, "messages", groups_.size());
  boost::asio::post(context_.executor, [this, alive = alive_] {
    if (*alive) time_is_up();
  });
}

// ---- the end of patience ----

// A message that became whole in time leaves its alarm behind, which then finds nothing.
void Inbound::arm(Time due) {
  due = std::max(due, context_.clock.now());
  if (armed_ && *armed_ <= due) return;
  armed_ = due;
  timer_->at(due, [this] { time_is_up(); });
}

void Inbound::time_is_up() {
  armed_.reset();
  const auto now = context_.clock.now();
  std::vector<std::string> late;
  for (const auto& [key, group] : groups_) {
    if (!group.busy && !group.so_far.parts.empty() && group.due <= now) late.push_back(key);
    if (group.due > now) arm(group.due);
  }
  for (const auto& key : late) {
    auto& group = groups_.at(key);
    group.busy = true;
    keep({.message = group.so_far, .account = group.account, .last = nullptr, .group = key});
  }
}

// Beyond some the oldest message is kept as it is: whoever sends nothing but first parts fills no memory.
void Inbound::make_room() {
  if (parts_waiting_ <= parts_max) return;
  auto oldest = groups_.end();
  for (auto it = groups_.begin(); it != groups_.end(); ++it)
    if (!it->second.busy && (oldest == groups_.end() || it->second.due < oldest->second.due)) oldest = it;
  if (oldest == groups_.end()) return;
  oldest->second.busy = true;
  keep({.message = oldest->second.so_far, .account = oldest->second.account, .last = nullptr, .group = oldest->first});
}

}  // namespace smsbridge::bridge
