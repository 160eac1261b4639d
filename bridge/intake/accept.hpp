// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "bridge/http/problem.hpp"
#include "store/errors.hpp"

namespace smsbridge::bridge {

// What a failed commit means for the caller. With a retry hint where it helps.
Problem problem_of(store::Error error);

}  // namespace smsbridge::bridge
