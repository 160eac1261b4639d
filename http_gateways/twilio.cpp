// SPDX-License-Identifier: MPL-2.0
// Twilio Programmable Messaging, REST API 2010-04-01; documents "Messages resource", "Outbound Message Status in Status
// Callbacks", "Error and Warning Dictionary" and "Security", read in August 2026.
#include "http_gateways/twilio.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/decimal.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t validity_min_s = 6, validity_max_s = 36000;  // 5 s and less is not advised

// Of an answer to a send.
const std::map<std::string, ErrorClass, std::less<>> send_errors = {
    {"20003", ErrorClass::auth},
    {"20403", ErrorClass::auth},
    {"20404", ErrorClass::config},
    {"20005", ErrorClass::account},
    {"20429", ErrorClass::throttled},
    {"21611", ErrorClass::throttled},
    {"21211", ErrorClass::destination},
    {"21614", ErrorClass::destination},
    {"21217", ErrorClass::destination},
    {"21610", ErrorClass::blocked},
    {"21612", ErrorClass::route},
    {"21408", ErrorClass::route},
    {"21608", ErrorClass::account},
    {"21603", ErrorClass::invalid_request},
    {"21604", ErrorClass::invalid_request},
    {"21602", ErrorClass::content},
    {"21617", ErrorClass::content},
    {"21618", ErrorClass::content},
    {"21606", ErrorClass::sender},
    {"21607", ErrorClass::sender},
    {"21212", ErrorClass::sender},
    {"21616", ErrorClass::sender},
    {"21709", ErrorClass::sender},
    {"21910", ErrorClass::sender},
    {"21701", ErrorClass::sender},
    {"21703", ErrorClass::sender},
    {"21704", ErrorClass::sender},
    {"21705", ErrorClass::sender},
    {"21609", ErrorClass::config},
    {"21624", ErrorClass::invalid_request},
    {"90007", ErrorClass::invalid_request},
    {"30045", ErrorClass::invalid_request},
};

constexpr std::string_view not_verified = "21608";  // a trial account sends to verified numbers only

// Of a message that was accepted and did not arrive.
const std::map<std::string, ErrorClass, std::less<>> delivery_errors = {
    {"30001", ErrorClass::temporary},   {"30010", ErrorClass::temporary}, {"30017", ErrorClass::temporary},
    {"30020", ErrorClass::temporary},   {"30021", ErrorClass::temporary}, {"30410", ErrorClass::temporary},
    {"30003", ErrorClass::temporary},   {"30022", ErrorClass::throttled}, {"63018", ErrorClass::throttled},
    {"30023", ErrorClass::throttled},   {"30027", ErrorClass::throttled}, {"30002", ErrorClass::account},
    {"30004", ErrorClass::blocked},     {"21610", ErrorClass::blocked},   {"30005", ErrorClass::destination},
    {"30006", ErrorClass::destination}, {"30007", ErrorClass::content},   {"30019", ErrorClass::content},
    {"30018", ErrorClass::sender},      {"30024", ErrorClass::sender},    {"30032", ErrorClass::sender},
    {"30034", ErrorClass::sender},      {"30036", ErrorClass::expired},
};

ErrorClass delivery_error(const std::string& code) {
  if (code.empty() || code == "0") return ErrorClass::none;
  const auto it = delivery_errors.find(code);
  return it == delivery_errors.end() ? ErrorClass::unknown : it->second;
}

StatusUpdate update_of(const std::string& status, const std::string& error_code) {
  StatusUpdate update;
  if (error_code != "0") update.error_code = error_code;
  update.error_class = delivery_error(error_code);
  if (status == "accepted" || status == "scheduled" || status == "queued") {
    update.status = Status::accepted;
  } else if (status == "sending" || status == "sent") {
    update.status = Status::sent;
  } else if (status == "delivered" || status == "read") {
    update.status = Status::delivered;
    update.final_status = true;
  } else if (status == "undelivered" || status == "failed") {
    update.final_status = true;
    update.status = update.error_class == ErrorClass::expired ? Status::expired
                    : update.error_class == ErrorClass::blocked || update.error_class == ErrorClass::content
                        ? Status::rejected
                        : Status::undelivered;
  } else if (status == "canceled") {
    update.status = Status::rejected;
    update.final_status = true;
  }
  return update;
}

