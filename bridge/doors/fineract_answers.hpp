// SPDX-License-Identifier: MPL-2.0
#pragma once
// What all that the Fineract listener offers has in common: who is let in, and errors in Fineract's shape.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/doors/unknown_ids.hpp"
#include "bridge/env/log_throttle.hpp"
#include "bridge/http/endpoints.hpp"

namespace smsbridge::bridge {

constexpr std::size_t logged_name_max = 64;

// What is kept for all requests of the listener.
struct Noticed {
  UnknownIds unknown_ids;
  log::Throttle refused, never_posted, suspended;
};

struct FineractMistake {
  std::string code, text, parameter;
  boost::json::value arg = nullptr;  // null: none
};
// Of one mistake, which says it for the whole.
HttpResponse fineract_error(http::status status, std::string_view code, std::string_view text);
HttpResponse fineract_error(http::status status, std::string_view code, std::string_view text,
                            const std::vector<FineractMistake>& mistakes);

// A gateway as an element of its list of providers. Credentials are in none.
boost::json::object fineract_bridge(const TenantSettings& tenant, store::TenantId number,
                                    const GatewaySettings& gateway);

// Our answer never reaches Fineract's log, and what it posted is gone: so ours says it.
void note_refused(Noticed& noticed, Time now, int status, const std::string& tenant, std::string_view reason,
                  std::string_view path);
// The tenant who asks; otherwise the answer has been given.
const Tenant* admit_fineract(Services& services, Noticed& noticed, const HttpRequest& request, const Respond& respond);

}  // namespace smsbridge::bridge
