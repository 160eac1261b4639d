// SPDX-License-Identifier: MPL-2.0
#include "bridge/notify/webhooks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

#include "bridge/env/log.hpp"
#include "bridge/notify/signature.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

// Objects, by the number of the webhook: that tasks of it may wait, and since when it answers 410 ("0": it does not).
const std::string state_prefix = "webhook-state/";

constexpr std::uint32_t discarded_at_once = 500;
constexpr std::size_t answer_octets_most = 1 << 20;

std::int64_t decimal(std::string_view digits) {
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

Webhooks::Webhooks(Context context)
    : context_(std::move(context)),
      outbox_(context_.clock),
      gateways_(
          {.executor = context_.places.front().executor,
           .clock = context_.clock,
           .store = context_.store,
           .router = context_.router,
           .outbox = outbox_},
          [this](const RoutingTable& table, const GatewaySettings& gateway) { return tenants_of(table, gateway); }) {
  // Also those of webhooks that are gone by now, and for which something may wait.
  for (const auto& object : context_.store.reader().objects(state_prefix)) {
    const auto id = static_cast<store::GatewayId>(decimal(std::string_view(object.key).substr(state_prefix.size())));
    running_[id] = std::make_shared<Running>(context_.places[made_++ % context_.places.size()]);
    if (const auto since = decimal(object.value)) gone_[id] = since;
  }
}

Webhooks::~Webhooks() { *alive_ = false; }

// ---- which there are ----

void Webhooks::know(const std::map<store::TenantId, std::string>& tenants) {
  const std::lock_guard lock(mutex_);
  tenants_ = tenants;
}

void Webhooks::run(const RoutingTable& table) {
  const std::lock_guard lock(mutex_);
  if (ending_) return;
  for (const auto& webhook : table.webhooks) want(webhook->id, webhook);
  for (const auto& [id, running] : running_)
    if (!table.webhook(id)) want(id, nullptr);
  listen(table);
  gateways_.start();
}

// Under the lock.
void Webhooks::want(store::GatewayId id, const WebhookSettingsPtr& webhook) {
  auto& running = running_[id];
  if (!running) {
    running = std::make_shared<Running>(context_.places[made_++ % context_.places.size()]);
    // Ahead of its first event, which is written by a later commit.
    remember(id, 0, running->place, [](bool) {});
  }
  running->removed = !webhook && !ending_;
  running->wanted = webhook && webhook->enabled && !gone_.contains(id) ? webhook : nullptr;
  boost::asio::post(running->place.executor, [this, alive = alive_, id, kept = running] {
    if (*alive) bring_about(id, kept);
  });
}

// Under the lock.
void Webhooks::listen(const RoutingTable& table) {
  auto listeners = std::make_shared<Outbox::Listeners>();
  for (const auto& gateway : table.gateways) listeners->gateways[gateway->id] = gateway->name;
  for (const auto& webhook : table.webhooks) {
    if (!webhook->enabled || gone_.contains(webhook->id)) continue;
    const auto tenant =
        std::ranges::find_if(tenants_, [&](const auto& each) { return each.second == webhook->tenant; });
    if (tenant == tenants_.end()) continue;
    std::set<WebhookEvent> events(webhook->events.begin(), webhook->events.end());
    for (std::size_t i = 0; webhook->events.empty() && i < webhook_event_count; ++i)
      events.insert(static_cast<WebhookEvent>(i));
    auto& of = listeners->by_tenant[tenant->first];
    of.name = tenant->second;
    of.metrics = &metrics_of(*webhook);
    of.receivers.push_back({.webhook = webhook->id, .events = std::move(events)});
  }
  outbox_.listen(std::move(listeners));
}

// One step from what runs to what is wanted; on the shard.
void Webhooks::bring_about(store::GatewayId id, const RunningPtr& running) {
  const auto [wanted, removed] = [&] {
    const std::lock_guard lock(mutex_);
    return std::pair(running->wanted, running->removed);
  }();
  if (running->stopping || running->discarding) return;
  if (running->receiver && wanted && &running->receiver->settings() == wanted.get()) return;
  if (running->receiver) {
    running->stopping = true;
    running->receiver->stop([this, alive = alive_, id, known = std::weak_ptr(running)] {
      const auto kept = known.lock();
      if (!*alive || !kept) return;
      // Not at once: it is still at work when it says this.
      boost::asio::post(kept->place.executor, [this, alive, id, kept] {
        if (!*alive) return;
        kept->receiver.reset();
        kept->held.count = 0;
        kept->held.oldest_at = 0;
        kept->stopping = false;
        bring_about(id, kept);
      });
    });
    return;
  }
  if (wanted) {
    running->receiver = make(wanted, *running);
    return running->receiver->start();
  }
  if (removed) return discard(id, running);
  forget(id, running);
}

// Where everything ends. One that is switched off stays known.
void Webhooks::forget(store::GatewayId id, const RunningPtr& running) {
  std::function<void()> ended;
  {
    const std::lock_guard lock(mutex_);
    if (running->wanted || (!running->removed && !ending_)) return;
    if (const auto it = running_.find(id); it != running_.end() && it->second == running) running_.erase(it);
    if (running_.empty()) ended = std::exchange(all_ended_, nullptr);
  }
  if (ended) ended();
}

void Webhooks::stop(std::function<void()> ended) {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    gateways_.stop();  // they go down with us
    for (const auto& [id, running] : running_) want(id, nullptr);
    if (!running_.empty()) {
      all_ended_ = std::move(ended);
      return;
    }
  }
  ended();
}

