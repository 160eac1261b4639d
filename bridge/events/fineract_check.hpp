// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/tenant.hpp"
#include "bridge/env/http_transport.hpp"

namespace smsbridge::bridge {

// One thing that has to be right between a Fineract and us.
struct FineractFinding {
  enum class State : std::uint8_t {
    ok,
    warning,  // it works, and not as people expect
    failed,
    unknown,  // it could not be looked at
  };
  std::string about;  // reach, version, clock, login, rights, sms-service, jobs
  State state = State::unknown;
  std::string detail;
  std::string advice;  // what to do; empty: nothing
};
std::string_view name(FineractFinding::State state);

// Looks at the tenant's Fineract from here: whether it answers, who we are there, what that user may read, and whether
// it is set up to send through this bridge. Asks a handful of questions, each once, and changes nothing there.
// `tenant` has a `fineract`; `own_port` is that of our listener for Fineract. `done` is called once, on the executor.
void check_fineract(const TenantSettings& tenant, std::uint16_t own_port, const boost::asio::any_io_executor& executor,
                    const MakeHttpTransport& make_transport, const Clock& clock,
                    std::function<void(std::vector<FineractFinding>)> done);

// The parts of it that are sums over what Fineract said.
FineractFinding rights_found(const boost::json::value& permissions);
FineractFinding sms_service_found(const boost::json::value& properties, const TenantSettings& tenant,
                                  std::uint16_t own_port);
FineractFinding jobs_found(const boost::json::value& jobs);

}  // namespace smsbridge::bridge
