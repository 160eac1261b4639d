// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "bridge/http/request.hpp"
#include "metrics/labels.hpp"

namespace smsbridge::bridge {

// RFC 9457. One row a code; a code has one status everywhere.
enum class ProblemCode {
  malformed_request,
  malformed_json,
  unauthenticated,
  forbidden,
  not_found,
  method_not_allowed,
  state_conflict,
  managed_by_file,
  precondition_failed,
  precondition_required,
  payload_too_large,
  unsupported_media_type,
  invalid_request,
  invalid_number,
  no_route,
  budget_spent,
  opted_out,
  same_text,
  unknown_template,
  missing_variable,
  too_many_parts,
  idempotency_mismatch,
  queue_full,
  headers_too_large,
  request_timeout,
  internal,
  shutting_down,
  store_full,
  uri_too_long,
  transfer_coding_unknown,
  overloaded,
  storage_failed,
  fineract_unavailable,
  rate_limited,
};

struct FieldError {
  std::string pointer;  // JSON pointer into the body, or the query parameter's name
  std::string code, detail;
};

struct Problem {
  ProblemCode code = ProblemCode::internal;
  std::string detail;
  std::vector<FieldError> errors;
  int retry_after_seconds = 0;
};

std::string_view name(ProblemCode code);  // invalid-number
std::string_view title(ProblemCode code);
http::status status_of(ProblemCode code);
metrics::RejectReason reject_reason(ProblemCode code);
std::string problem_body(const Problem& problem);
HttpResponse to_response(const Problem& problem);

Problem invalid(std::vector<FieldError> errors);
Problem no_such(std::string_view what, std::string_view name);

}  // namespace smsbridge::bridge
