// SPDX-License-Identifier: MPL-2.0
#include "metrics/metrics.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace smsbridge::metrics {
namespace {

const BuildInfo build{.version = "1.2.3", .revision = "abc1234", .compiler = "GNU-12"};

// The value of a series, labels in alphabetical order as they are rendered.
std::optional<double> value_of(const std::string& exposition, const std::string& series) {
  std::istringstream lines(exposition);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  return std::nullopt;
}

// One of everything that a configuration can name.
void resolve_all(Metrics& metrics) {
  metrics.http().endpoint("/api/v1/messages", HttpMethod::post, 202);
  metrics.tenant("acme");
  metrics.gateway("carrier", "smpp");
  metrics.smpp("carrier").errors("ESME_RTHROTTLED");
  metrics.queue("acme", "carrier");
  metrics.event_loop_lag_seconds("shard-0");
}

TEST(Metrics, ConfiguredSeriesExistAtZero) {
  Metrics metrics(build);
  resolve_all(metrics);
  const auto text = metrics.render();
  for (const char* series : {
           R"(http_requests_total{code="202",handler="/api/v1/messages",method="POST"})",
           R"(http_request_duration_seconds_count{handler="/api/v1/messages",method="POST"})",
           "http_requests_in_flight",
           R"(messages_accepted_total{source="api",tenant="acme"})",
           R"(messages_accepted_total{source="fineract",tenant="acme"})",
           R"(messages_accepted_total{source="cli",tenant="acme"})",
           R"(messages_rejected_total{reason="invalid_number",tenant="acme"})",
           R"(messages_replayed_total{tenant="acme"})",
           R"(messages_unlikely_number_total{tenant="acme"})",
           R"(messages_changed_total{how="replaced",tenant="acme"})",
           R"(fineract_unknown_ids_total{tenant="acme"})",
           R"(messages_routed_total{gateway="carrier"})",
           R"(message_parts_submitted_total{encoding="ucs2",gateway="carrier"})",
           R"(messages_finished_total{gateway="carrier",state="delivered",tenant="acme"})",
           R"(message_retries_total{gateway="carrier",reason="disconnected"})",
           R"(message_submit_delay_seconds_count{gateway="carrier"})",
           R"(message_delivery_delay_seconds_count{gateway="carrier"})",
           R"(queue_messages{gateway="carrier",state="awaiting_receipt",tenant="acme"})",
           R"(queue_oldest_age_seconds{gateway="carrier",tenant="acme"})",
           R"(doubtful_sends_total{gateway="carrier",policy="resend",tenant="acme"})",
           R"(doubtful_sends_total{gateway="carrier",policy="hold",tenant="acme"})",
           R"(gateway_up{gateway="carrier",kind="smpp"})",
           R"(gateway_enabled{gateway="carrier"})",
           R"(gateway_rate_limit_messages_per_second{gateway="carrier"})",
           R"(gateway_throttled_seconds_total{gateway="carrier"})",
           R"(submit_results_total{gateway="carrier",result="queue_full"})",
           R"(submit_duration_seconds_count{gateway="carrier"})",
           R"(smpp_errors_total{gateway="carrier",status="other"})",
           R"(smpp_errors_total{gateway="carrier",status="ESME_RTHROTTLED"})",
           R"(smpp_sessions{gateway="carrier",state="backoff"})",
           R"(smpp_sessions_wanted{gateway="carrier"})",
           R"(smpp_bind_attempts_total{gateway="carrier",result="dns_failed"})",
           R"(smpp_bind_attempts_total{gateway="carrier",result="not_smpp"})",
           R"(smpp_refused_pdus_total{command="deliver_sm",gateway="carrier"})",
           R"(smpp_disconnects_total{gateway="carrier",reason="enquire_link_timeout"})",
           R"(smpp_window_in_use{gateway="carrier"})",
           R"(smpp_window_limit{gateway="carrier"})",
           R"(smpp_pdus_total{command="submit_sm",direction="sent",gateway="carrier"})",
           R"(smpp_pdus_total{command="deliver_sm",direction="received",gateway="carrier"})",
           R"(smpp_enquire_link_rtt_seconds{gateway="carrier"})",
           R"(smpp_congestion{gateway="carrier"})",
           R"(receipts_total{gateway="carrier",state="undeliverable"})",
           R"(gateway_receipts_quiet{gateway="carrier"})",
           R"(parked_receipts{gateway="carrier"})",
           R"(receipts_parked_total{gateway="carrier"})",
           R"(receipts_unmatched_total{gateway="carrier"})",
           R"(inbound_messages_total{gateway="carrier"})",
           R"(inbound_repeated_total{gateway="carrier"})",
           R"(inbound_incomplete_total{gateway="carrier"})",
           R"(inbound_refused_total{gateway="carrier"})",
           R"(inbound_unassigned_total{gateway="carrier"})",
           R"(callbacks_unreadable_total{gateway="carrier"})",
           "store_commit_duration_seconds_count",
           "store_commit_messages_count",
           "store_used_bytes",
           "store_free_bytes",
           "store_size_limit_bytes",
           "store_disk_free_bytes",
           "store_commit_running_seconds",
           "store_unreadable_records_total",
           R"(store_errors_total{operation="commit"})",
           R"(event_loop_lag_seconds_count{loop="shard-0"})",
           R"(log_events_total{level="error"})",
           "metrics_series_folded_total",
       }) {
    EXPECT_EQ(value_of(text, std::string("smsbridge_") + series), 0.0) << series;
  }
  EXPECT_EQ(value_of(text, R"(smsbridge_build_info{compiler="GNU-12",revision="abc1234",version="1.2.3"})"), 1.0);
}

TEST(Metrics, HandlesMoveTheirSeries) {
  Metrics metrics(build);
  auto& gateway = metrics.gateway("carrier", "smpp");
  gateway.submit_results[SubmitResult::throttled]->Increment();
  gateway.submit_results[SubmitResult::throttled]->Increment(2);
  gateway.up->Set(1);
  metrics.queue("acme", "carrier").messages[QueueState::in_flight]->Increment(5);
  metrics.queue("acme", "carrier").messages[QueueState::in_flight]->Decrement();
  metrics.smpp("carrier").pdus(Direction::received, SmppCommand::submit_sm_resp)->Increment();
  metrics.http().endpoint("/healthz", HttpMethod::get).requests(503).Increment();
  metrics.http().endpoint("/healthz", HttpMethod::get).requests(7).Increment();
  metrics.log().events[LogLevel::warning]->Increment();
  const auto text = metrics.render();
  EXPECT_EQ(value_of(text, R"(smsbridge_submit_results_total{gateway="carrier",result="throttled"})"), 3.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_submit_results_total{gateway="carrier",result="ok"})"), 0.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_gateway_up{gateway="carrier",kind="smpp"})"), 1.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_queue_messages{gateway="carrier",state="in_flight",tenant="acme"})"), 4.0);
  EXPECT_EQ(
      value_of(text, R"(smsbridge_smpp_pdus_total{command="submit_sm_resp",direction="received",gateway="carrier"})"),
      1.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_http_requests_total{code="503",handler="/healthz",method="GET"})"), 1.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_http_requests_total{code="other",handler="/healthz",method="GET"})"), 1.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_http_requests_total{code="200",handler="/healthz",method="GET"})"), 0.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_log_events_total{level="warning"})"), 1.0);
}

