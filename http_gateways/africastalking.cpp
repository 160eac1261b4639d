// SPDX-License-Identifier: MPL-2.0
// Africa's Talking messaging, version 1; documents "Sending Bulk SMS", "SMS Notifications" and "Application data", read
// in August 2026.
#include "http_gateways/africastalking.hpp"

#include <algorithm>
#include <map>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

// Of one recipient in an answer; the numbers only look like HTTP's. RiskHold and InsufficientBalance come for one
// recipient while others of the same account pass.
const std::map<std::int64_t, ErrorClass> recipient_codes = {
    {100, ErrorClass::none},         // processed
    {101, ErrorClass::none},         // sent
    {102, ErrorClass::none},         // queued
    {401, ErrorClass::account},      // RiskHold
    {402, ErrorClass::sender},       // InvalidSenderId
    {403, ErrorClass::destination},  // InvalidPhoneNumber
    {404, ErrorClass::destination},  // UnsupportedNumberType
    {405, ErrorClass::balance},      // InsufficientBalance
    {406, ErrorClass::blocked},      // UserInBlacklist
    {407, ErrorClass::route},        // CouldNotRoute
    {409, ErrorClass::blocked},      // DoNotDisturbRejection; in Nigeria's quiet hours it may pass later
    {500, ErrorClass::temporary},    // InternalServerError
    {501, ErrorClass::temporary},    // GatewayError
    {502, ErrorClass::temporary},    // RejectedByGateway
};

struct State {
  Status status;
  bool final_status;
  ErrorClass error_class = ErrorClass::none;  // where no reason is given
};
const std::map<std::string, State, std::less<>> states = {
    {"Sent", {Status::sent, false}},
    {"Submitted", {Status::sent, false}},
    {"Buffered", {Status::sent, false}},
    {"Success", {Status::delivered, true}},
    {"Rejected", {Status::rejected, true, ErrorClass::unknown}},
    {"Failed", {Status::undelivered, true, ErrorClass::unknown}},
    {"AbsentSubscriber", {Status::undelivered, true, ErrorClass::temporary}},
    {"Expired", {Status::expired, true, ErrorClass::expired}},
};

// Some are about the subscriber: the credit for a premium message, the subscriber's own account.
const std::map<std::string, ErrorClass, std::less<>> failure_reasons = {
    {"InsufficientCredit", ErrorClass::balance},           {"InvalidLinkId", ErrorClass::invalid_request},
    {"UserIsInactive", ErrorClass::destination},           {"UserDoesNotExist", ErrorClass::destination},
    {"NotNetworkSubcriber", ErrorClass::destination},  // their spelling
    {"NotNetworkSubscriber", ErrorClass::destination},     {"UserInBlackList", ErrorClass::blocked},
    {"DoNotDisturbRejection", ErrorClass::blocked},        {"UserNotSubscribedToProduct", ErrorClass::blocked},
    {"UserAccountSuspended", ErrorClass::destination},     {"DeliveryFailure", ErrorClass::temporary},
    {"UserMemoryCapacityExceeded", ErrorClass::temporary}, {"SystemError", ErrorClass::temporary},
};

// "KES 0.8000"; without a currency: "0".
struct Money {
  std::string amount, currency;
};
Money money_of(const std::string& text) {
  const auto space = text.find(' ');
  if (space == std::string::npos) return {.amount = text, .currency = {}};
  return {.amount = text.substr(space + 1), .currency = text.substr(0, space)};
}

// "... Message parts: 2"; nothing: not told.
std::optional<int> parts_in(const std::string& message) {
  static constexpr std::string_view label = "Message parts: ";
  const auto begin = message.find(label);
  if (begin == std::string::npos) return std::nullopt;
  const auto digits = message.substr(begin + label.size());
  const auto end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  if (end == 0 || end > 3) return std::nullopt;
  return std::stoi(digits.substr(0, end));
}

// A member by its name in any case.
const boost::json::value* member(const boost::json::value* value, std::string_view wanted) {
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) return nullptr;
  for (const auto& [key, each] : *object)
    if (lower(key) == wanted) return &each;
  return nullptr;
}

class AfricasTalking final : public Provider {
 public:
  explicit AfricasTalking(const boost::json::object& s)
      : username_(text_setting(s, "username")),
        api_key_(text_setting(s, "api_key")),
        from_(text_setting(s, "from")),
        token_(text_setting(s, "token")),
        base_(text_setting(s, "base_url",
                           username_ == "sandbox" ? "https://api.sandbox.africastalking.com"
                                                  : "https://api.africastalking.com") +
              "/version1") {}

