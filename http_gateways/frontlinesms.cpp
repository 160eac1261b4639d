// SPDX-License-Identifier: MPL-2.0
// The FrontlineSMS family: FrontlineCloud's API, FrontlineSMS 2's web connection API, the HTTP trigger of version 1,
// and FrontlineSync and SMSSync, where a phone polls us; their sources and help pages, read in August 2026.
#include "http_gateways/frontlinesms.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/reply.hpp"

namespace smsbridge::http_gateways {
namespace {

enum class Mode : std::uint8_t {
  cloud,
  v2,
  trigger,
  sync,  // nothing is sent: a phone with FrontlineSync or SMSSync fetches its messages
};

constexpr std::int64_t sync_sent = 2;  // a deliveryStatus of FrontlineSync; any other is a failure
constexpr std::int64_t check_interval_default_s = 60, check_interval_max_s = 24 * 3600;
constexpr std::array<std::int64_t, 6> sync_minutes = {1, 5, 15, 30, 60, 120};  // a checkInterval of FrontlineSync

Mode mode_of(const std::string& text) {
  if (text == "cloud") return Mode::cloud;
  if (text == "v2" || text.empty()) return Mode::v2;
  if (text == "trigger") return Mode::trigger;
  if (text == "sync") return Mode::sync;
  throw BadSettings("'mode' is cloud, v2, trigger or sync");
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (auto i = text.find(from); i != std::string::npos; i = text.find(from, i + to.size()))
    text.replace(i, from.size(), to);
  return text;
}

// "message successfully queued to send to 1 recipient(s)"; nothing: not such a text.
std::optional<std::int64_t> queued_count(std::string_view body) {
  static constexpr std::string_view label = "queued to send to ";
  const auto begin = body.find(label);
  if (begin == std::string_view::npos) return std::nullopt;
  body.remove_prefix(begin + label.size());
  std::int64_t count = 0;
  const auto [end, ec] = std::from_chars(body.data(), body.data() + body.size(), count);
  if (ec != std::errc()) return std::nullopt;
  return count;
}

std::string without_spaces(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\r' || c == '\n' || c == '\t'; });
  return text;
}

std::int64_t check_interval_of(const boost::json::object& settings) {
  const auto* given = settings.if_contains("check_interval_s");
  if (!given) return check_interval_default_s;
  const auto seconds = integer_of(given);
  if (!seconds || *seconds < 1 || *seconds > check_interval_max_s)
    throw BadSettings("'check_interval_s' is a number of seconds, 1 to " + std::to_string(check_interval_max_s));
  return *seconds;
}

CallbackAnswer json_answer(const boost::json::object& json) {
  return {.status = 200, .content_type = "application/json", .body = boost::json::serialize(json)};
}

bool is_json(const CallbackRequest& request) { return starts_as_json(request.body); }

class Frontlinesms final : public Provider {
 public:
  explicit Frontlinesms(const boost::json::object& s)
      : mode_(mode_of(text_setting(s, "mode"))),
        base_(text_setting(s, "base_url", mode_ == Mode::cloud ? "https://cloud.frontlinesms.com" : "")),
        activity_(text_setting(s, "activity_id")),
        secret_(text_setting(s, "secret")),
        api_key_(text_setting(s, "api_key")),
        token_(text_setting(s, "token")),
        key_in_path_(flag_setting(s, "key_in_path", false)),
        keep_slash_(flag_setting(s, "keep_slash", false)),
        check_interval_s_(check_interval_of(s)) {
    // Without `mode` the account may be there to receive only.
    const bool explicit_mode = !text_setting(s, "mode").empty();
    if (explicit_mode && mode_ == Mode::cloud && api_key_.empty()) throw BadSettings("mode 'cloud' needs 'api_key'");
    if (explicit_mode && mode_ == Mode::v2 && (base_.empty() || activity_.empty()))
      throw BadSettings("mode 'v2' needs 'base_url' and 'activity_id'");
    if (explicit_mode && mode_ == Mode::trigger && base_.empty()) throw BadSettings("mode 'trigger' needs 'base_url'");
    if (mode_ == Mode::sync && secret_.empty()) throw BadSettings("mode 'sync' needs 'secret'");
  }

