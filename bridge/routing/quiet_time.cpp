// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/quiet_time.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

std::optional<Quiet> QuietTime::of(const store::Content& content) const {
  const auto* tenant = tenants_.find(content.tenant);
  if (!tenant) return std::nullopt;
  return quiet_at(tenant->config, content, clock_.wall());
}

std::optional<Quiet> QuietTime::at_last(const store::Content& content) {
  auto quiet = of(content);
  if (!quiet) return quiet;
  const auto& tenant = *tenants_.find(content.tenant);
  tenant.metrics.postponed[metrics::Postponed::leaving]->Increment();
  if (const auto times = said_.due(tenant.config.name, clock_.now()))
    log::info("gateway", "messages that waited into the quiet hours wait for their end", "tenant", tenant.config.name,
              "until", quiet->words(), "times", times);
  return quiet;
}

}  // namespace smsbridge::bridge
