// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>

#include "bridge/delivery/http_channel.hpp"
#include "bridge/delivery/provider_message.hpp"

namespace smsbridge::bridge {

// A phone that polls us. What is submitted waits here, in memory, until the phone fetches it; from then on the phone
// has it. A phone that was not heard of for some of its intervals is down, and what waits for it goes back to the
// queue: it was surely not sent.
class PhoneChannel : public Channel {
 public:
  PhoneChannel(const GatewaySettings& config, HttpContext context, std::unique_ptr<http_gateways::Provider> provider,
               Channel::Owner& owner);
  ~PhoneChannel() override { *alive_ = false; }

  void start() override;
  void stop() override;
  void abort() override { stop(); }
  bool is_closed() const override { return stopping_; }
  bool is_up() const override { return up_ && !stopping_; }
  std::size_t capacity() const override { return is_up() ? config_.provider().max_in_flight : 0; }
  std::size_t room() const override { return capacity() - std::min(capacity(), waiting_.size()); }
  std::size_t ahead_max() const override { return 0; }  // it waits for long, and would be in doubt after a crash
  bool reports(std::string_view provider_id) const override { return config_.receipts && !provider_id.empty(); }
  tl::expected<std::unique_ptr<Outgoing>, std::string> prepare(const store::Claimed& message, WallMs now) override;
  Submitted submit(std::uint64_t cookie, Outgoing& message, std::size_t part) override;
  void take_back() override;
  void receive(const http_gateways::CallbackRequest& request,
               std::function<void(http_gateways::CallbackAnswer)> respond) override;
  void describe(GatewayStatus& status) const override;
  void publish_metrics() override {}

 private:
  void heard_of();
  void silent();
  std::chrono::seconds silence() const;
  std::vector<http_gateways::OutboundSms> hand_out(bool reported);

  const GatewaySettings& config_;
  HttpContext context_;
  Channel::Owner& owner_;
  UnreadCallbacks unread_{config_, *context_.metrics.callbacks_unreadable};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<http_gateways::Provider> provider_;
  std::unique_ptr<Timer> silence_timer_;
  std::map<std::uint64_t, ProviderMessage> waiting_;  // by cookie: in the order in which they leave
  std::optional<Time> heard_at_;                      // nothing: not since the start
  bool up_ = false, stopping_ = false;
};

}  // namespace smsbridge::bridge
