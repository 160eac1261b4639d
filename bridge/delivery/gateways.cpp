// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/gateways.hpp"

#include <boost/asio/post.hpp>

#include "bridge/delivery/http_channel.hpp"
#include "bridge/delivery/phone_channel.hpp"
#include "bridge/delivery/smpp_channel.hpp"
#include "bridge/env/log.hpp"
#include "bridge/text/time.hpp"
#include "http_gateways/coding.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 30s, stop_margin = 5s;
constexpr std::size_t page_messages = 500, awaited_looked_at_max = 500;

std::optional<metrics::FinalState> final_label_of(store::State state) {
  using metrics::FinalState;
  switch (state) {
    case store::State::delivered:
      return FinalState::delivered;
    case store::State::undeliverable:
      return FinalState::undeliverable;
    case store::State::expired:
      return FinalState::expired;
    case store::State::rejected:
      return FinalState::rejected;
    case store::State::failed:
      return FinalState::failed;
    case store::State::cancelled:
      return FinalState::cancelled;
    case store::State::sent:
    case store::State::unknown:
      return FinalState::unknown;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Gateways::serve(const std::map<store::TenantId, std::string>& tenants) {
  const std::lock_guard lock(mutex_);
  for (const auto& [tenant, name] : tenants) {
    if (!tenants_.emplace(tenant, name).second) continue;
    for (const auto& [gateway, running] : running_) {
      if (running->wanted) count_queue(tenant, name, *running->wanted);
      // One that is not there yet serves all when it starts.
      boost::asio::post(running->place.executor, [running, tenant, &metrics = context_.metrics.queue(name, gateway)] {
        if (running->gateway) running->gateway->serve(tenant, metrics);
      });
    }
  }
}

void Gateways::count_queue(store::TenantId tenant, const std::string& tenant_name, const GatewaySettings& gateway) {
  counted_[{tenant, gateway.id}] = {.queue = &context_.metrics.queue(tenant_name, gateway.name),
                                    .gateway = &context_.metrics.gateway(gateway.name, gateway.kind)};
}

// Under the lock.
void Gateways::use_lanes(const Lanes& lanes) {
  if (lanes_ == lanes) return;
  lanes_ = lanes;
  for (const auto& [name, running] : running_)
    boost::asio::post(running->place.executor, [running, lanes] {
      if (running->gateway) running->gateway->use_lanes(lanes);
    });
}

void Gateways::run(const RoutingTable& table) {
  const std::lock_guard lock(mutex_);
  if (ending_) return;
  use_lanes(table.lanes);
  for (const auto& gateway : table.gateways) want(gateway->name, gateway);
  for (const auto& [name, running] : running_)
    if (!table.gateway(name)) want(name, nullptr);
}

void Gateways::stop(std::function<void()> ended) {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const auto& [name, running] : running_) {
      want(name, nullptr);
      // Also one that stopped before, for a change, and cannot write.
      boost::asio::post(running->place.executor, [this, running] {
        if (running->gateway) running->gateway->abandon(context_.clock.now() + stop_deadline);
      });
    }
    if (!running_.empty()) {
      all_ended_ = std::move(ended);
      return;
    }
  }
  ended();
}

void Gateways::want(const std::string& name, GatewaySettingsPtr gateway) {
  auto& running = running_[name];
  if (!running)
    running = std::make_shared<Running>(Running{.place = context_.places[made_++ % context_.places.size()]});
  else if (running->wanted == gateway)
    return;
  if (gateway)
    for (const auto& [tenant, tenant_name] : tenants_) count_queue(tenant, tenant_name, *gateway);
  context_.metrics.show_gauges_of(name, gateway != nullptr);
  if (!gateway && !ending_) {
    // Removed, not stopped: one of the same name begins anew.
    remember(name, {.paused = 0, .draining = 0}, running->place.executor, [] {});
    boost::asio::post(running->place.executor, [running] { running->since = {.paused = 0, .draining = 0}; });
  }
  running->wanted = std::move(gateway);
  boost::asio::post(running->place.executor, [this, name, running] { bring_about(name, running); });
}

// One step from what runs to what is wanted; on the shard.
void Gateways::bring_about(const std::string& name, const RunningPtr& running) {
  const auto wanted = [&] {
    const std::lock_guard lock(mutex_);
    return running->wanted;
  }();
  if (running->stopping || (running->gateway && wanted && works_as(running->gateway->config(), *wanted))) return;
  if (running->gateway) {
    running->stopping = true;
    // An answer that is not waited for is a message in doubt.
    const auto& old = running->gateway->config();
    const auto answers_within = old.is_smpp() ? old.smpp().session.response_timeout : old.provider().request_timeout;
    const auto patience = wanted ? std::max<Duration>(stop_deadline, answers_within + stop_margin) : stop_deadline;
    // The gateway keeps this until it has ended, and must not keep itself by it.
    running->gateway->stop(context_.clock.now() + patience, [this, name, known = std::weak_ptr(running)] {
      const auto kept = known.lock();
      kept->stopped = true;
      // Not at once: it is still at work when it says this.
      boost::asio::post(kept->place.executor, [this, name, kept] {
        kept->gateway.reset();
        kept->stopping = kept->stopped = false;
        bring_about(name, kept);
      });
    });
    return;
  }
  if (wanted) return make(wanted, *running);
  std::function<void()> ended;
  {
    const std::lock_guard lock(mutex_);
    if (running->wanted) return;  // since a moment: that change has posted its own call
    running_.erase(name);
    if (running_.empty()) ended = std::exchange(all_ended_, nullptr);
  }
  if (ended) ended();
}

