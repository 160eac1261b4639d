// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <functional>
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {

// What an unmodified Fineract calls.
std::vector<Endpoint> fineract_endpoints(Services& services);
HttpResponse fineract_refusal(const Problem& problem);
// The same, for the whole listener: an address that is none of ours is said in the log.
std::function<HttpResponse(const Problem&)> noted_fineract_refusal(Clock& clock);

}  // namespace smsbridge::bridge
