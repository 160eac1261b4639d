// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bridge/delivery/channel.hpp"
#include "bridge/notify/webhooks.hpp"

// What needs somebody: one list for the console's banner and overview and for 'smsbridge status', so that all say the
// same words. Pure.
namespace smsbridge::bridge {

struct Attention {
  enum class Severity : std::uint8_t { error, warning, info } severity = Severity::warning;
  std::string code;        // for programs; stable
  std::string what;        // a sentence for people
  WallMs since = 0;        // 0: not known
  std::int64_t messages;   // that it holds up, or leaves in doubt
  std::string kind, name;  // of the object that it is about; empty: none
  std::string action;      // what can be asked of a gateway or webhook about it: reconnect or resume; empty: nothing
};
std::string_view word(Attention::Severity severity);

struct Seen {
  struct OfGateway {
    std::string name;
    GatewayStatus status;
    std::int64_t waiting = 0;  // messages
  };
  struct OfWebhook {
    std::string name;
    Webhooks::Shown shown;
  };
  std::vector<OfGateway> gateways;
  std::vector<OfWebhook> webhooks;
  std::int64_t doubtful = 0;  // messages
  bool all_tenants = false;   // what follows is shown to whoever sees all of them
  bool store_broken = false, store_failing = false, store_full = false;
};
// By harm: the worst first, and of these what holds up most.
std::vector<Attention> attention_of(const Seen& seen, WallMs now);

}  // namespace smsbridge::bridge
