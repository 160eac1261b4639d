// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>

#include "bridge/access/tenants.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/policy/quiet_hours.hpp"

namespace smsbridge::bridge {

// Quiet hours are looked at when a message is accepted, and here once more before it leaves: it may have waited into
// the night. Any thread.
class QuietTime {
 public:
  QuietTime(const Tenants& tenants, const Clock& clock) : tenants_(tenants), clock_(clock) {}

  // Until when it has to wait, if it has to now.
  std::optional<Quiet> of(const store::Content& content) const;
  // The same of one that was about to leave: it is counted, and said.
  std::optional<Quiet> at_last(const store::Content& content);

 private:
  const Tenants& tenants_;
  const Clock& clock_;
  log::Throttle said_;  // by tenant
};

}  // namespace smsbridge::bridge
