// SPDX-License-Identifier: MPL-2.0
#include "bridge/policy/quiet_hours.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "bridge/text/number.hpp"
#include "bridge/text/zone.hpp"

namespace smsbridge::bridge {
namespace {

constexpr int day_minutes = 24 * 60;
constexpr WallMs minute_ms = 60'000;
constexpr WallMs found_within = 2 * day_minutes * minute_ms;  // an hour that all zones of a country allow

bool waits(const QuietHours& hours, const store::Content& message) {
  const auto lane = message.lane;
  if (lane == store::Lane::otp) return false;
  if (message.triggered_by.starts_with(answer_of_rule)) return false;
  if (message.at_night != store::AtNight::by_lane) return message.at_night == store::AtNight::waits;
  if (hours.lanes.empty()) return lane == store::Lane::reminder || lane == store::Lane::campaign;
  return std::ranges::find(hours.lanes, lane) != hours.lanes.end();
}

// When the quiet time ends in which `at` lies there; `at` itself where it lies in none.
WallMs end_in(const std::string& zone, const QuietHours& hours, WallMs at) {
  const int from = hours.from_minute % day_minutes, until = hours.until_minute % day_minutes;
  auto local = text::local_time(at, zone);
  const int minute = local.minute_of_day();
  const bool over_midnight = until < from;
  if (over_midnight ? minute >= until && minute < from : minute < from || minute >= until) return at;
  if (minute >= until) ++local.day;
  const int left = (until - minute + day_minutes) % day_minutes;
  local.hour = 0;
  local.minute = until;
  local.second = 0;
  const auto end = text::instant_of(local, zone);
  // Where clocks are set back that time comes twice, and this is the second one.
  return end > at ? end : at - at % minute_ms + left * minute_ms;
}

// When all of them allow it; `until` is `at` where they do so now. Nothing: there is no such time.
std::optional<Quiet> end_in_all(std::span<const std::string> zones, const QuietHours& hours, WallMs at) {
  Quiet quiet{.until = at, .zone = {}};
  for (std::size_t allow = 0; allow < zones.size();)
    for (const auto& zone : zones) {
      const auto end = end_in(zone, hours, quiet.until);
      if (end == quiet.until) {
        if (++allow == zones.size()) break;
        continue;
      }
      if (end - at > found_within) return std::nullopt;
      quiet = {.until = end, .zone = zone};
      allow = 0;
    }
  return quiet;
}

}  // namespace

std::string Quiet::words() const {
  const auto local = text::local_time(until, zone);
  return fmt::format("not before {:02}:{:02} (quiet hours, {})", local.hour, local.minute, zone);
}

std::optional<Quiet> quiet_at(const TenantSettings& tenant, const store::Content& message, WallMs at) {
  if (!tenant.quiet_hours || !waits(*tenant.quiet_hours, message)) return std::nullopt;
  const auto& hours = *tenant.quiet_hours;
  std::span<const std::string> zones{&tenant.time_zone, 1};
  if (hours.zone == QuietHours::Zone::recipient)
    if (const auto number = text::normalise_number(message.to, {}, text::Lengths::any))
      if (const auto& known = text::zones_of(number->country); !known.empty()) zones = known;
  auto quiet = end_in_all(zones, hours, at);
  if (!quiet) quiet = end_in_all({&tenant.time_zone, 1}, hours, at);
  if (!quiet || quiet->until == at) return std::nullopt;
  return quiet;
}

}  // namespace smsbridge::bridge
