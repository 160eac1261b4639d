// SPDX-License-Identifier: MPL-2.0
// SMSGate (Android SMS gateway); API, webhook and FAQ pages of its documentation, and the server's and the app's
// sources, read in August 2026.
#include "http_gateways/android_smsgate.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <map>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

constexpr std::int64_t ttl_min_s = 5;
constexpr std::int64_t clock_difference_max_s = 300;
constexpr std::size_t id_size_max = 36;

struct State {
  Status status;
  bool final_status;
};
// `Sent` is the last one where no delivery report comes.
const std::map<std::string, State, std::less<>> states = {
    {"Pending", {Status::accepted, false}},  {"Processed", {Status::accepted, false}},
    {"Sent", {Status::sent, false}},         {"Delivered", {Status::delivered, true}},
    {"Failed", {Status::undelivered, true}}, {"Cancelling", {Status::accepted, false}},
    {"Cancelled", {Status::rejected, true}},
};
const std::map<std::string, State, std::less<>> events = {
    {"sms:sent", {Status::sent, false}},
    {"sms:delivered", {Status::delivered, true}},  // once a part, without saying which
    {"sms:failed", {Status::undelivered, true}},
    {"sms:cancelled", {Status::rejected, true}},
};

const std::map<std::string, ErrorClass, std::less<>> reasons = {
    {"RESULT_ERROR_LIMIT_EXCEEDED", ErrorClass::throttled}, {"RESULT_ERROR_NO_SERVICE", ErrorClass::temporary},
    {"RESULT_ERROR_RADIO_OFF", ErrorClass::temporary},      {"RESULT_ERROR_GENERIC_FAILURE", ErrorClass::temporary},
    {"RESULT_NO_DEFAULT_SMS_APP", ErrorClass::config},
};

ErrorClass reason_class(const std::string& reason) {
  if (reason.empty()) return ErrorClass::none;
  if (const auto it = reasons.find(reason); it != reasons.end()) return it->second;
  if (reason.starts_with("RESULT_RIL_")) return ErrorClass::temporary;  // the modem's own
  return reason.find("No SIMs found") != std::string::npos ? ErrorClass::config : ErrorClass::unknown;
}

StatusUpdate update_of(const State& state, const std::string& id, const std::string& reason) {
  // Their id is our reference: it is there even if the answer to the send was lost.
  return {.provider_message_id = id,
          .reference = id,
          .status = state.status,
          .final_status = state.final_status,
          .error_code = reason,
          .error_class = reason_class(reason)};
}

// The idempotency key. A reference that is longer than they take becomes a digest, which is the same each time.
std::string id_of(const std::string& reference) {
  if (reference.size() <= id_size_max) return reference;
  return hex(digest(Hash::sha256, reference)).substr(0, id_size_max);
}

// A whole number between two limits; nothing: not set.
std::optional<std::int64_t> number_setting(const boost::json::object& settings, std::string_view name, std::int64_t min,
                                           std::int64_t max) {
  if (text_setting(settings, name).empty()) return std::nullopt;
  const auto number = integer_of(settings.if_contains(name));
  if (!number || *number < min || *number > max)
    throw BadSettings("'" + std::string(name) + "' is a number from " + std::to_string(min) + " to " +
                      std::to_string(max));
  return number;
}

class AndroidSmsgate final : public Provider {
 public:
  explicit AndroidSmsgate(const boost::json::object& s)
      : messages_(text_setting(s, "base_url", "https://api.sms-gate.app/3rdparty/v1") + "/messages"),
        device_(text_setting(s, "device_id")),
        signing_key_(text_setting(s, "signing_key")),
        sim_(number_setting(s, "sim_number", 1, 3)),
        priority_(number_setting(s, "priority", -128, 127)),
        active_within_h_(number_setting(s, "device_active_within", 1, 8760)),
        skip_validation_(flag_setting(s, "skip_phone_validation", true)) {
    const auto user = text_setting(s, "username"), bearer = text_setting(s, "access_token");
    if (!bearer.empty())
      authorization_ = "Bearer " + bearer;
    else if (!user.empty())
      authorization_ = basic_auth(user, text_setting(s, "password"));
    else if (signing_key_.empty())
      throw BadSettings("'username' with 'password' or 'access_token' is needed to send, 'signing_key' to receive");
  }

