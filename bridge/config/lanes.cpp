// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/lanes.hpp"

#include "bridge/config/keys.hpp"

namespace smsbridge::bridge {
namespace {

template <class Lane>
typename Keys<Lane>::Key validity_key() {
  return Keys<Lane>::duration_ms("validity", &Lane::validity_ms, second, 63 * week,
                                 "A message that was not sent by then is expired and never sent");
}

template <class Lane>
typename Keys<Lane>::Key retention_key() {
  return Keys<Lane>::duration_ms("retention", &Lane::retention_ms, second, 3650 * day,
                                 "How long a finished message is kept");
}

const Keys<LaneSettings>& lane_keys() {
  using L = LaneSettings;
  using K = Keys<L>;
  static const K keys{
      validity_key<L>(),
      retention_key<L>(),
      K::choice("doubt", &L::doubt, doubt_choices, "What happens to a message that was handed over without an answer"),
      K::section<LaneRetry>("retry", &L::retry, lane_retry_keys(),
                            "A schedule of the lane's own; what is left out is its gateway's"),
  };
  return keys;
}

const Keys<TenantLane>& tenant_lane_keys() {
  static const Keys<TenantLane> keys{validity_key<TenantLane>(), retention_key<TenantLane>()};
  return keys;
}

template <class Lane>
Keys<std::array<Lane, store::lane_count>> one_section_a_lane(const Keys<Lane>& lane_keys) {
  using All = std::array<Lane, store::lane_count>;
  std::vector<typename Keys<All>::Key> sections;
  for (const auto& [name, lane] : lane_choices())
    sections.push_back(Keys<All>::template section<Lane>(
        name, [at = static_cast<std::size_t>(lane)](All& lanes) -> Lane& { return lanes[at]; }, lane_keys,
        "The lane " + name));
  return Keys<All>(sections);
}

}  // namespace

const Choices<store::Lane>& lane_choices() {
  static const auto choices = [] {
    Choices<store::Lane> all;
    for (std::size_t i = 0; i < store::lane_count; ++i)
      all.emplace_back(store::name(static_cast<store::Lane>(i)), static_cast<store::Lane>(i));
    return all;
  }();
  return choices;
}

const Keys<Lanes>& lanes_keys() {
  static const auto keys = one_section_a_lane<LaneSettings>(lane_keys());
  return keys;
}

const Keys<TenantLanes>& tenant_lanes_keys() {
  static const auto keys = one_section_a_lane<TenantLane>(tenant_lane_keys());
  return keys;
}

}  // namespace smsbridge::bridge
