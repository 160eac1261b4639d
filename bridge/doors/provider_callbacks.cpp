// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/provider_callbacks.hpp"

#include "http_gateways/digest.hpp"

namespace smsbridge::bridge {
namespace {

// The gateway whose callback address this is. Neither the name nor the secret is confirmed to somebody who guesses.
GatewaySettingsPtr called_gateway(Services& services, const HttpRequest& request) {
  const auto gateway = services.directory.table()->gateway(request.captures[0]);
  if (!gateway || gateway->is_smpp() || gateway->provider().callback_secret.empty() ||
      !http_gateways::same_secret(gateway->provider().callback_secret, request.captures[1]))
    return nullptr;
  return gateway;
}

HttpResponse no_such_address() {
  return to_response({.code = ProblemCode::not_found, .detail = "there is nothing at this address", .errors = {}});
}

// A provider's request. What it says is on disk before it is answered.
void take_callback(Services& services, const HttpRequest& request, Respond respond) {
  const auto gateway = called_gateway(services, request);
  if (!gateway) return respond(no_such_address());
  http_gateways::CallbackRequest callback{.method = std::string(request.raw.method_string()),
                                          .url = services.config.public_url + std::string(request.raw.target()),
                                          .headers = {},
                                          .body = request.body()};
  for (const auto& field : request.raw) callback.headers.emplace_back(field.name_string(), field.value());
  services.gateways.callback(gateway->name, std::move(callback), request.executor,
                             [respond = std::move(respond)](http_gateways::CallbackAnswer answer) {
                               respond({.status = static_cast<http::status>(answer.status),
                                        .content_type = answer.content_type,
                                        .body = std::move(answer.body),
                                        .headers = {}});
                             });
}

}  // namespace

std::vector<Endpoint> callback_endpoints(Services& services) {
  using enum http::verb;
  const auto callback = [&services](const HttpRequest& r, Respond a) { take_callback(services, r, std::move(a)); };
  const BeforeBody knows_secret = [&services](const HttpRequest& r) -> std::optional<HttpResponse> {
    if (called_gateway(services, r)) return std::nullopt;
    return no_such_address();
  };
  return {
      {get, "/in/{gateway}/{secret}", callback, knows_secret},
      {post, "/in/{gateway}/{secret}", callback, knows_secret},
      // FrontlineSync appends this to the address that it is given.
      {post, "/in/{gateway}/{secret}/api/1/frontlinesync/{phone}", callback, knows_secret},
  };
}

}  // namespace smsbridge::bridge