  Request build(const OutboundSms& sms, std::int64_t) override {
    boost::json::object json;
    if (!sms.reference.empty()) json["id"] = id_of(sms.reference);
    if (!device_.empty()) json["deviceId"] = device_;
    json["textMessage"] = {{"text", sms.text}};
    json["phoneNumbers"] = boost::json::array{boost::json::string(sms.to)};
    if (sim_) json["simNumber"] = *sim_;
    if (sms.validity_s > 0) json["ttl"] = std::max(sms.validity_s, ttl_min_s);
    if (priority_) json["priority"] = *priority_;
    json["withDeliveryReport"] = true;
    auto url = messages_;
    // Their numbering plan may be older than the operators'.
    if (skip_validation_) url = with_query(url, "skipPhoneValidation", "true");
    if (active_within_h_) url = with_query(url, "deviceActiveWithin", std::to_string(*active_within_h_));
    return {.url = std::move(url),
            .headers = {{"Content-Type", "application/json"}, {"Authorization", authorization_}},
            .body = boost::json::serialize(json)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto code = std::to_string(reply.status);
    const auto json = parse_json(reply.body);
    if (reply.status >= 200 && reply.status < 300) {
      const auto id = json ? text_at(*json, "/id") : std::string();
      return id.empty() ? uncertain(code, "the answer has no id") : accepted({id});
    }
    if (reply.status == 409) {  // they have it already
      auto verdict = accepted({id_of(sms.reference)});
      verdict.duplicate = true;
      verdict.provider_code = code;
      return verdict;
    }
    const auto message = json && json->is_object() ? text_at(*json, "/message") : reply.body;
    auto verdict = by_http_status(reply, now_s);
    const auto wait = verdict.retry_after_ms;
    if (reply.status == 400) verdict = rejected(bad_request_class(own_words(message, sms)), code);
    if (reply.status == 503) verdict = rejected(ErrorClass::throttled, code);  // the phone's queue is full
    verdict.retry_after_ms = wait;
    verdict.detail = detail_of(message, sms);
    return verdict;
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override {
    if (signing_key_.empty()) return not_authentic("webhooks need the setting 'signing_key'");
    const auto timestamp = find_header(request.headers, "X-Timestamp");
    const auto signature = find_header(request.headers, "X-Signature");
    std::int64_t sent_s = 0;
    const auto [end, ec] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), sent_s);
    if (signature.empty() || timestamp.empty() || ec != std::errc() || end != timestamp.data() + timestamp.size())
      return not_authentic("the headers X-Signature and X-Timestamp are missing");
    if (!same_secret(hex(hmac(Hash::sha256, signing_key_, request.body + std::string(timestamp))), lower(signature)))
      return not_authentic("X-Signature does not fit");
    if (sent_s < now_s - clock_difference_max_s || sent_s > now_s + clock_difference_max_s)
      return not_authentic("X-Timestamp is more than five minutes away");
    CallbackResult result;
    const auto json = parse_json(request.body);
    if (!json) return result;
    const auto field = [&](const char* pointer) { return text_at(*json, pointer); };
    const auto event = word_at(*json, "/event"), id = field("/payload/messageId");
    if (event == "sms:received") {
      const auto sender = field("/payload/sender");
      InboundSms sms{.provider_message_id = id,
                     .from = sender.empty() ? field("/payload/phoneNumber") : sender,
                     .to = field("/payload/recipient"),
                     .text = field("/payload/message")};
      if (!sms.from.empty() || !sms.text.empty()) result.inbound.push_back(std::move(sms));
    } else if (const auto it = events.find(event); it != events.end() && !id.empty()) {
      auto update = update_of(it->second, id, field("/payload/reason"));
      update.parts = parts_of(at(*json, "/payload/partsCount"));
      result.updates.push_back(std::move(update));
    } else {
      result.understood = !event.empty() && it == events.end();
    }
    return result;
  }

  std::optional<Request> build_poll(const std::string& id, std::int64_t) override {
    return Request{
        .method = "GET", .url = messages_ + "/" + percent_encode(id), .headers = {{"Authorization", authorization_}}};
  }

  PollResult read_status(const Reply& reply) const override {
    if (reply.status != 200) return {.updates = {}, .error_class = failure_of(reply)};
    const auto json = parse_json(reply.body);
    const auto id = json ? text_at(*json, "/id") : std::string();
    if (id.empty()) return {.updates = {}, .error_class = ErrorClass::unknown};
    const auto it = states.find(word_at(*json, "/state"));
    const auto state = it == states.end() ? State{Status::unknown, false} : it->second;
    return {.updates = {update_of(state, id, text_at(*json, "/recipients/0/error"))}};
  }

  std::string_view receipts_need() const override { return signing_key_.empty() ? "signing_key" : ""; }
  bool idempotent() const override { return true; }

 private:
  static ErrorClass bad_request_class(const std::string& message) {
    if (message.find("phone number") != std::string::npos) return ErrorClass::destination;
    return message.find("device") != std::string::npos ? ErrorClass::config : ErrorClass::invalid_request;
  }

  std::string messages_, authorization_, device_, signing_key_;
  std::optional<std::int64_t> sim_, priority_, active_within_h_;
  bool skip_validation_;
};

}  // namespace

const Kind android_smsgate{
    .name = "android-smsgate",
    .help = "SMSGate: an Android phone as gateway",
    .settings = {{.name = "base_url",
                  .address = true,
                  .help =
                      "https://HOST/api/3rdparty/v1 of a private server, or http://PHONE:8080; otherwise the public "
                      "server https://api.sms-gate.app/3rdparty/v1"},
                 {.name = "username", .help = "as the app shows it"},
                 {.name = "password", .secret = true, .help = "as the app shows it"},
                 {.name = "access_token", .secret = true, .help = "instead of user and password"},
                 {.name = "device_id", .help = "phone that sends; otherwise the server chooses"},
                 {.name = "sim_number", .help = "1 to 3: SIM that sends"},
                 {.name = "priority", .help = "-128 to 127; from 100 on the phone's own rate limits do not apply"},
                 {.name = "device_active_within", .help = "hours: only phones that the server saw since then"},
                 {.name = "skip_phone_validation", .help = "false: the server checks numbers as well"},
                 {.name = "signing_key", .secret = true, .help = "checks the signature of webhooks"}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<AndroidSmsgate>(settings);
    }};

}  // namespace smsbridge::http_gateways
