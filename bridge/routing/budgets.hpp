// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <mutex>
#include <string>

#include "bridge/access/tenants.hpp"
#include "bridge/routing/router.hpp"

namespace smsbridge::bridge {

// What tenants spent this month, and which lanes that stops. refusal() is any thread's and cheap; refresh() reads
// the store's accounts once a second.
class Budgets {
 public:
  Budgets(const Router& router, const Tenants& tenants, const store::Store& store);

  void refresh(WallMs now);
  // Why a message of this lane is refused; empty: it is not. Login codes and transactions never are.
  std::string refusal(const Tenant& tenant, store::Lane lane) const;
  Micro spent(const Tenant& tenant) const;  // this month, in the budget's currency

 private:
  struct State {
    Micro spent = 0;
    std::uint32_t alerted_month = 0;
  };
  const Router& router_;
  const Tenants& tenants_;
  const store::Store& store_;
  mutable std::mutex mutex_;  // guards states_
  std::map<store::TenantId, State> states_;
};

}  // namespace smsbridge::bridge