// The URL as it came, without its port, and with the scheme's: Twilio's own libraries try these, because proxies and
// Twilio itself differ in which of them is covered.
std::vector<std::string> ways_to_write(const std::string& url) {
  std::vector<std::string> all = {url};
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return all;
  const auto host = scheme + 3, end = std::min(url.find_first_of("/?#", host), url.size());
  const auto colon = url.substr(0, end).rfind(':');
  const bool has_port = colon != std::string::npos && colon >= host && colon + 1 < end &&
                        url.find_first_not_of("0123456789", colon + 1) >= end;
  const auto port = lower(url.substr(0, scheme)) == "https" ? ":443" : ":80";
  if (has_port)
    all.push_back(url.substr(0, colon) + url.substr(end));
  else
    all.push_back(url.substr(0, end) + port + url.substr(end));
  return all;
}

class Twilio final : public Provider {
 public:
  explicit Twilio(const boost::json::object& s)
      : account_(text_setting(s, "account_sid")),
        base_(text_setting(s, "base_url", "https://api.twilio.com") + "/2010-04-01/Accounts/" +
              percent_encode(account_)),
        from_(text_setting(s, "from")),
        service_(text_setting(s, "messaging_service_sid")),
        callback_(text_setting(s, "status_callback")) {
    for (const auto* name : {"auth_token", "secondary_auth_token"})
      if (auto token = text_setting(s, name); !token.empty()) tokens_.push_back(std::move(token));
    const auto key = text_setting(s, "api_key_sid");
    if (key.empty() && tokens_.empty())
      throw BadSettings("either 'auth_token' or 'api_key_sid' with 'api_key_secret' is needed");
    authorization_ =
        key.empty() ? basic_auth(account_, tokens_.front()) : basic_auth(key, text_setting(s, "api_key_secret"));
  }

