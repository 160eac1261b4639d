// SPDX-License-Identifier: MPL-2.0
// The text of GET /metrics.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace smsbridge::metrics {

inline constexpr const char* exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

// Families without a series are left out, the others sorted by name, so that two scrapes can be compared by eye.
std::string exposition(std::vector<prometheus::MetricFamily> families);

}  // namespace smsbridge::metrics
