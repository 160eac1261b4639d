// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bridge/delivery/channel.hpp"
#include "bridge/env/clock.hpp"
#include "bridge/ingest/http.hpp"
#include "bridge/ingest/message_json.hpp"
#include "bridge/ingest/problem.hpp"
#include "bridge/ingest/submit.hpp"
#include "bridge/ingest/tenants.hpp"
#include "metrics/metrics.hpp"
#include "store/store.hpp"

namespace smsbridge::bridge {

// A running gateway, as the API reaches it: it lives on another shard perhaps.
class GatewayControl {
 public:
  virtual ~GatewayControl() = default;
  enum class Action { show, pause, resume };
  // `done` runs on `home`.
  virtual void ask(const std::string& gateway, Action action, boost::asio::any_io_executor home,
                   std::function<void(GatewayStatus)> done) = 0;
  virtual void callback(const std::string& gateway, http_gateways::CallbackRequest request,
                        boost::asio::any_io_executor home, std::function<void(http_gateways::CallbackAnswer)> done) = 0;
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
  std::atomic<bool>& ready;  // false while starting and stopping
};

// A row of a listener's table: 404, 405 and Allow follow from it. `{}` in the path stands for one segment.
struct Route {
  http::verb method;
  std::string path;
  HttpHandler handler;
};

// Finds the row, counts, and answers what no row takes with `refuse`.
HttpHandler make_router(std::vector<Route> routes, metrics::HttpMetrics& metrics, Clock& clock,
                        std::function<HttpResponse(const Problem&)> refuse);

std::vector<Route> fineract_routes(Services& services);
HttpResponse fineract_refusal(const Problem& problem);
std::vector<Route> message_routes(Services& services);
std::vector<Route> gateway_routes(Services& services);
std::vector<Route> system_routes(Services& services);
std::vector<Route> route_routes(Services& services);
std::vector<Route> usage_routes(Services& services);

// Answers for a caller who may not.
void with_scope(Services& services, const HttpRequest& request, std::string_view scope, const Respond& respond,
                const std::function<void(const Caller&)>& then);

// What a failed commit means for the caller. With a retry hint where it helps.
Problem problem_of(store::Error error);

}  // namespace smsbridge::bridge
