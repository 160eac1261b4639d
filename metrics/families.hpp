// SPDX-License-Identifier: MPL-2.0
// Names, help texts and buckets of all series.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace smsbridge::metrics {

// Used by metrics.cpp only; everybody else sees the structs of metrics.hpp.
struct Families {
  using Counters = prometheus::Family<prometheus::Counter>;
  using Gauges = prometheus::Family<prometheus::Gauge>;
  using Histograms = prometheus::Family<prometheus::Histogram>;

  explicit Families(prometheus::Registry& registry);

  Counters& http_requests;
  Histograms& http_request_duration_seconds;
  Gauges& http_requests_in_flight;
  Gauges& http_connections;
  Gauges& http_body_bytes;
  Counters& http_connections_dropped;
  Counters& messages_accepted;
  Counters& messages_rejected;
  Counters& messages_replayed;
  Counters& messages_held_back;
  Counters& messages_unlikely_number;
  Counters& messages_changed;
  Counters& fineract_unknown_ids;
  Gauges& budget_spent;
  Gauges& queue_limit_messages;
  Counters& inbound_kept;
  Counters& inbound_answered;
  Counters& inbound_unanswered;
  Counters& opt_outs;
  Counters& opt_outs_lifted;
  Counters& schedule_runs;
  Counters& schedule_rows;
  Counters& opted_out_late;
  Counters& events;
  Counters& fineract_repaired;
  Counters& postponed;
  Counters& same_text;
  Counters& messages_routed;
  Counters& message_parts_submitted;
  Counters& messages_finished;
  Counters& message_retries;
  Histograms& message_submit_delay_seconds;
  Histograms& message_delivery_delay_seconds;
  Gauges& queue_messages;
  Gauges& queue_oldest_age_seconds;
  Counters& doubtful_sends;
  Gauges& gateway_up;
  Gauges& gateway_enabled;
  Gauges& gateway_rate_limit_messages_per_second;
  Counters& gateway_throttled_seconds;
  Counters& submit_results;
  Histograms& submit_duration_seconds;
  Counters& message_moves;
  Counters& provider_responses;
  Gauges& gateway_balance;
  Gauges& provider_requests_in_flight;
  Gauges& provider_requests_limit;
  Counters& smpp_errors;
  Gauges& smpp_sessions;
  Gauges& smpp_sessions_wanted;
  Counters& smpp_bind_attempts;
  Counters& smpp_disconnects;
  Counters& smpp_host_changes;
  Gauges& smpp_sessions_away;
  Counters& smpp_queries;
  Counters& smpp_cancels;
  Gauges& smpp_window_in_use;
  Gauges& smpp_window_limit;
  Counters& smpp_pdus;
  Counters& smpp_refused_pdus;
  Gauges& smpp_enquire_link_rtt_seconds;
  Gauges& smpp_congestion;
  Counters& receipts;
  Gauges& receipts_quiet;
  Gauges& parked_receipts;
  Counters& receipts_parked;
  Counters& receipts_unmatched;
  Counters& inbound_messages;
  Counters& inbound_repeated;
  Counters& inbound_incomplete;
  Counters& inbound_refused;
  Counters& inbound_unassigned;
  Counters& callbacks_unreadable;
  Counters& webhook_attempts;
  Counters& webhook_events;
  Histograms& webhook_duration_seconds;
  Gauges& webhook_pending;
  Gauges& webhook_oldest_age_seconds;
  Histograms& store_commit_duration_seconds;
  Histograms& store_commit_messages;
  Gauges& store_used_bytes;
  Gauges& store_free_bytes;
  Gauges& store_size_limit_bytes;
  Gauges& store_disk_free_bytes;
  Gauges& store_commit_running_seconds;
  Gauges& store_reader_lag_transactions;
  Counters& store_unreadable_records;
  Counters& store_errors;
  Histograms& event_loop_lag_seconds;
  Counters& clock_jumps;
  Counters& log_events;
  Gauges& config_last_reload_successful;
  Gauges& config_last_reload_success_timestamp_seconds;
  Counters& metrics_series_folded;
  Gauges& build_info;
};

namespace buckets {
extern const prometheus::Histogram::BucketBoundaries fast;      // an answer of ours
extern const prometheus::Histogram::BucketBoundaries rtt;       // an answer of a carrier
extern const prometheus::Histogram::BucketBoundaries wait;      // due to first submit
extern const prometheus::Histogram::BucketBoundaries delivery;  // submit to final receipt
extern const prometheus::Histogram::BucketBoundaries commit;    // a transaction on disk
extern const prometheus::Histogram::BucketBoundaries batch;     // messages in a transaction
extern const prometheus::Histogram::BucketBoundaries lag;       // a late timer
}  // namespace buckets

}  // namespace smsbridge::metrics
