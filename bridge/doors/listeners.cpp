// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/listeners.hpp"

#include "bridge/doors/admission.hpp"
#include "bridge/doors/api/api.hpp"
#include "bridge/doors/console.hpp"
#include "bridge/doors/fineract.hpp"
#include "bridge/doors/fineract_hooks.hpp"
#include "bridge/doors/provider_callbacks.hpp"

namespace smsbridge::bridge {

HttpDoor api_door(Services& services) {
  std::vector<Endpoint> endpoints;
  for (auto* const made : {send_endpoints,    list_endpoints,           message_endpoints,        gateway_endpoints,
                           route_endpoints,   object_endpoints,         webhook_endpoints,        inbound_endpoints,
                           opt_out_endpoints, receipt_endpoints,        template_endpoints,       event_endpoints,
                           people_endpoints,  schedule_endpoints,       fineract_check_endpoints, tenant_endpoints,
                           key_endpoints,     usage_endpoints,          system_endpoints,         callback_endpoints,
                           session_endpoints, console_people_endpoints, attention_endpoints})
    for (auto& endpoint : made(services)) endpoints.push_back(std::move(endpoint));
  for (auto* const made : {problem_endpoints, console_endpoints})
    for (auto& endpoint : made()) endpoints.push_back(std::move(endpoint));
  return make_door(std::move(endpoints), services.metrics.http(), services.clock, to_response, needs_key(services));
}

HttpDoor fineract_door(Services& services) {
  auto endpoints = fineract_endpoints(services);
  for (auto* const made : {fineract_hook_endpoints, actuator_endpoints})
    for (auto& endpoint : made(services)) endpoints.push_back(std::move(endpoint));
  return make_door(std::move(endpoints), services.metrics.http(), services.clock,
                   noted_fineract_refusal(services.clock));
}

HttpDoor monitoring_door(Services& services) {
  return make_door(monitoring_endpoints(services), services.metrics.http(), services.clock, to_response);
}

}  // namespace smsbridge::bridge
