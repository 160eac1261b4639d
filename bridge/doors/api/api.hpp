// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <vector>

#include "bridge/doors/services.hpp"
#include "bridge/http/endpoints.hpp"

// /api/v1, by what it is about: the contract is openapi.yaml beside this file.
namespace smsbridge::bridge {

// A row whose handler may wait for the disk: a change is answered once it is on it.
inline Endpoint on_aside(Services& services, http::verb method, std::string path,
                         void (*work)(Services&, const HttpRequest&, const Respond&), BeforeBody before_body = {}) {
  return {.method = method,
          .path = std::move(path),
          .handler = [&services, work](const HttpRequest& r, const Respond& a) { work(services, r, a); },
          .before_body = std::move(before_body),
          .aside = services.aside};
}

std::vector<Endpoint> send_endpoints(Services& services);
std::vector<Endpoint> list_endpoints(Services& services);
std::vector<Endpoint> message_endpoints(Services& services);
std::vector<Endpoint> gateway_endpoints(Services& services);
std::vector<Endpoint> system_endpoints(Services& services);
// What a listener for monitoring alone has.
std::vector<Endpoint> monitoring_endpoints(Services& services);
// Where supervisors of the Mifos message-gateway ask how it is (Spring's actuator).
std::vector<Endpoint> actuator_endpoints(Services& services);
std::vector<Endpoint> route_endpoints(Services& services);
std::vector<Endpoint> object_endpoints(Services& services);
std::vector<Endpoint> webhook_endpoints(Services& services);
std::vector<Endpoint> inbound_endpoints(Services& services);
std::vector<Endpoint> opt_out_endpoints(Services& services);
std::vector<Endpoint> receipt_endpoints(Services& services);
std::vector<Endpoint> fineract_check_endpoints(Services& services);
std::vector<Endpoint> template_endpoints(Services& services);
std::vector<Endpoint> people_endpoints(Services& services);
std::vector<Endpoint> event_endpoints(Services& services);
std::vector<Endpoint> schedule_endpoints(Services& services);
std::vector<Endpoint> tenant_endpoints(Services& services);
std::vector<Endpoint> key_endpoints(Services& services);
std::vector<Endpoint> usage_endpoints(Services& services);
std::vector<Endpoint> session_endpoints(Services& services);
std::vector<Endpoint> console_people_endpoints(Services& services);
std::vector<Endpoint> attention_endpoints(Services& services);
std::vector<Endpoint> problem_endpoints();

}  // namespace smsbridge::bridge
