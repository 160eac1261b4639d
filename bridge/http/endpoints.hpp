// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bridge/env/clock.hpp"
#include "bridge/http/problem.hpp"
#include "bridge/http/request.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// The answer to a request that is refused whatever its body holds.
using BeforeBody = std::function<std::optional<HttpResponse>(const HttpRequest&)>;

// A row of a listener's table: 404, 405 and Allow follow from it. `{}` in the path stands for one segment, and `{...}`
// at its end for all that are left.
struct Endpoint {
  http::verb method;
  std::string path;
  HttpHandler handler;
  BeforeBody before_body{};  // none: the listener's
  // Where a handler runs that may wait for the disk: no shard does, its links and doors would stand still meanwhile.
  // The shard answers all the same. None: the shard runs the handler.
  boost::asio::any_io_executor aside{};
};

// Finds the row, counts, and answers what no row takes with `refuse`.
HttpDoor make_door(std::vector<Endpoint> endpoints, metrics::HttpMetrics& metrics, Clock& clock,
                   std::function<HttpResponse(const Problem&)> refuse, BeforeBody before_body = {});

}  // namespace smsbridge::bridge
