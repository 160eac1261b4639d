// SPDX-License-Identifier: MPL-2.0
// Gateways, health, metrics and the contract itself.
#include <boost/json.hpp>

#include "bridge/ingest/contract.hpp"
#include "bridge/ingest/message_id.hpp"
#include "bridge/ingest/routes.hpp"
#include "metrics/exposition.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

json::value text_or_null(const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); }

json::object gateway_json(const Services& services, const GatewayConfig& config, const GatewayStatus& status,
                          bool shows_callback_url) {
  const auto all_counts = services.store.counts();
  std::int64_t queued = 0, awaiting = 0;
  for (const auto& [owner, counts] : all_counts)
    if (owner.second == config.id) {
      queued += counts[static_cast<std::size_t>(store::State::queued)];
      awaiting += counts[static_cast<std::size_t>(store::State::submitted)];
    }
  json::array sessions;
  for (const auto& session : status.sessions)
    sessions.push_back(
        {{"number", session.number}, {"state", session.state}, {"last_error", text_or_null(session.last_error)}});
  const auto in_flight = static_cast<std::int64_t>(status.in_flight);
  return {{"name", config.name},
          {"id", config.id},
          {"kind", config.kind},
          {"host", text_or_null(config.endpoint.host)},
          {"port", config.endpoint.port ? json::value(config.endpoint.port) : json::value(nullptr)},
          {"state", status.state},
          {"paused_since", status.paused_since ? json::value(time_text(status.paused_since)) : json::value(nullptr)},
          {"sessions", std::move(sessions)},
          {"window_in_use", status.window_in_use},
          {"window_limit", status.window_limit},
          {"queued", std::max<std::int64_t>(0, queued - in_flight)},
          {"in_flight", in_flight},
          {"awaiting_receipt", awaiting},
          {"rate_limit", status.rate_limit > 0 ? json::value(status.rate_limit) : json::value(nullptr)},
          {"routing", services.directory.router().state_of(config.id)},
          {"last_error", text_or_null(status.last_error)},
          {"callback_url", shows_callback_url ? text_or_null(status.callback_url) : json::value(nullptr)},
          {"balance", status.balance_at ? json::value{{"amount", status.balance},
                                                      {"currency", text_or_null(status.balance_currency)},
                                                      {"at", time_text(status.balance_at)}}
                                        : json::value(nullptr)}};
}

void list_gateways(Services& services, const HttpRequest& request, const Caller& caller, Respond respond) {
  const auto table = services.directory.table();
  auto items = std::make_shared<std::map<store::GatewayId, json::object>>();
  for (const auto& gateway : table->gateways)
    services.gateways.ask(
        gateway->name, GatewayControl::Action::show, request.executor,
        [&services, table, gateway, items, respond,
         manages = caller.may("system:manage")](const GatewayStatus& status) {
          (*items)[gateway->id] = gateway_json(services, *gateway, status, manages);
          if (items->size() < table->gateways.size()) return;
          json::array list;
          for (const auto& each : table->gateways) list.push_back(std::move((*items)[each->id]));
          respond({.body = json::serialize(json::object{{"items", std::move(list)}, {"next_cursor", nullptr}}),
                   .headers = {}});
        });
}

void one_gateway(Services& services, const HttpRequest& request, const Caller& caller, Respond respond,
                 GatewayControl::Action action) {
  const auto gateway = services.directory.table()->gateway(request.captures.front());
  if (!gateway)
    return respond(to_response({.code = ProblemCode::not_found,
                                .detail = "there is no gateway " + request.captures.front().substr(0, 60),
                                .errors = {}}));
  services.gateways.ask(
      gateway->name, action, request.executor,
      [&services, gateway, respond = std::move(respond),
       manages = caller.may("system:manage")](const GatewayStatus& status) {
        respond({.body = json::serialize(gateway_json(services, *gateway, status, manages)), .headers = {}});
      });
}

}  // namespace

void with_scope(Services& services, const HttpRequest& request, std::string_view scope, const Respond& respond,
                const std::function<void(const Caller&)>& then) {
  const auto caller = services.tenants.by_key(request);
  if (!caller) return respond(to_response(caller.error()));
  if (!caller->may(scope))
    return respond(to_response(
        {.code = ProblemCode::forbidden, .detail = "the key lacks the scope " + std::string(scope), .errors = {}}));
  then(*caller);
}

std::vector<Route> gateway_routes(Services& services) {
  using enum http::verb;
  const std::string base = "/api/v1/gateways";
  const auto action = [&services](std::string_view scope, GatewayControl::Action what) {
    return [&services, scope, what](const HttpRequest& r, Respond a) {
      with_scope(services, r, scope, a, [&](const Caller& caller) { one_gateway(services, r, caller, a, what); });
    };
  };
  return {
      {get, base,
       [&services](const HttpRequest& r, Respond a) {
         with_scope(services, r, "config:read", a,
                    [&](const Caller& caller) { list_gateways(services, r, caller, a); });
       }},
      {get, base + "/{name}", action("config:read", GatewayControl::Action::show)},
      {post, base + "/{name}/pause", action("system:manage", GatewayControl::Action::pause)},
      {post, base + "/{name}/resume", action("system:manage", GatewayControl::Action::resume)},
  };
}

std::vector<Route> system_routes(Services& services) {
  using enum http::verb;
  return {
      {get, "/healthz", [](const HttpRequest&, Respond a) { a({.body = R"({"status":"ok"})", .headers = {}}); }},
      {get, "/readyz",
       [&services](const HttpRequest&, Respond a) {
         if (services.ready && services.store.has_room()) return a({.body = R"({"status":"ready"})", .headers = {}});
         a(to_response(
             {.code = ProblemCode::shutting_down,
              .detail = services.ready ? "no room is left to keep messages" : "the bridge is starting or stopping",
              .errors = {},
              .retry_after_seconds = 1}));
       }},
      {get, "/metrics",
       [&services](const HttpRequest&, Respond a) {
         a({.content_type = metrics::exposition_content_type, .body = services.metrics.render(), .headers = {}});
       }},
      {get, "/openapi.yaml",
       [](const HttpRequest&, Respond a) {
         a({.content_type = "application/yaml", .body = std::string(contract_yaml()), .headers = {}});
       }},
      {get, "/openapi.json", [](const HttpRequest&, Respond a) { a({.body = contract_json(), .headers = {}}); }},
  };
}

}  // namespace smsbridge::bridge
