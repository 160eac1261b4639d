// SPDX-License-Identifier: MPL-2.0
// Jasmin SMS Gateway, HTTP API (port 1401) and REST API (port 8080): endpoints/send.py, errors.py, throwers.py and the
// API documents, read in August 2026. A definition for the generic engine, and what that cannot say: the REST API's
// wrapping, ESME_* statuses as error classes, the balance, and inbound texts in hex.
#include "http_gateways/jasmin.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "http_gateways/callback_fields.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/generic/definition.hpp"
#include "http_gateways/generic/generic.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/sms_octets.hpp"

namespace smsbridge::http_gateways {
namespace {

namespace json = boost::json;

// 403 and 400 have many meanings: the text decides. Patterns are anchored, since answers repeat what was sent. Filters
// and authorizations other than to send at all are about what this message has, such as its validity or its coding.
constexpr std::string_view definition_text = R"--({
  "name": "jasmin",
  "request": {
    "method": "POST",
    "body": {
      "type": "form",
      "fields": {"to": "{{to}}", "from": "{{from}}", "coding": "{{coding}}",
                 "validity-period": "{{validity_min}}"},
      "fields_gsm": {"content": "{{text}}"},
      "fields_unicode": {"hex-content": "{{text_hex_utf16be}}"},
      "fields_receipt": {"dlr": "yes", "dlr-url": "{{callback_url}}"}
    }
  },
  "encoding": {"unicode_coding": "8"},
  "response": {
    "format": "text",
    "rules": [
      {"when": {"status": "200", "body_matches": "^Success \"[^\"]+"}, "then": {"outcome": "accepted"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?(Mandatory argument|Argument) \\[to\\]"},
       "then": {"error_class": "destination"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?Authorization failed for user .*Cannot send MT messages"},
       "then": {"error_class": "auth"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?Authorization failed for user .*source address"},
       "then": {"error_class": "sender"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?(Authorization|Value filter) failed .*source_address"},
       "then": {"error_class": "sender"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?Value filter failed .*destination_address"},
       "then": {"error_class": "route"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?Value filter failed .*\\(content"},
       "then": {"error_class": "content"}},
      {"when": {"status": "400", "body_matches": "^(Error \")?(Authorization|Value filter) failed"},
       "then": {"error_class": "config", "one_number": true}},
      {"when": {"status": "400"}, "then": {"error_class": "invalid_request"}},
      {"when": {"status": "403", "body_matches": "^(Error \")?Authentication failure"},
       "then": {"error_class": "auth"}},
      {"when": {"status": "403", "body_matches": "^(Error \")?Cannot charge"}, "then": {"error_class": "balance"}},
      {"when": {"status": "403", "body_matches": "^(Error \")?User throughput exceeded"},
       "then": {"error_class": "throttled"}},
      {"when": {"status": "412", "body_matches": "^(Error \")?Failover route has no bound"},
       "then": {"error_class": "temporary"}},
      {"when": {"status": "412", "body_matches": "^(Error \")?No route found"}, "then": {"error_class": "route"}},
      {"when": {"status": "500", "body_matches": "^(Error \")?Cannot send submit_sm"},
       "then": {"error_class": "temporary"}},
      {"when": {"status": "503"}, "then": {"error_class": "temporary"}}
    ],
    "message_id": {"regex": "^Success \"([^\"]+)\"?"}
  },
  "callback": {
    "id": {"param": "id"}, "ref": {"query": "ref"}, "status": {"param": "message_status"},
    "error_code": {"param": "err"},
    "map": {"ESME_ROK": "sent", "ESME_*": "rejected", "DELIVRD": "delivered", "EXPIRED": "expired",
            "UNDELIV": "undelivered", "DELETED": "undelivered", "REJECTD": "rejected", "ACCEPTD": "sent",
            "ENROUTE": "sent", "UNKNOWN": "unknown"},
    "default": "unknown",
    "reply": {"status": 200, "content_type": "text/plain", "body": "ACK/Jasmin"}
  },
  "inbound": {"id": {"param": "id"}, "from": {"param": "from"}, "to": {"param": "to"}, "text": {"param": "content"}}
})--";

// Of a message that the message centre did not take.
const std::map<std::string, ErrorClass, std::less<>> submit_errors = {
    {"ESME_RTHROTTLED", ErrorClass::throttled},   {"ESME_RMSGQFUL", ErrorClass::throttled},
    {"ESME_RINVDSTADR", ErrorClass::destination}, {"ESME_RINVSRCADR", ErrorClass::sender},
    {"ESME_RSYSERR", ErrorClass::temporary},
};

std::int64_t receipt_level(const json::object& s) {
  const auto* level = s.if_contains("dlr_level");
  return level ? Node(*level, "dlr_level").integer(1, 3) : 3;
}

bool is_rest(const json::object& s) {
  if (const auto* api = s.if_contains("api")) return Node(*api, "api").one_of<bool>({{"http", false}, {"rest", true}});
  return false;
}

// The REST API writes names with '_'.
json::object with_underscores(const json::object& members) {
  json::object all;
  for (const auto& [name, value] : members) {
    std::string renamed(name);
    std::ranges::replace(renamed, '-', '_');
    all[renamed] = value;
  }
  return all;
}

json::object definition(const json::object& s) {
  auto all = json::parse(definition_text).as_object();
  auto& request = all["request"].as_object();
  auto body = request["body"].as_object();  // a copy: what is added to the request moves its members
  const bool rest = is_rest(s);
  request["url"] = text_setting(s, "base_url") + (rest ? "/secure/send" : "/send");

  auto& receipt = body["fields_receipt"].as_object();
  receipt["dlr-level"] = std::to_string(receipt_level(s));
  const auto* method = s.if_contains("dlr_method");
  receipt["dlr-method"] =
      method ? Node(*method, "dlr_method").one_of<std::string>({{"GET", "GET"}, {"POST", "POST"}}) : "POST";

  // Values of `auth` are taken literally, those of the body are templates.
  json::object literal;
  if (const auto* params = s.if_contains("params")) {
    const Node node(*params, "params");
    node.allow({"priority", "sdt", "tags", "custom_tlvs"});
    for (const auto& [name, value] : node.members()) literal[name] = value.text();
  }
  if (rest) {
    const auto password = text_setting(s, "password");
    const auto login = basic_auth(text_setting(s, "username"), password);
    request["auth"] = {{"type", "header"}, {"name", "Authorization"}, {"value", login}};
  } else {
    literal["username"] = text_setting(s, "username");
    literal["password"] = text_setting(s, "password");
    request["auth"] = {{"type", "form"}, {"params", literal}};
  }

  const auto* format = s.if_contains("format");
  if (rest || (format && Node(*format, "format").one_of<bool>({{"form", false}, {"json", true}}))) {
    const auto named = [rest](const json::value& members) {
      return rest ? with_underscores(members.as_object()) : members.as_object();
    };
    request["body"] = {{"type", "json"},
                       {"value", named(body["fields"])},
                       {"fields_gsm", named(body["fields_gsm"])},
                       {"fields_unicode", named(body["fields_unicode"])},
                       {"fields_receipt", named(body["fields_receipt"])}};
  } else {
    request["body"] = std::move(body);
  }
  all["from"] = text_setting(s, "from");
  all["callback_url"] = text_setting(s, "dlr_url");
  if (const auto token = text_setting(s, "token"); !token.empty())
    all["callback"].as_object()["auth"] = {{"type", "query_token"}, {"token", token}};
  return all;
}

// The text inside {"data": "Success \"..."}, {"message": "Error \"..."} and, of /balance, "Error \"...".
std::string unwrapped(const std::string& body) {
  const auto json = parse_json(body);
  if (!json) return body;
  if (json->is_string()) return text_of(&*json);
  for (const auto* member : {"/data", "/message"})
    if (auto text = text_at(*json, member); !text.empty()) return text;
  return body;
}

// GSM 03.38 section 4 for SMPP data_coding; nothing: no coding of texts.
std::optional<std::string> text_from(const std::string& octets, const std::string& coding) {
  if (coding == "8") return from_utf16be(octets);
  if (coding == "3") return from_latin1(octets);
  if (coding == "0" || coding.empty()) return from_gsm(octets);
  return std::nullopt;
}

class Jasmin final : public Generic {
 public:
  explicit Jasmin(const json::object& s)
      : Generic(definition(s)),
        base_(text_setting(s, "base_url")),
        username_(text_setting(s, "username")),
        password_(text_setting(s, "password")),
        rest_(is_rest(s)),
        receipt_level_(receipt_level(s)) {}

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    return Generic::read_reply({.status = reply.status, .headers = reply.headers, .body = unwrapped(reply.body)}, sms,
                               now_s);
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t now_s) const override {
    auto result = Generic::read_callback(request, now_s);
    if (result.updates.empty() && result.inbound.empty()) return result;
    const auto fields = callback_fields(request);
    const auto field = [&](std::string_view name) { return word_of(fields, name); };
    for (auto& update : result.updates) {
      const auto status = field("message_status");
      if (!status.starts_with("ESME_") || status == "ESME_ROK") continue;
      update.error_code = status;
      const auto it = submit_errors.find(status);
      update.error_class = it == submit_errors.end() ? ErrorClass::unknown : it->second;
    }
    for (auto& message : result.inbound)
      if (const auto octets = from_hex(field("binary")); octets && !octets->empty())
        if (auto text = text_from(*octets, field("coding"))) message.text = std::move(*text);
    return result;
  }

  std::optional<Request> build_balance(std::int64_t) override {
    if (rest_)
      return Request{.method = "GET",
                     .url = base_ + "/secure/balance",
                     .headers = {{"Authorization", basic_auth(username_, password_)}}};
    return Request{.method = "GET",
                   .url = with_query(with_query(base_ + "/balance", "username", username_), "password", password_)};
  }

  Balance read_balance(const Reply& reply) const override {
    const auto json = parse_json(reply.body);
    const auto find = [&](std::string_view name) {
      if (!json) return std::string();
      auto text = text_at(*json, "/" + std::string(name));
      return text.empty() ? text_at(*json, "/data/" + std::string(name)) : text;
    };
    // "ND": not defined, that is without limit.
    const auto amount = find("balance"), count = find("sms_count");
    if (reply.status != 200 || amount.empty()) {
      const auto error_class = read(reply, {}, 0).error_class;
      return {.error_class = error_class == ErrorClass::none ? ErrorClass::unknown : error_class};
    }
    Balance balance;
    if (amount != "ND") balance.amount = amount;
    if (count != "ND")
      balance.message_quota = count;
    else if (amount == "ND")
      balance.message_quota = "unlimited";
    return balance;
  }

  bool reports_delivery() const override { return receipt_level_ > 1; }

 private:
  std::string base_, username_, password_;
  bool rest_;
  std::int64_t receipt_level_;
};

}  // namespace

const Kind jasmin{
    .name = "jasmin",
    .help = "Jasmin SMS Gateway",
    .settings = {{.name = "base_url",
                  .required = true,
                  .address = true,
                  .help = "such as http://host:1401, or :8080 for the REST API"},
                 {.name = "username", .required = true, .help = "of the user; at most 16 octets"},
                 {.name = "password", .required = true, .secret = true, .help = "of the user; at most 16 octets"},
                 {.name = "api", .help = "http (the default) or rest"},
                 {.name = "format", .help = "form (the default) or json, of the HTTP API"},
                 {.name = "from", .help = "sender"},
                 {.name = "dlr_url", .address = true, .help = "callback URL, where it is not ours"},
                 {.name = "dlr_level", .help = "1: taken by the message centre, 2: receipt, 3: both (the default)"},
                 {.name = "dlr_method", .help = "GET or POST (the default)"},
                 {.name = "token", .secret = true, .help = "that callbacks have as `tok` or `token` in their query"},
                 {.name = "params", .help = "more parameters: priority, sdt, tags, custom_tlvs"}},
    .make = [](const json::object& settings) -> std::unique_ptr<Provider> {
      return std::make_unique<Jasmin>(settings);
    }};

}  // namespace smsbridge::http_gateways
