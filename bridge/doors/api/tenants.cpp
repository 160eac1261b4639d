// SPDX-License-Identifier: MPL-2.0
// /api/v1/tenants: who there is. Making and changing them is as with other objects.
#include <boost/json.hpp>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/objects.hpp"
#include "bridge/doors/api/paging.hpp"
#include "bridge/doors/api/values.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::object tenant_json(const Services& services, const Tenant& tenant) {
  const auto& config = tenant.config;
  return {{"name", config.name},
          {"number", tenant.id},
          {"description", config.description},
          {"enabled", config.enabled},
          {"default_country", text_or_null(config.default_country)},
          {"sender", text_or_null(config.sender)},
          {"languages", texts(config.languages)},
          {"time_zone", config.time_zone},
          {"managed_by", managed_by(services.objects.find(ObjectKind::tenant, config.name))},
          {"settings", config.settings}};
}

// The key of one of several tenants sees that one, as if there were no other.
bool may_see_tenant(const Caller& caller, const Tenant& tenant) {
  return caller.of_all_tenants || caller.tenant->id == tenant.id;
}

void list_tenants(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  json::array items;
  const auto all = services.tenants.all();
  for (const auto& each : services.directory.table()->tenants)
    if (const auto it = all->find(each->name); it != all->end() && may_see_tenant(*caller, *it->second))
      items.push_back(tenant_json(services, *it->second));
  respond(page_of(request, std::move(items), {}));
}

void get_tenant(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit(services, request, "config:read", respond);
  if (!caller) return;
  const auto& name = request.captures.front();
  const auto* tenant = services.tenants.find(name);
  if (!tenant || !may_see_tenant(*caller, *tenant)) return respond(to_response(no_such("tenant", name)));
  respond({.body = json::serialize(tenant_json(services, *tenant)),
           .headers = etag_header(services.objects.find(ObjectKind::tenant, name))});
}

}  // namespace

std::vector<Endpoint> tenant_endpoints(Services& services) {
  const auto by = [&services](void (*work)(Services&, const HttpRequest&, const Respond&)) {
    return [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); };
  };
  const std::string base = "/api/v1/tenants";
  return {{http::verb::get, base, by(list_tenants)}, {http::verb::get, base + "/{name}", by(get_tenant)}};
}

}  // namespace smsbridge::bridge
