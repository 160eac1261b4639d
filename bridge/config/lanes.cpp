// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/lanes.hpp"

#include "bridge/config/keys.hpp"

namespace smsbridge::bridge {
namespace {

const Keys<LaneSettings>& lane_keys() {
  using L = LaneSettings;
  using K = Keys<L>;
  static const K keys{
      K::duration_ms("validity", &L::validity_ms, second, 63 * week,
                     "A message that was not sent by then is expired and never sent"),
      K::choice("doubt", &L::doubt, doubt_choices, "What happens to a message that was handed over without an answer"),
      K::section<LaneRetry>("retry", &L::retry, lane_retry_keys(),
                            "A schedule of the lane's own; what is left out is its gateway's"),
  };
  return keys;
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
  static const Keys<Lanes> keys = [] {
    std::vector<Keys<Lanes>::Key> sections;
    for (const auto& [name, lane] : lane_choices())
      sections.push_back(Keys<Lanes>::section<LaneSettings>(
          name, [at = static_cast<std::size_t>(lane)](Lanes& lanes) -> LaneSettings& { return lanes[at]; }, lane_keys(),
          "The lane " + name));
    return Keys<Lanes>(std::move(sections));
  }();
  return keys;
}

}  // namespace smsbridge::bridge
