// SPDX-License-Identifier: MPL-2.0
#include "metrics/exposition.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

namespace smsbridge::metrics {

std::string exposition(std::vector<prometheus::MetricFamily> families) {
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  // The registry keeps series in a hash table; their order would change from one release to the next.
  for (auto& family : families) std::ranges::sort(family.metric, {}, &prometheus::ClientMetric::label);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace smsbridge::metrics
