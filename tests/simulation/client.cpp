// SPDX-License-Identifier: MPL-2.0
#include "tests/simulation/client.hpp"

#include <fmt/format.h>

#include <boost/algorithm/hex.hpp>
#include <boost/json.hpp>

#include "bridge/text/message_id.hpp"
#include "bridge/text/time.hpp"

namespace smsbridge::simulation {
namespace {

namespace json = boost::json;

json::object fineract_entry(const Wish& wish, const RunOptions& options) {
  json::object entry{{"internalId", wish.wanted.client_ref}, {"mobileNumber", wish.to}, {"message", wish.text}};
  if (wish.gateway) entry["providerId"] = options.config.gateways[*wish.gateway].id;
  if (wish.by_route) entry["providerId"] = options.config.routes.front().id;
  return entry;
}

json::array tlvs_of(const Wish& wish) {
  json::array tlvs;
  for (const auto& [tag, value] : wish.wanted.tlvs)
    tlvs.push_back(json::object{{"tag", tag}, {"type", "octets"}, {"value", boost::algorithm::hex(value)}});
  return tlvs;
}

json::object api_message(const Wish& wish, const RunOptions& options) {
  json::object message{{"to", wish.to}, {"text", wish.text}, {"lane", store::name(wish.lane)}};
  if (!wish.wanted.client_ref.empty()) message["client_ref"] = wish.wanted.client_ref;
  if (wish.gateway) message["gateway"] = options.config.gateways[*wish.gateway].name;
  if (wish.by_route) message["route"] = options.config.routes.front().name;
  if (wish.send_at) message["send_at"] = bridge::text::time_text(wish.send_at);
  if (!wish.wanted.tlvs.empty()) message["tlvs"] = tlvs_of(wish);
  if (wish.validity_ms) message["validity"] = fmt::format("{}ms", wish.validity_ms);
  return message;
}

}  // namespace

HttpClient::Request request_of(const Wish& wish, const RunOptions& options, const std::string& key) {
  HttpClient::Request raw;
  raw.method(http::verb::post);
  raw.set(http::field::content_type, "application/json");
  if (wish.by_fineract) {
    const auto& tenant = options.config.tenants[wish.tenant];
    raw.target("/sms");
    raw.set("Fineract-Platform-TenantId", tenant.name);
    raw.set("Fineract-Tenant-App-Key", tenant.fineract_app_keys.front());
    raw.body() = json::serialize(json::array{fineract_entry(wish, options)});
  } else {
    raw.target("/api/v1/messages");
    raw.set(http::field::authorization, "Bearer " + key);
    if (!wish.wanted.idempotency_key.empty()) raw.set("Idempotency-Key", wish.wanted.idempotency_key);
    raw.body() = json::serialize(api_message(wish, options));
  }
  return raw;
}

HttpClient::Request control_request(store::MessageId id, std::string_view action, const std::string& key) {
  HttpClient::Request request;
  request.method(http::verb::post);
  request.target(fmt::format("/api/v1/messages/{}/{}", bridge::message_id_text(id), action));
  request.set(http::field::authorization, "Bearer " + key);
  return request;
}

Told told_by(const std::optional<HttpClient::Response>& response) {
  using Kind = Told::Kind;
  if (!response) return {};
  if (response->result() == http::status::accepted) {
    Told told{.kind = Kind::accepted, .id = {}, .replayed = {}};
    static constexpr std::string_view before_id = "/api/v1/messages/";
    if (const std::string_view location = (*response)["Location"]; location.starts_with(before_id)) {
      told.id = bridge::parse_message_id(location.substr(before_id.size()));
      told.replayed = (*response)["Idempotency-Replayed"] == "true";
    }
    return told;
  }
  const auto status = static_cast<int>(response->result_int());
  if (status == 429 || status == 507) return {.kind = Kind::later, .id = {}, .replayed = {}};
  if (status >= 500 || status == 408) return {.kind = Kind::perhaps, .id = {}, .replayed = {}};
  const bool mismatch = response->body().find("idempotency-mismatch") != std::string::npos;
  return {.kind = mismatch ? Kind::conflict : Kind::refused, .id = {}, .replayed = {}};
}

}  // namespace smsbridge::simulation
