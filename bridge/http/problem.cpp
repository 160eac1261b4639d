// SPDX-License-Identifier: MPL-2.0
#include "bridge/http/problem.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <boost/json.hpp>

#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

constexpr std::size_t shown_errors_max = 1000;  // one for each message of a batch

struct Row {
  std::string_view name;
  http::status status;
  std::string_view title;
  metrics::RejectReason reason;
};

using enum metrics::RejectReason;
constexpr std::array<Row, 34> rows{{
    {"malformed-request", http::status::bad_request, "This is not HTTP as it is understood here", other},
    {"malformed-json", http::status::bad_request, "The body is not readable JSON", malformed_json},
    {"unauthenticated", http::status::unauthorized, "The caller is not known", unauthenticated},
    {"forbidden", http::status::forbidden, "The key does not allow this", forbidden},
    {"not-found", http::status::not_found, "There is no such thing", other},
    {"method-not-allowed", http::status::method_not_allowed, "This address does not take this method", other},
    {"state-conflict", http::status::conflict, "It is not in a state that allows this", other},
    {"managed-by-file", http::status::conflict, "It stands in the configuration file", other},
    {"precondition-failed", http::status::precondition_failed, "Somebody else changed it", other},
    {"precondition-required", http::status::precondition_required, "The request does not say what it changes", other},
    {"payload-too-large", http::status::payload_too_large, "The body is too large", payload_too_large},
    {"unsupported-media-type", http::status::unsupported_media_type, "The body must be JSON", unsupported_media_type},
    {"invalid-request", http::status::unprocessable_entity, "The request has mistakes", invalid_request},
    {"invalid-number", http::status::unprocessable_entity, "The phone number is impossible", invalid_number},
    {"no-route", http::status::unprocessable_entity, "No gateway can carry the message", no_route},
    {"budget-spent", http::status::unprocessable_entity, "The tenant's budget for this lane is spent", budget_spent},
    {"opted-out", http::status::unprocessable_entity, "The phone wants no such messages", opted_out},
    {"same-text", http::status::unprocessable_entity, "The number got this text often enough", same_text},
    {"unknown-template", http::status::unprocessable_entity, "There is no such template", unknown_template},
    {"missing-variable", http::status::unprocessable_entity, "The template needs values that were not given",
     missing_variable},
    {"too-many-parts", http::status::unprocessable_entity, "The text is too long", too_many_parts},
    {"idempotency-mismatch", http::status::unprocessable_entity, "The key was used for other content",
     idempotency_mismatch},
    {"queue-full", http::status::too_many_requests, "The queue takes nothing more right now", queue_full},
    {"headers-too-large", http::status::request_header_fields_too_large, "The request's headers are too large", other},
    {"request-timeout", http::status::request_timeout, "The request did not arrive in time", other},
    {"internal", http::status::internal_server_error, "Something went wrong inside", other},
    {"shutting-down", http::status::service_unavailable, "The bridge cannot take requests now", shutting_down},
    {"store-full", http::status::insufficient_storage, "No room is left to keep messages", store_full},
    {"uri-too-long", http::status::uri_too_long, "The request's address is too long", other},
    {"transfer-coding-unknown", http::status::not_implemented, "The body comes in a coding that is not known", other},
    {"overloaded", http::status::service_unavailable, "Too much is being received right now", other},
    {"storage-failed", http::status::service_unavailable, "The disk did not take it", storage_failed},
    {"fineract-unavailable", http::status::service_unavailable, "Fineract cannot be asked", other},
    {"rate-limited", http::status::too_many_requests, "It was tried too often", rate_limited},
}};

// Names this answer in a support request.
std::string new_trace_id() {
  std::array<unsigned char, 8> raw;
  ::randombytes_buf(raw.data(), raw.size());
  std::string text(2 * raw.size() + 1, '\0');
  ::sodium_bin2hex(text.data(), text.size(), raw.data(), raw.size());
  text.pop_back();
  return text;
}

const Row& row(ProblemCode code) { return rows[static_cast<std::size_t>(code)]; }

}  // namespace

std::string_view name(ProblemCode code) { return row(code).name; }
std::string_view title(ProblemCode code) { return row(code).title; }
http::status status_of(ProblemCode code) { return row(code).status; }
metrics::RejectReason reject_reason(ProblemCode code) { return row(code).reason; }

std::string problem_body(const Problem& problem) {
  const auto& r = row(problem.code);
  boost::json::object body{{"type", "/docs/problems/" + std::string(r.name)},
                           {"title", r.title},
                           {"trace_id", new_trace_id()},
                           {"status", static_cast<int>(r.status)},
                           {"detail", problem.detail},
                           {"code", r.name}};
  if (!problem.errors.empty()) {
    boost::json::array errors;
    for (const auto& e : problem.errors)
      errors.push_back({{"pointer", e.pointer}, {"code", e.code}, {"detail", e.detail}});
    body["errors"] = std::move(errors);
  }
  if (problem.retry_after_seconds) body["retry_after_seconds"] = problem.retry_after_seconds;
  return boost::json::serialize(body);
}

HttpResponse to_response(const Problem& problem) {
  HttpResponse response{.status = status_of(problem.code),
                        .content_type = "application/problem+json",
                        .body = problem_body(problem),
                        .headers = {}};
  if (problem.retry_after_seconds)
    response.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_seconds));
  if (problem.code == ProblemCode::unauthenticated)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"smsbridge\"");
  return response;
}

// A body of a million wrong names is answered by some of them.
Problem invalid(std::vector<FieldError> errors) {
  std::string detail = errors.size() == 1 ? errors.front().detail : std::to_string(errors.size()) + " fields are wrong";
  if (errors.size() > shown_errors_max) errors.resize(shown_errors_max);
  return {.code = ProblemCode::invalid_request, .detail = std::move(detail), .errors = std::move(errors)};
}

Problem no_such(std::string_view what, std::string_view name) {
  return {.code = ProblemCode::not_found,
          .detail = fmt::format("there is no {} {}", what, text::cut_utf8(name, 60)),
          .errors = {}};
}

}  // namespace smsbridge::bridge
