// SPDX-License-Identifier: MPL-2.0
// What every provider makes of every exchange is in tests/unit/http_gateways, and through the binary in
// tests/integration/provider_lines.test.mjs. Here: how a line becomes a call, and its result an object.
#include "bridge/cli/provider_lines.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using namespace http_gateways;

// Repeats what it was asked, and answers as its settings say.
class Echo final : public Provider {
 public:
  explicit Echo(const json::object& settings) : settings_(settings) {
    if (!settings.contains("api_key") && !settings.contains("auth_token"))
      throw BadSettings("either 'api_key' or 'auth_token' is needed");
  }

  Request build(const OutboundSms& sms, std::int64_t now_s) override {
    if (is("mode", "receive")) return {};
    if (is("mode", "throw")) throw std::runtime_error("out of order");
    return {.method = "PUT",
            .url = "https://echo.example/" + sms.reference,
            .headers = {{"X-Key", key()}, {"X-From", sms.from}},
            .body = sms.to + " " + sms.text + " " + std::to_string(sms.unicode) + " " + std::to_string(sms.parts) +
                    " " + std::to_string(sms.validity_s) + " " + sms.callback_url + " " + std::to_string(now_s)};
  }

  Verdict read_reply(const Reply& reply, const OutboundSms& sms, std::int64_t now_s) const override {
    if (reply.status == 299)
      return {.outcome = Outcome::accepted,
              .status = Status::sent,
              .provider_message_ids = {"a", "b"},
              .retry = Retry::none,
              .parts = 3,
              .price = "0.5",
              .currency = "KES",
              .duplicate = true,
              .failed_parts = 1};
    if (reply.status >= 300) return by_http_status(reply, now_s);
    auto verdict = accepted(sms.reference.empty() ? std::vector<std::string>() : std::vector{sms.reference});
    verdict.detail = sms.to + " " + reply.body;
    return verdict;
  }

  CallbackResult read_callback(const CallbackRequest& request, std::int64_t) const override {
    if (request.body == "forged") return not_authentic("the signature does not fit");
    CallbackResult result;
    if (request.body == "states") {
      result.updates = {{.provider_message_id = "a",
                         .reference = "m-1",
                         .status = Status::undelivered,
                         .final_status = true,
                         .error_code = "7",
                         .error_class = ErrorClass::blocked,
                         .parts = 2,
                         .price = "1",
                         .currency = "KES"},
                        {.provider_message_id = "b", .status = Status::sent}};
    } else {
      result.inbound = {
          {.from = "+1", .text = "\xE9t\xE9", .opt_out = true},
          {.provider_message_id = "c", .text = "half", .part_reference = "9", .part_number = 1, .part_total = 2}};
      if (request.body == "piece") result.inbound.erase(result.inbound.begin());
    }
    result.answer = {.status = 202, .content_type = "text/xml", .body = request.method + " " + request.url};
    return result;
  }

  std::optional<Request> build_poll(const std::string&, std::int64_t) override {
    return is("mode", "ask") ? std::optional(Request{}) : std::nullopt;
  }
  PollResult read_status(const Reply&) const override {
    return {.updates = {{.provider_message_id = "a"}}, .error_class = ErrorClass::auth};
  }
  std::optional<Request> build_balance(std::int64_t) override { return build_poll({}, 0); }
  Balance read_balance(const Reply&) const override { return {.amount = "12.50", .currency = "KES"}; }

 private:
  bool is(std::string_view name, std::string_view value) const {
    const auto* setting = settings_.if_contains(name);
    return setting && *setting == json::value(value);
  }
  std::string key() const {
    const auto* setting = settings_.if_contains("api_key");
    return setting ? std::string(std::string_view(setting->get_string())) : "";
  }

  json::object settings_;
};

const Kind echo{
    .name = "echo",
    .help = "for these tests",
    .settings = {{.name = "user", .required = true, .help = "of the account"},
                 {.name = "api_key"},
                 {.name = "auth_token"},
                 {.name = "signature_secret"},
                 {.name = "mode"}},
    .make = [](const json::object& settings) -> std::unique_ptr<Provider> { return std::make_unique<Echo>(settings); }};