void Gateways::make(const GatewaySettingsPtr& config, Running& running) {
  const auto& place = running.place;
  std::map<store::TenantId, metrics::QueueMetrics*> queues;
  std::vector<store::Queue> all;
  const auto [tenants, lanes] = [this] {
    const std::lock_guard lock(mutex_);
    return std::pair(tenants_, lanes_);
  }();
  for (const auto& [tenant, tenant_name] : tenants) {
    queues[tenant] = &context_.metrics.queue(tenant_name, config->name);
    for (std::size_t lane = 0; lane < store::lane_count; ++lane)
      all.push_back({.gateway = config->id, .tenant = tenant, .lane = static_cast<store::Lane>(lane)});
  }
  const auto now = context_.clock.wall();
  const Account account{paces_.of(config, context_.store, now), learnt_ids_.of(config, context_.store, now)};
  running.gateway =
      std::make_unique<Gateway>(config,
                                GatewayContext{.executor = place.executor,
                                               .clock = context_.clock,
                                               .random = place.random,
                                               .store = context_.store,
                                               .metrics = context_.metrics.gateway(config->name, config->kind),
                                               .queue_metrics = std::move(queues),
                                               .lanes = lanes,
                                               .router = context_.router,
                                               .pace = account.pace,
                                               .ids = account.ids,
                                               .keep = context_.keep,
                                               .opt_outs = context_.opt_outs,
                                               .quiet_time = context_.quiet_time},
                                [&](Channel::Owner& owner) { return make_channel(*config, place, account, owner); });
  // What was asked a moment ago may not be on disk yet.
  if (!running.since.draining) running.since.draining = remembered(draining_prefix + config->name);
  if (!running.since.paused) running.since.paused = remembered(paused_prefix + config->name);
  running.gateway->drain(*running.since.draining);
  if (const auto since = *running.since.paused) {
    log::warn("gateway", "is still paused; 'smsbridge gateways resume' lets it send", "gateway", config->name, "since",
              text::time_text(since));
    running.gateway->pause(since);
  }
  if (context_.starting) context_.starting(*config);
  running.gateway->start();
  // Everything that waits is looked at once; later the store says what became due.
  running.gateway->due(all);
}

std::function<store::Page(store::MessageId)> Gateways::sent_by(store::GatewayId gateway) const {
  return [&store = context_.store, gateway](store::MessageId before) {
    return store.reader().page({.states = {store::State::submitted}, .gateway = gateway}, before, page_messages);
  };
}

store::AwaitedPage Gateways::awaited(store::GatewayId gateway, store::AwaitedAt from, WallMs until) const {
  return context_.store.reader().awaited(gateway, from, until, awaited_looked_at_max);
}

// Who may write the configuration file reaches what this machine reaches; who may use the API does not.
Targets Gateways::targets_of(const GatewaySettings& gateway) const {
  Targets targets{.all = gateway.of_file, .listed = {}};
  for (const auto& text : context_.config.allow_private_targets)
    if (const auto network = parse_network(text)) targets.listed.push_back(*network);
  return targets;
}

std::unique_ptr<Channel> Gateways::make_channel(const GatewaySettings& gateway, const ShardPlace& place,
                                                const Account& account, Channel::Owner& owner) {
  auto& counted = context_.metrics.gateway(gateway.name, gateway.kind);
  if (gateway.is_smpp())
    return std::make_unique<SmppChannel>(
        gateway,
        SmppContext{.executor = place.executor,
                    .clock = context_.clock,
                    .connector = context_.connector,
                    .random = place.random,
                    .metrics = counted,
                    .smpp_metrics = context_.metrics.smpp(gateway.name),
                    .pace = account.pace,
                    .tenant_name = std::bind_front(&Router::tenant_name, &context_.router),
                    .awaited = std::bind_front(&Gateways::awaited, this, gateway.id),
                    .ids = account.ids},
        owner);
  const auto& public_url = context_.config.public_url;
  const auto callback_url = public_url.empty()
                                ? std::string()
                                : fmt::format("{}/in/{}/{}", public_url, http_gateways::percent_encode(gateway.name),
                                              http_gateways::percent_encode(gateway.provider().callback_secret));
  if (callback_url.empty() && gateway.receipts)
    log::warn("gateway", "without listen.public_url this provider cannot tell us what became of messages", "gateway",
              gateway.name);
  HttpContext context{.executor = place.executor,
                      .clock = context_.clock,
                      .metrics = counted,
                      .provider_metrics = context_.metrics.provider(gateway.name),
                      .pace = account.pace,
                      .make_transport =
                          [make = context_.make_transport, targets = targets_of(gateway)](
                              boost::asio::any_io_executor executor, HttpOptions options) {
                            options.targets = targets;
                            return make(std::move(executor), options);
                          },
                      .callback_url = callback_url,
                      .sent_before = sent_by(gateway.id)};
  auto provider = http_gateways::make_provider(*gateway.provider().kind, gateway.provider().account);
  if (provider->fetched())
    return std::make_unique<PhoneChannel>(gateway, std::move(context), std::move(provider), owner);
  return std::make_unique<HttpChannel>(gateway, std::move(context), std::move(provider), owner);
}