  // An empty URL: this account only receives, or its messages are fetched.
  Request build(const OutboundSms& sms, std::int64_t) override {
    if (mode_ == Mode::sync || base_.empty() || (mode_ == Mode::v2 && activity_.empty())) return {};
    if (mode_ == Mode::trigger) {
      // The plugin may cut the decoded path at a slash.
      const auto text = keep_slash_ ? sms.text : replace_all(sms.text, "/", "-");
      return {.method = "GET", .url = base_ + "/send/sms/" + percent_encode(sms.to) + "/" + percent_encode(text)};
    }
    Request request{.headers = {{"Content-Type", "application/json"}}};
    boost::json::object recipient{{"type", mode_ == Mode::cloud ? "mobile" : "address"}, {"value", sms.to}};
    boost::json::object json{{"recipients", boost::json::array()}};
    json["recipients"].get_array().push_back(std::move(recipient));
    if (mode_ == Mode::cloud) {
      json["message"] = sms.text;
      request.url = base_ + "/api/1/webhook" + (key_in_path_ ? "/" + percent_encode(api_key_) : "");
      request.body = boost::json::serialize(
          key_in_path_ ? json : boost::json::object{{"apiKey", api_key_}, {"payload", std::move(json)}});
    } else {
      json["message"] = replace_all(sms.text, "${", "$ {");  // they would put a value in its place
      if (!secret_.empty()) json["secret"] = secret_;
      request.url = base_ + "/api/1/webconnection/" + percent_encode(activity_);
      request.body = boost::json::serialize(json);
    }
    return request;
  }

  // None gives an id.
  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    const auto code = std::to_string(reply.status);
    const auto unreadable = [&] { return uncertain(code, "the answer is not one of the documented ones"); };
    if (mode_ == Mode::sync) return rejected(ErrorClass::config, code, "in mode 'sync' messages are fetched");
    if (mode_ == Mode::cloud && reply.status == 200) return is_web_page(reply) ? unreadable() : accepted();
    if (mode_ == Mode::trigger) {
      const auto word = without_spaces(std::string(trimmed(reply.body).substr(0, 100)));
      if (reply.status == 200) return word == "OK" ? accepted() : unreadable();
      if (reply.status == 500 && word == "ERROR") return rejected(ErrorClass::temporary, code, "ERROR");
      if (reply.status == 403) return rejected(ErrorClass::config, code, "the plugin ignores this path");
    }
    if (mode_ == Mode::v2 && reply.status == 200) {
      const auto count = queued_count(reply.body);
      if (!count) return unreadable();
      return *count > 0 ? accepted() : rejected(ErrorClass::destination, code, "no recipient was taken");
    }
    auto verdict = by_http_status(reply, now_s);
    if (mode_ == Mode::v2) verdict.detail = detail_of(reply.body, sms);
    return verdict;
  }

  // By what came: FrontlineSync is JSON, SMSSync a form or query with its own names, the outgoing web connection the
  // rest.
  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    if (is_json(request)) return receive_frontlinesync(request);
    const auto fields = callback_fields(request);
    const auto has = [&](std::string_view name) { return find_field(fields, name).has_value(); };
    if (has("task") || has("message_id") || has("sent_timestamp") || (has("secret") && has("message")))
      return receive_smssync(request, fields);
    return receive_web_connection(request, fields);
  }

  std::int64_t fetch_interval_s() const override { return mode_ == Mode::sync ? check_interval_s_ : 0; }

  CallbackAnswer hand_out(const CallbackRequest& request, const std::vector<OutboundSms>& messages) const override {
    return is_json(request) ? frontlinesync_answer(messages) : smssync_answer(messages);
  }

  // A status ends at `sent`, and only the phones that poll us tell even that.
  bool reports_delivery() const override { return mode_ == Mode::sync; }

 private:
  bool fits(const std::string& secret) const { return !secret_.empty() && same_secret(secret, secret_); }

  std::string refusal() const {
    return secret_.empty() ? "a phone that polls needs the setting 'secret'" : "the secret does not fit";
  }

  CallbackResult receive_frontlinesync(const CallbackRequest& request) const {
    const auto json = parse_json(request.body);
    if (!json || !fits(text_at(*json, "/secret"))) {
      auto result = not_authentic(json ? refusal() : "the body is no JSON");
      result.answer.body = "bad secret";
      return result;
    }
    const auto list = [&](const char* pointer) {
      const auto* found = at(*json, pointer);
      const auto* array = found ? found->if_array() : nullptr;
      return array ? *array : boost::json::array();
    };
    CallbackResult result;
    for (const auto& message : list("/payload/inboundTextMessages"))
      if (message.is_object())
        result.inbound.push_back({.from = text_at(message, "/fromNumber"), .text = text_at(message, "/text")});
    for (const auto& each : list("/payload/outboundTextMessageStatuses")) {
      const auto id = text_at(each, "/dispatchId");
      const auto status = integer_of(at(each, "/deliveryStatus"));
      if (id.empty() || !status) continue;
      // A dispatchId is ours.
      const bool sent = *status == sync_sent;
      result.updates.push_back({.provider_message_id = id,
                                .reference = id,
                                .status = sent ? Status::sent : Status::undelivered,
                                .final_status = !sent,
                                .error_class = sent ? ErrorClass::none : ErrorClass::unknown});
    }
    if (mode_ == Mode::sync) result.fetch = Fetch::reported;
    result.understood = at(*json, "/payload") != nullptr;  // a poll with nothing to tell, or missed calls
    result.answer = frontlinesync_answer({});
    return result;
  }

