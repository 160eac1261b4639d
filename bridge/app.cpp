// SPDX-License-Identifier: MPL-2.0
#include "bridge/app.hpp"

#include <boost/asio/post.hpp>
#include <future>
#include <random>

#include "bridge/delivery/http_channel.hpp"
#include "bridge/delivery/smpp_channel.hpp"
#include "bridge/env/log.hpp"
#include "bridge/ingest/message_id.hpp"
#include "bridge/version.hpp"
#include "http_gateways/wire.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

constexpr Duration stop_deadline = 30s;
constexpr WallMs clock_behind_max = 60'000;
constexpr std::size_t fineract_body_bytes = 4u << 20;  // 200 texts of 1000 characters, all escaped, are 1.3 MB

const std::string paused_prefix = "paused/";  // object: since when, milliseconds
const std::string callback_secret_prefix = "callback-secret/";

metrics::Metrics* log_metrics = nullptr;  // spdlog calls a plain function

void count_log_line(spdlog::level::level_enum level) {
  if (!log_metrics) return;
  using metrics::LogLevel;
  const auto label = level >= spdlog::level::critical ? LogLevel::critical
                     : level == spdlog::level::err    ? LogLevel::error
                     : level == spdlog::level::warn   ? LogLevel::warning
                     : level == spdlog::level::info   ? LogLevel::info
                                                      : LogLevel::debug;
  log_metrics->log().events[label]->Increment();
}

