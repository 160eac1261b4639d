// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "bridge/config/tenant.hpp"
#include "bridge/env/clock.hpp"

namespace smsbridge::bridge {

// Until when something waits, and by whose clock.
struct Quiet {
  WallMs until = 0;
  std::string zone;
  std::string words() const;  // "not before 07:00 (quiet hours, Africa/Nairobi)"
};

// What begins the `triggered_by` of an answer to a phone's own message.
inline constexpr std::string_view answer_of_rule = "inbound rule ";

// Whether a message that would leave at `at` has to wait. Of a country with several zones it may leave when all of
// them allow it: where in it a phone is, its number does not say. Where that is never, or the number has no country,
// the tenant's zone counts. Answers to a phone always go: its owner is awake.
std::optional<Quiet> quiet_at(const TenantSettings& tenant, const store::Content& message, WallMs at);

}  // namespace smsbridge::bridge
