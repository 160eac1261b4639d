// SPDX-License-Identifier: MPL-2.0
// Infobip SMS: its OpenAPI description (3.210.0) and list "Response status and error codes", read in August 2026.
#include "http_gateways/infobip.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <map>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t validity_max_minutes = 2880;

enum Group : std::int64_t { ok = 0, pending = 1, undeliverable = 2, delivered = 3, expired = 4, refused = 5 };
constexpr std::int64_t status_operator_only = 2, status_enroute = 3, status_sent_enroute = 7, status_duplicate = 23,
                       status_no_receipt = 29;
constexpr std::int64_t status_not_registered = 18;  // a demo account sends to registered numbers only
constexpr std::int64_t error_cancelled = 4100, error_group_handset = 1;

// By id of the status. Ids that are not here, like 4, 9, 15 and 31, leave it to the error.
const std::map<std::int64_t, ErrorClass> status_classes = {
    {6, ErrorClass::route},       {19, ErrorClass::route},           {18, ErrorClass::account},
    {8, ErrorClass::destination}, {51, ErrorClass::destination},     {52, ErrorClass::destination},
    {10, ErrorClass::blocked},    {14, ErrorClass::blocked},         {11, ErrorClass::sender},
    {13, ErrorClass::sender},     {12, ErrorClass::balance},         {17, ErrorClass::balance},
    {20, ErrorClass::throttled},  {21, ErrorClass::temporary},       {23, ErrorClass::duplicate},
    {25, ErrorClass::content},    {24, ErrorClass::invalid_request}, {100, ErrorClass::invalid_request},
    {87, ErrorClass::content},  // in groups 4 and 5 alike
};

const std::map<std::int64_t, ErrorClass> error_classes = {
    {0, ErrorClass::none},         {1, ErrorClass::destination},  {9, ErrorClass::destination},
    {11, ErrorClass::destination}, {12, ErrorClass::destination}, {5, ErrorClass::temporary},
    {6, ErrorClass::temporary},    {27, ErrorClass::temporary},   {13, ErrorClass::temporary},
    {31, ErrorClass::temporary},   {32, ErrorClass::temporary},   {34, ErrorClass::temporary},
    {256, ErrorClass::temporary},  {500, ErrorClass::temporary},  {502, ErrorClass::temporary},
    {581, ErrorClass::temporary},  {4099, ErrorClass::balance},   {603, ErrorClass::blocked},
    {2049, ErrorClass::blocked},   {2050, ErrorClass::blocked},   {2052, ErrorClass::blocked},
    {2053, ErrorClass::sender},    {607, ErrorClass::content},    {2051, ErrorClass::content},
    {5492, ErrorClass::content},   {4100, ErrorClass::config},    {4101, ErrorClass::expired},
    {4103, ErrorClass::throttled}, {4104, ErrorClass::throttled},  // flagged permanent, yet only a rate
    {255, ErrorClass::unknown},
};

ErrorClass error_class_of(const boost::json::value& result) {
  const auto id = integer_of(at(result, "/error/id"));
  if (!id) return ErrorClass::none;
  if (const auto it = error_classes.find(*id); it != error_classes.end()) return it->second;
  const auto permanent = boolean_of(at(result, "/error/permanent"));
  if (!permanent) return ErrorClass::unknown;
  if (!*permanent) return ErrorClass::temporary;
  const bool handset = text_at(result, "/error/groupName") == "HANDSET_ERRORS" ||
                       integer_of(at(result, "/error/groupId")) == error_group_handset;
  return handset ? ErrorClass::destination : ErrorClass::route;
}

// Why a message failed: `result` has status{groupId, id} and perhaps error{...}.
ErrorClass failure_class(const boost::json::value& result) {
  const auto id = integer_of(at(result, "/status/id"));
  if (const auto it = status_classes.find(id.value_or(-1)); it != status_classes.end()) return it->second;
  if (const auto by_error = error_class_of(result); by_error != ErrorClass::none) return by_error;
  if (integer_of(at(result, "/status/groupId")) == Group::expired && id != status_no_receipt)
    return ErrorClass::expired;
  return ErrorClass::unknown;
}

