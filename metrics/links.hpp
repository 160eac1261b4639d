// SPDX-License-Identifier: MPL-2.0
// What gateways have besides, by their protocol.
#pragma once

#include <memory>
#include <string>

#include "metrics/families.hpp"
#include "metrics/metrics.hpp"

namespace smsbridge::metrics {

std::unique_ptr<SmppMetrics> make_smpp(Families& families, const std::string& gateway);
std::unique_ptr<ProviderMetrics> make_provider(Families& families, const std::string& gateway);

}  // namespace smsbridge::metrics
