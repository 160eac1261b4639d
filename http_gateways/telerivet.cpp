// SPDX-License-Identifier: MPL-2.0
// Telerivet REST API v1; the "Webhook API" page and the official PHP client, read in August 2026.
#include "http_gateways/telerivet.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <map>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

struct State {
  Status status;
  bool final_status;
};
// `failed_queued`: failed once, and Telerivet itself tries again. `sent` is the last one where the route has no
// delivery reports.
const std::map<std::string, State, std::less<>> states = {
    {"queued", {Status::accepted, false}},
    {"processing", {Status::accepted, false}},
    {"sent", {Status::sent, false}},
    {"failed_queued", {Status::accepted, false}},
    {"delivered", {Status::delivered, true}},
    {"read", {Status::delivered, true}},
    {"not_delivered", {Status::undelivered, true}},
    {"failed", {Status::undelivered, true}},
    {"cancelled", {Status::rejected, true}},
};

// Which parameter an `invalid_param` is about.
const std::map<std::string, ErrorClass, std::less<>> invalid_parameters = {
    {"to_number", ErrorClass::destination},
    {"content", ErrorClass::content},
    {"route_id", ErrorClass::sender},
    {"phone_id", ErrorClass::sender},
};

bool has_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

// Only some codes are public: the others are guessed from the words that they are made of. Never from the message,
// which may repeat our text and what a loan's balance is. `unknown`: nothing fits.
ErrorClass class_of(int http_status, const boost::json::value& error) {
  const auto code = lower(word_at(error, "/code"));
  if (code == "invalid_param") {
    const auto it = invalid_parameters.find(word_at(error, "/param"));
    return it == invalid_parameters.end() ? ErrorClass::invalid_request : it->second;
  }
  if (http_status == 401 || http_status == 403 || has_any(code, {"auth", "permission", "api_key"}))
    return ErrorClass::auth;
  if (http_status == 402 || has_any(code, {"balance", "credit", "quota"})) return ErrorClass::balance;
  if (http_status == 429 || has_any(code, {"rate_limit", "too_many"})) return ErrorClass::throttled;
  return code == "not_found" ? ErrorClass::config : ErrorClass::unknown;
}

StatusUpdate update_of(const std::string& status, const std::string& error_code) {
  StatusUpdate update{.error_code = error_code};
  if (!error_code.empty()) update.error_class = ErrorClass::unknown;  // the codes are those of the route
  if (const auto it = states.find(status); it != states.end()) {
    update.status = it->second.status;
    update.final_status = it->second.final_status;
  }
  return update;
}

// What a message object says of parts and price, for a Verdict or a StatusUpdate.
void read_cost(const boost::json::value& message, auto& into) {
  into.parts = parts_of(at(message, "/num_parts"));
  into.price = plain_decimal(text_at(message, "/price"));
  if (!into.price.empty()) into.currency = text_at(message, "/price_currency");
}

class Telerivet final : public Provider {
 public:
  explicit Telerivet(const boost::json::object& s)
      : messages_(text_setting(s, "base_url", "https://api.telerivet.com") + "/v1/projects/" +
                  percent_encode(text_setting(s, "project_id")) + "/messages/"),
        authorization_(basic_auth(text_setting(s, "api_key"), "")),
        route_(text_setting(s, "route_id")),
        status_url_(text_setting(s, "status_url")),
        status_secret_(text_setting(s, "status_secret")),
        webhook_secret_(text_setting(s, "webhook_secret")) {}