std::uint64_t system_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::optional<metrics::FinalState> label_of(store::State state) {
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

store::Options store_options(const Config& config, Clock& clock) {
  store::Options options;
  options.path = config.store_path;
  options.size_limit_bytes = config.store_size_limit_bytes;
  options.prewrite_bytes = std::min(config.store_prewrite_bytes, config.store_size_limit_bytes / 4);
  options.limits.retention_ms = config.retention_ms;
  for (const auto& gateway : config.gateways)
    options.limits.held_ms = std::max(options.limits.held_ms, gateway.retry.hold_ms);
  options.wall_clock = [&clock] { return clock.wall(); };
  return options;
}

App::App(Config config, Clock& clock, Connector& connector)
    : config_(std::move(config)),
      clock_(clock),
      connector_(connector),
      metrics_(build_info()),
      lock_(config_.store_path),
      store_(store_options(config_, clock)),
      tenants_(config_, store_, metrics_),
      router_(config_, tenants_.names(), clock_),
      budgets_(config_, tenants_, store_),
      directory_(config_, router_, &budgets_),
      services_{.config = config_,
                .store = store_,
                .clock = clock_,
                .directory = directory_,
                .tenants = tenants_,
                .metrics = metrics_,
                .gateways = *this,
                .callback_secrets = callback_secrets_,
                .ready = ready_} {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int count = config_.shards > 0 ? config_.shards : std::max(1, cores - 1);
  for (int number = 0; number < count; ++number)
    shards_.push_back(std::make_unique<Shard>(number, system_seed(), clock_, metrics_));
  store_.open_queue();
  read_callback_secrets();
  make_gateways();
  set_hooks();
  make_servers();
}

App::~App() { stop(); }

void App::make_gateways() {
  std::size_t next = 0;
  for (const auto& gateway : config_.gateways) {
    auto& shard = *shards_[next++ % shards_.size()];
    std::map<store::TenantId, metrics::QueueMetrics*> queues;
    for (const auto& [name, tenant] : tenants_.all()) {
      auto* queue = &metrics_.queue(name, gateway.name);
      queues[tenant.id] = queue;
      queue_metrics_[{tenant.id, gateway.id}] = queue;
    }
    auto& running = gateways_[gateway.name];
    running.shard = &shard;
    running.gateway =
        std::make_unique<Gateway>(gateway,
                                  GatewayContext{.executor = shard.executor(),
                                                 .clock = clock_,
                                                 .random = shard.random(),
                                                 .store = store_,
                                                 .metrics = metrics_.gateway(gateway.name, gateway.kind),
                                                 .queue_metrics = std::move(queues),
                                                 .lanes = config_.lanes,
                                                 .router = router_},
                                  [&](Channel::Owner& owner) { return make_channel(gateway, shard, owner); });
    gateways_by_id_[gateway.id] = &running;
  }
}

std::unique_ptr<Channel> App::make_channel(const GatewayConfig& gateway, Shard& shard, Channel::Owner& owner) {
  auto& counted = metrics_.gateway(gateway.name, gateway.kind);
  if (gateway.kind == "smpp")
    return std::make_unique<SmppChannel>(gateway,
                                         SmppContext{.executor = shard.executor(),
                                                     .clock = clock_,
                                                     .connector = connector_,
                                                     .random = shard.random(),
                                                     .metrics = counted,
                                                     .smpp_metrics = metrics_.smpp(gateway.name)},
                                         owner);
  const auto callback_url = config_.public_url.empty()
                                ? std::string()
                                : config_.public_url + "/in/" + http_gateways::percent_encode(gateway.name) + "/" +
                                      http_gateways::percent_encode(callback_secrets_.at(gateway.name));
  if (callback_url.empty() && gateway.receipts)
    log::warn("gateway", "without listen.public_url this provider cannot tell us what became of messages", "gateway",
              gateway.name);
  return std::make_unique<HttpChannel>(gateway,
                                       HttpContext{.executor = shard.executor(),
                                                   .clock = clock_,
                                                   .metrics = counted,
                                                   .provider_metrics = metrics_.provider(gateway.name),
                                                   .make_transport = make_curl_transport,
                                                   .callback_url = callback_url},
                                       owner);
}

// One that nobody configured is made once and stays, since it stands in the provider's settings.
void App::read_callback_secrets() {
  for (const auto& gateway : config_.gateways) {
    if (gateway.kind == "smpp") continue;
    auto& secret = callback_secrets_[gateway.name];
    secret = gateway.callback_secret;
    if (!secret.empty()) continue;
    const auto key = callback_secret_prefix + gateway.name;
    secret = store_.reader().object(key).value_or(std::string());
    if (!secret.empty()) continue;
    secret = random_hex(16);
    store_.put_object(key, secret);
  }
}

void App::set_hooks() {
  store::Hooks hooks;
  hooks.due_now = [this](const std::set<store::Queue>& queues) {
    std::map<Running*, std::vector<store::Queue>> by_gateway;
    for (const auto& queue : queues)
      if (const auto it = gateways_by_id_.find(queue.gateway); it != gateways_by_id_.end())
        by_gateway[it->second].push_back(queue);
    for (auto& [running, due] : by_gateway)
      boost::asio::post(running->shard->io(),
                        [gateway = running->gateway.get(), list = std::move(due)] { gateway->due(list); });
  };
  hooks.finals = [this](const std::vector<store::Final>& finals) {
    for (const auto& final_state : finals) {
      const auto label = label_of(final_state.state);
      if (const auto it = queue_metrics_.find({final_state.tenant, final_state.gateway});
          it != queue_metrics_.end() && label)
        it->second->finished[*label]->Increment();
      if (final_state.state == store::State::delivered && final_state.submitted_at)
        if (const auto* gateway = directory_.by_id(final_state.gateway))
          metrics_.gateway(gateway->name, gateway->kind)
              .delivery_delay_seconds->Observe(static_cast<double>(final_state.finished_at - final_state.submitted_at) /
                                               1000.0);
    }
  };
  hooks.committed = [&store = metrics_.store()](const store::CommitStats& stats) {
    store.commit_duration_seconds->Observe(stats.seconds);
    if (stats.messages > 0) store.commit_messages->Observe(static_cast<double>(stats.messages));
    store.used_bytes->Set(static_cast<double>(stats.used_bytes));
    store.free_bytes->Set(static_cast<double>(stats.free_bytes));
    store.disk_free_bytes->Set(static_cast<double>(stats.disk_free_bytes));
  };
  hooks.failed = [this](store::Error error, const std::string& why) {
    metrics_.store().errors[metrics::StoreOperation::commit]->Increment();
    log::error("store", "a commit failed", "error", store::explain(error), "detail", why);
  };
  store_.set_hooks(std::move(hooks));
  metrics_.store().size_limit_bytes->Set(static_cast<double>(config_.store_size_limit_bytes));
  metrics_.before_render([this] { refresh_gauges(); });
  log_metrics = &metrics_;
  log::set_counter(count_log_line);
}

// What is true at the moment of the scrape.
void App::refresh_gauges() {
  const auto counts = store_.counts();
  const auto now = clock_.wall();
  for (const auto& [owner, metrics] : queue_metrics_) {
    const auto it = counts.find(owner);
    const auto count = [&](store::State state) {
      return it == counts.end() ? 0.0 : static_cast<double>(it->second[static_cast<std::size_t>(state)]);
    };
    metrics->messages[metrics::QueueState::queued]->Set(count(store::State::queued));
    metrics->messages[metrics::QueueState::awaiting_receipt]->Set(count(store::State::submitted) +
                                                                  count(store::State::doubtful));
    store::WallMs oldest = 0;
    for (std::size_t lane = 0; lane < store::lane_count; ++lane) {
      const auto due = store_.reader().oldest_due(
          {.gateway = owner.second, .tenant = owner.first, .lane = static_cast<store::Lane>(lane)});
      if (due && (!oldest || due < oldest)) oldest = due;
    }
    metrics->oldest_age_seconds->Set(oldest && oldest < now ? static_cast<double>(now - oldest) / 1000.0 : 0.0);
  }
}

void App::make_servers() {
  std::vector<Route> api = message_routes(services_);
  for (auto&& more :
       {gateway_routes(services_), route_routes(services_), usage_routes(services_), system_routes(services_)})
    api.insert(api.end(), more.begin(), more.end());
  const auto api_handler = make_router(std::move(api), metrics_.http(), clock_, to_response);
  const auto fineract_handler = make_router(fineract_routes(services_), metrics_.http(), clock_, fineract_refusal);
  HttpLimits fineract_limits;
  fineract_limits.body_bytes = fineract_body_bytes;
  auto api_address = config_.api, fineract_address = config_.fineract;
  for (auto& shard : shards_) {
    auto api_server = std::make_unique<HttpServer>(shard->io(), HttpLimits{}, api_handler, to_response);
    // Port 0 is chosen once; the other shards share it.
    api_address.port = api_port_ = api_server->listen(api_address, shard == shards_.front());
    servers_.emplace_back(shard.get(), std::move(api_server));
    auto fineract_server =
        std::make_unique<HttpServer>(shard->io(), fineract_limits, fineract_handler, fineract_refusal);
    fineract_address.port = fineract_port_ = fineract_server->listen(fineract_address, shard == shards_.front());
    servers_.emplace_back(shard.get(), std::move(fineract_server));
  }
  auto control = std::make_unique<HttpServer>(shards_.front()->io(), HttpLimits{}, api_handler, to_response);
  control->listen_local(config_.control_socket.string());
  servers_.emplace_back(shards_.front().get(), std::move(control));
}

// What nobody will send, and a clock that nobody set: said once, loudly.
void App::warn_of_leftovers() {
  for (const auto& [owner, counts] : store_.counts()) {
    const auto queued = counts[static_cast<std::size_t>(store::State::queued)];
    if (queued > 0 && !queue_metrics_.contains(owner))
      log::warn("queue",
                "messages wait for a gateway or tenant that the configuration no longer has; they expire unless it "
                "comes back",
                "messages", queued, "gateway_id", owner.second, "tenant",
                tenants_.find(owner.first) ? tenants_.find(owner.first)->config.name : "unknown");
  }
  const auto last = store_.reader().page({}, 0, 1).messages;
  const auto newest = last.empty() ? 0 : last.front().content.created_at;
  if (newest > clock_.wall() + clock_behind_max)
    log::error("clock",
               "this machine's clock is behind the newest message: what waits is sent late, and new messages "
               "may expire at once when the clock is set right; check its time synchronisation",
               "clock", time_text(clock_.wall()), "newest", time_text(newest));
}

void App::start() {
  started_ = true;
  warn_of_leftovers();
  store_.start();
  // Everything that waits is looked at once; later the store says what became due.
  for (auto& [name, running] : gateways_) {
    std::vector<store::Queue> all;
    for (const auto& [tenant_name, tenant] : tenants_.all())
      for (std::size_t lane = 0; lane < store::lane_count; ++lane)
        all.push_back(
            {.gateway = running.gateway->config().id, .tenant = tenant.id, .lane = static_cast<store::Lane>(lane)});
    const auto paused = store_.reader().object(paused_prefix + name);
    const WallMs since = paused ? std::strtoll(paused->c_str(), nullptr, 10) : 0;
    if (since)
      log::warn("gateway", "is still paused; 'smsbridge gateways resume' lets it send", "gateway", name, "since",
                time_text(since));
    boost::asio::post(running.shard->io(), [gateway = running.gateway.get(), all, since] {
      if (since) gateway->pause(since);
      gateway->start();
      gateway->due(all);
    });
  }
  budget_timer_ = clock_.timer(shards_.front()->executor());
  watch_budgets();
  for (auto& shard : shards_) shard->start();
  ready_ = true;
}

void App::watch_budgets() {
  budgets_.refresh(clock_.wall());
  budget_timer_->at(clock_.now() + 1s, [this] { watch_budgets(); });
}

void App::stop() {
  ready_ = false;
  if (!std::exchange(started_, false)) return;
  // A server's sockets are closed on its own shard; requests that are being handled get their answers.
  for (auto& [shard, server] : servers_) boost::asio::post(shard->io(), [&server] { server->stop(); });
  stop_gateways();
  store_.stop();
  // Behind the answers to the last commit.
  for (auto& shard : shards_) boost::asio::post(shard->io(), [&shard] { shard->io().stop(); });
  for (auto& shard : shards_) shard->join();
  budget_timer_.reset();
  servers_.clear();
  gateways_.clear();
  log::set_counter(nullptr);
  log_metrics = nullptr;
}

void App::stop_gateways() {
  std::promise<void> stopped;
  auto left = std::make_shared<std::atomic<std::size_t>>(gateways_.size());
  for (auto& [name, running] : gateways_)
    boost::asio::post(running.shard->io(),
                      [gateway = running.gateway.get(), left, &stopped, deadline = clock_.now() + stop_deadline] {
                        gateway->stop(deadline, [left, &stopped] {
                          if (--*left == 0) stopped.set_value();
                        });
                      });
  stopped.get_future().wait();
}

// A paused gateway stays so over a restart: whoever paused it had a reason.
void App::remember_pause(const std::string& gateway, WallMs since) {
  try {
    if (since)
      store_.put_object(paused_prefix + gateway, std::to_string(since));
    else
      store_.erase_object(paused_prefix + gateway);
  } catch (const std::exception& error) {
    log::error("gateway", "this change lasts until the next restart only: it could not be stored", "gateway", gateway,
               "error", error.what());
  }
}

void App::ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
              std::function<void(GatewayStatus)> done) {
  auto& running = gateways_.at(gateway);
  boost::asio::post(running.shard->io(), [this, &running, action, home = std::move(home), done = std::move(done)] {
    if (action == Action::pause) running.gateway->pause(clock_.wall());
    if (action == Action::resume) running.gateway->resume();
    if (action != Action::show) remember_pause(running.gateway->config().name, running.gateway->status().paused_since);
    boost::asio::post(home, [done, status = running.gateway->status()] { done(status); });
  });
}

void App::callback(const std::string& gateway, http_gateways::CallbackRequest request,
                   boost::asio::any_io_executor home, std::function<void(http_gateways::CallbackAnswer)> done) {
  auto& running = gateways_.at(gateway);
  boost::asio::post(running.shard->io(),
                    [&running, request = std::move(request), home = std::move(home), done = std::move(done)] {
                      running.gateway->receive(request, [home, done](http_gateways::CallbackAnswer answer) {
                        boost::asio::post(home, [done, answer = std::move(answer)] { done(answer); });
                      });
                    });
}

}  // namespace smsbridge::bridge
