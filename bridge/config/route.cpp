// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/route.hpp"

#include <date/tz.h>

#include <algorithm>
#include <cstdio>

#include "bridge/config/checks.hpp"
#include "bridge/config/reader.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {
namespace {

constexpr WallMs second = 1000, day = 24 * 3600 * second;

// "08:00" -> minutes of the day; 24:00 is its end.
std::optional<int> parse_clock(const std::string& text) {
  int hours = 0, minutes = 0;
  char behind = 0;
  if (std::sscanf(text.c_str(), "%2d:%2d%c", &hours, &minutes, &behind) != 2 || hours < 0 || minutes < 0 ||
      minutes > 59)
    return std::nullopt;
  const int total = hours * 60 + minutes;
  return total <= 24 * 60 ? std::optional(total) : std::nullopt;
}

void read_by_lane(ConfigSection& s, const std::string& key, std::array<WallMs, store::lane_count>& values) {
  s.section(key, [&](ConfigSection& lanes) {
    for (std::size_t i = 0; i < store::lane_count; ++i)
      lanes.read_duration_ms(std::string(store::name(static_cast<store::Lane>(i))), values[i], second, 30 * day);
  });
}

}  // namespace

void read_route(ConfigSection& s, RouteSettings& r) {
  if (s.node().IsMap()) r.settings = to_json(s.node()).as_object();
  for (const auto* key : {"name", "id", "via"}) s.require(key);
  read_name(s, r.name);
  if (r.name == "test") s.problem("name", "is what /api/v1/routes/test tests routes by: take another", "bad-value");
  s.read("id", r.id, 1, 1'000'000'000);
  s.read("description", r.description);
  s.read("position", r.position, 0, 1'000'000);
  s.read_texts("tenants", r.tenants);
  s.read_texts("countries", r.countries);
  for (const auto& country : r.countries)
    if (!text::is_known_country(country))
      s.problem("countries", "'" + country + "' is not an ISO 3166 country such as KE", "bad-value");
  s.read_texts("prefixes", r.prefixes);
  for (const auto& prefix : r.prefixes)
    if (!prefix.starts_with('+') || prefix.find_first_not_of("0123456789", 1) != std::string::npos)
      s.problem("prefixes", "'" + prefix + "' is not the beginning of an international number such as +2547",
                "bad-value");
  s.read_texts("senders", r.senders);
  std::vector<std::string> lanes;
  s.read_texts("lanes", lanes);
  for (const auto& name : lanes) {
    store::Lane lane{};
    if (store::parse(name, lane))
      r.lanes.push_back(lane);
    else
      s.problem("lanes", "'" + name + "' is not one of otp, transaction, reminder, campaign", "bad-value");
  }
  s.section("hours", [&](ConfigSection& h) {
    const auto clock = [&](const std::string& key, int& minute_of_day) {
      std::string text;
      h.read(key, text);
      if (text.empty()) return;
      if (const auto parsed = parse_clock(text))
        minute_of_day = *parsed;
      else
        h.problem(key, "'" + text + "' is not a time of day such as 08:00", "bad-value");
    };
    clock("from", r.from_minute);
    clock("until", r.until_minute);
    h.read("zone", r.zone);
    try {
      date::locate_zone(r.zone);
    } catch (const std::exception&) {
      h.problem("zone", "'" + r.zone + "' is not a time zone such as Africa/Nairobi", "bad-value");
    }
    constexpr int day_minutes = 24 * 60;
    const bool whole_day = r.from_minute == 0 && r.until_minute == day_minutes;
    if (!whole_day && r.from_minute % day_minutes == r.until_minute % day_minutes)
      h.problem(h.has("until") ? "until" : "from", "is when the hours begin: they would have no length", "bad-value");
  });
  s.read_choice("order", r.order,
                {{"listed", RouteSettings::Order::listed},
                 {"weighted", RouteSettings::Order::weighted},
                 {"cheapest", RouteSettings::Order::cheapest}});
  s.list("via", [&](ConfigSection& v) {
    auto& via = r.via.emplace_back();
    v.require("gateway");
    v.read("gateway", via.gateway);
    v.read("weight", via.weight, 0, 1'000'000);
    if (!via.gateway.empty() && std::ranges::count(r.via, via.gateway, &RouteSettings::Via::gateway) > 1)
      v.problem("gateway", "'" + via.gateway + "' stands in this route twice", "duplicate");
  });
  if (!r.via.empty() && std::ranges::all_of(r.via, [](const auto& via) { return via.weight == 0; }))
    s.problem("via", "every gateway has the weight 0: no message could choose one", "bad-value");
  std::string price_max;
  s.read("price_max", price_max);
  if (!price_max.empty() && !(r.price_max = parse_money(price_max)))
    s.problem("price_max", "'" + price_max + "' is not a price such as 0.80", "bad-value");
  s.section("fail_over", [&](ConfigSection& f) {
    f.read("after_refusal", r.after_refusal);
    read_by_lane(f, "unreachable_after", r.unreachable_after);
    read_by_lane(f, "throttled_after", r.throttled_after);
    read_by_lane(f, "no_receipt_after", r.no_receipt_after);
  });
}

RouteSettings read_route(const boost::json::object& settings, const std::filesystem::path& folder,
                         std::vector<ConfigProblem>& problems) {
  return read_object<RouteSettings>(settings, folder, problems, read_route);
}

}  // namespace smsbridge::bridge
