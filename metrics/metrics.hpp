// SPDX-License-Identifier: MPL-2.0
// What the bridge counts: one struct for each component, with every series resolved when it starts. On the hot path
// only handles are used; looking a series up hashes its labels and takes a lock.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/labels.hpp"

namespace smsbridge::metrics {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

// One series for each value of a label: metrics.submit_results[SubmitResult::ok]->Increment().
template <class Enum, class Series>
struct ByLabel {
  std::array<Series*, label_count<Enum>> series{};
  Series* operator[](Enum value) const { return series[static_cast<std::size_t>(value)]; }
};

// One endpoint: a route template and a method.
struct HttpEndpointMetrics {
  virtual ~HttpEndpointMetrics() = default;
  Histogram* duration_seconds = nullptr;  // not for streams, which last as long as their client likes
  // http_requests_total for a status. The success status exists from the start, others from their first use; after
  // that no lock is taken. A status outside 100..599 is counted as "other".
  virtual Counter& requests(int status) = 0;
};

struct HttpMetrics {
  virtual ~HttpMetrics() = default;
  Gauge* requests_in_flight = nullptr;
  Gauge* connections = nullptr;
  Gauge* body_bytes = nullptr;  // of requests that are being read or answered
  ByLabel<ConnectionDrop, Counter> dropped_connections;
  // `handler` is a route template of ours ("/api/v1/messages/{id}"), never a path. The same object for the same pair.
  virtual HttpEndpointMetrics& endpoint(const std::string& handler, HttpMethod method, int success_status = 200) = 0;
};

struct TenantMetrics {
  std::string label;  // as it stands in the series: the name, or _other
  ByLabel<Source, Counter> accepted;
  ByLabel<RejectReason, Counter> rejected;
  Counter* replayed = nullptr;
  Counter* held_back = nullptr;         // came faster than the tenant's rate, and leave later
  Counter* unlikely_numbers = nullptr;  // taken, though they do not look like mobiles
  ByLabel<TextChange, Counter> changed;
  Counter* unknown_ids = nullptr;         // that Fineract asked for and nobody posted
  Gauge* budget_spent = nullptr;          // this month, in the budget's currency
  Gauge* queue_limit = nullptr;           // 0: none
  Counter* inbound_kept = nullptr;        // whole messages of phones
  Counter* inbound_answered = nullptr;    // by a rule
  Counter* inbound_unanswered = nullptr;  // a rule would have, and something was in the way
  ByLabel<OptOutHow, Counter> opt_outs;
  Counter* opt_outs_lifted = nullptr;
  Counter* opted_out_late = nullptr;     // accepted before, and stopped before they left
  ByLabel<EventResult, Counter> events;  // of the bank
  ByLabel<RepairHow, Counter> repaired;  // ids of Fineract
  ByLabel<ScheduleEnd, Counter> schedule_runs;
  ByLabel<ScheduleRow, Counter> schedule_rows;
  ByLabel<Postponed, Counter> postponed;
  Counter* same_text = nullptr;  // not sent, because its number got it often enough
};

// The messages of one tenant on one gateway. Tenants that are folded share one object, so their gauges must be moved
// with Increment and Decrement, or set to the sum.
struct QueueMetrics {
  ByLabel<FinalState, Counter> finished;
  ByLabel<DoubtPolicy, Counter> doubtful_sends;
  ByLabel<QueueState, Gauge> messages;
  Gauge* oldest_age_seconds = nullptr;
};

// What every gateway has, whatever its protocol. A message that finds no route counts on the gateway `none`.
struct GatewayMetrics {
  Counter* routed = nullptr;
  ByLabel<PartEncoding, Counter> parts_submitted;
  ByLabel<RetryReason, Counter> retries;
  Histogram* submit_delay_seconds = nullptr;    // due to first submit
  Histogram* delivery_delay_seconds = nullptr;  // first submit to final receipt
  Gauge* up = nullptr;                          // 1: can send now
  Gauge* enabled = nullptr;                     // 0: paused or off
  Gauge* rate_limit_messages_per_second = nullptr;
  Counter* throttled_seconds = nullptr;
  ByLabel<SubmitResult, Counter> submit_results;
  Histogram* submit_duration_seconds = nullptr;
  ByLabel<ReceiptState, Counter> receipts;
  Gauge* receipts_quiet = nullptr;        // 1: they came, and stopped
  Gauge* parked_receipts = nullptr;       // now
  Counter* receipts_parked = nullptr;     // kept, since their messages may still come
  Counter* receipts_unmatched = nullptr;  // given up as nobody's
  Counter* inbound_messages = nullptr;    // or parts of them
  Counter* inbound_repeated = nullptr;    // known already
  Counter* inbound_incomplete = nullptr;  // kept without all their parts
  Counter* inbound_refused = nullptr;     // could not be stored: the carrier repeats them
  Counter* inbound_unassigned = nullptr;  // nothing says whose they are: taken for the first tenant's
  Counter* callbacks_unreadable = nullptr;
  ByLabel<MoveReason, Counter> moves;  // to another gateway
};

// What accounts with HTTP providers have besides.
struct ProviderMetrics {
  virtual ~ProviderMetrics() = default;
  Gauge* requests_in_flight = nullptr;
  Gauge* requests_limit = nullptr;
  // provider_responses_total for an HTTP status; 0: no answer. Takes a lock, which a request over HTTP does not notice.
  virtual Counter& responses(int status) = 0;
  virtual void set_balance(double amount) = 0;  // its series exists from the first call
};

// What SMPP gateways have besides.
struct SmppMetrics {
  virtual ~SmppMetrics() = default;
  ByLabel<SessionState, Gauge> sessions;
  Gauge* sessions_wanted = nullptr;
  ByLabel<BindResult, Counter> bind_attempts;
  ByLabel<DisconnectReason, Counter> disconnects;
  ByLabel<HostChange, Counter> host_changes;
  Gauge* sessions_away = nullptr;
  ByLabel<QueryResult, Counter> queries;
  ByLabel<CancelResult, Counter> cancels;
  Gauge* window_in_use = nullptr;
  Gauge* window_limit = nullptr;
  std::array<ByLabel<SmppCommand, Counter>, label_count<Direction>> pdus_by_direction;
  ByLabel<SmppCommand, Counter> refused_pdus;
  Gauge* enquire_link_rtt_seconds = nullptr;
  Gauge* congestion = nullptr;  // 0 to 100, as the centre said last