  // The phone takes the steps that its slider has: the one below, so that it is not later than we expect it.
  CallbackAnswer frontlinesync_answer(const std::vector<OutboundSms>& messages) const {
    auto minutes = sync_minutes.front();
    for (const auto step : sync_minutes)
      if (step * 60 <= check_interval_s_) minutes = step;
    boost::json::array list;
    for (const auto& sms : messages)
      list.push_back({{"to", sms.to}, {"message", sms.text}, {"dispatchId", sms.reference}});
    return json_answer({{"messages", std::move(list)},
                        {"config",
                         {{"sendEnabled", true},
                          {"receiveEnabled", true},
                          {"missedCallEnabled", false},
                          {"checkInterval", minutes}}}});
  }

  CallbackAnswer smssync_answer(const std::vector<OutboundSms>& messages) const {
    boost::json::array list;
    for (const auto& sms : messages) list.push_back({{"to", sms.to}, {"message", sms.text}, {"uuid", sms.reference}});
    return json_answer(
        {{"payload", {{"success", "true"}, {"secret", secret_}, {"task", "send"}, {"messages", std::move(list)}}}});
  }

  // Always answered with 200; what went wrong is in the JSON. `success` is a string.
  CallbackResult receive_smssync(const CallbackRequest& request, const Fields& fields) const {
    const auto field = [&](std::string_view wanted) { return word_of(fields, wanted); };
    if (!fits(field("secret"))) {
      auto result = not_authentic(refusal(), 200);
      result.answer = json_answer({{"payload", {{"success", "false"}, {"error", "bad secret"}}}});
      return result;
    }
    CallbackResult result;
    result.answer = json_answer({{"payload", {{"success", "true"}}}});
    if (const auto task = field("task"); task.empty() && request.method != "GET") {
      InboundSms sms{.provider_message_id = field("message_id"),
                     .from = field("from"),
                     .to = field("sent_to"),
                     .text = find_field(fields, "message").value_or(std::string())};
      if (!sms.from.empty() || !sms.text.empty()) result.inbound.push_back(std::move(sms));
    } else if (task == "send") {
      // The answer to a HEAD never arrives.
      if (mode_ == Mode::sync && request.method != "HEAD") result.fetch = Fetch::unreported;
      result.answer = smssync_answer({});
      result.understood = true;
    } else {
      result.understood = !task.empty();
    }
    return result;
  }

  CallbackResult receive_web_connection(const CallbackRequest& request, const Fields& fields) const {
    // A POST has the token in its form.
    const auto in_form = find_field(fields, "token");
    if (!has_token(request, token_) && !(in_form && same_secret(*in_form, token_)))
      return not_authentic("the token does not fit");
    CallbackResult result;
    InboundSms sms{.from = word_of(fields, "from"), .text = find_field(fields, "text").value_or(std::string())};
    if (!sms.from.empty() || !sms.text.empty()) result.inbound.push_back(std::move(sms));
    return result;
  }

  Mode mode_;
  std::string base_, activity_, secret_, api_key_, token_;
  bool key_in_path_, keep_slash_;
  std::int64_t check_interval_s_;
};

}  // namespace

const Kind frontlinesms{
    .name = "frontlinesms",
    .help = "FrontlineSMS: FrontlineCloud, version 2, version 1, or phones with FrontlineSync or SMSSync",
    .settings = {{.name = "mode",
                  .address = true,
                  .help =
                      "cloud, v2 (web connection API; the default), trigger (HTTP trigger of version 1), or sync: a "
                      "phone with FrontlineSync or SMSSync polls us and fetches its messages"},
                 {.name = "base_url",
                  .address = true,
                  .help = "of v2, such as http://HOST:8130, or of trigger, such as http://HOST:8011: the latter has no "
                          "authentication and belongs on a loopback or a VPN"},
                 {.name = "activity_id", .help = "v2: number of the web connection"},
                 {.name = "secret", .secret = true, .help = "v2: of the web connection; sync: of the phone's app"},
                 {.name = "check_interval_s", .help = "sync: seconds between two polls of the phone, 60 by default"},
                 {.name = "api_key", .secret = true, .help = "cloud: of the workspace"},
                 {.name = "key_in_path", .help = "cloud: true puts the key into the URL instead of the body"},
                 {.name = "keep_slash", .help = "trigger: true sends '/' as it is; otherwise '-' takes its place"},
                 {.name = "token",
                  .secret = true,
                  .help = "checks inbound messages of an outgoing web connection, whose parameters are from="
                          "${message_src_number}, text=${message_body} and token=..."}},
    .make = [](const boost::json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Frontlinesms>(settings);
    }};

}  // namespace smsbridge::http_gateways
