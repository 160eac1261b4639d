// SPDX-License-Identifier: MPL-2.0
#include "metrics/metrics.hpp"

#include <prometheus/labels.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "metrics/exposition.hpp"
#include "metrics/families.hpp"
#include "metrics/links.hpp"
#include "metrics/process.hpp"
#include "metrics/resolve.hpp"

namespace smsbridge::metrics {
namespace {

using prometheus::Labels;

constexpr const char *other = "other", *other_tenant = "_other";

class HttpEndpoint final : public HttpEndpointMetrics {
 public:
  HttpEndpoint(Families& families, Labels labels, int success_status)
      : requests_family_(families.http_requests), labels_(std::move(labels)) {
    duration_seconds = &families.http_request_duration_seconds.Add(labels_, buckets::fast);
    requests(success_status);
  }

  Counter& requests(int status) override {
    const bool is_status = status >= status_first && status <= status_last;
    auto& slot = by_status_[is_status ? static_cast<std::size_t>(status - status_first) : by_status_.size() - 1];
    if (auto* counter = slot.load(std::memory_order_acquire)) return *counter;
    // Two threads may both come here; the family gives both the same series.
    Labels labels = labels_;
    labels["code"] = is_status ? std::to_string(status) : other;
    auto& counter = requests_family_.Add(labels);
    slot.store(&counter, std::memory_order_release);
    return counter;
  }

 private:
  static constexpr int status_first = 100;
  static constexpr int status_last = 599;

  Families::Counters& requests_family_;
  const Labels labels_;
  std::array<std::atomic<Counter*>, status_last - status_first + 2> by_status_{};  // the last is for no status
};

class Http final : public HttpMetrics {
 public:
  explicit Http(Families& families) : families_(families) {
    requests_in_flight = &families.http_requests_in_flight.Add({});
    connections = &families.http_connections.Add({});
    body_bytes = &families.http_body_bytes.Add({});
    dropped_connections = resolve<ConnectionDrop>(families.http_connections_dropped, {}, "reason");
  }

  HttpEndpointMetrics& endpoint(const std::string& handler, HttpMethod method, int success_status) override {
    const std::lock_guard lock(mutex_);
    auto& endpoint = endpoints_[{handler, method}];
    if (!endpoint) {
      const Labels labels{{"handler", handler}, {"method", label_value(method)}};
      endpoint = std::make_unique<HttpEndpoint>(families_, labels, success_status);
    }
    return *endpoint;
  }