  Counter* pdus(Direction direction, SmppCommand command) const {
    return pdus_by_direction[static_cast<std::size_t>(direction)][command];
  }
  // smpp_errors_total for a status name of our table (ESME_RTHROTTLED). A gateway has 30 of them, then `other`: a
  // centre with codes of its own must not fill the memory. Takes a lock; errors are rare.
  virtual Counter& errors(std::string_view status_name) = 0;
};

// The webhooks of one tenant. Tenants that are folded share one object: gauges are set to the sum.
struct WebhookMetrics {
  ByLabel<WebhookResult, Counter> attempts;
  ByLabel<WebhookEnd, Counter> events;
  Histogram* duration_seconds = nullptr;  // of all tenants
  Gauge* pending = nullptr;
  Gauge* oldest_age_seconds = nullptr;
};

struct StoreMetrics {
  Histogram* commit_duration_seconds = nullptr;
  Histogram* commit_messages = nullptr;
  Gauge* used_bytes = nullptr;
  Gauge* free_bytes = nullptr;
  Gauge* size_limit_bytes = nullptr;
  Gauge* disk_free_bytes = nullptr;
  Gauge* commit_running_seconds = nullptr;
  Gauge* reader_lag_transactions = nullptr;
  Counter* unreadable_records = nullptr;
  ByLabel<StoreOperation, Counter> errors;
};

struct LogMetrics {
  ByLabel<LogLevel, Counter> events;
  ByLabel<ClockJump, Counter> clock_jumps;
};

struct BuildInfo {
  std::string version;
  std::string revision;
  std::string compiler;
};

// Owned by the App and outlives every component, which hold references to its structs: these are never moved or
// removed. The functions that resolve take a lock and are for the start; all of them and all series may be used from
// any thread. Asking twice for the same names gives the same object.
class Metrics {
 public:
  static constexpr std::size_t tenants_max_default = 100;

  explicit Metrics(const BuildInfo& build, std::size_t tenants_max = tenants_max_default);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  HttpMetrics& http();
  // Beyond `tenants_max` names the series of _other, which counts metrics_series_folded_total for each such call.
  TenantMetrics& tenant(const std::string& name);
  // `kind` is "smpp" or the name of an HTTP provider; the first one given for a name stays.
  GatewayMetrics& gateway(const std::string& name, const std::string& kind);
  SmppMetrics& smpp(const std::string& gateway);
  ProviderMetrics& provider(const std::string& gateway);
  // The gauges of a gateway that was removed are not shown; its counters stay.
  void show_gauges_of(const std::string& gateway, bool shown);
  // Call it for every configured tenant and gateway, so that the pair exists at 0 before its first message.
  QueueMetrics& queue(const std::string& tenant, const std::string& gateway);
  WebhookMetrics& webhook(const std::string& tenant);
  StoreMetrics& store();
  LogMetrics& log();
  // A configuration was to be taken over, at the start too, and was or was not.
  void reloaded(bool successful, double seconds_since_1970);
  // `loop` names a thread: "shard-0", "writer".
  Histogram& event_loop_lag_seconds(const std::string& loop);
  Counter& series_folded();

  // Called by render() on its thread, before anything is read: for gauges that are true at the time of the scrape, as
  // the age of a queue's head. Callbacks are added at the start and must be thread safe against their own component.
  void before_render(std::function<void()> refresh);

  // The text format 0.0.4 of GET /metrics, with the process_* series.
  std::string render();

 private:
  class Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace smsbridge::metrics
