// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <array>
#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bridge/config/problem.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/text/money.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

struct KeyInfo;

// A way out by rules: which messages take it, by which gateways, and when one of them gives way to the next.
struct RouteSettings {
  boost::json::object settings;  // as they were given
  std::string name;
  store::RouteId id = 0;  // Fineract may ask for it as providerId, so no gateway has the same
  std::string description;
  int position = 100;  // lower ones are asked first, equal ones in the order of the file, then by name
  // Every list that is not empty must hold the message's value.
  std::vector<std::string> tenants, countries, prefixes, senders;
  std::vector<store::Lane> lanes;
  int from_minute = 0, until_minute = 24 * 60;  // of the day in `zone`; until < from: over midnight
  std::string zone = "UTC";
  enum class Order { listed, weighted, cheapest } order = Order::listed;
  struct Via {
    std::string gateway;
    std::uint32_t weight = 1;
  };
  std::vector<Via> via;
  // When a message that waits leaves a gateway, by lane.
  std::array<WallMs, store::lane_count> unreachable_after{10'000, 120'000, 600'000, 1'800'000};
  std::array<WallMs, store::lane_count> throttled_after{15'000, 300'000, 1'800'000, 7'200'000};
  std::array<WallMs, store::lane_count> no_receipt_after{};  // 0: never. The phone may get it twice
  bool after_refusal = true;
  std::optional<Micro> price_max;  // of a message with all its parts
};
using RouteSettingsPtr = std::shared_ptr<const RouteSettings>;

class ConfigSection;
std::vector<KeyInfo> route_infos();
void read_route(ConfigSection& s, RouteSettings& route);
// As read_gateway().
RouteSettings read_route(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems);

}  // namespace smsbridge::bridge
