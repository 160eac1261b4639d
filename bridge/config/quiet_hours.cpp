// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/quiet_hours.hpp"

#include <algorithm>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"
#include "bridge/text/zone.hpp"

namespace smsbridge::bridge {
namespace {

using Q = QuietHours;

Keys<Q>::Key quiet_clock_key(const char* name, int Q::*minute_of_day, const char* usual, const char* help) {
  const auto read = [name, minute_of_day](ConfigSection& s, Q& hours) { read_clock(s, name, hours.*minute_of_day); };
  return Keys<Q>::special(name, KeyInfo::Type::text, read, help).usually(usual);
}

void check_quiet_hours(ConfigSection& s, Q& hours) {
  constexpr int day_minutes = 24 * 60;
  if (hours.from_minute % day_minutes == hours.until_minute % day_minutes)
    s.problem(s.has("until") ? "until" : "from", "is when the quiet hours begin: nothing would ever leave",
              "bad-value");
  if (std::ranges::find(hours.lanes, store::Lane::otp) != hours.lanes.end())
    s.problem("lanes", "login codes (otp) are asked for by the person who waits for them: they always go", "bad-value");
  if (hours.zone == Q::Zone::recipient && text::zones_of("KE").empty())
    s.problem("zone", "there is no /usr/share/zoneinfo/zone.tab (package tzdata): every number counts as the tenant's",
              "no-zone-table", true);
}

}  // namespace

const Keys<QuietHours>& quiet_hours_keys() {
  using K = Keys<Q>;
  static const K keys(
      {quiet_clock_key("from", &Q::from_minute, "20:00", "When they begin"),
       quiet_clock_key("until", &Q::until_minute, "07:00", "When they end; before 'from': over midnight"),
       K::several("lanes", &Q::lanes, lane_choices(), "Lanes that wait; none: reminder and campaign"),
       K::choice("zone", &Q::zone, Choices<Q::Zone>{{"recipient", Q::Zone::recipient}, {"tenant", Q::Zone::tenant}},
                 "Whose clock counts: that of the number's country, or the tenant's")},
      check_quiet_hours);
  return keys;
}

}  // namespace smsbridge::bridge
