// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "bridge/env/log_throttle.hpp"

namespace smsbridge::bridge {

// A message as an HTTP provider gets it.
struct ProviderMessage : Channel::Outgoing {
  http_gateways::OutboundSms sms;
  WallMs expires_at = 0;  // 0: never
};

std::unique_ptr<ProviderMessage> provider_message(const store::Claimed& message, const GatewaySettings& gateway,
                                                  WallMs now);

// Empty, or for people why the message has no form for a provider: what is no text, or is marked, has no field there.
std::string why_no_provider_takes(const store::Content& content);

// "1f3a5c7e9b2d-2": the message and its attempt, as a provider gives it back to us.
std::string reference_of(store::MessageId id, std::uint16_t attempt);
std::pair<store::MessageId, std::uint16_t> attempt_of(std::string_view reference);  // 0: not one of ours

// What a provider says of one message goes to the store by its owner.
void report(Channel::Owner& owner, const GatewaySettings& gateway, const http_gateways::StatusUpdate& update,
            std::function<void(bool stored)> answer);

// The same for all that a callback says. `answer` is called once: false when something could not be stored. A callback
// that is not authentic is logged and says nothing; `answer` is told true.
void report(Channel::Owner& owner, const GatewaySettings& gateway, const http_gateways::CallbackResult& callback,
            const std::function<void(bool stored)>& answer);

// The callbacks of one gateway that were of no use: each is counted, and about once a minute a line tells of them.
// Never with values: a text or a number may be among them.
class UnreadCallbacks {
 public:
  UnreadCallbacks(const GatewaySettings& gateway, metrics::Counter& count) : gateway_(gateway), count_(count) {}
  // Nothing where the callback was of use.
  void note(const http_gateways::CallbackResult& callback, Time now);

 private:
  const GatewaySettings& gateway_;
  metrics::Counter& count_;
  log::Throttle throttle_;
};

// What was not stored is sent again.
http_gateways::CallbackAnswer not_stored();

}  // namespace smsbridge::bridge
