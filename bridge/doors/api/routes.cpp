// SPDX-License-Identifier: MPL-2.0
// Routes: which there are, and which way a message would take and why.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/intake/submission.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::value seconds_by_lane(const std::array<WallMs, store::lane_count>& values) {
  json::object object;
  for (std::size_t lane = 0; lane < store::lane_count; ++lane)
    object[store::name(static_cast<store::Lane>(lane))] =
        values[lane] ? json::value(static_cast<double>(values[lane]) / 1000) : json::value(nullptr);
  return object;
}

json::object route_json(const Services& services, const Caller& caller, const RouteSettings& route,
                        const std::optional<Objects::Object>& object) {
  const bool whole = speaks_for_all(services, caller);
  const auto table = services.directory.table();
  static constexpr std::array<std::string_view, 3> orders = {"listed", "weighted", "cheapest"};
  json::array lanes, via;
  for (const auto lane : route.lanes) lanes.push_back(json::value(store::name(lane)));
  for (const auto& way : route.via)
    if (const auto by = table->gateway(way.gateway); !by || may_see(services, caller, *by))
      via.push_back({{"gateway", way.gateway}, {"weight", way.weight}});
  const auto clock = [](int minute) { return fmt::format("{:02}:{:02}", minute / 60, minute % 60); };
  const bool all_day = route.from_minute == 0 && route.until_minute == 24 * 60;
  return {{"name", route.name},
          {"id", route.id},
          {"description", route.description},
          {"position", route.position},
          {"tenants", whole || route.tenants.empty() ? texts(route.tenants) : texts({caller.tenant->config.name})},
          {"countries", texts(route.countries)},
          {"prefixes", texts(route.prefixes)},
          {"senders", texts(route.senders)},
          {"lanes", std::move(lanes)},
          {"hours", all_day ? json::value(nullptr)
                            : json::value{{"from", clock(route.from_minute)},
                                          {"until", clock(route.until_minute)},
                                          {"zone", route.zone}}},
          {"order", orders[static_cast<std::size_t>(route.order)]},
          {"via", std::move(via)},
          {"price_max", route.price_max ? json::value(money_text(*route.price_max)) : json::value(nullptr)},
          {"fail_over",
           {{"after_refusal", route.after_refusal},
            {"unreachable_after", seconds_by_lane(route.unreachable_after)},
            {"throttled_after", seconds_by_lane(route.throttled_after)},
            {"no_receipt_after", seconds_by_lane(route.no_receipt_after)}}},
          {"managed_by", managed_by(object)},
          {"settings", whole ? json::value(route.settings) : json::value(nullptr)}};
}

Problem wrong(std::string pointer, std::string detail) {
  return invalid({{std::move(pointer), "bad-value", std::move(detail)}});
}

void test_routes(Services& services, const HttpRequest& request, const Caller& caller, const Respond& respond) {
  const auto value = read_json(request);
  if (!value) return respond(to_response(value.error()));
  const auto* object = value->if_object();
  if (!object) return respond(to_response(wrong("", "send a JSON object with at least \"to\"")));
  std::map<std::string, std::string> given;
  std::int64_t parts = 1;
  for (const auto& [key, field] : *object) {
    if (key == "parts" && field.is_int64() && field.get_int64() > 0 && field.get_int64() < 256)
      parts = field.get_int64();
    else if ((key == "to" || key == "from" || key == "lane" || key == "country" || key == "route") && field.is_string())
      given[key] = field.get_string().c_str();
    else
      return respond(
          to_response(wrong("/" + std::string(key), "the fields are to, from, lane, country, route and parts")));
  }
  const auto& tenant = *caller.tenant;
  const auto number = text::normalise_number(
      given["to"], given["country"].empty() ? tenant.config.default_country : given["country"], lengths_of(tenant));
  if (!number) return respond(to_response(wrong("/to", std::string(text::explain(number.error())))));
  auto lane = store::Lane::transaction;
  if (!given["lane"].empty() && !store::parse(given["lane"], lane))
    return respond(to_response(wrong("/lane", "lane is one of otp, transaction, reminder, campaign")));
  const auto& router = services.directory.router();
  const auto table = router.table();
  const auto asked = table->route(given["route"]);
  if (!given["route"].empty() && !asked) return respond(to_response(wrong("/route", "there is no such route")));
  std::vector<RouteStep> steps;
  const auto chosen = router.choose({.tenant = tenant.config.name,
                                     .to = number->e164,
                                     .from = given["from"].empty() ? tenant.config.sender : given["from"],
                                     .lane = lane,
                                     .parts = static_cast<int>(parts),
                                     .seed = digest_of({number->e164}),
                                     .asked = asked ? asked->id : 0,
                                     .without = {}},
                                    services.clock.wall(), &steps);
  json::array told, gateways;
  for (const auto& step : steps) told.push_back({{"subject", step.subject}, {"taken", step.taken}, {"why", step.why}});
  for (const auto id : chosen.gateways)
    if (const auto gateway = table->gateway(id)) gateways.push_back(json::value(gateway->name));
  if (!chosen.route) {
    const auto preferred = table->routes.empty() || !tenant.config.default_gateway.empty()
                               ? services.directory.default_for(tenant.config)
                               : nullptr;
    const bool taken = preferred && !router.is_draining(preferred->id);
    told.push_back({{"subject", preferred ? "gateway " + preferred->name : std::string("no route")},
                    {"taken", taken},
                    {"why", taken       ? "the tenant's default gateway"
                            : preferred ? "is the tenant's default gateway, but is being drained"
                                        : "no route fits, and the tenant has no default_gateway"}});
    if (taken) gateways.push_back(json::value(preferred->name));
  }
  respond({.body = json::serialize(
               json::object{{"to", number->e164},
                            {"country", number->country.empty() ? json::value(nullptr) : json::value(number->country)},
                            {"route", chosen.route ? json::value(chosen.route->name) : json::value(nullptr)},
                            {"gateways", std::move(gateways)},
                            {"steps", std::move(told)}}),
           .headers = {}});
}

void list_routes(Services& services, const Caller& caller, const Respond& respond) {
  json::array items;
  for (const auto& route : services.directory.table()->routes)
    if (may_see(services, caller, *route))
      items.push_back(route_json(services, caller, *route, services.objects.find(ObjectKind::route, route->name)));
  respond(
      {.body = json::serialize(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}}), .headers = {}});
}

void get_route(Services& services, const HttpRequest& request, const Caller& caller, const Respond& respond) {
  const auto route = services.directory.table()->route(request.captures.front());
  if (!route || !may_see(services, caller, *route))
    return respond(to_response(no_such("route", request.captures.front())));
  const auto object = services.objects.find(ObjectKind::route, route->name);
  respond({.body = json::serialize(route_json(services, caller, *route, object)), .headers = etag_header(object)});
}

}  // namespace

std::vector<Endpoint> route_endpoints(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/routes";
  return {
      {get, base,
       [&services](const HttpRequest& r, Respond a) {
         if (const auto caller = admit(services, r, "config:read", a)) list_routes(services, *caller, a);
       }},
      {post, base + "/test",
       [&services](const HttpRequest& r, Respond a) {
         if (const auto caller = admit(services, r, "config:read", a, true)) test_routes(services, r, *caller, a);
       }},
      {get, base + "/{name}",
       [&services](const HttpRequest& r, Respond a) {
         if (const auto caller = admit(services, r, "config:read", a)) get_route(services, r, *caller, a);
       }},
  };
}

}  // namespace smsbridge::bridge
