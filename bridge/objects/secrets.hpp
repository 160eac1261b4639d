// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

namespace smsbridge::bridge {

// A JSON merge patch (RFC 7396), but a secret is given whole: a part of it, laid over what nobody may read, would take
// the rest along to wherever the part says.
void merge_patch(boost::json::object& settings, const boost::json::object& patch);

std::map<std::string, boost::json::value> secrets_of(boost::json::object settings);  // by place

// The places of secrets that stay although an address changed: whoever may change a gateway, and may not read its
// secrets, would have them sent to himself. `given` is what he wrote: a secret that stands there he knows.
std::vector<std::string> secrets_sent_elsewhere(const boost::json::object& before, const boost::json::object& after,
                                                const boost::json::object& given);

}  // namespace smsbridge::bridge
