// SPDX-License-Identifier: MPL-2.0
// How a tenant's Fineract is, as seen from here.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/values.hpp"
#include "bridge/events/fineract_check.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

void check(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond, true);
  if (!caller) return;
  const auto& tenant = caller->tenant->config;
  if (!tenant.fineract)
    return respond(to_response({.code = ProblemCode::state_conflict,
                                .detail = "the tenant '" + tenant.name +
                                          "' has no 'fineract' in the configuration: the address of its API, and a "
                                          "user to read there; see docs/fineract.md",
                                .errors = {}}));
  check_fineract(
      tenant, services.config.fineract.port, request.executor, services.make_transport, services.clock,
      [respond, name = tenant.name](const std::vector<FineractFinding>& found) {
        json::array items;
        bool ok = true;
        for (const auto& each : found) {
          ok = ok && each.state != FineractFinding::State::failed;
          items.push_back({{"about", each.about},
                           {"state", bridge::name(each.state)},
                           {"detail", each.detail},
                           {"advice", text_or_null(each.advice)}});
        }
        respond({.body = json::serialize(json::object{{"tenant", name}, {"ok", ok}, {"items", std::move(items)}}),
                 .headers = {}});
      });
}

}  // namespace

std::vector<Endpoint> fineract_check_endpoints(Services& services) {
  return {{http::verb::post, "/api/v1/fineract/check",
           [&services](const HttpRequest& r, const Respond& a) { check(services, r, a); }}};
}

}  // namespace smsbridge::bridge
