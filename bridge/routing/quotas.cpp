// SPDX-License-Identifier: MPL-2.0
#include "bridge/routing/quotas.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration burst = std::chrono::seconds(1);

}  // namespace

void Quotas::refresh() {
  std::map<store::TenantId, std::int64_t> waiting;
  for (const auto& [owner, states] : store_.counts())
    waiting[owner.first] += states[static_cast<std::size_t>(store::State::queued)];
  const std::lock_guard lock(mutex_);
  for (auto& [tenant, use] : uses_) use.waiting = use.taken = 0;
  for (const auto& [tenant, count] : waiting) uses_[tenant].waiting = count;
}

bool Quotas::take_places(const Tenant& tenant, std::size_t count) {
  const auto& limit = tenant.config.limits.queue;
  if (!limit || count == 0) return true;
  const std::lock_guard lock(mutex_);
  auto& use = uses_[tenant.id];
  const auto more = static_cast<std::int64_t>(count);
  if (use.waiting + use.taken + more > *limit) return false;
  use.taken += more;
  return true;
}

std::optional<Duration> Quotas::take_turns(const Tenant& tenant, std::size_t count, Time now, bool can_wait) {
  const double rate = tenant.config.limits.rate;
  if (rate <= 0 || count == 0) return Duration::zero();
  const auto step = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate));
  const std::lock_guard lock(mutex_);
  auto& use = uses_[tenant.id];
  const auto length = step * static_cast<Duration::rep>(count);
  if (!can_wait) {
    const auto after = std::max(use.next_at_once, now) + length;
    if (after - now > std::max(burst, step)) return std::nullopt;
    use.next_at_once = after;
  }
  use.next = std::max(use.next, now) + length;
  if (!can_wait) return Duration::zero();
  return std::max(Duration::zero(), std::chrono::duration_cast<Duration>(use.next - now - burst));
}

}  // namespace smsbridge::bridge
