// SPDX-License-Identifier: MPL-2.0
#include "store/usage.hpp"

#include <chrono>

#include "store/keys.hpp"

namespace smsbridge::store {

std::uint32_t month_of(WallMs at) {
  using namespace std::chrono;
  const year_month_day date(floor<days>(sys_time<milliseconds>(milliseconds(at))));
  return static_cast<std::uint32_t>(static_cast<int>(date.year()) * 100) + static_cast<unsigned>(date.month());
}

std::string encode(const UsageKey& key) {
  std::string out;
  keys::append(out, key.month);
  keys::append(out, key.gateway);
  keys::append(out, key.tenant);
  keys::append(out, static_cast<std::uint8_t>(key.lane));
  return out;
}

UsageKey decode_usage_key(std::string_view key) {
  return {.month = keys::read<std::uint32_t>(key, 0),
          .gateway = keys::read<GatewayId>(key, 4),
          .tenant = keys::read<TenantId>(key, 8),
          .lane = static_cast<Lane>(key[12])};
}

}  // namespace smsbridge::store
