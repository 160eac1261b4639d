// SPDX-License-Identifier: MPL-2.0
// Kannel's smsbox, /cgi-bin/sendsms: gw/smsbox.c, gw/dlr.h and the user guide, read in August 2026. A definition for
// the generic engine, and what that cannot say: denied receivers, and what the message centre's own receipt adds.
#include "http_gateways/kannel.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "http_gateways/coding.hpp"
#include "http_gateways/e164.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/generic/callback.hpp"
#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/generic.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/readable.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::http_gateways {
namespace {

namespace json = boost::json;

constexpr std::int64_t mask_all = 63, mask_default = 31;
constexpr std::int64_t mask_final = 1 | 2;  // delivered to the phone, not delivered

// The answer to a call is always the text; 403 alone means two things. A form would be refused: only GET works.
constexpr std::string_view definition_text = R"--({
  "name": "kannel",
  "request": {
    "method": "GET",
    "query": {"from": "{{from}}", "text": "{{text}}", "coding": "{{coding}}", "charset": "UTF-8",
              "validity": "{{validity_min|int}}"},
    "query_receipt": {"dlr-url": "{{callback_url}}"}
  },
  "encoding": {"unicode_coding": "2"},
  "response": {
    "format": "text",
    "rules": [
      {"when": {"status": "2xx"}, "then": {"outcome": "accepted"}},
      {"when": {"status": "403", "body_matches": "^Authorization failed"}, "then": {"error_class": "auth"}},
      {"when": {"status": "403", "body_matches": "^Not routable"}, "then": {"error_class": "route"}},
      {"when": {"status": "503"}, "then": {"error_class": "temporary"}},
      {"when": {"status": "400", "body_matches": "^(Missing|Empty) receiver number"},
       "then": {"error_class": "destination"}},
      {"when": {"status": "400", "body_matches": "^Sender missing"}, "then": {"error_class": "sender"}},
      {"when": {"status": "400", "body_matches": "denied by white- and/or black-lists"},
       "then": {"error_class": "blocked"}},
      {"when": {"status": "400", "body_matches": "^Charset or body misformed"}, "then": {"error_class": "content"}},
      {"when": {"status": "400"}, "then": {"error_class": "invalid_request"}},
      {"when": {"status": "500", "body_matches": "^Sending failed"}, "then": {"error_class": "temporary"}},
      {"when": {"status": "404"}, "then": {"error_class": "config"}}
    ],
    "parts": {"regex": "Message splits: (\\d+)"}
  },
  "callback": {
    "id": {"query": "fid"}, "ref": {"query": "ref"}, "status": {"query": "st"},
    "map": {"1": "delivered", "2": "undelivered", "4": "sent", "8": "sent", "16": "rejected", "32": "sent",
            "34": "expired"},
    "default": "unknown",
    "reply": {"status": 200, "content_type": "text/plain", "body": ""}
  },
  "inbound": {"id": {"query": "id"}, "from": {"query": "from"}, "to": {"query": "to"}, "text": {"query": "text"}}
})--";

std::int64_t mask_of(const json::object& s) {
  const auto* value = s.if_contains("dlr_mask");
  return value ? Node(*value, "dlr_mask").integer(0, mask_all) : mask_default;
}

json::object definition(const json::object& s) {
  auto all = json::parse(definition_text).as_object();
  auto& request = all["request"].as_object();
  request["url"] = text_setting(s, "url");
  // Values of `auth` are taken literally, those of `query` are templates.
  json::object literal{{"username", text_setting(s, "username")}, {"password", text_setting(s, "password")}};
  if (const auto* params = s.if_contains("params")) {
    const Node node(*params, "params");
    node.allow({"smsc", "account", "priority", "deferred", "mclass", "mwi", "udh", "pid", "alt-dcs", "rpi", "binfo",
                "meta-data"});
    for (const auto& [name, value] : node.members()) literal[name] = value.text();
  }
  request["auth"] = {{"type", "query"}, {"params", std::move(literal)}};
  const auto form = text_setting(s, "number_format", "e164");
  if (form != "e164" && form != "digits") throw BadSettings("number_format: '" + form + "' is not one of e164, digits");
  request["query"].as_object()["to"] = form == "e164" ? "{{to}}" : "{{to_digits}}";
  request["query_receipt"].as_object()["dlr-mask"] = std::to_string(mask_of(s));
  all["from"] = text_setting(s, "from");
  if (const auto token = text_setting(s, "token"); !token.empty())
    all["callback"].as_object()["auth"] = {{"type", "query_token"}, {"token", token}};
  return all;
}

// What Kannel puts into the URL when it calls it: %d the mask value, %F the message centre's id, %A its reply or
// receipt.
std::string with_escapes(std::string url) {
  if (url.empty() || url.find("%d") != std::string::npos) return url;
  const char separator = url.find('?') == std::string::npos ? '?' : '&';
  return url + separator + "st=%d&fid=%F&reply=%A";
}

