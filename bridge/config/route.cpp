// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/route.hpp"

#include <algorithm>
#include <span>

#include "bridge/config/checks.hpp"
#include "bridge/config/keys.hpp"
#include "bridge/config/lanes.hpp"

namespace smsbridge::bridge {
namespace {

using R = RouteSettings;
using ByLane = std::array<WallMs, store::lane_count>;

// Of the section `hours`.
Keys<R>::Key clock_key(const char* name, int R::*minute_of_day, const char* usual, const char* help) {
  const auto read = [name, minute_of_day](ConfigSection& s, R& route) { read_clock(s, name, route.*minute_of_day); };
  return Keys<R>::special(name, KeyInfo::Type::text, read, help).usually(usual);
}

void check_hours(ConfigSection& s, R& route) {
  constexpr int day_minutes = 24 * 60;
  const bool whole_day = route.from_minute == 0 && route.until_minute == day_minutes;
  if (!whole_day && route.from_minute % day_minutes == route.until_minute % day_minutes)
    s.problem(s.has("until") ? "until" : "from", "is when the hours begin: they would have no length", "bad-value");
}

const Keys<R>& hours_keys() {
  using K = Keys<R>;
  static const K keys(
      {clock_key("from", &R::from_minute, "00:00", "When they begin"),
       clock_key("until", &R::until_minute, "24:00", "When they end; before 'from': over midnight"),
       K::text("zone", &R::zone, "Their time zone, such as Africa/Nairobi").checked([](ConfigSection& s, R& route) {
         check_zone(s, "zone", route.zone);
       })},
      check_hours);
  return keys;
}

const Keys<ByLane>& by_lane_keys() {
  static const Keys<ByLane> keys = [] {
    std::vector<Keys<ByLane>::Key> lanes;
    for (const auto& [name, lane] : lane_choices())
      lanes.push_back(Keys<ByLane>::duration_ms(
          name, [at = static_cast<std::size_t>(lane)](ByLane& values) -> WallMs& { return values[at]; }, second,
          30 * day, "Of the lane " + name));
    return Keys<ByLane>(std::move(lanes));
  }();
  return keys;
}

const Keys<R>& fail_over_keys() {
  using K = Keys<R>;
  static const K keys{
      K::boolean("after_refusal", &R::after_refusal, "What this gateway refuses, and another may take, goes there"),
      K::section<ByLane>("unreachable_after", &R::unreachable_after, by_lane_keys(),
                         "The gateway is down or paused, and the message waits for so long"),
      K::section<ByLane>("throttled_after", &R::throttled_after, by_lane_keys(),
                         "The gateway is throttled, and the message waits for so long"),
      K::section<ByLane>("no_receipt_after", &R::no_receipt_after, by_lane_keys(),
                         "The message was taken and no final receipt came; the phone may get it twice; 0s: never"),
  };
  return keys;
}

const Keys<R::Via>& via_keys() {
  using V = R::Via;
  using K = Keys<V>;
  static const K keys{
      K::text("gateway", &V::gateway, "Name of the gateway").needed(),
      K::integer("weight", &V::weight, 0, 1'000'000, "Share with 'order: weighted'; 0: only when the others cannot")};
  return keys;
}
void read_via(ConfigSection& s, R::Via& via) { via_keys().read(s, via); }
std::vector<KeyInfo> via_infos() { return via_keys().infos(); }

void check_via(ConfigSection& s, R& route) {
  for (std::size_t i = 1; i < route.via.size(); ++i) {
    const auto& name = route.via[i].gateway;
    const auto before = std::span(route.via).first(i);
    if (!name.empty() && std::ranges::find(before, name, &R::Via::gateway) != before.end())
      s.problem_in("via", i, "gateway", "'" + name + "' stands in this route twice", "duplicate");
  }
  if (!route.via.empty() && std::ranges::all_of(route.via, [](const auto& via) { return via.weight == 0; }))
    s.problem("via", "every gateway has the weight 0: no message could choose one", "bad-value");
}

void check_route_name(ConfigSection& s, R& route) {
  check_name(s, route.name);
  if (route.name == "test") s.problem("name", "is what /api/v1/routes/test tests routes by: take another", "bad-value");
}

void check_prefixes(ConfigSection& s, R& route) {
  for (const auto& prefix : route.prefixes)
    if (!prefix.starts_with('+') || prefix.find_first_not_of("0123456789", 1) != std::string::npos)
      s.problem("prefixes", "'" + prefix + "' is not the beginning of an international number such as +2547",
                "bad-value");
}

const Keys<R>& route_keys() {
  using K = Keys<R>;
  static const K keys{
      K::text("name", &R::name, "Name in the API").needed().checked(check_route_name),
      K::integer("id", &R::id, 1, 1'000'000'000, "Number by which Fineract may ask for it (providerId)").needed(),
      K::text("description", &R::description, "Shown by Fineract when a provider is chosen"),
      K::integer("position", &R::position, 0, 1'000'000, "Routes with a lower one are asked first"),
      K::texts("tenants", &R::tenants, "Names of tenants; none: all"),
      K::texts("countries", &R::countries, "ISO countries of the number; none: all")
          .checked([](ConfigSection& s, R& route) {
            for (const auto& country : route.countries) check_country(s, "countries", country);
          }),
      K::texts("prefixes", &R::prefixes, "Beginnings of the number, such as +2547; none: all").checked(check_prefixes),
      K::texts("senders", &R::senders, "Senders, as the message or its tenant names them; none: all"),
      K::several("lanes", &R::lanes, lane_choices(), "Lanes; none: all"),
      K::section<R>("hours", whole<R>, hours_keys(), "When it holds; without it always"),
      K::choice("order", &R::order,
                Choices<R::Order>{
                    {"listed", R::Order::listed}, {"weighted", R::Order::weighted}, {"cheapest", R::Order::cheapest}},
                "Which gateway comes first"),
      K::list<R::Via>(
          "via", [](R& route) -> R::Via& { return route.via.emplace_back(); }, read_via, via_infos, "Its gateways")
          .needed()
          .checked(check_via),
      K::money("price_max", &R::price_max, "Most that a message may cost with all its parts"),
      K::section<R>("fail_over", whole<R>, fail_over_keys(),
                    "When a message leaves a gateway for another one of 'via'"),
  };
  return keys;
}

}  // namespace

void read_route(ConfigSection& s, RouteSettings& route) {
  if (s.node().IsMap()) route.settings = to_json(s.node()).as_object();
  route_keys().read(s, route);
}

std::vector<KeyInfo> route_infos() { return route_keys().infos(); }

RouteSettings read_route(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems) {
  return read_object<RouteSettings>(settings, folder, problems, read_route);
}

}  // namespace smsbridge::bridge
