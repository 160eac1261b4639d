// SPDX-License-Identifier: MPL-2.0
// Health, metrics and the contract itself.
#include <mutex>

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/api/contract.hpp"
#include "bridge/intake/accept.hpp"
#include "metrics/exposition.hpp"

namespace smsbridge::bridge {
namespace {

constexpr Duration metrics_age_max = std::chrono::seconds(1);

// Rendering reads thousands of series: it is done once a second at most, however many ask, and all are sent the same
// text. The command line's socket is not an outsider's, and always gets a fresh one.
class RenderedMetrics {
 public:
  std::shared_ptr<const std::string> text(Services& services, bool fresh) {
    const std::lock_guard lock(mutex_);
    const auto now = services.clock.now();
    if (!text_ || fresh || now - at_ >= metrics_age_max) {
      text_ = std::make_shared<const std::string>(services.metrics.render());
      at_ = services.clock.now();
    }
    return text_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const std::string> text_;
  Time at_;
};

// A proxy of this machine speaks for somebody else, and says so.
bool is_forwarded(const HttpRequest& request) {
  for (const auto* name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"})
    if (!request.header(name).empty()) return true;
  return false;
}

// They name tenants, budgets and volumes of everybody.
bool may_see_metrics(Services& services, const HttpRequest& request, const Respond& respond) {
  if (request.peer.local || (request.peer.address.is_loopback() && !is_forwarded(request))) return true;
  auto caller = services.tenants.by_key(request);
  if (caller && caller->may("system:read") && speaks_for_all(services, *caller)) return true;
  constexpr std::string_view ways =
      "metrics are shown on this machine, to a key of 'smsbridge keys create --owner --scope system:read', or at the "
      "address of listen.metrics";
  respond(to_response({.code = caller ? ProblemCode::forbidden : ProblemCode::unauthenticated,
                       .detail = caller ? std::string(ways) : caller.error().detail + "; " + std::string(ways),
                       .errors = {}}));
  return false;
}

constexpr double commit_running_max = 10;  // seconds

// Why messages would not be accepted now; nothing when they would.
std::optional<Problem> not_ready(const Services& services) {
  const auto& store = services.store;
  const auto failed = [](std::string why) {
    return Problem{
        .code = ProblemCode::storage_failed, .detail = std::move(why), .errors = {}, .retry_after_seconds = 1};
  };
  if (store.is_broken()) return failed(store::explain(store::Error::broken));
  if (store.is_failing()) return failed(store::explain(store::Error::unknown) + "; it is tried again");
  if (store.commit_running_seconds() > commit_running_max) return failed("the disk does not answer");
  if (services.ready && store.has_room()) return std::nullopt;
  return Problem{.code = ProblemCode::shutting_down,
                 .detail = services.ready ? "no room is left to keep messages" : "the bridge is starting or stopping",
                 .errors = {},
                 .retry_after_seconds = 1};
}

Endpoint healthz(Services& services) {
  return {http::verb::get, "/healthz", [&services](const HttpRequest&, Respond a) {
            // A supervisor that asks here starts the process anew, which heals it.
            if (services.store.is_broken()) return a(to_response(*not_ready(services)));
            a({.body = R"({"status":"ok"})", .headers = {}});
          }};
}

Endpoint readyz(Services& services) {
  return {http::verb::get, "/readyz", [&services](const HttpRequest&, Respond a) {
            if (const auto problem = not_ready(services)) return a(to_response(*problem));
            a({.body = R"({"status":"ready"})", .headers = {}});
          }};
}

Endpoint metrics_endpoint(Services& services, bool to_all) {
  const auto rendered = std::make_shared<RenderedMetrics>();
  return {http::verb::get, "/metrics", [&services, rendered, to_all](const HttpRequest& r, Respond a) {
            if (!to_all && !may_see_metrics(services, r, a)) return;
            a({.content_type = metrics::exposition_content_type,
               .body = {},
               .headers = {},
               .shared_body = rendered->text(services, r.peer.local)});
          }};
}

// The same for all who ask, made when it is asked for first.
template <class Text>
HttpHandler contract(std::string type, Text text) {
  return [type = std::move(type), text](const HttpRequest&, const Respond& respond) {
    static const auto shared = std::make_shared<const std::string>(text());
    respond({.content_type = type, .body = {}, .headers = {}, .shared_body = shared});
  };
}

}  // namespace

std::vector<Endpoint> system_endpoints(Services& services) {
  using enum http::verb;
  return {healthz(services),
          readyz(services),
          metrics_endpoint(services, false),
          {get, "/openapi.yaml", contract("application/yaml", contract_yaml)},
          {get, "/openapi.json", contract("application/json", contract_json)}};
}

std::vector<Endpoint> actuator_endpoints(Services& services) {
  std::vector<Endpoint> endpoints;
  for (const std::string group : {"", "/liveness", "/readiness"})
    endpoints.push_back({http::verb::get, "/actuator/health" + group,
                         [&services, to_live = group == "/liveness"](const HttpRequest&, Respond a) {
                           const bool up = to_live ? !services.store.is_broken() : !not_ready(services);
                           a({.status = up ? http::status::ok : http::status::service_unavailable,
                              .body = up ? R"({"status":"UP"})" : R"({"status":"DOWN"})",
                              .headers = {}});
                         }});
  return endpoints;
}

std::vector<Endpoint> monitoring_endpoints(Services& services) {
  return {healthz(services), readyz(services), metrics_endpoint(services, true)};
}

}  // namespace smsbridge::bridge