std::unique_ptr<Receiver> Webhooks::make(const WebhookSettingsPtr& webhook, Running& running) {
  const auto& place = running.place;
  return std::make_unique<Receiver>(webhook,
                                    Receiver::Context{.executor = place.executor,
                                                      .clock = context_.clock,
                                                      .random = place.random,
                                                      .store = context_.store,
                                                      .metrics = metrics_of(*webhook),
                                                      .held = running.held,
                                                      .transport = transport_of(*webhook, place)},
                                    [this, webhook] { is_gone(webhook); });
}

// Who may write the configuration file reaches what this machine reaches; who may use the API does not.
HttpOptions Webhooks::options_of(const WebhookSettings& webhook) const {
  HttpOptions options;
  options.connect_timeout = std::min<Duration>(options.connect_timeout, webhook.timeout);
  options.request_timeout = webhook.timeout;
  options.tls = webhook.tls;
  options.answer_bytes_max = answer_octets_most;
  options.targets.all = webhook.of_file;
  auto allowed = context_.config.allow_private_targets;
  if (const auto tenant = context_.router.table()->tenant(webhook.tenant))
    allowed.insert(allowed.end(), tenant->allow_private_targets.begin(), tenant->allow_private_targets.end());
  for (const auto& text : allowed)
    if (const auto network = parse_network(text)) options.targets.listed.push_back(*network);
  return options;
}

std::unique_ptr<HttpTransport> Webhooks::transport_of(const WebhookSettings& webhook, const ShardPlace& place) const {
  return context_.make_transport(place.executor, options_of(webhook));
}

metrics::WebhookMetrics& Webhooks::metrics_of(const WebhookSettings& webhook) {
  return context_.metrics.webhook(webhook.tenant);
}

Webhooks::RunningPtr Webhooks::find(store::GatewayId id) const {
  const std::lock_guard lock(mutex_);
  const auto it = running_.find(id);
  return it == running_.end() ? nullptr : it->second;
}

void Webhooks::due(const store::Tasks::DueByKind& kinds) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, running] : running_)
    if (kinds.contains(hook_tasks(id)))
      boost::asio::post(running->place.executor, [kept = running] {
        if (kept->receiver) kept->receiver->due();
      });
}

// ---- what waits for one that was removed ----

void Webhooks::discard(store::GatewayId id, const RunningPtr& running) {
  running->discarding = true;
  context_.store.claim({{.kind = hook_tasks(id), .count = discarded_at_once}}, running->place.executor,
                       [this, alive = alive_, id, running](store::TaskClaimResult result) {
                         if (*alive) discarded(id, running, std::move(result));
                       });
}

void Webhooks::discarded(store::GatewayId id, const RunningPtr& running, store::TaskClaimResult result) {
  running->discarding = false;
  const bool ending = [this] {
    const std::lock_guard lock(mutex_);
    return ending_;
  }();
  // What is left is found at the next start, by the object.
  if (ending || result.error != store::Error::none) return forget(id, running);
  store::Batch batch;
  for (const auto& task : result.tasks) batch.ended_tasks.push_back({.task = task.task, .lease = task.lease});
  const auto count = result.tasks.size();
  if (count == 0 && result.ends.front().next_due == 0)
    batch.erased_objects.push_back({.key = state_prefix + std::to_string(id), .expected = {}});
  if (count > 0)
    log::warn("webhook", "was removed: events that waited for it are discarded", "id", id, "events", count);
  running->discarding = true;
  context_.store.commit(std::move(batch), running->place.executor,
                        [this, alive = alive_, id, running, count](const store::BatchResult& done) {
                          if (!*alive) return;
                          running->discarding = false;
                          if (count > 0 && done.error == store::Error::none) return discard(id, running);
                          forget(id, running);
                        });
}

// ---- 410 ----

void Webhooks::remember(store::GatewayId id, WallMs gone_at, const ShardPlace& place, std::function<void(bool)> done) {
  store::Batch batch;
  batch.objects.push_back({.key = state_prefix + std::to_string(id), .value = std::to_string(gone_at), .expected = {}});
  context_.store.commit(std::move(batch), place.executor, [done = std::move(done)](const store::BatchResult& result) {
    done(result.error == store::Error::none);
  });
}

