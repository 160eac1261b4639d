// SPDX-License-Identifier: MPL-2.0
// Fineract's web hooks. It sends each once, over a connection of its own, and looks at no answer: what is refused here
// is lost, so our log says it. No header shows who sends: the secret is in the address.
#include "bridge/doors/fineract_hooks.hpp"

#include <boost/algorithm/hex.hpp>
#include <boost/json.hpp>

#include "bridge/env/log.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/events/fineract_json.hpp"
#include "bridge/http/reading.hpp"
#include "bridge/text/ucs2.hpp"
#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using http_gateways::same_secret;

constexpr std::size_t shown_max = 64;

struct Said {
  log::Throttle refused;
};

HttpResponse answer(http::status status, std::string body = {}) {
  return {.status = status, .body = std::move(body), .headers = {}, .ends_connection = true};
}

// By Fineract's identifier, which may be another than the tenant's name here, and the same for several: every Fineract
// has a "default". nullptr: there is none with hooks that shows itself.
const Tenant* hooked_tenant(const Services& services, std::string_view identifier,
                            const std::function<bool(const Tenant&)>& shows) {
  for (const auto& [name, tenant] : *services.tenants.all()) {
    const auto& fineract = tenant->config.fineract;
    if (fineract && !fineract->hook_secret.empty() &&
        (fineract->tenant.empty() ? name == identifier : fineract->tenant == identifier) && shows(*tenant))
      return tenant;
  }
  return nullptr;
}

// What "SMS Bridge" gets for its token, and shows with each request.
std::string api_key_of(const Tenant& tenant) {
  return boost::algorithm::hex_lower(
      http_gateways::hmac(http_gateways::Hash::sha256, tenant.config.fineract->hook_secret, "hook api key"));
}

std::string_view identifier_of(const HttpRequest& request) { return request.header("Fineract-Platform-TenantId"); }

// The tenant whose hook it is; nullptr: it does not show that.
const Tenant* sender_of(const Services& services, const HttpRequest& request) {
  const auto identifier = identifier_of(request);
  if (!request.captures.empty())
    return hooked_tenant(services, identifier, [&](const Tenant& tenant) {
      return same_secret(tenant.config.fineract->hook_secret, request.captures.front());
    });
  const auto key = request.header("X-Fineract-API-Key");
  const auto* by_key = key.empty() ? nullptr : hooked_tenant(services, identifier, [&](const Tenant& tenant) {
    return same_secret(api_key_of(tenant), key);
  });
  return by_key ? by_key : hooked_tenant(services, identifier, [](const Tenant& tenant) {
    return tenant.config.fineract->hook_any_path;
  });
}

HttpResponse refused(Services& services, Said& said, const HttpRequest& request, std::string_view identifier) {
  const auto given = text::repaired_utf8(std::string(identifier.substr(0, shown_max)));
  if (const auto times = said.refused.due(given, services.clock.now()))
    log::error("events",
               "a web hook of Fineract was refused, and is lost: check the secret in its address, and the "
               "tenant's fineract.hook_secret",
               "tenant", given, "entity", request.header("X-Fineract-Entity").substr(0, shown_max), "times", times);
  return answer(http::status::not_found);
}

void take_hook(Services& services, Said& said, const HttpRequest& request, const Respond& respond) {
  const auto* tenant = sender_of(services, request);
  if (!tenant) return respond(refused(services, said, request, identifier_of(request)));
  const Hook hook{.entity = std::string(request.header("X-Fineract-Entity")),
                  .action = std::string(request.header("X-Fineract-Action")),
                  .content_type = std::string(request.header(http::field::content_type)),
                  .body = request.body()};
  const auto kept = [respond](bool is) { respond(answer(is ? http::status::ok : http::status::service_unavailable)); };
  if (hook.entity == "sms" && hook.action == "send")
    services.events.hooks().take_text(*tenant, hook, request.executor, kept);
  else
    services.events.hooks().take(*tenant, hook, request.executor, kept);
}

// Made when a hook is: any answer will do, and this one tells who tries the address.
void answer_ping(Services& services, const HttpRequest& request, const Respond& respond) {
  for (const auto& [name, tenant] : *services.tenants.all())
    if (const auto& fineract = tenant->config.fineract;
        fineract && !fineract->hook_secret.empty() && same_secret(fineract->hook_secret, request.captures.front()))
      return respond(answer(http::status::ok));
  respond(answer(http::status::not_found));
}

// The first request of an "SMS Bridge" hook, whose token is the secret. Its `mifosToken` is somebody's password: it is
// not looked at. The answer has to be a JSON string, which is kept in Fineract and comes with each request.
void configure(Services& services, Said& said, const HttpRequest& request, const Respond& respond) {
  json::error_code error;
  const auto body = parse_body(request.body(), {}, error);
  const auto* object = error ? nullptr : body.if_object();
  const auto identifier = object ? text_at(*object, "tenantId") : std::string();
  const auto token = object ? text_at(*object, "smsProviderToken") : std::string();
  const auto* tenant = hooked_tenant(
      services, identifier, [&](const Tenant& t) { return same_secret(t.config.fineract->hook_secret, token); });
  if (!tenant) return respond(refused(services, said, request, identifier));
  respond(answer(http::status::ok, json::serialize(json::string(api_key_of(*tenant)))));
}

}  // namespace

std::vector<Endpoint> fineract_hook_endpoints(Services& services) {
  using enum http::verb;
  const auto said = std::make_shared<Said>();
  const auto hook = [&services, said](const HttpRequest& r, const Respond& a) { take_hook(services, *said, r, a); };
  const BeforeBody is_known = [&services, said](const HttpRequest& r) -> std::optional<HttpResponse> {
    if (sender_of(services, r)) return std::nullopt;
    return refused(services, *said, r, identifier_of(r));
  };
  return {
      {post, "/hooks/fineract/{secret}", hook, is_known},
      {get, "/hooks/fineract/{secret}",
       [&services](const HttpRequest& r, const Respond& a) { answer_ping(services, r, a); }},
      {post, "/", hook, is_known},  // Fineract 1.5 and 1.6 leave out the path
      {post, "/configuration",
       [&services, said](const HttpRequest& r, const Respond& a) { configure(services, *said, r, a); }},
  };
}

}  // namespace smsbridge::bridge
