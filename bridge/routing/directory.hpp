// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>

#include "bridge/routing/budgets.hpp"
#include "bridge/routing/opt_outs.hpp"
#include "bridge/routing/quotas.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// The ways a message may leave by. Fineract's providerId is the id of a gateway or of a route.
class Directory {
 public:
  explicit Directory(const Router& router, const Budgets* budgets = nullptr, const OptOuts* opt_outs = nullptr,
                     Quotas* quotas = nullptr)
      : router_(router), budgets_(budgets), opt_outs_(opt_outs), quotas_(quotas) {}
  std::shared_ptr<const RoutingTable> table() const { return router_.table(); }
  GatewaySettingsPtr default_for(const TenantSettings& tenant) const { return table()->default_for(tenant); }
  // Of messages that say nothing themselves. A tenant that is gone (nullptr) has none of its own.
  WallMs validity_ms(const TenantSettings* tenant, store::Lane lane) const {
    const auto at = static_cast<std::size_t>(lane);
    return (tenant ? tenant->lanes[at].validity_ms : std::nullopt).value_or(table()->lanes[at].validity_ms);
  }
  const Router& router() const { return router_; }
  const Budgets* budgets() const { return budgets_; }    // nullptr: none is kept
  const OptOuts* opt_outs() const { return opt_outs_; }  // likewise
  Quotas* quotas() const { return quotas_; }             // likewise

 private:
  const Router& router_;
  const Budgets* budgets_;
  const OptOuts* opt_outs_;
  Quotas* quotas_;
};

}  // namespace smsbridge::bridge
