// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/budgets.hpp"

#include "bridge/env/log.hpp"

namespace smsbridge::bridge {

Budgets::Budgets(const Router& router, const Tenants& tenants, const store::Store& store)
    : router_(router), tenants_(tenants), store_(store) {}

void Budgets::refresh(WallMs now) {
  const auto month = store::month_of(now);
  const auto prices = router_.table()->prices;
  std::map<store::TenantId, Micro> spent;
  for (const auto& [key, usage] : store_.usage()) {
    const auto* tenant = key.month == month ? tenants_.find(key.tenant) : nullptr;
    if (tenant && tenant->config.budget && prices->currency_of(key.gateway) == tenant->config.budget->currency)
      spent[key.tenant] += usage.price;
  }
  const auto tenants = tenants_.all();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, each] : *tenants) {
    const auto& tenant = *each;
    if (!tenant.config.budget) continue;
    auto& state = states_[tenant.id];
    state.spent = spent[tenant.id];
    tenant.metrics.budget_spent->Set(static_cast<double>(spent[tenant.id]) / 1e6);
    const auto& budget = *tenant.config.budget;
    if (!budget.alert || spent[tenant.id] < *budget.alert || state.alerted_month == month) continue;
    state.alerted_month = month;
    log::warn("budget", "the tenant spent this month what it wants to hear of", "tenant", name, "spent",
              money_text(spent[tenant.id]), "alert", money_text(*budget.alert), "currency", budget.currency);
  }
}

std::string Budgets::refusal(const Tenant& tenant, store::Lane lane) const {
  const auto& budget = tenant.config.budget;
  if (!budget) return {};
  const auto limit = lane == store::Lane::campaign   ? budget->refuse_campaigns
                     : lane == store::Lane::reminder ? budget->refuse_reminders
                                                     : std::nullopt;
  if (!limit || spent(tenant) < *limit) return {};
  return "this month's budget for the lane " + std::string(store::name(lane)) +
         " is spent: " + money_text(spent(tenant)) + " of " + money_text(*limit) + " " + budget->currency;
}

Micro Budgets::spent(const Tenant& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto it = states_.find(tenant.id);
  return it == states_.end() ? 0 : it->second.spent;
}

}  // namespace smsbridge::bridge
