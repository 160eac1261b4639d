// SPDX-License-Identifier: MPL-2.0
#include "bridge/intake/accept.hpp"

namespace smsbridge::bridge {

Problem problem_of(store::Error error) {
  switch (error) {
    case store::Error::full:
      return {.code = ProblemCode::store_full,
              .detail = "no room is left to keep messages; make room on the disk, or raise store.size_limit",
              .errors = {},
              .retry_after_seconds = 30};
    case store::Error::busy:
      return {.code = ProblemCode::queue_full,
              .detail = "too many messages are waiting to be written; try again",
              .errors = {},
              .retry_after_seconds = 1};
    case store::Error::invalid:
      return {.code = ProblemCode::payload_too_large, .detail = "too many messages in one request", .errors = {}};
    case store::Error::unknown:
    case store::Error::broken:
      return {.code = ProblemCode::storage_failed,
              .detail = store::explain(error) + "; try again, with the same reference",
              .errors = {},
              .retry_after_seconds = 5};
    default:
      return {.code = ProblemCode::shutting_down,
              .detail = store::explain(error) + "; nothing was accepted, try again",
              .errors = {},
              .retry_after_seconds = 5};
  }
}

}  // namespace smsbridge::bridge
