// SPDX-License-Identifier: MPL-2.0
#pragma once
// A bridge of the Mifos message-gateway, read as a gateway of ours.
#include <boost/json/object.hpp>
#include <vector>

#include "bridge/doors/fineract_answers.hpp"

namespace smsbridge::bridge {

// Its settings, without name and tenants: of a new one all that is needed, of a change (`kind` is the gateway's) what
// is to be laid over them. Mistakes are added.
boost::json::object bridge_settings(const boost::json::value& body, const std::string& kind_before,
                                    std::vector<FineractMistake>& mistakes);
}  // namespace smsbridge::bridge
