// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bridge/doors/fineract_answers.hpp"

namespace smsbridge::bridge {

// What the Mifos message-gateway offers to others than Fineract: a tenant's bridges, which are gateways of its own
// here, and tenants themselves, to whoever runs this.
std::vector<Endpoint> fineract_bridge_endpoints(Services& services, std::shared_ptr<Noticed> noticed,
                                                const std::string& prefix);

}  // namespace smsbridge::bridge
