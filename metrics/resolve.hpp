// SPDX-License-Identifier: MPL-2.0
#pragma once

#include <prometheus/family.h>
#include <prometheus/labels.h>

#include "metrics/metrics.hpp"

namespace smsbridge::metrics {

// Resolves a series for each value of the enum, so that all of them exist at 0.
template <class Enum, class Series>
ByLabel<Enum, Series> resolve(prometheus::Family<Series>& family, prometheus::Labels labels, const char* name) {
  ByLabel<Enum, Series> out;
  for (std::size_t at = 0; at < label_count<Enum>; ++at) {
    labels[name] = label_values<Enum>[at];
    out.series[at] = &family.Add(labels);
  }
  return out;
}

}  // namespace smsbridge::metrics
