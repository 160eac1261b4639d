// SPDX-License-Identifier: MPL-2.0
#include "metrics/families.hpp"

#include <string>

namespace smsbridge::metrics {
namespace {

std::string full(const char* name) { return std::string("smsbridge_") + name; }

Families::Counters& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(full(name)).Help(help).Register(registry);
}
Families::Gauges& gauges(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(full(name)).Help(help).Register(registry);
}
Families::Histograms& histograms(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(full(name)).Help(help).Register(registry);
}

}  // namespace

Families::Families(prometheus::Registry& registry)
    : http_requests(counters(registry, "http_requests_total", "HTTP requests answered.")),
      http_request_duration_seconds(
          histograms(registry, "http_request_duration_seconds",
                     "Time from the end of a request's header to the end of its answer, streams left out.")),
      http_requests_in_flight(gauges(registry, "http_requests_in_flight", "HTTP requests being answered.")),
      http_connections(gauges(registry, "http_connections", "Connections of clients that are open.")),
      http_body_bytes(gauges(registry, "http_body_bytes", "Bodies of HTTP requests in memory.")),
      http_connections_dropped(counters(registry, "http_connections_dropped_total",
                                        "Connections of clients that were closed to make or keep room.")),
      messages_accepted(counters(registry, "messages_accepted_total", "Messages accepted and on disk.")),
      messages_rejected(counters(registry, "messages_rejected_total", "Messages refused, by the code of the problem.")),
      messages_replayed(counters(registry, "messages_replayed_total",
                                 "Messages submitted again with a known idempotency key or client reference.")),
      messages_held_back(counters(registry, "messages_held_back_total",
                                  "Messages that came faster than the tenant's rate, and leave later.")),
      messages_unlikely_number(counters(registry, "messages_unlikely_number_total",
                                        "Messages taken for numbers that do not look like mobiles of their country.")),
      messages_changed(counters(registry, "messages_changed_total",
                                "Messages whose text is not the one that was given: transliterated, or with a '?' for "
                                "what an alphabet lacks.")),
      fineract_unknown_ids(counters(registry, "fineract_unknown_ids_total",
                                    "Ids that Fineract asked for and that were never posted here.")),
      budget_spent(gauges(registry, "budget_spent", "What the tenant spent this month, in its budget's currency.")),
      queue_limit_messages(
          gauges(registry, "queue_limit_messages", "Messages of the tenant that may wait (limits.queue); 0: any.")),
      inbound_kept(counters(registry, "inbound_kept_total", "Messages of phones that were kept, parts joined.")),
      inbound_answered(counters(registry, "inbound_answered_total", "Messages of phones that a rule answered.")),
      inbound_unanswered(counters(registry, "inbound_unanswered_total",
                                  "Messages of phones that a rule would have answered, and something was in the way.")),
      opt_outs(counters(registry, "opt_outs_total", "Phones that were to get no more campaigns.")),
      opt_outs_lifted(counters(registry, "opt_outs_lifted_total", "Phones that get campaigns again.")),
      schedule_runs(counters(registry, "schedule_runs_total", "Runs of schedules, by how they ended.")),
      schedule_rows(counters(registry, "schedule_rows_total", "Rows that schedules read, by what became of them.")),
      opted_out_late(counters(registry, "messages_opted_out_late_total",
                              "Messages that were accepted, and stopped by an opt-out before they left.")),
      events(counters(registry, "events_total",
                      "Hooks of Fineract, and texts that follow from them, by what became of "
                      "each.")),
      fineract_repaired(counters(registry, "fineract_repaired_total",
                                 "Ids that Fineract asked for, nobody posted, and its API explained.")),
      postponed(counters(registry, "messages_postponed_total",
                         "Messages that wait for the end of quiet hours: since they were accepted, or since they were "
                         "about to leave.")),
      same_text(counters(registry, "messages_same_text_total",
                         "Messages that were not sent because their number got the same text often enough within a "
                         "day.")),
      messages_routed(
          counters(registry, "messages_routed_total", "Messages given to a gateway; none when there was no route.")),
      message_parts_submitted(
          counters(registry, "message_parts_submitted_total", "Message parts submitted to a gateway.")),
      messages_finished(counters(registry, "messages_finished_total", "Messages that reached a final state.")),
      message_retries(counters(registry, "message_retries_total", "Submissions that will be tried again.")),
      message_submit_delay_seconds(histograms(registry, "message_submit_delay_seconds",
                                              "Time from when a message was due to its first submission.")),
      message_delivery_delay_seconds(histograms(registry, "message_delivery_delay_seconds",
                                                "Time from the first submission to the final receipt.")),
      queue_messages(gauges(registry, "queue_messages", "Messages that are not in a final state.")),
      queue_oldest_age_seconds(
          gauges(registry, "queue_oldest_age_seconds", "Age of the oldest message that is due, 0 when there is none.")),
      doubtful_sends(
          counters(registry, "doubtful_sends_total",
                   "Submissions without an answer, which may or may not have been delivered, by what was done.")),
      gateway_up(gauges(registry, "gateway_up", "1 when the gateway can send now.")),
      gateway_enabled(gauges(registry, "gateway_enabled", "0 when the gateway is paused or switched off.")),
      gateway_rate_limit_messages_per_second(
          gauges(registry, "gateway_rate_limit_messages_per_second", "Rate limit in force; +Inf: none.")),
      gateway_throttled_seconds(counters(registry, "gateway_throttled_seconds_total",
                                         "Time in which the gateway waited because the carrier throttled it.")),
      submit_results(counters(registry, "submit_results_total", "Answers to submissions.")),
      submit_duration_seconds(histograms(registry, "submit_duration_seconds", "Time from a submission to its answer.")),
      message_moves(counters(registry, "message_moves_total", "Messages that left a gateway for another one.")),
      provider_responses(counters(registry, "provider_responses_total", "HTTP answers of a provider by status.")),
      gateway_balance(
          gauges(registry, "gateway_balance", "What the provider says is left on the account, in its currency.")),
      provider_requests_in_flight(
          gauges(registry, "provider_requests_in_flight", "Messages given to the provider that wait for its answer.")),
      provider_requests_limit(
          gauges(registry, "provider_requests_limit", "Messages that may wait for the provider's answer at a time.")),
      smpp_errors(counters(registry, "smpp_errors_total", "SMPP answers with an error status.")),
      smpp_sessions(gauges(registry, "smpp_sessions", "SMPP sessions by state.")),
      smpp_sessions_wanted(gauges(registry, "smpp_sessions_wanted", "SMPP sessions configured.")),
      smpp_bind_attempts(counters(registry, "smpp_bind_attempts_total", "Attempts to connect and bind.")),
      smpp_disconnects(counters(registry, "smpp_disconnects_total", "SMPP sessions ended.")),
      smpp_host_changes(counters(registry, "smpp_host_changes_total",
                                 "SMPP sessions bound to another host of their carrier than before.")),
      smpp_sessions_away(
          gauges(registry, "smpp_sessions_away", "SMPP sessions bound to another host than their first choice.")),
      smpp_queries(counters(registry, "smpp_queries_total", "Parts whose carrier was asked what became of them.")),
      smpp_cancels(counters(registry, "smpp_cancels_total", "Parts that their carrier was asked to deliver no more.")),
      smpp_window_in_use(gauges(registry, "smpp_window_in_use", "SMPP requests waiting for their answer.")),
      smpp_window_limit(
          gauges(registry, "smpp_window_limit", "SMPP requests that may wait for their answer at a time.")),
      smpp_pdus(counters(registry, "smpp_pdus_total", "SMPP PDUs.")),
      smpp_refused_pdus(counters(registry, "smpp_refused_pdus_total",
                                 "Requests of the message centre that were answered with an error.")),
      smpp_enquire_link_rtt_seconds(
          gauges(registry, "smpp_enquire_link_rtt_seconds", "Time to the answer of the last enquire_link.")),
      smpp_congestion(
          gauges(registry, "smpp_congestion",
                 "How busy a message centre of SMPP 5.0 says that it is, 0 to 100: from 90 on we slow down.")),
      receipts(counters(registry, "receipts_total", "Delivery receipts received.")),
      receipts_quiet(gauges(registry, "gateway_receipts_quiet",
                            "1 when receipts came from the gateway and have stopped although messages wait for them.")),
      parked_receipts(gauges(registry, "parked_receipts", "Delivery receipts that no message is known for so far.")),
      receipts_parked(
          counters(registry, "receipts_parked_total",
                   "Delivery receipts that came when no message had their id yet; most find theirs at once.")),
      receipts_unmatched(counters(registry, "receipts_unmatched_total",
                                  "Delivery receipts that were given up: no message is known that they can mean.")),
      inbound_messages(
          counters(registry, "inbound_messages_total", "Messages, and parts of messages, received from phones.")),
      inbound_repeated(
          counters(registry, "inbound_repeated_total", "Messages and parts from phones that were known already.")),
      inbound_incomplete(
          counters(registry, "inbound_incomplete_total", "Messages of phones that were kept without all their parts.")),
      inbound_refused(counters(registry, "inbound_refused_total",
                               "Messages and parts that could not be stored; the carrier was told to repeat them.")),
      inbound_unassigned(counters(registry, "inbound_unassigned_total",
                                  "Messages of phones that nothing assigns to a tenant: taken for the first one's.")),
      callbacks_unreadable(counters(registry, "callbacks_unreadable_total",
                                    "Calls of a provider that held neither a receipt nor a message.")),
      webhook_attempts(counters(registry, "webhook_attempts_total", "Requests to webhooks.")),
      webhook_events(
          counters(registry, "webhook_events_total", "Events for webhooks that are done with, by their end.")),
      webhook_duration_seconds(
          histograms(registry, "webhook_duration_seconds", "Time from a request to a webhook to its answer.")),
      webhook_pending(gauges(registry, "webhook_pending", "Events that wait for their webhooks.")),
      webhook_oldest_age_seconds(gauges(registry, "webhook_oldest_age_seconds",
                                        "Age of the oldest event that waits for its webhook, 0 when none does.")),
      store_commit_duration_seconds(
          histograms(registry, "store_commit_duration_seconds", "Time to write and sync a transaction.")),
      store_commit_messages(histograms(registry, "store_commit_messages", "Changes written by one transaction.")),
      store_used_bytes(gauges(registry, "store_used_bytes", "Bytes of the store in use.")),
      store_free_bytes(gauges(registry, "store_free_bytes", "Bytes of the store that can still be used.")),
      store_size_limit_bytes(gauges(registry, "store_size_limit_bytes", "Size to which the store may grow.")),
      store_disk_free_bytes(gauges(registry, "store_disk_free_bytes", "Free bytes of the disk below the store.")),
      store_commit_running_seconds(gauges(registry, "store_commit_running_seconds",
                                          "How long the commit that is being written has taken; 0 when none is.")),
      store_reader_lag_transactions(
          gauges(registry, "store_reader_lag_transactions",
                 "Transactions since the oldest state that somebody reads: the room of what they freed is not used.")),
      store_unreadable_records(counters(registry, "store_unreadable_records_total",
                                        "Records that could not be read and were passed over or set aside.")),
      store_errors(counters(registry, "store_errors_total", "Failed operations of the store.")),
      event_loop_lag_seconds(
          histograms(registry, "event_loop_lag_seconds", "How late a timer of an event loop fires.")),
      clock_jumps(counters(registry, "clock_jumps_total",
                           "Times the system's clock was set: ahead (followed after five minutes), back, and kept "
                           "(ahead, and not followed yet).")),
      log_events(counters(registry, "log_events_total", "Lines logged.")),
      config_last_reload_successful(gauges(registry, "config_last_reload_successful",
                                           "1 when the configuration in force is that of the last attempt.")),
      config_last_reload_success_timestamp_seconds(
          gauges(registry, "config_last_reload_success_timestamp_seconds",
                 "When a configuration was taken over last, at the start too.")),
      metrics_series_folded(counters(registry, "metrics_series_folded_total",
                                     "Tenants counted as _other because there are too many for labels of their own.")),
      build_info(gauges(registry, "build_info", "1, with the version in its labels.")) {}

namespace buckets {
const prometheus::Histogram::BucketBoundaries fast = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5};
const prometheus::Histogram::BucketBoundaries rtt = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
const prometheus::Histogram::BucketBoundaries wait = {.01, .05, .1, .5, 1, 5, 15, 60, 300, 900, 3600, 21600};
const prometheus::Histogram::BucketBoundaries delivery = {1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400, 86400};
const prometheus::Histogram::BucketBoundaries commit = {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1};
const prometheus::Histogram::BucketBoundaries batch = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
const prometheus::Histogram::BucketBoundaries lag = {.0005, .001, .005, .01, .05, .1, .5, 1};
}  // namespace buckets

}  // namespace smsbridge::metrics