  Request build(const OutboundSms& sms, std::int64_t) override {
    Fields form{{"To", sms.to}};
    if (!service_.empty()) form.emplace_back("MessagingServiceSid", service_);
    const auto& from = sms.from.empty() ? from_ : sms.from;
    if (!from.empty()) form.emplace_back("From", from);
    form.emplace_back("Body", sms.text);
    auto callback = sms.callback_url;
    if (callback.empty() && !callback_.empty()) callback = with_query(callback_, "ref", sms.reference);
    if (!callback.empty()) form.emplace_back("StatusCallback", callback);
    if (sms.validity_s > 0)
      form.emplace_back("ValidityPeriod", std::to_string(std::clamp(sms.validity_s, validity_min_s, validity_max_s)));
    return {.url = base_ + "/Messages.json",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Authorization", authorization_}},
            .body = encode_form(form)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto json = parse_json(reply.body);
    if (reply.status >= 200 && reply.status < 300) {
      const auto sid = json ? text_at(*json, "/sid") : std::string();
      if (sid.empty()) return uncertain(std::to_string(reply.status), "the answer has no sid");
      auto verdict = accepted({sid});
      if (const auto parts = integer_of(at(*json, "/num_segments")); parts && *parts > 0)
        verdict.parts = static_cast<int>(*parts);
      verdict.price = plain_decimal(text_at(*json, "/price"));
      verdict.currency = text_at(*json, "/price_unit");
      return verdict;
    }
    auto verdict = by_http_status(reply, now_s);
    if (!json) return verdict;
    const auto code = word_at(*json, "/code");
    if (code.empty()) return verdict;
    if (const auto it = send_errors.find(code); it != send_errors.end()) {
      const auto wait = retry_after_ms(reply.headers, now_s);
      verdict = rejected(it->second, code);
      if (it->second == ErrorClass::throttled) verdict.retry_after_ms = wait;
    }
    verdict.provider_code = code;
    verdict.one_number = code == not_verified;
    verdict.detail = detail_of(text_at(*json, "/message"), sms);
    return verdict;
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    const auto signature = find_header(request.headers, "X-Twilio-Signature");
    if (signature.empty()) return not_authentic("the header X-Twilio-Signature is missing");
    const auto form = form_fields(request.body);
    if (!is_signed(request, form, signature)) return not_authentic("X-Twilio-Signature does not fit");
    const auto field = [&](std::string_view wanted) { return word_of(form, wanted); };
    CallbackResult result;
    const auto status = field("MessageStatus").empty() ? field("SmsStatus") : field("MessageStatus");
    const auto sid = field("MessageSid").empty() ? field("SmsSid") : field("MessageSid");
    if (status == "received" || status == "receiving") {
      result.inbound.push_back({.provider_message_id = sid,
                                .from = field("From"),
                                .to = field("To"),
                                .text = find_field(form, "Body").value_or(std::string()),
                                .opt_out = field("OptOutType") == "STOP"});
      result.answer = {.content_type = "text/xml", .body = "<Response/>"};
      return result;
    }
    result.answer.status = 204;
    auto update = update_of(status, field("ErrorCode"));
    update.provider_message_id = sid;
    update.reference = word_of(query_fields(request.url), "ref");
    if (!status.empty()) result.updates.push_back(std::move(update));
    return result;
  }

  std::string_view receipts_need() const override { return tokens_.empty() ? "auth_token" : ""; }

  std::optional<Request> build_poll(const std::string& sid, std::int64_t) override {
    return Request{.method = "GET",
                   .url = base_ + "/Messages/" + percent_encode(sid) + ".json",
                   .headers = {{"Authorization", authorization_}}};
  }

  PollResult read_status(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    if (reply.status != 200 || !json) {
      const auto code = json ? text_at(*json, "/code") : std::string();
      const auto it = send_errors.find(code);
      return {.updates = {},
              .error_class = it != send_errors.end() ? it->second : by_http_status(reply, 0).error_class};
    }
    auto update = update_of(word_at(*json, "/status"), word_at(*json, "/error_code"));
    update.provider_message_id = text_at(*json, "/sid");
    if (update.provider_message_id.empty()) return {.updates = {}, .error_class = ErrorClass::unknown};
    if (const auto parts = integer_of(at(*json, "/num_segments")); parts && *parts > 0)
      update.parts = static_cast<int>(*parts);
    update.price = plain_decimal(text_at(*json, "/price"));
    update.currency = text_at(*json, "/price_unit");
    return {.updates = {std::move(update)}};
  }

  std::optional<Request> build_balance(std::int64_t) override {
    return Request{.method = "GET", .url = base_ + "/Balance.json", .headers = {{"Authorization", authorization_}}};
  }

  Balance read_balance(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    if (reply.status != 200 || !json) return {.error_class = failure_of(reply)};
    return {.amount = text_at(*json, "/balance"), .currency = text_at(*json, "/currency")};
  }

 private:
  // base64(HMAC-SHA1(AuthToken, URL + sorted names and values)). A body that is no form is covered by its SHA-256 in
  // the URL instead.
  bool is_signed(const CallbackRequest& request, const Fields& form, std::string_view signature) const {
    std::string parameters;
    if (media_type(request.headers) == "application/x-www-form-urlencoded") {
      const std::set<std::pair<std::string, std::string>> sorted(form.begin(), form.end());
      for (const auto& [key, value] : sorted) parameters += key + value;
    } else if (const auto wanted = find_field(query_fields(request.url), "bodySHA256")) {
      if (!same_secret(lower(*wanted), hex(digest(Hash::sha256, request.body)))) return false;
    } else if (!request.body.empty()) {
      return false;
    }
    for (const auto& url : ways_to_write(request.url))
      for (const auto& token : tokens_)
        if (same_secret(base64(hmac(Hash::sha1, token, url + parameters)), signature)) return true;
    return false;
  }

  std::string account_, base_, from_, service_, callback_, authorization_;
  std::vector<std::string> tokens_;
};

}  // namespace

const Kind twilio{
    .name = "twilio",
    .help = "Twilio Programmable Messaging",
    .settings = {{.name = "account_sid", .required = true, .help = "AC... of the account"},
                 {.name = "auth_token",
                  .secret = true,
                  .help = "of the account; also checks the signature of callbacks"},
                 {.name = "secondary_auth_token",
                  .secret = true,
                  .help = "while the token is changed: callbacks may be signed with either"},
                 {.name = "api_key_sid", .help = "SK...: sends with an API key instead of the token"},
                 {.name = "api_key_secret", .secret = true, .help = "of the API key"},
                 {.name = "messaging_service_sid", .help = "MG...: the service chooses the sender"},
                 {.name = "from", .help = "sender: +number, short code or at most 11 letters"},
                 {.name = "status_callback", .address = true, .help = "callback URL, where it is not ours"},
                 {.name = "base_url", .address = true, .help = "another address than https://api.twilio.com"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Twilio>(settings);
    }};

}  // namespace smsbridge::http_gateways
