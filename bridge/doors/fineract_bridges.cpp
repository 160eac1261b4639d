// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/fineract_bridges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "bridge/access/keys.hpp"
#include "bridge/doors/bridge_settings.hpp"
#include "bridge/doors/fineract.hpp"
#include "bridge/doors/fineract_body.hpp"
#include "bridge/env/log.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using Action = Objects::Change::Action;

constexpr std::size_t bridges_max = 20;  // of one tenant: its key is in Fineract's database
constexpr std::size_t name_tenant_max = 40, name_random_octets = 3, tenant_description_max = 500;

HttpResponse mistaken(const std::vector<FineractMistake>& mistakes) {
  return fineract_error(http::status::bad_request, "validation.msg.validation.errors.exist", "Validation errors exist.",
                        mistakes);
}

HttpResponse no_such_bridge(const std::string& id) {
  json::value arg(id);
  std::int64_t number = 0;
  if (std::from_chars(id.data(), id.data() + id.size(), number).ptr == id.data() + id.size()) arg = number;
  const std::string text = "There is no bridge " + std::string(text::cut_utf8(id, 20));
  return fineract_error(http::status::not_found, "error.msg.resource.not.found", text,
                        {{.code = "error.msg.smsbrige.id.invalid", .text = text, .parameter = "id", .arg = arg}});
}

// Why an object of ours was not made, changed or removed, as the message-gateway says it.
HttpResponse object_refused(const ObjectError& error) {
  using Why = ObjectError::Why;
  if (error.why == Why::needed || error.why == Why::changed_since)
    return fineract_error(http::status::conflict, "error.msg.smsbridge.in.use", error.detail);
  if (error.why == Why::not_kept)
    return fineract_error(http::status::insufficient_storage, "error.msg.store-full", error.detail);
  std::vector<FineractMistake> mistakes;
  for (const auto& each : error.mistakes)
    mistakes.push_back({.code = "validation.msg.smsBridge." + each.code,
                        .text = each.pointer.empty() ? each.text : each.pointer + ": " + each.text,
                        .parameter = each.pointer});
  if (mistakes.empty())
    mistakes.push_back({.code = "validation.msg.smsBridge.invalid", .text = error.detail, .parameter = "id"});
  return mistaken(mistakes);
}

// The gateway of the path, if the tenant may use it; otherwise the answer has been given.
GatewaySettingsPtr asked_bridge(Services& services, const Tenant& tenant, const HttpRequest& request,
                                const Respond& respond) {
  const auto& text = request.captures.front();
  store::GatewayId id = 0;
  const auto* const end = text.data() + text.size();
  const auto table = services.directory.table();
  if (std::from_chars(text.data(), end, id).ptr == end)
    if (auto gateway = table->gateway(id); gateway && table->may_use(tenant.config.name, *gateway)) return gateway;
  respond(no_such_bridge(text));
  return nullptr;
}

// What the names of bridges that a tenant makes begin with; some random digits follow.
std::string names_of_bridges(const Tenant& tenant, std::string_view kind) {
  return fmt::format("{}-{}-", text::cut_utf8(tenant.config.name, name_tenant_max), kind);
}

// Made here, and for nobody else. Its name tells: whoever runs the bridge also makes gateways for one tenant, and a key
// that stands in Fineract's database must not change these.
bool is_own(const Tenant& tenant, const GatewaySettings& gateway) {
  const auto begin = names_of_bridges(tenant, gateway.kind);
  return !gateway.of_file && gateway.tenants.size() == 1 && gateway.tenants.front() == tenant.config.name &&
         gateway.name.starts_with(begin) && gateway.name.size() == begin.size() + 2 * name_random_octets &&
         gateway.name.find_first_not_of("0123456789abcdef", begin.size()) == std::string::npos;
}

// nullptr: the answer has been given.
GatewaySettingsPtr own_bridge(Services& services, const Tenant& tenant, const HttpRequest& request,
                              const Respond& respond) {
  auto gateway = asked_bridge(services, tenant, request, respond);
  if (!gateway || is_own(tenant, *gateway)) return gateway;
  respond(fineract_error(http::status::forbidden, "error.msg.smsbridge.not.own",
                         "this bridge is not the tenant's own: whoever runs the bridge changes it"));
  return nullptr;
}