struct Meaning {
  Status status = Status::unknown;
  bool is_final = false;
};

Meaning meaning_of(const boost::json::value& result) {
  const auto group = integer_of(at(result, "/status/groupId")), id = integer_of(at(result, "/status/id"));
  // A report about a repeated request: the message itself is under way.
  if (id == status_duplicate) return {Status::accepted, false};
  switch (group.value_or(-1)) {
    case Group::ok:
      return {Status::accepted, false};
    case Group::pending:
      return {id == status_enroute || id == status_sent_enroute ? Status::sent : Status::accepted, false};
    case Group::delivered:
      return id == status_operator_only ? Meaning{Status::sent, false} : Meaning{Status::delivered, true};
    case Group::undeliverable:
    case Group::expired:
    case Group::refused:
      break;
    default:
      return {};
  }
  if (integer_of(at(result, "/error/id")) == error_cancelled) return {Status::rejected, true};
  if (group == Group::undeliverable) return {Status::undelivered, true};
  if (group == Group::refused) return {Status::rejected, true};
  return {id == status_no_receipt ? Status::unknown : Status::expired, true};
}

StatusUpdate update_of(const boost::json::value& result) {
  StatusUpdate update{.provider_message_id = text_at(result, "/messageId"),
                      .reference = text_at(result, "/callbackData")};
  const auto [status, is_final] = meaning_of(result);
  update.status = status;
  update.final_status = is_final;
  if (const auto code = text_at(result, "/error/id"); code != "0") update.error_code = code;
  const bool failed = is_final && status != Status::delivered;
  update.error_class = failed ? failure_class(result) : error_class_of(result);
  update.parts = parts_of(at(result, "/smsCount"));                         // v1, v2
  if (!update.parts) update.parts = parts_of(at(result, "/messageCount"));  // v3
  update.price = multiply_decimal(text_at(result, "/price/pricePerMessage"), update.parts.value_or(1));
  if (!update.price.empty()) update.currency = text_at(result, "/price/currency");
  return update;
}

const boost::json::array* results_of(const std::optional<boost::json::value>& body) {
  const auto* results = body ? at(*body, "/results") : nullptr;
  return results ? results->if_array() : nullptr;
}

// "messages[0].destinations[0].to"
bool is_path_of_to(std::string_view path) { return path == "to" || path.ends_with(".to"); }

bool names_to(const boost::json::value& body) {
  const auto* violations = at(body, "/violations");
  if (const auto* list = violations ? violations->if_array() : nullptr)
    return std::ranges::any_of(*list, [](const auto& each) { return is_path_of_to(text_at(each, "/property")); });
  const auto* validation = at(body, "/requestError/serviceException/validationErrors");
  if (const auto* members = validation ? validation->if_object() : nullptr)
    return std::ranges::any_of(*members, [](const auto& each) { return is_path_of_to(each.key()); });
  return false;
}

class Infobip final : public Provider {
 public:
  explicit Infobip(const boost::json::object& s)
      : base_(text_setting(s, "base_url")),
        authorization_("App " + text_setting(s, "api_key")),
        from_(text_setting(s, "from")),
        notify_(text_setting(s, "notify_url")),
        token_(text_setting(s, "token")) {
    const auto api = text_setting(s, "api", "v2");
    if (api != "v2" && api != "v3") throw BadSettings("'api' is v2 or v3, not '" + api + "'");
    v3_ = api == "v3";
  }