 private:
  Families& families_;
  std::mutex mutex_;
  std::map<std::pair<std::string, HttpMethod>, std::unique_ptr<HttpEndpoint>> endpoints_;
};

std::unique_ptr<TenantMetrics> make_tenant(Families& families, const std::string& label) {
  const Labels labels{{"tenant", label}};
  auto out = std::make_unique<TenantMetrics>();
  out->label = label;
  out->accepted = resolve<Source>(families.messages_accepted, labels, "source");
  out->rejected = resolve<RejectReason>(families.messages_rejected, labels, "reason");
  out->replayed = &families.messages_replayed.Add(labels);
  out->held_back = &families.messages_held_back.Add(labels);
  out->unlikely_numbers = &families.messages_unlikely_number.Add(labels);
  out->changed = resolve<TextChange>(families.messages_changed, labels, "how");
  out->unknown_ids = &families.fineract_unknown_ids.Add(labels);
  out->budget_spent = &families.budget_spent.Add(labels);
  out->queue_limit = &families.queue_limit_messages.Add(labels);
  out->inbound_kept = &families.inbound_kept.Add(labels);
  out->inbound_answered = &families.inbound_answered.Add(labels);
  out->inbound_unanswered = &families.inbound_unanswered.Add(labels);
  out->opt_outs = resolve<OptOutHow>(families.opt_outs, labels, "how");
  out->opt_outs_lifted = &families.opt_outs_lifted.Add(labels);
  out->schedule_runs = resolve<ScheduleEnd>(families.schedule_runs, labels, "result");
  out->schedule_rows = resolve<ScheduleRow>(families.schedule_rows, labels, "result");
  out->opted_out_late = &families.opted_out_late.Add(labels);
  out->repaired = resolve<RepairHow>(families.fineract_repaired, labels, "how");
  out->events = resolve<EventResult>(families.events, labels, "result");
  out->same_text = &families.same_text.Add(labels);
  out->postponed = resolve<Postponed>(families.postponed, labels, "when");
  return out;
}

std::unique_ptr<QueueMetrics> make_queue(Families& families, const std::string& tenant, const std::string& gateway) {
  const Labels labels{{"tenant", tenant}, {"gateway", gateway}};
  auto out = std::make_unique<QueueMetrics>();
  out->finished = resolve<FinalState>(families.messages_finished, labels, "state");
  out->doubtful_sends = resolve<DoubtPolicy>(families.doubtful_sends, labels, "policy");
  out->messages = resolve<QueueState>(families.queue_messages, labels, "state");
  out->oldest_age_seconds = &families.queue_oldest_age_seconds.Add(labels);
  return out;
}

std::unique_ptr<GatewayMetrics> make_gateway(Families& families, const std::string& name, const std::string& kind) {
  const Labels labels{{"gateway", name}};
  auto out = std::make_unique<GatewayMetrics>();
  out->routed = &families.messages_routed.Add(labels);
  out->parts_submitted = resolve<PartEncoding>(families.message_parts_submitted, labels, "encoding");
  out->retries = resolve<RetryReason>(families.message_retries, labels, "reason");
  out->submit_delay_seconds = &families.message_submit_delay_seconds.Add(labels, buckets::wait);
  out->delivery_delay_seconds = &families.message_delivery_delay_seconds.Add(labels, buckets::delivery);
  out->up = &families.gateway_up.Add({{"gateway", name}, {"kind", kind}});
  out->enabled = &families.gateway_enabled.Add(labels);
  out->rate_limit_messages_per_second = &families.gateway_rate_limit_messages_per_second.Add(labels);
  out->throttled_seconds = &families.gateway_throttled_seconds.Add(labels);
  out->submit_results = resolve<SubmitResult>(families.submit_results, labels, "result");
  out->submit_duration_seconds = &families.submit_duration_seconds.Add(labels, buckets::rtt);
  out->receipts = resolve<ReceiptState>(families.receipts, labels, "state");
  out->receipts_quiet = &families.receipts_quiet.Add(labels);
  out->parked_receipts = &families.parked_receipts.Add(labels);
  out->receipts_parked = &families.receipts_parked.Add(labels);
  out->receipts_unmatched = &families.receipts_unmatched.Add(labels);
  out->inbound_messages = &families.inbound_messages.Add(labels);
  out->inbound_repeated = &families.inbound_repeated.Add(labels);
  out->inbound_incomplete = &families.inbound_incomplete.Add(labels);
  out->inbound_refused = &families.inbound_refused.Add(labels);
  out->inbound_unassigned = &families.inbound_unassigned.Add(labels);
  out->callbacks_unreadable = &families.callbacks_unreadable.Add(labels);
  out->moves = resolve<MoveReason>(families.message_moves, labels, "reason");
  return out;
}

std::unique_ptr<WebhookMetrics> make_webhook(Families& families, const std::string& tenant) {
  const Labels labels{{"tenant", tenant}};
  auto out = std::make_unique<WebhookMetrics>();
  out->attempts = resolve<WebhookResult>(families.webhook_attempts, labels, "result");
  out->events = resolve<WebhookEnd>(families.webhook_events, labels, "end");
  out->duration_seconds = &families.webhook_duration_seconds.Add({}, buckets::rtt);
  out->pending = &families.webhook_pending.Add(labels);
  out->oldest_age_seconds = &families.webhook_oldest_age_seconds.Add(labels);
  return out;
}

StoreMetrics make_store(Families& families) {
  StoreMetrics out;
  out.commit_duration_seconds = &families.store_commit_duration_seconds.Add({}, buckets::commit);
  out.commit_messages = &families.store_commit_messages.Add({}, buckets::batch);
  out.used_bytes = &families.store_used_bytes.Add({});
  out.free_bytes = &families.store_free_bytes.Add({});
  out.size_limit_bytes = &families.store_size_limit_bytes.Add({});
  out.disk_free_bytes = &families.store_disk_free_bytes.Add({});
  out.commit_running_seconds = &families.store_commit_running_seconds.Add({});
  out.reader_lag_transactions = &families.store_reader_lag_transactions.Add({});
  out.unreadable_records = &families.store_unreadable_records.Add({});
  out.errors = resolve<StoreOperation>(families.store_errors, {}, "operation");
  return out;
}

}  // namespace

class Metrics::Registry {
 public:
  Registry(const BuildInfo& build, std::size_t tenants_max)
      : tenants_max_(tenants_max), families_(registry_), http_(families_), store_(make_store(families_)) {
    log_.events = resolve<LogLevel>(families_.log_events, {}, "level");
    log_.clock_jumps = resolve<ClockJump>(families_.clock_jumps, {}, "kind");
    last_reload_ = &families_.config_last_reload_successful.Add({});
    last_reload_success_ = &families_.config_last_reload_success_timestamp_seconds.Add({});
    series_folded_ = &families_.metrics_series_folded.Add({});
    families_.build_info.Add({{"version", build.version}, {"revision", build.revision}, {"compiler", build.compiler}})
        .Set(1);
  }

