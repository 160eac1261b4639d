// SPDX-License-Identifier: MPL-2.0
// The process_* series that every Prometheus client has, read from /proc when they are asked for.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace smsbridge::metrics {

// What cannot be read is left out: a missing series is honest, a zero is not.
std::vector<prometheus::MetricFamily> collect_process();

}  // namespace smsbridge::metrics
