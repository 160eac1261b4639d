// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/access/tenants.hpp"
#include "bridge/delivery/gateway_control.hpp"
#include "bridge/doors/api/message_json.hpp"
#include "bridge/doors/told.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "bridge/intake/submission.hpp"
#include "bridge/objects/objects.hpp"
#include "bridge/routing/cut_off.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// What a reload of the configuration file did.
struct Reloaded {
  TableChanges changes;
  CutOff cut_off;
  std::vector<std::string> takes_restart;  // keys that differ from those the daemon runs by
};

// What handlers work with. Everything in it may be used from any shard.
struct Services {
  const Config& config;
  store::Store& store;
  Clock& clock;
  const Directory& directory;
  const Tenants& tenants;
  metrics::Metrics& metrics;
  GatewayControl& gateways;
  Objects& objects;
  // Of the configuration file. A dry run only says what it would do.
  std::function<tl::expected<Reloaded, std::vector<std::string>>(bool dry_run)> reload;
  std::atomic<bool>& ready;  // false while starting and stopping
  Told told{};               // to Fineract
  log::Throttle doubts{};    // what was taken with a doubt, by tenant
};

// The answer to a request that is refused whatever its body holds.
using BeforeBody = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

// A row of a listener's table: 404, 405 and Allow follow from it. `{}` in the path stands for one segment.
struct Endpoint {
  http::verb method;
  std::string path;
  HttpHandler handler;
  BeforeBody before_body{};  // none: the listener's
};

// Finds the row, counts, and answers what no row takes with `refuse`.
HttpDoor make_door(std::vector<Endpoint> endpoints, metrics::HttpMetrics& metrics, Clock& clock,
                   std::function<HttpResponse(const Problem&)> refuse, BeforeBody before_body = {});
// A body of the API comes with a key.
BeforeBody needs_key(Services& services);

std::vector<Endpoint> fineract_endpoints(Services& services);
HttpResponse fineract_refusal(const Problem& problem);
// The same, for the whole listener: an address that is none of ours is said in the log.
std::function<HttpResponse(const Problem&)> noted_fineract_refusal(Clock& clock);
std::vector<Endpoint> message_endpoints(Services& services);
std::vector<Endpoint> gateway_endpoints(Services& services);
std::vector<Endpoint> system_endpoints(Services& services);
// What a listener for monitoring alone has.
std::vector<Endpoint> monitoring_endpoints(Services& services);
std::vector<Endpoint> route_endpoints(Services& services);
std::vector<Endpoint> object_endpoints(Services& services);
std::vector<Endpoint> usage_endpoints(Services& services);
std::vector<Endpoint> problem_endpoints();

// Who asks, if he may; otherwise the answer has been given.
std::optional<Caller> admit(Services& services, const HttpRequest& request, std::string_view scope,
                            const Respond& respond, bool needs_tenant = false);
// The same for what all tenants share: where there are several, the key of one of them is not enough.
std::optional<Caller> admit_for_all(Services& services, const HttpRequest& request, std::string_view scope,
                                    const Respond& respond);

// Speaks for all tenants, or for the only one: what they share is his.
bool speaks_for_all(const Services& services, const Caller& caller);
// The key of one of several tenants sees the gateways that it may use and the routes that are for it, and no other
// tenant's name.
bool may_see(const Services& services, const Caller& caller, const GatewaySettings& gateway);
bool may_see(const Services& services, const Caller& caller, const RouteSettings& route);
// Sees how what all tenants share is set up, and addresses under which states of everybody's messages can be reported.
bool may_manage(const Services& services, const Caller& caller);

// Windows programs put one before JSON, and a reader may ignore it (RFC 8259 section 8.1).
std::string_view without_byte_order_mark(std::string_view body);
tl::expected<boost::json::value, Problem> read_json(const HttpRequest& request);
Problem invalid(std::vector<FieldError> errors);
Problem no_such(std::string_view what, std::string_view name);

// ?dry_run=true and the like.
tl::expected<bool, Problem> flag(const HttpRequest& request, const std::string& name);
boost::json::object cut_off_json(const CutOff& cut_off);
void say_cut_off(const CutOff& cut_off, const std::string& by);

// What answers say of an object: "file" or "api", and its ETag.
std::string_view managed_by(const std::optional<Objects::Object>& object);
std::vector<std::pair<std::string, std::string>> etag_header(const std::optional<Objects::Object>& object);

// What a failed commit means for the caller. With a retry hint where it helps.
Problem problem_of(store::Error error);

}  // namespace smsbridge::bridge
