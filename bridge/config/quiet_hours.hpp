// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "store/message.hpp"

namespace smsbridge::bridge {

template <class Object>
class Keys;

// The time of day in which a tenant's messages do not leave.
struct QuietHours {
  enum class Zone : std::uint8_t {
    recipient,  // of the country of the number
    tenant,
  };
  int from_minute = 20 * 60, until_minute = 7 * 60;  // of the day; until before from: over midnight
  std::vector<store::Lane> lanes;                    // that wait; empty: reminder and campaign. Never login codes
  Zone zone = Zone::recipient;
  bool operator==(const QuietHours&) const = default;
};

const Keys<QuietHours>& quiet_hours_keys();

}  // namespace smsbridge::bridge