  HttpMetrics& http() { return http_; }
  StoreMetrics& store() { return store_; }
  LogMetrics& log() { return log_; }
  Counter& series_folded() { return *series_folded_; }
  void reloaded(bool successful, double at) {
    last_reload_->Set(successful ? 1 : 0);
    if (successful) last_reload_success_->Set(at);
  }

  TenantMetrics& tenant(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const std::string label = label_of(name);
    auto& tenant = tenants_[label];
    if (!tenant) tenant = make_tenant(families_, label);
    return *tenant;
  }

  GatewayMetrics& gateway(const std::string& name, const std::string& kind) {
    const std::lock_guard lock(mutex_);
    auto& gateway = gateways_[name];
    if (!gateway) gateway = make_gateway(families_, name, kind);
    return *gateway;
  }

  SmppMetrics& smpp(const std::string& gateway) {
    const std::lock_guard lock(mutex_);
    auto& smpp = smpp_[gateway];
    if (!smpp) smpp = make_smpp(families_, gateway);
    return *smpp;
  }

  ProviderMetrics& provider(const std::string& gateway) {
    const std::lock_guard lock(mutex_);
    auto& provider = providers_[gateway];
    if (!provider) provider = make_provider(families_, gateway);
    return *provider;
  }

  QueueMetrics& queue(const std::string& tenant, const std::string& gateway) {
    const std::lock_guard lock(mutex_);
    const std::string label = label_of(tenant);
    auto& queue = queues_[{label, gateway}];
    if (!queue) queue = make_queue(families_, label, gateway);
    return *queue;
  }

  WebhookMetrics& webhook(const std::string& tenant) {
    const std::lock_guard lock(mutex_);
    const std::string label = label_of(tenant);
    auto& webhook = webhooks_[label];
    if (!webhook) webhook = make_webhook(families_, label);
    return *webhook;
  }

  void show_gauges_of(const std::string& gateway, bool shown) {
    const std::lock_guard lock(mutex_);
    if (shown)
      removed_gateways_.erase(gateway);
    else
      removed_gateways_.insert(gateway);
  }

  Histogram& event_loop_lag_seconds(const std::string& loop) {
    return families_.event_loop_lag_seconds.Add({{"loop", loop}}, buckets::lag);
  }

  void before_render(std::function<void()> refresh) {
    const std::lock_guard lock(mutex_);
    refreshers_.push_back(std::move(refresh));
  }

