// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/store_options.hpp"

#include <algorithm>

namespace smsbridge::bridge {

store::Options store_options(const Config& config, Clock& clock) {
  store::Options options;
  options.path = config.store_path;
  options.size_limit_bytes = config.store_size_limit_bytes;
  options.prewrite_bytes = std::min(config.store_prewrite_bytes, config.store_size_limit_bytes / 4);
  options.limits.retention_ms = config.retention_ms;
  for (const auto& gateway : config.gateways)
    for (const auto& lane : config.lanes)
      options.limits.held_ms = std::max(options.limits.held_ms, retry_of(gateway.retry, lane.retry).hold_ms);
  options.wall_clock = [&clock] { return clock.wall(); };
  return options;
}

}  // namespace smsbridge::bridge
