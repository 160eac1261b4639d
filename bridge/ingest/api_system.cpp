// SPDX-License-Identifier: MPL-2.0
// Health, metrics and the contract itself.
#include "bridge/ingest/contract.hpp"
#include "bridge/ingest/routes.hpp"
#include "metrics/exposition.hpp"

namespace smsbridge::bridge {

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