void Webhooks::is_gone(const WebhookSettingsPtr& webhook) {
  log::error("webhook", "its receiver answered 410: it gets no events any more until 'smsbridge webhooks resume'",
             "webhook", webhook->name);
  const auto running = find(webhook->id);
  if (!running) return;
  const auto now = context_.clock.wall();
  {
    const std::lock_guard lock(mutex_);
    gone_[webhook->id] = now;
  }
  remember(webhook->id, now, running->place, [](bool) {});
  run(*context_.router.table());
}

void Webhooks::resume(const WebhookSettings& webhook, boost::asio::any_io_executor home,
                      std::function<void(bool)> done) {
  const auto running = find(webhook.id);
  const auto answer = [home, done = std::move(done)](bool ok) { boost::asio::post(home, [done, ok] { done(ok); }); };
  if (!running) return answer(false);
  remember(webhook.id, 0, running->place, [this, alive = alive_, id = webhook.id, answer](bool kept) {
    if (*alive && kept) {
      {
        const std::lock_guard lock(mutex_);
        gone_.erase(id);
      }
      run(*context_.router.table());
    }
    answer(kept);
  });
}

// ---- asked for ----

void Webhooks::ask(const WebhookSettings& webhook, boost::asio::any_io_executor home, std::function<void(Shown)> done) {
  const auto running = find(webhook.id);
  Shown shown;
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = gone_.find(webhook.id); it != gone_.end()) shown.gone_at = it->second;
  }
  const auto [count, first] = context_.store.reader().waiting_tasks(hook_tasks(webhook.id), waiting_most);
  shown.waiting = count;
  shown.oldest_at = first;
  if (!running) return boost::asio::post(home, [shown, done = std::move(done)] { done(shown); });
  boost::asio::post(running->place.executor, [running, shown, home, done = std::move(done)]() mutable {
    if (running->receiver) {
      shown.status = running->receiver->status();
      shown.waiting = std::min(waiting_most, shown.waiting + shown.status.held);
      // What is held was claimed first.
      if (shown.status.oldest_at) shown.oldest_at = shown.status.oldest_at;
    }
    boost::asio::post(home, [shown = std::move(shown), done = std::move(done)] { done(shown); });
  });
}

void Webhooks::test(const WebhookSettingsPtr& webhook, boost::asio::any_io_executor home,
                    std::function<void(HookAttempt)> done) {
  const auto running = find(webhook->id);
  const auto& place = running ? running->place : context_.places.front();
  boost::asio::post(place.executor, [this, alive = alive_, webhook, &place, home, done = std::move(done)] {
    if (!*alive) return;
    const auto began = context_.clock.now();
    const auto now = context_.clock.wall();
    const auto id = fmt::format("evt_test_{}", now);
    std::string body =
        fmt::format(R"({{"id":"{}","type":"webhook.test","timestamp":"{}","data":{{}}}})", id, text::time_text(now));
    std::vector<std::string> secrets{webhook->secret};
    if (!webhook->old_secret.empty()) secrets.push_back(webhook->old_secret);
    http_gateways::Request request{.method = "POST",
                                   .url = webhook->url,
                                   .headers = webhook_headers(secrets, id, now / 1000, body),
                                   .body = std::move(body)};
    auto transport = std::shared_ptr<HttpTransport>(transport_of(*webhook, place));
    auto* const sends = transport.get();
    sends->send(std::move(request), [this, alive, began, home, done, transport](const HttpTransport::Result& result) {
      if (!*alive) return;
      const auto attempt = attempt_of(result, context_.clock.now() - began, context_.clock.wall());
      boost::asio::post(home, [done, attempt] { done(attempt); });
    });
  });
}

void Webhooks::refresh_gauges() {
  struct Sum {
    double waiting = 0;
    WallMs oldest_at = 0;
  };
  std::map<metrics::WebhookMetrics*, Sum> sums;
  for (const auto& webhook : context_.router.table()->webhooks) {
    const auto [count, first] = context_.store.reader().waiting_tasks(hook_tasks(webhook->id), waiting_most);
    const auto running = find(webhook->id);
    const auto held = running ? running->held.count.load() : 0;
    const auto held_at = running ? running->held.oldest_at.load() : 0;
    auto& sum = sums[&metrics_of(*webhook)];
    sum.waiting += static_cast<double>(count + held);
    for (const auto at : {first, held_at})
      if (at && (!sum.oldest_at || at < sum.oldest_at)) sum.oldest_at = at;
  }
  const auto now = context_.clock.wall();
  for (const auto& [metrics, sum] : sums) {
    metrics->pending->Set(sum.waiting);
    metrics->oldest_age_seconds->Set(
        sum.oldest_at ? static_cast<double>(std::max<WallMs>(0, now - sum.oldest_at)) / 1000 : 0);
  }
}

std::vector<store::TenantId> Webhooks::tenants_of(const RoutingTable& table, const GatewaySettings& gateway) const {
  const std::lock_guard lock(mutex_);
  std::vector<store::TenantId> tenants;
  for (const auto& [id, name] : tenants_)
    if (table.may_use(name, gateway)) tenants.push_back(id);
  return tenants;
}

}  // namespace smsbridge::bridge
