// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "metrics/metrics.hpp"

namespace smsbridge::bridge {

// Version, revision and compiler of this program.
const metrics::BuildInfo& build_info();

}  // namespace smsbridge::bridge
