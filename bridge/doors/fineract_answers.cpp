// SPDX-License-Identifier: MPL-2.0
#include "bridge/doors/fineract_answers.hpp"

#include <boost/json.hpp>

#include "bridge/env/log.hpp"
#include "bridge/text/ucs2.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;

HttpResponse not_authenticated() {
  return fineract_error(http::status::unauthorized, "error.msg.not.authenticated",
                        "Unknown tenant or wrong key: check Fineract-Platform-TenantId and Fineract-Tenant-App-Key");
}

}  // namespace

HttpResponse fineract_error(http::status status, std::string_view code, std::string_view text,
                            const std::vector<FineractMistake>& mistakes) {
  json::array errors;
  for (const auto& each : mistakes)
    errors.push_back({{"developerMessage", each.text},
                      {"defaultUserMessage", each.text},
                      {"userMessageGlobalisationCode", each.code},
                      {"parameterName", each.parameter},
                      {"value", nullptr},
                      {"args", each.arg.is_null() ? json::array() : json::array{{{"value", each.arg}}}}});
  json::object body{{"developerMessage", text},
                    {"httpStatusCode", std::to_string(static_cast<int>(status))},
                    {"defaultUserMessage", text},
                    {"userMessageGlobalisationCode", code},
                    {"errors", std::move(errors)}};
  return {.status = status, .body = json::serialize(body), .headers = {}};
}

HttpResponse fineract_error(http::status status, std::string_view code, std::string_view text) {
  return fineract_error(status, code, text,
                        {{.code = std::string(code), .text = std::string(text), .parameter = "id"}});
}

json::object fineract_bridge(const TenantSettings& tenant, store::TenantId number, const GatewaySettings& gateway) {
  return {{"id", gateway.id},
          {"tenantId", number},
          {"phoneNo", tenant.sender.empty() ? gateway.sender : tenant.sender},
          {"providerName", gateway.title.empty() ? gateway.name : gateway.title},
          {"providerDescription", gateway.description}};
}

// Our answer never reaches Fineract's log, and what it posted is gone: so ours says it.
void note_refused(Noticed& noticed, Time now, int status, const std::string& tenant, std::string_view reason,
                  std::string_view path) {
  if (const auto count = noticed.refused.due(std::to_string(status) + tenant, now))
    log::error("fineract", "Fineract was refused (" + std::to_string(status) + "): what it posts is lost", "tenant",
               tenant, "reason", reason, "path", path.substr(0, logged_name_max), "times", count);
}

// The tenant who asks; otherwise the answer has been given.
const Tenant* admit_fineract(Services& services, Noticed& noticed, const HttpRequest& request, const Respond& respond) {
  const auto tenant = services.tenants.by_fineract_headers(request);
  if (tenant) return *tenant;
  const std::string given =
      text::repaired_utf8(std::string(request.header("Fineract-Platform-TenantId").substr(0, logged_name_max)));
  if (const auto* known = services.tenants.find(given))
    known->metrics.rejected[metrics::RejectReason::unauthenticated]->Increment();
  note_refused(noticed, services.clock.now(), 401, given, tenant.error(), request.path);
  respond(not_authenticated());
  return nullptr;
}

}  // namespace smsbridge::bridge