json::value read_bridge_body(const HttpRequest& request, std::vector<FineractMistake>& mistakes) {
  json::error_code ec;
  auto body = parse_body(request.body(), {}, ec);
  if (ec)
    mistakes.push_back(
        {.code = "error.msg.invalid.request.body", .text = "unreadable JSON: " + ec.message(), .parameter = "body"});
  return body;
}

void answer_changed(const Respond& respond, http::status status,
                    const tl::expected<Objects::Changed, ObjectError>& changed) {
  if (!changed) return respond(object_refused(changed.error()));
  respond({.status = status, .body = std::to_string(changed->object.id), .headers = {}});
}

void post_bridge(Services& services, const Tenant& tenant, const HttpRequest& request, const Respond& respond) {
  // It could not use what it makes, which is not in its list.
  if (!tenant.config.gateways.empty())
    return respond(fineract_error(http::status::forbidden, "error.msg.smsbridge.not.own",
                                  "the tenant uses the bridges that its 'gateways' name: whoever runs the bridge "
                                  "makes more of them"));
  std::vector<FineractMistake> mistakes;
  const auto body = read_bridge_body(request, mistakes);
  auto settings = mistakes.empty() ? bridge_settings(body, {}, mistakes) : json::object();
  const auto table = services.directory.table();
  if (std::ranges::count_if(table->gateways, [&](const auto& g) { return is_own(tenant, *g); }) >=
      static_cast<std::ptrdiff_t>(bridges_max))
    mistakes.push_back({.code = "validation.msg.smsBridge.too.many",
                        .text = fmt::format("the tenant has {} bridges, and no more are made here", bridges_max),
                        .parameter = "id"});
  if (!mistakes.empty()) return respond(mistaken(mistakes));
  const auto name =
      names_of_bridges(tenant, std::string_view(settings.at("kind").as_string())) + random_hex(name_random_octets);
  settings["tenants"] = json::array{tenant.config.name};
  answer_changed(respond, http::status::created,
                 services.objects.change({.kind = ObjectKind::gateway,
                                          .name = name,
                                          .action = Action::create,
                                          .settings = std::move(settings),
                                          .if_match = {},
                                          .assumed = {},
                                          .by = "Fineract's key of the tenant " + tenant.config.name}));
}

void get_bridge(Services& services, const Tenant& tenant, const HttpRequest& request, const Respond& respond) {
  const auto gateway = asked_bridge(services, tenant, request, respond);
  if (gateway) respond({.body = json::serialize(fineract_bridge(tenant.config, tenant.id, *gateway)), .headers = {}});
}

void put_bridge(Services& services, const Tenant& tenant, const HttpRequest& request, const Respond& respond) {
  const auto gateway = own_bridge(services, tenant, request, respond);
  if (!gateway) return;
  std::vector<FineractMistake> mistakes;
  const auto body = read_bridge_body(request, mistakes);
  auto settings = mistakes.empty() ? bridge_settings(body, gateway->kind, mistakes) : json::object();
  if (!mistakes.empty()) return respond(mistaken(mistakes));
  answer_changed(respond, http::status::ok,
                 services.objects.change({.kind = ObjectKind::gateway,
                                          .name = gateway->name,
                                          .action = Action::patch,
                                          .settings = std::move(settings),
                                          .if_match = "*",
                                          .assumed = {},
                                          .by = "Fineract's key of the tenant " + tenant.config.name}));
}

void delete_bridge(Services& services, const Tenant& tenant, const HttpRequest& request, const Respond& respond) {
  const auto gateway = own_bridge(services, tenant, request, respond);
  if (!gateway) return;
  answer_changed(respond, http::status::ok,
                 services.objects.change({.kind = ObjectKind::gateway,
                                          .name = gateway->name,
                                          .action = Action::remove,
                                          .settings = {},
                                          .if_match = "*",
                                          .assumed = {},
                                          .by = "Fineract's key of the tenant " + tenant.config.name}));
}

// ---- tenants ----

// Whoever runs the bridge, by an owner's key. The Mifos message-gateway lets in anybody.
std::optional<Caller> admit_maker(Services& services, const HttpRequest& request, const Respond& respond) {
  auto caller = services.tenants.by_key(request);
  if (!caller) return respond(fineract_refusal(caller.error())), std::nullopt;
  if (caller->of_all_tenants && caller->may("config:write") && caller->may("keys:manage")) return std::move(*caller);
  respond(fineract_error(http::status::forbidden, "error.msg.forbidden",
                         "tenants are made with a key of 'smsbridge keys create --owner --for operator', sent as "
                         "Authorization: Bearer sbk_..."));
  return std::nullopt;
}