TEST(Metrics, AskingTwiceGivesTheSameObject) {
  Metrics metrics(build);
  EXPECT_EQ(&metrics.tenant("acme"), &metrics.tenant("acme"));
  EXPECT_EQ(&metrics.gateway("a", "smpp"), &metrics.gateway("a", "smpp"));
  EXPECT_EQ(&metrics.smpp("a"), &metrics.smpp("a"));
  EXPECT_EQ(&metrics.queue("acme", "a"), &metrics.queue("acme", "a"));
  EXPECT_EQ(&metrics.event_loop_lag_seconds("writer"), &metrics.event_loop_lag_seconds("writer"));
  auto& http = metrics.http();
  EXPECT_EQ(&http.endpoint("/x", HttpMethod::get), &http.endpoint("/x", HttpMethod::get));
  EXPECT_NE(&http.endpoint("/x", HttpMethod::get), &http.endpoint("/x", HttpMethod::post));
}

TEST(Metrics, FoldsTenantsBeyondTheLimit) {
  Metrics metrics(build, 2);
  metrics.tenant("first").accepted[Source::api]->Increment();
  metrics.queue("second", "carrier");
  EXPECT_EQ(metrics.series_folded().Value(), 0);
  metrics.tenant("third").accepted[Source::api]->Increment();
  metrics.tenant("fourth").accepted[Source::api]->Increment();
  EXPECT_EQ(metrics.tenant("third").label, "_other");
  EXPECT_EQ(metrics.tenant("second").label, "second");
  EXPECT_EQ(&metrics.queue("third", "carrier"), &metrics.queue("fourth", "carrier"));
  const auto text = metrics.render();
  EXPECT_EQ(value_of(text, R"(smsbridge_messages_accepted_total{source="api",tenant="first"})"), 1.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_messages_accepted_total{source="api",tenant="_other"})"), 2.0);
  EXPECT_EQ(text.find("third"), std::string::npos);
  EXPECT_EQ(value_of(text, "smsbridge_metrics_series_folded_total"), 5.0);
}

