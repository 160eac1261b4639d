// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string_view>

#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

// Who is let in, and what he sees.
namespace smsbridge::bridge {

// A body of the API comes with a key.
BeforeBody needs_key(Services& services);

// Who asks, if he may; otherwise the answer has been given.
std::optional<Caller> admit(Services& services, const HttpRequest& request, std::string_view scope,
                            const Respond& respond, bool needs_tenant = false);
// The same for what all tenants share: where there are several, the key of one of them is not enough.
std::optional<Caller> admit_for_all(Services& services, const HttpRequest& request, std::string_view scope,
                                    const Respond& respond);

// For what not even the only tenant may: another one would be his neighbour.
std::optional<Caller> admit_owner(Services& services, const HttpRequest& request, std::string_view scope,
                                  const Respond& respond);

// Speaks for all tenants, or for the only one: what they share is his.
bool speaks_for_all(const Services& services, const Caller& caller);
// The key of one of several tenants sees the gateways that it may use and the routes that are for it, and no other
// tenant's name.
bool may_see(const Services& services, const Caller& caller, const GatewaySettings& gateway);
bool may_see(const Services& services, const Caller& caller, const RouteSettings& route);
// Somebody of the console who sent it himself.
bool is_own(const Caller& caller, const store::Message& message);
// Whether the text and the whole number are shown to him.
bool sees_content(const Caller& caller, const store::Message& message);
// Sees how what all tenants share is set up, and addresses under which states of everybody's messages can be reported.
bool may_manage(const Services& services, const Caller& caller);

}  // namespace smsbridge::bridge