void post_tenant(Services& services, const HttpRequest& request, const Respond& respond) {
  const auto caller = admit_maker(services, request, respond);
  if (!caller) return;
  std::vector<FineractMistake> mistakes;
  const auto body = read_bridge_body(request, mistakes);
  const auto* object = body.if_object();
  const auto name = object ? string_of(*object, "tenantId") : std::string();
  const auto description = object ? string_of(*object, "description") : std::string();
  const auto refuse = [&](const std::string& parameter, const std::string& what, const std::string& text) {
    mistakes.push_back(
        {.code = "validation.msg.tenant." + parameter + "." + what, .text = text, .parameter = parameter});
  };
  if (mistakes.empty() && name.empty()) refuse("tenantId", "cannot.be.blank", "tenantId is mandatory");
  if (description.size() > tenant_description_max)
    refuse("description", "exceeds.max.length", "description has more than 500 octets");
  if (object)
    for (const auto& [key, value] : *object)
      if (key != "tenantId" && key != "description")
        mistakes.push_back({.code = "error.msg.parameter.unsupported",
                            .text = "the parameter " + std::string(key) + " is not supported",
                            .parameter = std::string(key)});
  if (!mistakes.empty()) return respond(mistaken(mistakes));
  const auto made = services.objects.change({.kind = ObjectKind::tenant,
                                             .name = name,
                                             .action = Action::create,
                                             .settings = {{"name", name}, {"description", description}},
                                             .if_match = {},
                                             .assumed = {},
                                             .by = caller->who});
  if (!made) {
    const auto why = made.error().why;
    if (why == ObjectError::Why::is_there || why == ObjectError::Why::managed_by_file)
      return respond(fineract_error(http::status::conflict, "error.msg.tenant.already.exists",
                                    "there is a tenant " + name + " already: 'smsbridge tenants make-key " + name +
                                        " --fineract' makes another key for it"));
    return respond(object_refused(made.error()));
  }
  try {
    const auto key = create_key(services.store, {.kind = Key::Kind::fineract,
                                                 .id = {},
                                                 .tenant = name,
                                                 .name = "made with the tenant",
                                                 .scopes = {},
                                                 .addresses = {},
                                                 .hash = {},
                                                 .created_at = services.clock.wall(),
                                                 .expires_at = 0,
                                                 .made_by = caller->who});
    respond({.status = http::status::created, .content_type = "text/plain", .body = key.bearer, .headers = {}});
  } catch (const std::exception& error) {
    respond(fineract_error(http::status::insufficient_storage, "error.msg.store-full",
                           "the tenant is made, its key is not: " + std::string(error.what())));
  }
}

}  // namespace

std::vector<Endpoint> fineract_bridge_endpoints(Services& services, std::shared_ptr<Noticed> noticed,
                                                const std::string& prefix) {
  using enum http::verb;
  using Work = void (*)(Services&, const Tenant&, const HttpRequest&, const Respond&);
  const auto add = [&](http::verb method, const std::string& path, Work work) {
    return Endpoint{.method = method,
                    .path = prefix + path,
                    .handler =
                        [&services, noticed, work](const HttpRequest& request, const Respond& respond) {
                          if (const auto* tenant = admit_fineract(services, *noticed, request, respond))
                            work(services, *tenant, request, respond);
                        },
                    .before_body =
                        [&services, noticed](const HttpRequest& request) {
                          std::optional<HttpResponse> refusal;
                          admit_fineract(services, *noticed, request,
                                         [&refusal](HttpResponse given) { refusal = std::move(given); });
                          return refusal;
                        },
                    .aside = services.aside};
  };
  Endpoint tenants{.method = post,
                   .path = prefix + "/tenants",
                   .handler = [&services](const HttpRequest& r, const Respond& a) { post_tenant(services, r, a); },
                   .before_body =
                       [&services](const HttpRequest& request) {
                         std::optional<HttpResponse> refusal;
                         admit_maker(services, request, [&refusal](HttpResponse given) { refusal = std::move(given); });
                         return refusal;
                       },
                   .aside = services.aside};
  return {add(post, "/smsbridges", post_bridge), add(get, "/smsbridges/{id}", get_bridge),
          add(put, "/smsbridges/{id}", put_bridge), add(delete_, "/smsbridges/{id}", delete_bridge),
          std::move(tenants)};
}

}  // namespace smsbridge::bridge