  // One recipient a call: each message is traced on its own.
  Request build(const OutboundSms& sms, std::int64_t) override {
    Fields form{{"username", username_}, {"to", sms.to}, {"message", sms.text}};
    if (const auto& from = sms.from.empty() ? from_ : sms.from; !from.empty()) form.emplace_back("from", from);
    form.emplace_back("bulkSMSMode", "1");  // the sender pays
    form.emplace_back("enqueue", "1");      // taken without waiting for the operator
    // Without Accept the answer is XML.
    return {.url = base_ + "/messaging",
            .headers = {{"apiKey", api_key_},
                        {"Accept", "application/json"},
                        {"Content-Type", "application/x-www-form-urlencoded"}},
            .body = encode_form(form)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto by_status = by_http_status(reply, now_s);
    if (reply.status == 429) return by_status;
    const bool success = reply.status >= 200 && reply.status < 300;
    const auto json = parse_json(reply.body);
    const auto* data = json ? at(*json, "/SMSMessageData") : nullptr;
    const auto* list = data ? at(*data, "/Recipients") : nullptr;
    const auto* recipients = list ? list->if_array() : nullptr;
    if (!recipients) return success ? uncertain(by_status.provider_code, "the answer has no recipients") : by_status;
    const auto message = word_at(*data, "/Message");
    for (const auto& recipient : *recipients)
      if (digits_of(text_at(recipient, "/number")) == digits_of(sms.to))
        return read_recipient(reply, recipient, message, sms);
    if (!success) return by_status;
    if (!recipients->empty()) return uncertain(by_status.provider_code, "the recipient is not in the answer");
    // The message then is one word, a code; a sentence is none.
    const bool is_code = !message.empty() && message.find(' ') == std::string::npos;
    return rejected(message == "InvalidSenderId" ? ErrorClass::sender : ErrorClass::unknown,
                    is_code ? message : by_status.provider_code, detail_of(message, sms));
  }

  // Delivery reports, inbound messages and opt-outs. None is signed: a token in the URL is all there is.
  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    if (!has_token(request, token_)) return not_authentic("the token of the URL does not fit");
    const auto fields = callback_fields(request);
    const auto field = [&](std::string_view wanted) { return word_of(fields, wanted); };
    CallbackResult result;
    if (const auto status = field("status"); !status.empty()) {
      StatusUpdate update{.provider_message_id = field("id"),
                          .reference = word_of(query_fields(request.url), "ref"),
                          .error_code = field("failureReason")};
      if (const auto it = states.find(status); it != states.end()) {
        update.status = it->second.status;
        update.final_status = it->second.final_status;
        update.error_class = it->second.error_class;
      }
      if (const auto it = failure_reasons.find(update.error_code); it != failure_reasons.end())
        update.error_class = it->second;
      else if (!update.error_code.empty() && update.error_class == ErrorClass::none)
        update.error_class = ErrorClass::unknown;
      if (!update.provider_message_id.empty() || !update.reference.empty()) result.updates.push_back(std::move(update));
    } else if (!field("from").empty() || !field("text").empty()) {
      result.inbound.push_back({.provider_message_id = field("id"),
                                .from = field("from"),
                                .to = field("to"),
                                .text = find_field(fields, "text").value_or(std::string())});
    } else if (!field("phoneNumber").empty() && !field("senderId").empty()) {
      InboundSms opt_out{.from = field("phoneNumber"), .to = field("senderId")};
      opt_out.opt_out = true;
      result.inbound.push_back(std::move(opt_out));
    }
    return result;
  }

  std::optional<Request> build_balance(std::int64_t) override {
    return Request{.method = "GET",
                   .url = with_query(base_ + "/user", "username", username_),
                   .headers = {{"apiKey", api_key_}, {"Accept", "application/json"}}};
  }

  Balance read_balance(const Reply& reply) const override {
    if (reply.status != 200) return {.error_class = failure_of(reply)};
    const auto json = parse_json(reply.body);
    const auto money = money_of(text_of(member(member(json ? &*json : nullptr, "userdata"), "balance")));
    if (plain_decimal(money.amount).empty()) return {.error_class = ErrorClass::unknown};
    return {.amount = money.amount, .currency = money.currency};
  }

 private:
  static Verdict read_recipient(const Reply& reply, const boost::json::value& recipient, const std::string& message,
                                const OutboundSms& sms) {
    const auto code = integer_of(at(recipient, "/statusCode"));
    if (!code) return uncertain(std::to_string(reply.status), "the answer has no statusCode");
    const auto it = recipient_codes.find(*code);
    const auto error_class = it == recipient_codes.end() ? ErrorClass::unknown : it->second;
    if (error_class != ErrorClass::none) {
      auto refused = rejected(error_class, std::to_string(*code), detail_of(text_at(recipient, "/status"), sms));
      refused.one_number = error_class == ErrorClass::account || error_class == ErrorClass::balance;
      return refused;
    }
    const auto id = text_at(recipient, "/messageId");
    if (id.empty() || id == "None") return uncertain(std::to_string(*code), "the answer has no messageId");
    auto verdict = accepted({id});
    const auto cost = money_of(text_at(recipient, "/cost"));
    verdict.price = plain_decimal(cost.amount);
    if (!verdict.price.empty()) verdict.currency = cost.currency;
    verdict.parts = parts_in(message);
    return verdict;
  }

  std::string username_, api_key_, from_, token_, base_;
};

}  // namespace

const Kind africastalking{
    .name = "africastalking",
    .help = "Africa's Talking messaging",
    .settings = {{.name = "username",
                  .required = true,
                  .address = true,
                  .help = "of the application; 'sandbox' uses the sandbox"},
                 {.name = "api_key", .required = true, .secret = true, .help = "of the application"},
                 {.name = "from", .help = "sender: short code or alphanumeric; otherwise the shared default"},
                 {.name = "token",
                  .secret = true,
                  .help = "checks callbacks, which have no signature: end the URLs in the dashboard with ?token=..."},
                 {.name = "base_url", .address = true, .help = "another address than https://api.africastalking.com"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<AfricasTalking>(settings);
    }};

}  // namespace smsbridge::http_gateways
