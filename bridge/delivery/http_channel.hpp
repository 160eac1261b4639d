// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <optional>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/account_health.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/delivery/provider_message.hpp"
#include "bridge/env/http_transport.hpp"
#include "bridge/policy/pace.hpp"
#include "store/reader.hpp"

namespace smsbridge::bridge {

// What an account needs of the world; everything outlives it.
struct HttpContext {
  boost::asio::any_io_executor executor;
  Clock& clock;
  metrics::GatewayMetrics& metrics;
  metrics::ProviderMetrics& provider_metrics;
  std::shared_ptr<Pace> pace;
  MakeHttpTransport make_transport;
  std::string callback_url;  // of this gateway; empty: status callbacks cannot reach us
  // Messages that went out by this gateway, older than `before` (0: the newest first), in pages.
  std::function<store::Page(store::MessageId before)> sent_before;
};

// One account with an HTTP provider: makes requests of messages, and answers of replies. The provider's own words stay
// in http_gateways.
class HttpChannel : public Channel {
 public:
  HttpChannel(const GatewaySettings& config, HttpContext context, std::unique_ptr<http_gateways::Provider> provider,
              Channel::Owner& owner);
  ~HttpChannel() override;

  void start() override;
  void reconnect() override { health_.try_now(); }
  void stop() override;
  void abort() override;
  bool is_closed() const override { return stopping_ && open_.empty(); }
  bool is_up() const override;
  std::size_t capacity() const override;
  std::size_t room() const override { return capacity() - std::min(capacity(), open_.size()); }
  bool can_repeat() const override { return provider_->idempotent(); }
  bool reports(std::string_view provider_id) const override;
  tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed& message, WallMs now) override;
  Submitted submit(std::uint64_t cookie, Outgoing& message, std::size_t part) override;
  void describe(GatewayStatus& status) const override;
  void publish_metrics() override;

  // A request that came to our callback address. `respond` is called once, after what it says is on disk.
  void receive(const http_gateways::CallbackRequest& request,
               std::function<void(http_gateways::CallbackAnswer)> respond) override;

 private:
  struct Open {
    http_gateways::OutboundSms sms;
  };

  // A message that is asked for.
  struct Poll {
    std::string provider_id;
    Duration waited{};
    Time until{};
  };

  std::int64_t now_s() const { return context_.clock.wall() / 1000; }
  void answered(std::uint64_t cookie, HttpTransport::Result result);
  void judge(std::uint64_t cookie, const http_gateways::Verdict& verdict, const std::string& reference);
  void unknown(std::uint64_t cookie, const std::string& reference, std::string why);
  void ask_balance();
  void poll_open(store::MessageId before);
  void poll_later(std::string provider_id, Duration wait, Time until);
  void poll_no_more(std::string_view provider_id);
  void poll_due();
  void polled(const Poll& poll, const HttpTransport::Result& result);

  const GatewaySettings& config_;
  const ProviderSettings& way_;
  HttpContext context_;
  Channel::Owner& owner_;
  UnreadCallbacks unread_{config_, *context_.metrics.callbacks_unreadable};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<http_gateways::Provider> provider_;
  std::unique_ptr<HttpTransport> transport_;
  std::unique_ptr<Timer> balance_timer_, poll_timer_;
  std::map<std::uint64_t, Open> open_;  // by cookie
  AccountHealth health_;
  bool stopping_ = false;
  bool asks_ = false;         // for receipts
  std::string callback_url_;  // empty: no receipts are waited for
  std::multimap<Time, Poll> polls_;
  std::map<std::string, std::multimap<Time, Poll>::iterator, std::less<>> polls_by_id_;
  std::size_t polling_ = 0;
  http_gateways::Balance balance_;
  WallMs balance_at_ = 0;
};

}  // namespace smsbridge::bridge
