// SPDX-License-Identifier: MPL-2.0
#include "metrics/links.hpp"

#include <map>
#include <mutex>

#include "metrics/resolve.hpp"

namespace smsbridge::metrics {
namespace {

using prometheus::Labels;

constexpr std::size_t smpp_statuses_max = 30;
constexpr const char* other = "other";

class Smpp final : public SmppMetrics {
 public:
  Smpp(Families& families, const std::string& gateway) : errors_family_(families.smpp_errors), gateway_(gateway) {
    const Labels labels{{"gateway", gateway}};
    sessions = resolve<SessionState>(families.smpp_sessions, labels, "state");
    sessions_wanted = &families.smpp_sessions_wanted.Add(labels);
    bind_attempts = resolve<BindResult>(families.smpp_bind_attempts, labels, "result");
    disconnects = resolve<DisconnectReason>(families.smpp_disconnects, labels, "reason");
    host_changes = resolve<HostChange>(families.smpp_host_changes, labels, "reason");
    sessions_away = &families.smpp_sessions_away.Add(labels);
    queries = resolve<QueryResult>(families.smpp_queries, labels, "result");
    cancels = resolve<CancelResult>(families.smpp_cancels, labels, "result");
    window_in_use = &families.smpp_window_in_use.Add(labels);
    window_limit = &families.smpp_window_limit.Add(labels);
    for (std::size_t at = 0; at < label_count<Direction>; ++at) {
      Labels directed = labels;
      directed["direction"] = label_values<Direction>[at];
      pdus_by_direction[at] = resolve<SmppCommand>(families.smpp_pdus, directed, "command");
    }
    refused_pdus = resolve<SmppCommand>(families.smpp_refused_pdus, labels, "command");
    enquire_link_rtt_seconds = &families.smpp_enquire_link_rtt_seconds.Add(labels);
    congestion = &families.smpp_congestion.Add(labels);
    other_errors_ = &error_series(other);
  }

  Counter& errors(std::string_view status_name) override {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_status_.find(status_name); found != by_status_.end()) return *found->second;
    if (by_status_.size() == smpp_statuses_max) return *other_errors_;
    return *by_status_.emplace(status_name, &error_series(std::string(status_name))).first->second;
  }

 private:
  Counter& error_series(const std::string& status) {
    return errors_family_.Add({{"gateway", gateway_}, {"status", status}});
  }

  Families::Counters& errors_family_;
  const std::string gateway_;
  std::mutex mutex_;
  std::map<std::string, Counter*, std::less<>> by_status_;
  Counter* other_errors_ = nullptr;
};

class Provider final : public ProviderMetrics {
 public:
  Provider(Families& families, const std::string& gateway) : families_(families), gateway_(gateway) {
    requests_in_flight = &families.provider_requests_in_flight.Add({{"gateway", gateway}});
    requests_limit = &families.provider_requests_limit.Add({{"gateway", gateway}});
  }

  Counter& responses(int status) override {
    const std::lock_guard lock(mutex_);
    auto& series = by_status_[status < 100 || status > 599 ? 0 : status];
    if (!series)
      series = &families_.provider_responses.Add(
          {{"gateway", gateway_}, {"code", status < 100 || status > 599 ? "none" : std::to_string(status)}});
    return *series;
  }

  void set_balance(double amount) override { families_.gateway_balance.Add({{"gateway", gateway_}}).Set(amount); }

 private:
  Families& families_;
  const std::string gateway_;
  std::mutex mutex_;
  std::map<int, Counter*> by_status_;
};

}  // namespace

std::unique_ptr<SmppMetrics> make_smpp(Families& families, const std::string& gateway) {
  return std::make_unique<Smpp>(families, gateway);
}
std::unique_ptr<ProviderMetrics> make_provider(Families& families, const std::string& gateway) {
  return std::make_unique<Provider>(families, gateway);
}

}  // namespace smsbridge::metrics