  std::string render() {
    // Copied, because a callback may resolve a series and would then wait for the lock we hold.
    std::vector<std::function<void()>> refreshers;
    std::set<std::string> removed;
    {
      const std::lock_guard lock(mutex_);
      refreshers = refreshers_;
      removed = removed_gateways_;
    }
    for (const auto& refresh : refreshers) refresh();
    auto families = registry_.Collect();
    const auto is_removed = [&](const prometheus::ClientMetric& metric) {
      return std::ranges::any_of(metric.label,
                                 [&](const auto& l) { return l.name == "gateway" && removed.contains(l.value); });
    };
    for (auto& family : families)
      if (family.type == prometheus::MetricType::Gauge) std::erase_if(family.metric, is_removed);
    for (auto& family : collect_process()) families.push_back(std::move(family));
    return exposition(std::move(families));
  }

 private:
  // Under the lock. The first `tenants_max_` names have labels of their own, in the order in which they came.
  std::string label_of(const std::string& tenant) {
    if (tenant == other_tenant || named_tenants_.contains(tenant)) return tenant;
    if (named_tenants_.size() < tenants_max_) return *named_tenants_.insert(tenant).first;
    series_folded_->Increment();
    return other_tenant;
  }

  const std::size_t tenants_max_;
  prometheus::Registry registry_;
  Families families_;
  Http http_;
  StoreMetrics store_;
  LogMetrics log_;
  Counter* series_folded_ = nullptr;
  Gauge *last_reload_ = nullptr, *last_reload_success_ = nullptr;

  std::mutex mutex_;  // everything below
  std::set<std::string> named_tenants_;
  std::map<std::string, std::unique_ptr<TenantMetrics>> tenants_;
  std::map<std::string, std::unique_ptr<GatewayMetrics>> gateways_;
  std::map<std::string, std::unique_ptr<SmppMetrics>> smpp_;
  std::map<std::string, std::unique_ptr<ProviderMetrics>> providers_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<QueueMetrics>> queues_;
  std::map<std::string, std::unique_ptr<WebhookMetrics>> webhooks_;
  std::vector<std::function<void()>> refreshers_;
  std::set<std::string> removed_gateways_;
};

Metrics::Metrics(const BuildInfo& build, std::size_t tenants_max)
    : registry_(std::make_unique<Registry>(build, tenants_max)) {}
Metrics::~Metrics() = default;

HttpMetrics& Metrics::http() { return registry_->http(); }
TenantMetrics& Metrics::tenant(const std::string& name) { return registry_->tenant(name); }
GatewayMetrics& Metrics::gateway(const std::string& name, const std::string& kind) {
  return registry_->gateway(name, kind);
}
SmppMetrics& Metrics::smpp(const std::string& gateway) { return registry_->smpp(gateway); }
ProviderMetrics& Metrics::provider(const std::string& gateway) { return registry_->provider(gateway); }
QueueMetrics& Metrics::queue(const std::string& tenant, const std::string& gateway) {
  return registry_->queue(tenant, gateway);
}
void Metrics::show_gauges_of(const std::string& gateway, bool shown) { registry_->show_gauges_of(gateway, shown); }
WebhookMetrics& Metrics::webhook(const std::string& tenant) { return registry_->webhook(tenant); }
StoreMetrics& Metrics::store() { return registry_->store(); }
void Metrics::reloaded(bool successful, double at) { registry_->reloaded(successful, at); }
LogMetrics& Metrics::log() { return registry_->log(); }
Histogram& Metrics::event_loop_lag_seconds(const std::string& loop) { return registry_->event_loop_lag_seconds(loop); }
Counter& Metrics::series_folded() { return registry_->series_folded(); }
void Metrics::before_render(std::function<void()> refresh) { registry_->before_render(std::move(refresh)); }
std::string Metrics::render() { return registry_->render(); }

}  // namespace smsbridge::metrics