  Request build(const OutboundSms& sms, std::int64_t) override {
    boost::json::object json{{"to_number", sms.to}, {"content", sms.text}};
    if (!route_.empty()) json["route_id"] = route_;
    if (const auto& callback = sms.callback_url.empty() ? status_url_ : sms.callback_url; !callback.empty()) {
      json["status_url"] = callback;
      if (!status_secret_.empty()) json["status_secret"] = status_secret_;
    }
    if (!sms.reference.empty()) json["vars"] = {{"ref", sms.reference}};
    return {.url = messages_ + "send",
            .headers = {{"Content-Type", "application/json"}, {"Authorization", authorization_}},
            .body = boost::json::serialize(json)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto json = parse_json(reply.body);
    const bool success = reply.status >= 200 && reply.status < 300;
    if (const auto* error = json ? at(*json, "/error") : nullptr) return refused(reply, *error, sms, now_s);
    if (!success) return by_http_status(reply, now_s);
    const auto id = json ? text_at(*json, "/id") : std::string();
    if (id.empty()) return uncertain(std::to_string(reply.status), "the answer has no id");
    const auto status = word_at(*json, "/status");
    if (status == "failed" || status == "cancelled") {
      auto verdict = rejected(ErrorClass::unknown, status, detail_of(text_at(*json, "/error_message"), sms));
      verdict.provider_message_ids = {id};
      return verdict;
    }
    auto verdict = accepted({id});
    if (status == "sent") verdict.status = Status::sent;
    read_cost(*json, verdict);
    return verdict;
  }

  // The answer is 200 and nothing else: Telerivet repeats a callback for a day after any other, also after 204.
  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    const auto fields = callback_fields(request);
    const auto field = [&](std::string_view wanted) { return word_of(fields, wanted); };
    if (status_secret_.empty() && webhook_secret_.empty())
      return not_authentic("callbacks need the setting 'status_secret' or 'webhook_secret'");
    // Of a message that named no address Telerivet sends the status to the webhook, with the webhook's secret.
    const auto secret = field("secret");
    if (!fits(secret, status_secret_) && !fits(secret, webhook_secret_))
      return not_authentic("the secret does not fit");
    CallbackResult result;
    const auto event = field("event"), status = field("status");
    if (event == "send_status" && status != "received" && status != "ignored") {
      auto update = update_of(status, field("error_code"));
      update.provider_message_id = field("id");
      update.reference = word_of(query_fields(request.url), "ref");
      if (update.reference.empty()) update.reference = field("vars[ref]");
      if (!update.provider_message_id.empty() || !update.reference.empty()) result.updates.push_back(std::move(update));
    } else if (event == "incoming_message" && field("message_type") != "call") {
      const auto e164 = field("from_number_e164");
      InboundSms sms{.provider_message_id = field("id"),
                     .from = e164.empty() ? field("from_number") : e164,
                     .to = field("to_number"),
                     .text = find_field(fields, "content").value_or(std::string())};
      if (!sms.from.empty() || !sms.text.empty()) result.inbound.push_back(std::move(sms));
    } else {
      result.understood = !event.empty();
    }
    return result;
  }

  std::optional<Request> build_poll(const std::string& id, std::int64_t) override {
    return Request{
        .method = "GET", .url = messages_ + percent_encode(id), .headers = {{"Authorization", authorization_}}};
  }

  PollResult read_status(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    if (const auto* error = json ? at(*json, "/error") : nullptr) {
      const auto error_class = refused(reply, *error, {}, 0).error_class;
      return {.updates = {}, .error_class = error_class == ErrorClass::none ? failure_of(reply) : error_class};
    }
    const auto id = json ? text_at(*json, "/id") : std::string();
    if (reply.status != 200) return {.updates = {}, .error_class = failure_of(reply)};
    if (id.empty()) return {.updates = {}, .error_class = ErrorClass::unknown};
    auto update = update_of(word_at(*json, "/status"), word_at(*json, "/error_code"));
    update.provider_message_id = id;
    update.reference = text_at(*json, "/vars/ref");
    read_cost(*json, update);
    return {.updates = {std::move(update)}};
  }

  std::string_view receipts_need() const override {
    return status_secret_.empty() && webhook_secret_.empty() ? "status_secret" : "";
  }

 private:
  static bool fits(const std::string& given, const std::string& secret) {
    return !secret.empty() && same_secret(given, secret);
  }

  // An `error` decides, whatever the HTTP status is.
  static Verdict refused(const Reply& reply, const boost::json::value& error, const OutboundSms& sms,
                         std::int64_t now_s) {
    const auto error_class = class_of(reply.status, error);
    auto verdict = by_http_status(reply, now_s);
    if (error_class != ErrorClass::unknown || (reply.status >= 200 && reply.status < 300))
      verdict = rejected(error_class, std::to_string(reply.status));
    if (error_class == ErrorClass::throttled) verdict.retry_after_ms = retry_after_ms(reply.headers, now_s);
    if (const auto code = text_at(error, "/code"); !code.empty()) verdict.provider_code = code;
    verdict.detail = detail_of(text_at(error, "/message"), sms);
    return verdict;
  }

  std::string messages_, authorization_, route_, status_url_, status_secret_, webhook_secret_;
};

}  // namespace

const Kind telerivet{
    .name = "telerivet",
    .help = "Telerivet: Android phones and routes of a project",
    .settings = {{.name = "api_key", .required = true, .secret = true, .help = "of the account"},
                 {.name = "project_id", .required = true, .help = "PJ... of the project"},
                 {.name = "route_id", .help = "PN... or RT...: phone or route that sends; otherwise the project's own"},
                 {.name = "status_url", .address = true, .help = "callback URL, where it is not ours"},
                 {.name = "status_secret", .secret = true, .help = "comes back in status callbacks and checks them"},
                 {.name = "webhook_secret", .secret = true, .help = "of the project's webhook, for inbound messages"},
                 {.name = "base_url", .address = true, .help = "another address than https://api.telerivet.com"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Telerivet>(settings);
    }};

}  // namespace smsbridge::http_gateways
