// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/smpp_hosts.hpp"
#include "bridge/delivery/smpp_message.hpp"
#include "bridge/env/log_throttle.hpp"
#include "store/reader.hpp"

namespace smsbridge::bridge {

// What a carrier is asked about messages that it took: what became of one whose receipt did not come, shortly before we
// stop waiting for it (query_sm, SMPP 3.4 section 4.8); and to deliver one no more (cancel_sm, section 4.9). Only where
// the settings say that it answers. Lives on the gateway's shard; its links outlive it.
class SmppQuestions {
 public:
  struct Context {
    const GatewaySettings& config;
    boost::asio::any_io_executor executor;
    Clock& clock;
    metrics::SmppMetrics& metrics;
    Pace& pace;
    std::function<store::AwaitedPage(store::AwaitedAt from, WallMs until)> awaited;  // perhaps empty: none
    std::function<void(store::ReceiptRecorded)> learnt;
    std::function<std::string(store::TenantId)> tenant_name{};  // perhaps empty: then nobody has a name
    std::function<bool()> may_ask{};                            // perhaps empty: at any time
  };
  SmppQuestions(Context context, const SmppHosts::Links& links);

  void start();
  void stop();
  // `done` is called once, here or later.
  void cancel(const store::Message& message, std::function<void(Channel::CancelAnswer)> done);
  void on_replied(const smpp::Replied& replied);

 private:
  struct Query {
    store::MessageId message = 0;
    std::uint16_t attempt = 0;
    std::string provider_id;
  };
  struct Cancel {  // of all parts of a message
    std::function<void(Channel::CancelAnswer)> done;
    std::size_t parts = 0, cancelled = 0, unanswered = 0, open = 0;
    std::string refusal;
  };

  void look();
  bool may_query() const;
  void unanswered();
  bool query(const store::Message& message);
  void queried(const Query& query, const smpp::Replied& replied);
  void cancelled(const std::shared_ptr<Cancel>& cancel, const smpp::Replied& replied);
  SmppLink* free_link() const;
  std::optional<SmppMessage> as_submitted(const store::Message& message) const;

  Context context_;
  const SmppHosts::Links& links_;
  std::unique_ptr<Timer> look_timer_;
  store::AwaitedAt from_{};                       // where the next look begins
  std::map<store::MessageId, WallMs> asked_for_;  // and when their wait ends
  std::size_t silent_ = 0;                        // in a row
  Time not_before_{};
  std::uint64_t last_cookie_ = 0;
  std::map<std::uint64_t, Query> queries_;
  std::map<std::uint64_t, std::shared_ptr<Cancel>> cancels_;
  log::Throttle lines_;
};

}  // namespace smsbridge::bridge