// A percent sign of our own must not become an escape.
std::string with_percent_doubled(std::string_view url) {
  std::string out;
  for (const char c : url) out += c == '%' ? "%%" : std::string(1, c);
  return out;
}

// "Sent. Denied receivers are: 0700000101 ..." names one of several receivers; ours may be written nationally.
bool names_number(std::string_view list, std::string_view to) {
  constexpr std::size_t digits_min = 6;
  const auto number = digits_of(to);
  std::string digits;
  for (const char c : std::string(list) + " ") {
    if (c >= '0' && c <= '9') {
      if (c != '0' || !digits.empty()) digits += c;  // without the national prefix
      continue;
    }
    if (digits.size() >= digits_min && number.ends_with(digits)) return true;
    digits.clear();
  }
  return false;
}

// The word behind "name:" in a receipt (SMPP 3.4 appendix B).
std::string receipt_field(std::string_view receipt, std::string_view wanted) {
  for (auto begin = receipt.find(wanted); begin != std::string_view::npos; begin = receipt.find(wanted, begin + 1)) {
    if (begin > 0 && receipt[begin - 1] != ' ') continue;
    const auto value = receipt.substr(begin + wanted.size());
    return std::string(value.substr(0, value.find(' ')));
  }
  return {};
}

// Adds what `%A` says: "ACK/...", "NACK/<code>/..." or the receipt.
void refine(StatusUpdate& update, std::string_view reply) {
  if (reply.starts_with("NACK/")) {
    update.error_code = std::string(reply.substr(5, reply.substr(5).find('/')));
  } else {
    // The text of the message comes last in a receipt, and is not ours to read.
    if (const auto text = reply.find(" text:"); text != std::string_view::npos) reply = reply.substr(0, text);
    if (auto code = receipt_field(reply, "err:"); !is_no_error(code)) update.error_code = std::move(code);
    const auto state = receipt_field(reply, "stat:");
    // With a message_state TLV in the receipt Kannel says 34 of an expired message, and 2 without.
    if (update.status == Status::expired || (update.status == Status::undelivered && state == "EXPIRED")) {
      update.status = Status::expired;
      update.error_class = ErrorClass::expired;
    } else if (update.status == Status::undelivered && state == "REJECTD") {
      update.status = Status::rejected;
    }
  }
}

class Kannel final : public Generic {
 public:
  explicit Kannel(const json::object& s)
      : Generic(definition(s)), callback_(text_setting(s, "dlr_url")), mask_(mask_of(s)) {}

  Request build(const OutboundSms& sms, std::int64_t now_s) override {
    auto with_callback = sms;
    with_callback.callback_url = with_escapes(sms.callback_url.empty() ? with_reference(callback_, sms.reference)
                                                                       : with_percent_doubled(sms.callback_url));
    return Generic::build(with_callback, now_s);
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    constexpr std::string_view denied = "Denied receivers are:";
    const auto list = reply.body.find(denied);
    if (reply.status / 100 == 2 && list != std::string::npos &&
        names_number(std::string_view(reply.body).substr(list + denied.size()), sms.to))
      return rejected(ErrorClass::blocked, std::to_string(reply.status), "denied by a list of the server");
    return Generic::read_reply(reply, sms, now_s);
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override {
    auto result = Generic::read_callback(request, now_s);
    const auto query = query_fields(request.url);
    for (auto& update : result.updates) refine(update, readable(find_field(query, "reply").value_or(std::string())));
    // %C: Kannel passes UCS-2 on as it is unless the service asks for UTF-8.
    if (lower(word_of(query, "charset")).starts_with("utf-16"))
      for (auto& message : result.inbound) message.text = from_utf16be(message.text);
    return result;
  }

  bool reports_delivery() const override { return (mask_ & mask_final) != 0; }

 private:
  std::string callback_;
  std::int64_t mask_;
};

}  // namespace

const Kind kannel{
    .name = "kannel",
    .help = "Kannel or a gateway that speaks its sendsms interface",
    .settings = {{.name = "url",
                  .required = true,
                  .address = true,
                  .help = "of sendsms, such as http://host:13013/cgi-bin/sendsms"},
                 {.name = "username", .required = true, .help = "of the sendsms-user"},
                 {.name = "password", .required = true, .secret = true, .help = "of the sendsms-user"},
                 {.name = "from", .help = "sender; the server may force another"},
                 {.name = "number_format", .help = "e164 (+254..., the default) or digits: as the route needs it"},
                 {.name = "dlr_mask", .help = "which receipts are wanted, a sum of 1, 2, 4, 8, 16 and 32; default 31"},
                 {.name = "dlr_url",
                  .address = true,
                  .help = "callback URL, where it is not ours; st=%d&fid=%F&reply=%A is added unless it has %d"},
                 {.name = "token", .secret = true, .help = "that callbacks have as `tok` or `token` in their query"},
                 {.name = "params", .help = "more parameters, such as {\"smsc\": \"safaricom\", \"priority\": 2}"}},
    .make = [](const json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Kannel>(settings);
    }};

}  // namespace smsbridge::http_gateways
