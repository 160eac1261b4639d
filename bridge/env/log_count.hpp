// SPDX-License-Identifier: MPL-2.0
#pragma once
#include "metrics/metrics.hpp"

namespace smsbridge::bridge::log {

// Lines count there from now on; nullptr: nowhere.
void count_into(metrics::Metrics* metrics);

}  // namespace smsbridge::bridge::log