  Request build(const OutboundSms& sms, std::int64_t) override {
    return {.url = base_ + (v3_ ? "/sms/3/messages" : "/sms/2/text/advanced"),
            .headers = {{"Authorization", authorization_},
                        {"Content-Type", "application/json"},
                        {"Accept", "application/json"}},
            .body = boost::json::serialize(v3_ ? body_v3(sms) : body_v2(sms))};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto json = parse_json(reply.body);
    if (reply.status < 200 || reply.status >= 300) return refusal(reply, json, sms, now_s);
    const auto http = std::to_string(reply.status);
    const auto* message = json ? at(*json, "/messages/0") : nullptr;
    const auto group = message ? integer_of(at(*message, "/status/groupId")) : std::nullopt;
    if (!group) return uncertain(http, "the answer has no status");
    const auto status = word_at(*message, "/status/id");
    const auto id = text_at(*message, "/messageId");
    const bool duplicate = status == std::to_string(status_duplicate);
    Verdict verdict;
    switch (*group) {
      case Group::undeliverable:
      case Group::expired:
      case Group::refused:
        if (duplicate) break;
        verdict = rejected(failure_class(*message), status, detail_of(text_at(*message, "/status/description"), sms));
        // The filters against floods count what one number gets.
        verdict.one_number =
            status == std::to_string(status_not_registered) || verdict.error_class == ErrorClass::throttled;
        if (!id.empty()) verdict.provider_message_ids = {id};
        return verdict;
      case Group::ok:
      case Group::pending:
      case Group::delivered:
        break;
      default:
        return uncertain(status.empty() ? http : status, "the answer's status group is not known");
    }
    if (id.empty() && !duplicate) return uncertain(http, "the answer has no messageId");
    verdict = accepted({id.empty() ? sms.reference : id});
    verdict.duplicate = duplicate;
    verdict.parts = parts_of(at(*message, "/smsCount"));
    if (!verdict.parts) verdict.parts = parts_of(at(*message, "/details/messageCount"));
    return verdict;
  }

