// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/admission.hpp"

namespace smsbridge::bridge {

BeforeBody needs_key(Services& services) {
  return [&services](const HttpRequest& request) -> std::optional<HttpResponse> {
    const auto caller = services.tenants.by_key(request);
    if (caller) return std::nullopt;
    return to_response(caller.error());
  };
}

std::optional<Caller> admit(Services& services, const HttpRequest& request, std::string_view scope,
                            const Respond& respond, bool needs_tenant) {
  auto caller = services.tenants.by_key(request);
  if (!caller) {
    respond(to_response(caller.error()));
    return std::nullopt;
  }
  if (!caller->may(scope)) {
    respond(to_response(
        {.code = ProblemCode::forbidden, .detail = "the key lacks the scope " + std::string(scope), .errors = {}}));
    return std::nullopt;
  }
  if (needs_tenant && !caller->tenant) {
    respond(to_response(invalid(
        {{"", "missing", "several tenants are configured: name one with --tenant (header Smsbridge-Tenant)"}})));
    return std::nullopt;
  }
  return std::move(*caller);
}

std::optional<Caller> admit_for_all(Services& services, const HttpRequest& request, std::string_view scope,
                                    const Respond& respond) {
  auto caller = admit(services, request, scope, respond);
  if (!caller || speaks_for_all(services, *caller)) return caller;
  respond(to_response({.code = ProblemCode::forbidden,
                       .detail = "gateways and routes serve all tenants: this takes a key that was made by "
                                 "'smsbridge keys create --owner', or the command line on the host",
                       .errors = {}}));
  return std::nullopt;
}

std::optional<Caller> admit_owner(Services& services, const HttpRequest& request, std::string_view scope,
                                  const Respond& respond) {
  auto caller = admit(services, request, scope, respond);
  if (!caller || caller->of_all_tenants) return caller;
  respond(to_response({.code = ProblemCode::forbidden,
                       .detail = "tenants are made and changed by whoever runs the bridge: this takes a key that was "
                                 "made by 'smsbridge keys create --owner', or the command line on the host",
                       .errors = {}}));
  return std::nullopt;
}

bool speaks_for_all(const Services& services, const Caller& caller) {
  return caller.of_all_tenants || services.tenants.all()->size() == 1;
}

bool may_see(const Services& services, const Caller& caller, const GatewaySettings& gateway) {
  return speaks_for_all(services, caller) || services.directory.table()->may_use(caller.tenant->config.name, gateway);
}

bool may_see(const Services& services, const Caller& caller, const RouteSettings& route) {
  return speaks_for_all(services, caller) || services.directory.table()->may_use(caller.tenant->config.name, route);
}

bool is_own(const Caller& caller, const store::Message& message) {
  return caller.person && message.content.triggered_by == caller.person->name;
}

bool sees_content(const Caller& caller, const store::Message& message) {
  return caller.may("content:read") || is_own(caller, message);
}

bool may_manage(const Services& services, const Caller& caller) {
  return caller.may("system:manage") && speaks_for_all(services, caller);
}

}  // namespace smsbridge::bridge