const LineSurroundings surroundings{.now_s = 17,
                                    .read_file = [](const std::string& path) -> std::optional<std::string> {
                                      if (path == "acme.json") return R"({"user": "u", "api_key": "of the file"})";
                                      if (path == "list.json") return "[]";
                                      if (path == "bad.json") return "{";
                                      return std::nullopt;
                                    }};

json::value ask(std::string_view action, std::string_view line) {
  return action == "build" ? build_provider_line(echo, line, surroundings)
                           : parse_provider_line(echo, action, line, surroundings);
}

TEST(ProviderLines, Answers) {
  const struct {
    const char *name, *action, *line, *want;
  } cases[] = {
      {"a request", "build",
       R"({"message": {"ref": "m-1", "to": "+254", "text": "ж", "from": "Sacco", "validity_s": 60,
           "callback_url": "https://b.example"}, "user": "u", "api_key": "k", "now": 5})",
       R"({"method": "PUT", "url": "https://echo.example/m-1", "headers": {"X-Key": "k", "X-From": "Sacco"},
           "body": "+254 ж 1 1 60 https://b.example 5"})"},
      {"the time is the present one, null is as if absent", "build",
       R"({"message": {"to": "+1", "text": "t", "from": null}, "request_id": "r", "now": null,
           "config": {"user": "u", "api_key": "k"}})",
       R"({"method": "PUT", "url": "https://echo.example/r", "headers": {"X-Key": "k", "X-From": ""},
           "body": "+1 t 0 1 0  17"})"},
      {"settings of a file", "build", R"({"message": {"to": "+1", "text": ""}, "config_file": "acme.json"})",
       R"({"method": "PUT", "url": "https://echo.example/", "headers": {"X-Key": "of the file", "X-From": ""},
           "body": "+1  0 1 0  17"})"},
      {"config wins over the file, the line over both", "build",
       R"({"message": {"to": "+1", "text": ""}, "config": {"config_file": "acme.json", "api_key": "of config"}})",
       R"({"method": "PUT", "url": "https://echo.example/", "headers": {"X-Key": "of config", "X-From": ""},
           "body": "+1  0 1 0  17"})"},
      {"a whole case", "build",
       R"({"provider": "echo", "kind": "send_request", "name": "n", "basis": "derived", "source": "s", "expect": {},
           "input": {"message": {"to": "+1", "text": ""}, "config_file": "acme.json", "api_key": "of the line"}})",
       R"({"method": "PUT", "url": "https://echo.example/", "headers": {"X-Key": "of the line", "X-From": ""},
           "body": "+1  0 1 0  17"})"},

      {"no credentials, no id", "reply", R"({"http_status": 200, "body": "b"})",
       R"({"outcome": "accepted", "status": "accepted", "provider_message_id": null, "retry": "none",
           "detail": "+254700000101 b"})"},
      {"the reference", "reply", R"({"http_status": 200, "request_id": "r", "message": {"to": "+1"}})",
       R"({"outcome": "accepted", "status": "accepted", "provider_message_id": "r", "retry": "none", "detail": "+1 "})"},
      {"rejected", "reply", R"({"http_status": 429, "headers": {"retry-after": "30"}})",
       R"({"outcome": "rejected", "provider_message_id": null, "error_class": "throttled", "retry": "backoff",
           "provider_code": "429", "retry_after_ms": 30000, "detail": "HTTP 429"})"},
      {"uncertain", "reply", R"({"http_status": 500})",
       R"({"outcome": "uncertain", "provider_message_id": null, "retry": "verify_first", "provider_code": "500",
           "detail": "HTTP 500"})"},
      {"all that can be known", "reply", R"({"http_status": 299})",
       R"({"outcome": "accepted", "status": "sent", "provider_message_id": ["a", "b"], "retry": "none", "parts": 3,
           "price": "0.5", "currency": "KES", "duplicate": true, "partial_failure": true, "failed_parts": 1})"},

      {"states", "callback", R"({"method": "GET", "url": "u", "body": "states", "config_file": "acme.json"})",
       R"({"authentic": true, "state": "undelivered", "final": true, "provider_message_id": "a", "ref": "m-1",
           "error_code": "7", "error_class": "blocked",
           "updates": [{"provider_message_id": "a", "ref": "m-1", "status": "undelivered", "state": "undelivered",
                        "final": true, "error_code": "7", "error_class": "blocked", "parts": 2, "price": "1",
                        "currency": "KES"},
                       {"provider_message_id": "b", "status": "sent", "state": "sent", "final": false}],
           "reply": {"http_status": 202, "content_type": "text/xml", "body": "GET u"}})"},
      {"a bad signature", "callback", R"({"url": "u", "body": "forged", "config_file": "acme.json"})",
       R"({"authentic": false, "refusal": "the signature does not fit", "updates": [],
           "reply": {"http_status": 403, "content_type": "text/plain",
                     "body": "refused: the signature does not fit\n"}})"},
      {"messages, one not in UTF-8", "inbound", R"({"url": "u", "config_file": "acme.json"})",
       R"({"authentic": true, "updates": [], "message": {"from": "+1", "text": "été", "opt_out": true},
           "messages": [{"from": "+1", "text": "été", "opt_out": true},
                        {"provider_message_id": "c", "text": "half", "opt_out": false,
                         "part": {"ref": "9", "total": 2, "number": 1, "text": "half"}}],
           "reply": {"http_status": 202, "content_type": "text/xml", "body": "POST u"}})"},
      {"a piece of a message", "inbound", R"({"url": "u", "body": "piece", "config_file": "acme.json"})",
       R"({"authentic": true, "updates": [], "part": {"ref": "9", "total": 2, "number": 1, "text": "half"},
           "message": {"provider_message_id": "c", "text": "half", "opt_out": false},
           "messages": [{"provider_message_id": "c", "text": "half", "opt_out": false,
                         "part": {"ref": "9", "total": 2, "number": 1, "text": "half"}}],
           "reply": {"http_status": 202, "content_type": "text/xml", "body": "POST u"}})"},

      {"a poll", "poll", R"({"http_status": 200, "mode": "ask"})",
       R"({"updates": [{"provider_message_id": "a", "status": "unknown", "state": "unknown", "final": false}],
           "error_class": "auth"})"},
      {"a balance", "balance", R"({"http_status": 200, "mode": "ask"})", R"({"amount": "12.50", "currency": "KES"})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ask(c.action, c.line), json::parse(c.want)) << json::serialize(ask(c.action, c.line));
  }
}

