// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/endpoints.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "bridge/env/log.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

metrics::HttpMethod label_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return metrics::HttpMethod::get;
    case http::verb::head:
      return metrics::HttpMethod::head;
    case http::verb::post:
      return metrics::HttpMethod::post;
    case http::verb::put:
      return metrics::HttpMethod::put;
    case http::verb::patch:
      return metrics::HttpMethod::patch;
    case http::verb::delete_:
      return metrics::HttpMethod::delete_;
    case http::verb::options:
      return metrics::HttpMethod::options;
    default:
      return metrics::HttpMethod::other;
  }
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& captures) {
  captures.clear();
  while (!pattern.empty() && !path.empty()) {
    if (pattern == "{...}") {
      captures.emplace_back(path);
      return true;
    }
    if (pattern.starts_with('{')) {
      const auto end = std::min(path.find('/'), path.size());
      if (end == 0) return false;
      captures.emplace_back(path.substr(0, end));
      path.remove_prefix(end);
      pattern.remove_prefix(pattern.find('}') + 1);
    } else if (pattern.front() == path.front()) {
      pattern.remove_prefix(1);
      path.remove_prefix(1);
    } else {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

struct Row {
  Endpoint endpoint;
  metrics::HttpEndpointMetrics* metrics;
};

// The rows of one listener. Used by all shards.
class Table {
 public:
  Table(std::vector<Endpoint> endpoints, metrics::HttpMetrics& metrics, Clock& clock,
        std::function<HttpResponse(const Problem&)> refuse, BeforeBody before_body)
      : metrics_(metrics),
        clock_(clock),
        refuse_(std::move(refuse)),
        before_body_(std::move(before_body)),
        unmatched_(metrics.endpoint("other", metrics::HttpMethod::other, 404)) {
    for (auto& endpoint : endpoints) {
      auto& counted = metrics.endpoint(endpoint.path, label_of(endpoint.method));
      rows_.push_back({std::move(endpoint), &counted});
    }
  }

  void handle(HttpRequest& request, Respond respond) {
    metrics_.requests_in_flight->Increment();
    std::string allow;
    auto* const row = find(request, allow);
    auto answer = counted(row ? *row->metrics : unmatched_, std::move(respond));
    if (!row) return answer(no_row(request, allow));
    const auto& endpoint = row->endpoint;
    if (!endpoint.aside) return run(endpoint, request, answer);
    // The connection waits with its request for the answer, and keeps this table.
    boost::asio::post(endpoint.aside, [this, &endpoint, &request, answer] {
      run(endpoint, request, [shard = request.executor, answer](HttpResponse response) {
        boost::asio::post(shard, [answer, response = std::move(response)] { answer(response); });
      });
    });
  }

  std::optional<HttpResponse> before_body(HttpRequest& request) {
    std::string allow;
    auto* const row = find(request, allow);
    std::optional<HttpResponse> refusal;
    try {
      if (!row)
        refusal = no_row(request, allow);
      else if (const auto& guard = row->endpoint.before_body ? row->endpoint.before_body : before_body_)
        refusal = guard(request);
    } catch (const std::exception& error) {
      refusal = failed(row->endpoint.path, error);
    }
    if (refusal) (row ? *row->metrics : unmatched_).requests(static_cast<int>(refusal->status)).Increment();
    return refusal;
  }

 private:
  Row* find(HttpRequest& request, std::string& allow) {
    bool literal = false;
    for (auto& row : rows_) {
      // /messages/batch is not the message called "batch", whatever the method.
      if (literal && row.endpoint.path.find('{') != std::string::npos) continue;
      if (!matches(row.endpoint.path, request.path, request.captures)) continue;
      const bool head = request.raw.method() == http::verb::head && row.endpoint.method == http::verb::get;
      if (row.endpoint.method == request.raw.method() || head) return &row;
      literal = literal || request.captures.empty();
      allow += (allow.empty() ? "" : ", ") + std::string(http::to_string(row.endpoint.method));
    }
    return nullptr;
  }

  void run(const Endpoint& endpoint, const HttpRequest& request, const Respond& answer) {
    try {
      endpoint.handler(request, answer);
    } catch (const std::exception& error) {
      answer(failed(endpoint.path, error));
    }
  }

  HttpResponse failed(const std::string& path, const std::exception& error) {
    if (const auto count = failed_.due(path, clock_.now()))
      log::error("http", "a request failed inside", "path", path, "error", error.what(), "times", count);
    return refuse_(
        {.code = ProblemCode::internal, .detail = "the request could not be handled; the log says why", .errors = {}});
  }

  HttpResponse no_row(const HttpRequest& request, const std::string& allow) {
    if (allow.empty())
      return refuse_({.code = ProblemCode::not_found,
                      .detail = "there is nothing at " + std::string(text::cut_utf8(request.path, 200)),
                      .errors = {}});
    auto response =
        refuse_({.code = ProblemCode::method_not_allowed, .detail = "this address takes " + allow, .errors = {}});
    response.headers.emplace_back("Allow", allow);
    return response;
  }

  Respond counted(metrics::HttpEndpointMetrics& row, Respond respond) {
    return [this, began = clock_.now(), respond = std::move(respond), &row](HttpResponse response) {
      metrics_.requests_in_flight->Decrement();
      row.requests(static_cast<int>(response.status)).Increment();
      if (row.duration_seconds)
        row.duration_seconds->Observe(std::chrono::duration<double>(clock_.now() - began).count());
      respond(std::move(response));
    };
  }

  metrics::HttpMetrics& metrics_;
  Clock& clock_;
  const std::function<HttpResponse(const Problem&)> refuse_;
  const BeforeBody before_body_;
  metrics::HttpEndpointMetrics& unmatched_;
  std::vector<Row> rows_;
  log::Throttle failed_;
};

}  // namespace

HttpDoor make_door(std::vector<Endpoint> endpoints, metrics::HttpMetrics& metrics, Clock& clock,
                   std::function<HttpResponse(const Problem&)> refuse, BeforeBody before_body) {
  const auto table = std::make_shared<Table>(std::move(endpoints), metrics, clock, refuse, std::move(before_body));
  // Only the captures are written, which are the table's to fill.
  return {.handle = [table](const HttpRequest& request,
                            Respond respond) { table->handle(const_cast<HttpRequest&>(request), std::move(respond)); },
          .before_body =
              [table](const HttpRequest& request) { return table->before_body(const_cast<HttpRequest&>(request)); },
          .refuse = std::move(refuse)};
}

}  // namespace smsbridge::bridge
