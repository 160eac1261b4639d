// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "store/message.hpp"

// What was sent, by month, gateway, tenant and lane: what a carrier's bill is compared with. Kept longer than messages.
namespace smsbridge::store {

struct UsageKey {
  std::uint32_t month = 0;  // 202611, UTC
  GatewayId gateway = 0;
  TenantId tenant = 0;
  Lane lane = Lane::transaction;
  friend auto operator<=>(const UsageKey&, const UsageKey&) = default;
};

struct Usage {
  std::int64_t submitted = 0;  // attempts that reached the carrier, or perhaps did
  std::int64_t accepted = 0;   // messages that it took
  std::int64_t parts = 0;      // SMS of these
  std::int64_t delivered = 0;  // messages by receipt
  std::int64_t failed = 0;     // messages that it took and that did not arrive, by receipt
  std::int64_t price = 0;      // of what it took, in millionths of the gateway's currency
  std::int64_t unpriced = 0;   // messages that it took and whose price is not in there, since it is not known
};
using UsageByKey = std::map<UsageKey, Usage>;

std::uint32_t month_of(WallMs at);
std::string encode(const UsageKey& key);
UsageKey decode_usage_key(std::string_view key);

}  // namespace smsbridge::store