TEST(ProviderLines, CountsParts) {
  const auto request = ask(
      "build", R"({"message": {"to": "+1", "text": ")" + std::string(161, 'a') + R"("}, "config_file": "acme.json"})");
  EXPECT_TRUE(request.at("body").as_string().ends_with("a 0 2 0  17")) << json::serialize(request);
}

// What checks a callback is not made up: it would refuse a genuine one.
TEST(ProviderLines, StandsInForCredentials) {
  const struct {
    const char *action, *line;
    bool made;
  } cases[] = {
      {"reply", R"({"http_status": 200})", true},
      {"reply", R"({"http_status": 200, "signature_secret": "s"})", true},
      {"callback", R"({"url": "u"})", true},
      {"callback", R"({"url": "u", "signature_secret": "s"})", false},
      {"callback", R"({"url": "u", "signature_secret": "s", "api_key": "k"})", true},
      {"callback", R"({"url": "u", "signature_secret": "s", "auth_token": "t"})", true},
      {"build", R"({"message": {"to": "+1", "text": "t"}, "api_key": "k"})", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line);
    EXPECT_EQ(!ask(c.action, c.line).get_object().contains("error"), c.made);
  }
}

TEST(ProviderLines, Refuses) {
  const struct {
    const char *action, *line, *code, *detail;
  } cases[] = {
      {"reply", "", "bad-line", "not JSON"},
      {"reply", "{", "bad-line", "not JSON"},
      {"reply", "{\"body\": \"\xC3\"}", "bad-line", "not JSON"},
      {"reply", "[]", "bad-line", "not a JSON object"},
      {"reply", "{}", "bad-line", "http_status is missing"},
      {"reply", R"({"http_status": "200"})", "bad-line", "http_status must be a whole number"},
      {"reply", R"({"http_status": 200.5})", "bad-line", "http_status must be a whole number"},
      {"reply", R"({"http_status": 1e99})", "bad-line", "http_status must be a whole number"},
      {"reply", R"({"http_status": 600})", "bad-line", "http_status must be a whole number"},
      {"reply", R"({"http_status": 200, "headers": []})", "bad-line", "headers must be an object"},
      {"reply", R"({"http_status": 200, "headers": {"a": 1}})", "bad-line", "the header a must be a string"},
      {"reply", R"({"http_status": 200, "body": {}})", "bad-line", "body must be a string"},
      {"reply", R"({"http_status": 200, "now": -1})", "bad-line", "now must be a whole number"},
      {"reply", R"({"http_status": 200, "now": 9223372036854775807})", "bad-line", "now must be a whole number"},
      {"reply", R"({"http_status": 200, "request_id": 7})", "bad-line", "request_id must be a string"},
      {"reply", R"({"http_status": 200, "message": "m"})", "bad-line", "message must be an object"},
      {"reply", R"({"http_status": 200, "message": {"txt": ""}})", "bad-line", "message has no member txt"},
      {"reply", R"({"http_status": 200, "message": {"text": "a\u0000"}})", "bad-line", "text: "},
      {"reply", R"({"http_status": 200, "input": []})", "bad-line", "input must be an object"},
      {"reply", R"({"http_status": 200, "config": []})", "bad-line", "config must be an object"},
      {"reply", R"({"http_status": 200, "config_file": {}})", "bad-line", "config_file must be a string"},
      {"reply", R"({"http_status": 200, "config_file": "no.json"})", "bad-settings", "cannot read no.json"},
      {"reply", R"({"http_status": 200, "config_file": "bad.json"})", "bad-settings", "bad.json: not JSON"},
      {"reply", R"({"http_status": 200, "config_file": "list.json"})", "bad-settings", "not a JSON object"},
      {"reply", R"({"http_status": 200, "colour": "red"})", "bad-settings", "'colour' is not a setting of echo"},
      {"callback", R"({"method": "POST"})", "bad-line", "url is missing"},
      {"callback", R"({"method": 1, "url": "u"})", "bad-line", "method must be a string"},
      {"callback", R"({"url": "u", "signature_secret": "s"})", "bad-settings", "either 'api_key'"},
      {"poll", R"({"http_status": 200})", "not-supported", "not asked"},
      {"balance", R"({"http_status": 200})", "not-supported", "not asked"},
      {"joke", R"({"http_status": 200})", "not-supported", "joke"},
      {"build", "{}", "bad-line", "message is missing"},
      {"build", R"({"message": {"text": "t"}})", "bad-line", "message needs to"},
      {"build", R"({"message": {"to": "+1"}})", "bad-line", "message needs text"},
      {"build", R"({"message": {"to": 254, "text": "t"}})", "bad-line", "to must be a string"},
      {"build", R"({"message": {"to": "+1", "text": "t", "validity_s": 1.5}})", "bad-line", "validity_s must be"},
      {"build", R"({"message": {"to": "+1", "text": "t"}})", "bad-settings", "'user' is missing"},
      {"build", R"({"message": {"to": "+1", "text": "t"}, "user": "u"})", "bad-settings", "either 'api_key'"},
      {"build", R"({"message": {"to": "+1", "text": "t"}, "config_file": "acme.json", "mode": "receive"})",
       "not-supported", "only receives"},
      {"build", R"({"message": {"to": "+1", "text": "t"}, "config_file": "acme.json", "mode": "throw"})", "failed",
       "out of order"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.line);
    const auto answer = ask(c.action, c.line);
    ASSERT_TRUE(answer.get_object().contains("error")) << json::serialize(answer);
    EXPECT_EQ(answer.at("error").at("code"), c.code);
    EXPECT_NE(std::string_view(answer.at("error").at("detail").as_string()).find(c.detail), std::string_view::npos)
        << json::serialize(answer);
  }
  EXPECT_EQ(
      ask("reply", R"({"http_status": 200, "body": ")" + std::string(1 << 20, 'a') + "\"}").at("error").at("code"),
      "bad-line");
  EXPECT_EQ(ask("reply", std::string(1 << 19, '[')).at("error").at("code"), "bad-line");
}

}  // namespace
}  // namespace smsbridge::bridge