  // Reports and inbound messages have one shape; only reports have a status.
  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    if (!has_token(request, token_)) return not_authentic("the token in the URL does not fit");
    CallbackResult result;
    const auto json = parse_json(request.body);
    const auto* results = results_of(json);
    if (!results) return result;
    const auto reference = word_of(query_fields(request.url), "ref");
    for (const auto& each : *results) {
      if (at(each, "/status")) {
        auto update = update_of(each);
        if (update.reference.empty()) update.reference = reference;
        if (!update.provider_message_id.empty() || !update.reference.empty())
          result.updates.push_back(std::move(update));
      } else if (const auto from = text_at(each, "/from"); !from.empty()) {
        result.inbound.push_back({.provider_message_id = text_at(each, "/messageId"),
                                  .from = with_plus(from),
                                  .to = text_at(each, "/to"),
                                  .text = text_at(each, "/text")});
      }
    }
    return result;
  }

  // The logs, because they can be read again: a report is given out once, and would be lost with us.
  std::optional<Request> build_poll(const std::string& id, std::int64_t) override {
    return Request{.method = "GET",
                   .url = with_query(base_ + (v3_ ? "/sms/3/logs" : "/sms/1/logs"), "messageId", id),
                   .headers = {{"Authorization", authorization_}, {"Accept", "application/json"}}};
  }

  PollResult read_status(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    const auto* results = results_of(json);
    if (reply.status != 200 || !results) return {.updates = {}, .error_class = failure_of(reply)};
    PollResult poll;
    for (const auto& each : *results)
      if (auto update = update_of(each); !update.provider_message_id.empty()) poll.updates.push_back(std::move(update));
    return poll;
  }

  std::optional<Request> build_balance(std::int64_t) override {
    return Request{.method = "GET",
                   .url = base_ + "/account/1/balance",
                   .headers = {{"Authorization", authorization_}, {"Accept", "application/json"}}};
  }

  Balance read_balance(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    const auto amount = json ? text_at(*json, "/balance") : std::string();
    if (reply.status != 200 || amount.empty()) return {.error_class = failure_of(reply)};
    return {.amount = amount, .currency = text_at(*json, "/currency")};
  }

  // Our reference is the messageId: a second request under it is refused as a duplicate.
  bool idempotent() const override { return true; }

 private:
  static std::int64_t validity_minutes(const OutboundSms& sms) {
    return std::min((sms.validity_s - 1) / 60 + 1, validity_max_minutes);
  }

  boost::json::object body_v2(const OutboundSms& sms) const {
    boost::json::object message{{"destinations", destinations(sms)}, {"text", sms.text}};
    const auto& from = sms.from.empty() ? from_ : sms.from;
    if (!from.empty()) message["from"] = digits_of(from);
    if (sms.validity_s > 0) message["validityPeriod"] = validity_minutes(sms);
    if (const auto& url = notify_url(sms); !url.empty()) {
      message["notifyUrl"] = url;
      message["notifyContentType"] = "application/json";
    }
    message["callbackData"] = sms.reference;
    return {{"messages", boost::json::array{std::move(message)}}, {"includeSmsCountInResponse", true}};
  }

  boost::json::object body_v3(const OutboundSms& sms) const {
    boost::json::object message{{"destinations", destinations(sms)}, {"content", {{"text", sms.text}}}};
    const auto& from = sms.from.empty() ? from_ : sms.from;
    if (!from.empty()) message["sender"] = digits_of(from);
    if (sms.validity_s > 0)
      message["options"] = {{"validityPeriod", {{"amount", validity_minutes(sms)}, {"timeUnit", "MINUTES"}}}};
    boost::json::object webhooks{{"callbackData", sms.reference}};
    if (const auto& url = notify_url(sms); !url.empty()) {
      webhooks["delivery"] = {{"url", url}};
      webhooks["contentType"] = "application/json";
    }
    message["webhooks"] = std::move(webhooks);
    return {{"messages", boost::json::array{std::move(message)}}, {"options", {{"includeSmsCountInResponse", true}}}};
  }

  static boost::json::array destinations(const OutboundSms& sms) {
    return {boost::json::object{{"to", digits_of(sms.to)}, {"messageId", sms.reference}}};
  }

  const std::string& notify_url(const OutboundSms& sms) const {
    return sms.callback_url.empty() ? notify_ : sms.callback_url;
  }

  static Verdict refusal(const Reply& reply, const std::optional<boost::json::value>& json, const OutboundSms& sms,
                         std::int64_t now_s) {
    auto verdict = by_http_status(reply, now_s);
    if (!json) return verdict;
    if (verdict.error_class == ErrorClass::invalid_request && names_to(*json))
      verdict = rejected(ErrorClass::destination, verdict.provider_code);
    auto code = text_at(*json, "/requestError/serviceException/messageId");  // v2
    if (code.empty()) code = text_at(*json, "/errorCode");                   // v3
    if (!code.empty()) verdict.provider_code = code;
    auto words = text_at(*json, "/requestError/serviceException/text");
    if (words.empty()) words = text_at(*json, "/description");
    if (!words.empty()) verdict.detail = detail_of(words, sms);
    return verdict;
  }

  std::string base_, authorization_, from_, notify_, token_;
  bool v3_ = false;
};

}  // namespace

const Kind infobip{
    .name = "infobip",
    .help = "Infobip SMS",
    .settings = {{.name = "base_url",
                  .required = true,
                  .address = true,
                  .help = "the account's own address: https://xxxxx.api.infobip.com"},
                 {.name = "api_key", .required = true, .secret = true, .help = "of the account"},
                 {.name = "api", .help = "v2 (default) or v3"},
                 {.name = "from", .help = "sender: number, short code or at most 11 letters"},
                 {.name = "notify_url", .address = true, .help = "report URL, where it is not ours"},
                 {.name = "token", .secret = true, .help = "callbacks must carry it as tok= in their URL"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Infobip>(settings);
    }};

}  // namespace smsbridge::http_gateways
