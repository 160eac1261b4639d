// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "bridge/config/gateway.hpp"

namespace smsbridge::bridge {

// One for all gateways that use an account, as long as any of them runs. Any thread.
template <class What>
class PerAccount {
 public:
  std::shared_ptr<What> of(const GatewaySettingsPtr& gateway, const std::function<std::shared_ptr<What>()>& make,
                           const std::function<void(What&)>& share) {
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [](const auto& entry) { return entry.second.expired(); });
    for (const auto& [other, known] : all_)
      if (auto what = known.lock(); what && have_one_account(*other, *gateway)) {
        share(*what);
        return what;
      }
    auto what = make();
    all_.emplace_back(gateway, what);
    return what;
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<GatewaySettingsPtr, std::weak_ptr<What>>> all_;  // with one gateway of each account
};

}  // namespace smsbridge::bridge