Gateways::RunningPtr Gateways::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = running_.find(name);
  return it == running_.end() ? nullptr : it->second;
}

void Gateways::due(const std::set<store::Queue>& queues) {
  std::map<store::GatewayId, std::vector<store::Queue>> by_gateway;
  for (const auto& queue : queues) by_gateway[queue.gateway].push_back(queue);
  const std::lock_guard lock(mutex_);
  for (const auto& [name, running] : running_) {
    const auto it = running->wanted ? by_gateway.find(running->wanted->id) : by_gateway.end();
    if (it == by_gateway.end()) continue;
    // One that is not there yet looks at everything when it starts.
    boost::asio::post(running->place.executor, [running, list = std::move(it->second)] {
      if (running->gateway) running->gateway->due(list);
    });
  }
}

bool Gateways::serves(store::TenantId tenant, store::GatewayId gateway) const {
  const std::lock_guard lock(mutex_);
  return counted_.contains({tenant, gateway});
}

void Gateways::count(const std::vector<store::Final>& finals) {
  const std::lock_guard lock(mutex_);
  for (const auto& final_state : finals) {
    const auto it = counted_.find({final_state.tenant, final_state.gateway});
    if (it == counted_.end()) continue;
    if (const auto label = final_label_of(final_state.state)) it->second.queue->finished[*label]->Increment();
    if (final_state.state == store::State::delivered && final_state.submitted_at)
      it->second.gateway->delivery_delay_seconds->Observe(
          static_cast<double>(final_state.finished_at - final_state.submitted_at) / 1000.0);
  }
}

void Gateways::refresh_gauges() {
  const auto counts = context_.store.counts();
  const auto now = context_.clock.wall();
  const std::lock_guard lock(mutex_);
  for (const auto& [owner, counted] : counted_) {
    auto* const metrics = counted.queue;
    const auto it = counts.find(owner);
    const auto count = [&](store::State state) {
      return it == counts.end() ? 0.0 : static_cast<double>(it->second[static_cast<std::size_t>(state)]);
    };
    metrics->messages[metrics::QueueState::queued]->Set(count(store::State::queued));
    metrics->messages[metrics::QueueState::awaiting_receipt]->Set(count(store::State::submitted) +
                                                                  count(store::State::doubtful));
    store::WallMs oldest = 0;
    for (std::size_t lane = 0; lane < store::lane_count; ++lane) {
      const auto due = context_.store.reader().oldest_due(
          {.gateway = owner.second, .tenant = owner.first, .lane = static_cast<store::Lane>(lane)});
      if (due && (!oldest || due < oldest)) oldest = due;
    }
    metrics->oldest_age_seconds->Set(oldest && oldest < now ? static_cast<double>(now - oldest) / 1000.0 : 0.0);
  }
}

WallMs Gateways::remembered(const std::string& key) const {
  const auto since = context_.store.reader().object(key);
  return since ? std::strtoll(since->value.c_str(), nullptr, 10) : 0;
}

// A gateway that is paused or drained stays so over a restart: whoever did it had a reason. `done` follows the commit.
void Gateways::remember(const std::string& name, const Since& since, boost::asio::any_io_executor home,
                        std::function<void()> done) {
  store::Batch batch;
  for (const auto& [prefix, at] : {std::pair(paused_prefix, since.paused), std::pair(draining_prefix, since.draining)})
    if (at && *at)
      batch.objects.push_back({.key = prefix + name, .value = std::to_string(*at), .expected = {}});
    else if (at)
      batch.erased_objects.push_back({.key = prefix + name, .expected = {}});
  context_.store.commit(
      std::move(batch), std::move(home), [name, done = std::move(done)](const store::BatchResult& result) {
        if (result.error != store::Error::none)
          log::error("gateway", "this change lasts until the next restart only: it could not be stored", "what", name,
                     "error", store::explain(result.error));
        done();
      });
}

}  // namespace smsbridge::bridge