TEST(Metrics, FoldsSmppStatusesBeyondTheLimit) {
  Metrics metrics(build);
  auto& smpp = metrics.smpp("carrier");
  for (int status = 0; status < 40; ++status) smpp.errors("STATUS_" + std::to_string(status)).Increment();
  smpp.errors("STATUS_29").Increment();
  smpp.errors("STATUS_30").Increment();
  const auto text = metrics.render();
  EXPECT_EQ(value_of(text, R"(smsbridge_smpp_errors_total{gateway="carrier",status="STATUS_29"})"), 2.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_smpp_errors_total{gateway="carrier",status="other"})"), 11.0);
  EXPECT_EQ(text.find("STATUS_30"), std::string::npos);
}

TEST(Metrics, HistogramsHaveTheirBuckets) {
  Metrics metrics(build);
  resolve_all(metrics);
  metrics.store().commit_duration_seconds->Observe(.0007);
  metrics.store().commit_messages->Observe(1000);
  const auto text = metrics.render();
  const auto bounds = [&](const std::string& name) {
    std::vector<std::string> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      const auto le = line.find("le=\"");
      if (line.starts_with("smsbridge_" + name + "_bucket{") && le != std::string::npos)
        out.push_back(line.substr(le + 4, line.find('"', le + 4) - le - 4));
    }
    return out;
  };
  using Bounds = std::vector<std::string>;
  EXPECT_EQ(bounds("store_commit_duration_seconds"),
            (Bounds{"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf"}));
  EXPECT_EQ(bounds("store_commit_messages"),
            (Bounds{"1", "2", "4", "8", "16", "32", "64", "128", "256", "512", "1024", "+Inf"}));
  EXPECT_EQ(bounds("submit_duration_seconds"),
            (Bounds{"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"}));
  EXPECT_EQ(bounds("event_loop_lag_seconds"),
            (Bounds{"0.0005", "0.001", "0.005", "0.01", "0.05", "0.1", "0.5", "1", "+Inf"}));
  EXPECT_EQ(bounds("message_delivery_delay_seconds"),
            (Bounds{"1", "2.5", "5", "10", "30", "60", "120", "300", "900", "3600", "14400", "86400", "+Inf"}));
  EXPECT_EQ(value_of(text, R"(smsbridge_store_commit_duration_seconds_bucket{le="0.0005"})"), 0.0);
  EXPECT_EQ(value_of(text, R"(smsbridge_store_commit_duration_seconds_bucket{le="0.001"})"), 1.0);
  EXPECT_EQ(value_of(text, "smsbridge_store_commit_messages_sum"), 1000.0);
}

TEST(Metrics, RefreshesBeforeRendering) {
  Metrics metrics(build);
  auto& queue = metrics.queue("acme", "carrier");
  int calls = 0;
  metrics.before_render([&] {
    queue.oldest_age_seconds->Set(++calls);
    metrics.tenant("late");  // resolving here must not wait for a lock that render() holds
  });
  metrics.render();
  const auto text = metrics.render();
  EXPECT_EQ(value_of(text, R"(smsbridge_queue_oldest_age_seconds{gateway="carrier",tenant="acme"})"), 2.0);
  EXPECT_TRUE(value_of(text, R"(smsbridge_messages_replayed_total{tenant="late"})"));
}

TEST(Metrics, CountsFromSeveralThreads) {
  Metrics metrics(build);
  constexpr int threads = 4;
  constexpr int rounds = 5000;
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&] {
      auto& gateway = metrics.gateway("carrier", "smpp");
      auto& endpoint = metrics.http().endpoint("/x", HttpMethod::post);
      for (int round = 0; round < rounds; ++round) {
        gateway.submit_results[SubmitResult::ok]->Increment();
        gateway.submit_duration_seconds->Observe(.01);
        endpoint.requests(200 + round % 5).Increment();
        metrics.smpp("carrier").errors("ESME_RSYSERR").Increment();
      }
    });
  }
  for (int scrape = 0; scrape < 5; ++scrape) EXPECT_FALSE(metrics.render().empty());
  for (auto& thread : running) thread.join();
  const auto text = metrics.render();
  constexpr double total = threads * rounds;
  EXPECT_EQ(value_of(text, R"(smsbridge_submit_results_total{gateway="carrier",result="ok"})"), total);
  EXPECT_EQ(value_of(text, R"(smsbridge_submit_duration_seconds_count{gateway="carrier"})"), total);
  EXPECT_EQ(value_of(text, R"(smsbridge_http_requests_total{code="204",handler="/x",method="POST"})"), total / 5);
  EXPECT_EQ(value_of(text, R"(smsbridge_smpp_errors_total{gateway="carrier",status="ESME_RSYSERR"})"), total);
}

TEST(Metrics, PromtoolFindsNothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  Metrics metrics(build);
  resolve_all(metrics);
  const auto path = std::filesystem::temp_directory_path() / ("smsbridge_metrics_" + std::to_string(::getpid()));
  std::ofstream(path) << metrics.render();
  // It prints what it finds and says nothing when all is well.
  std::string findings;
  FILE* pipe = ::popen(("promtool check metrics <" + path.string() + " 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 256> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) findings += buffer.data();
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_EQ(findings, "");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace smsbridge::metrics
