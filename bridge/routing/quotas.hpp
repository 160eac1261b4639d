// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>

#include "bridge/access/tenants.hpp"

namespace smsbridge::bridge {

// How much of each tenant waits and comes in, against its limits. Any thread, and cheap; refresh() reads the store's
// counts, once a second.
class Quotas {
 public:
  explicit Quotas(const store::Store& store) : store_(store) {}

  void refresh();
  // Whether so many more may wait. They are counted as waiting from then on.
  bool take_places(const Tenant& tenant, std::size_t count);
  // How long the last of so many has to be held back, so that the tenant's keep their rate. Those that cannot wait
  // are never held back, and pass those that are; nothing, when they alone come too fast, and they are not counted.
  std::optional<Duration> take_turns(const Tenant& tenant, std::size_t count, Time now, bool can_wait);

 private:
  struct Use {
    std::int64_t waiting = 0, taken = 0;  // as the store had it, and since then
    Time next{};                          // when one more is in its rate, behind all that came
    // Of those that cannot wait alone: a campaign that is held back for an hour must not lock out login codes.
    Time next_at_once{};
  };
  const store::Store& store_;
  std::mutex mutex_;  // guards uses_
  std::map<store::TenantId, Use> uses_;
};

}  // namespace smsbridge::bridge
