// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

namespace json = boost::json;

std::unique_ptr<Provider> account(std::string_view settings) {
  return make_provider(*find_kind("generic"), json::parse(settings).as_object());
}

json::object definition(const std::string& file) {
  return json::parse(read_file(std::string(TEST_DATA) + "/providers/generic/" + file)).as_object();
}

TEST(Generic, Cases) { run_cases("generic"); }

TEST(Generic, Signatures) {
  for (const auto& c : cases("generic", "signature.json")) {
    SCOPED_TRACE(text_of(c.if_contains("name")));
    const auto& input = c.at("input").as_object();
    const json::object settings{{"callback",
                                 {{"auth", input.at("auth")},
                                  {"id", {{"json", "/id"}}},
                                  {"status", {{"json", "/st"}}},
                                  {"map", {{"DELIVRD", "delivered"}}}}}};
    CallbackRequest request{.method = "POST",
                            .url = "https://gw.example.org/cb/acme/status",
                            .headers = {},
                            .body = text_of(input.if_contains("body"))};
    for (const auto& [name, value] : input.at("headers").as_object())
      request.headers.emplace_back(name, text_of(&value));
    const auto acme = make_provider(*find_kind("generic"), settings);
    const auto result = acme->receive(request, 0);
    EXPECT_EQ(result.authentic, c.at("expect").as_object().at("valid").as_bool()) << result.refusal;
    ASSERT_EQ(result.updates.size(), 1u);
    EXPECT_EQ(result.updates[0].status, Status::delivered);
    request.body += " ";
    EXPECT_FALSE(acme->receive(request, 0).authentic);
    request.headers.clear();
    EXPECT_FALSE(acme->receive(request, 0).authentic);
  }
}

TEST(Generic, CallbackAuthentication) {
  const auto mac = hmac(Hash::sha1, "k", "https://gw.example.org/cb?ref=1&tok=t17body");
  const Headers headers = {
      {"X-Token", "t"}, {"Authorization", basic_auth("u", "p")}, {"X-Time", "17"}, {"X-Sign", base64(mac)}};
  const struct {
    const char* auth;
    bool authentic;
  } rows[] = {
      {R"({"type": "none"})", true},
      {R"({"type": "query_token", "param": "tok", "token": "t"})", true},
      {R"({"type": "query_token", "token": "t"})", true},
      {R"({"type": "query_token", "param": "token", "token": "t"})", false},
      {R"({"type": "header_token", "name": "x-token", "token": "t"})", true},
      {R"({"type": "header_token", "name": "x-token", "token": "tt"})", false},
      {R"({"type": "basic", "user": "u", "password": "p"})", true},
      {R"({"type": "basic", "user": "u", "password": "q"})", false},
      {R"({"type": "hmac", "header": "X-Sign", "algorithm": "sha1", "encoding": "base64", "key": "k",
           "parts": ["url", "header:X-Time", "body"]})",
       true},
      {R"({"type": "hmac", "header": "X-Sign", "algorithm": "sha1", "encoding": "base64", "key": "k",
           "parts": ["body"]})",
       false},
      {R"({"type": "hmac", "header": "X-Sign", "algorithm": "sha1", "encoding": "base64", "key": "k",
           "prefix": "v1=", "parts": ["url", "header:X-Time", "body"]})",
       false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.auth);
    const auto acme = account(R"({"callback": {"auth": )" + std::string(row.auth) + "}}");
    const auto result = acme->receive(
        {.method = "POST", .url = "https://gw.example.org/cb?ref=1&tok=t", .headers = headers, .body = "body"}, 0);
    EXPECT_EQ(result.authentic, row.authentic) << result.refusal;
    EXPECT_EQ(result.answer.status, row.authentic ? 200 : 403);
  }
}

// Every mistake is named with its path when the account is made.
TEST(Generic, BadDefinitions) {
  const struct {
    const char *definition, *error;
  } rows[] = {
      {R"({"request": {"url": "https://a.example/", "body": {"type": "json", "value": {"dest": "{{tto}}"}}}})",
       "request.body.value.dest: unknown variable 'tto'"},
      {R"({"request": {"url": "https://a.example/", "body": {"type": "json", "value": {"a": [1, "{{to|big}}"]}}}})",
       "request.body.value.a[1]: unknown filter 'big'"},
      {R"({"request": {"url": "https://a.example/", "query": {"a": "{{to"}}})", "request.query.a: '{{' without '}}'"},
      {R"({"request": {"url": "https://a.example/", "query": {"a": "{{to|int|upper}}"}}})",
       "request.query.a: only a default may follow |int and |bool"},
      {R"({"request": {"url": "https://a.example/", "query": {"a": "{{priority|int|default:x}}"}}})",
       "request.query.a: the default 'x' is no whole number"},
      {R"({"request": {"url": "https://a.example/", "timeout": 3}})",
       "request.timeout: there is no such member; known are method, url, query, query_receipt, headers, auth, body"},
      {R"({"request": {"url": "sms.example"}})", "request.url: must start with http:// or https:// and a host"},
      {R"({"request": {"url": "https://{{to}}/"}})", "request.url: must start with http:// or https:// and a host"},
      {R"({"request": {"url": "https://a.{{to}}/"}})", "request.url: variables cannot be in the host"},
      {R"({"request": {"method": "GET"}})", "request: 'url' is missing"},
      {R"({"request": {"url": "https://a.example/", "method": "DELETE"}})",
       "request.method: 'DELETE' is not one of GET, POST, PUT"},
      {R"({"request": {"url": "https://a.example/", "headers": {"X": "a\nb"}}})",
       "request.headers.X: line ends cannot be in a header"},
      {R"({"request": {"url": "https://a.example/", "headers": {"X": "{{text}}"}}})",
       "request.headers.X: a header cannot hold the message text, which may have line ends"},
      {R"({"request": {"url": "https://a.example/", "auth": {"type": "form", "params": {"k": "v"}}}})",
       "request.auth: type form needs a body of type form, or json with an object"},
      {R"({"request": {"url": "https://a.example/", "body": {"type": "yaml"}}})",
       "request.body.type: 'yaml' is not one of form, json, none, raw"},
      {R"({"response": {"rules": [{"when": {"status": "20"}, "then": {"outcome": "accepted"}}]}})",
       "response.rules[0].when.status: '20' is no status: a number such as 200 or a class such as 2xx"},
      {R"({"response": {"rules": [{"then": {"error_class": "broke"}}]}})",
       "response.rules[0].then.error_class: unknown error class 'broke'"},
      {R"({"response": {"rules": [{"then": {"error_class": "route", "retry": "soon"}}]}})",
       "response.rules[0].then.retry: unknown retry 'soon'"},
      {R"({"response": {"rules": [{"then": {}}]}})", "response.rules[0].then: an outcome or an error_class is needed"},
      {R"({"response": {"rules": [{"when": {"json": {"path": "code", "exists": true}}, "then": {}}]}})",
       "response.rules[0].when.json.path: not a JSON pointer, as in \"/id\""},
      {R"({"response": {"format": "text", "message_id": {"json": "/id"}}})",
       "response.message_id: response.format is text: there is no JSON to read"},
      {R"({"response": {"message_id": {"regex": "^OK"}}})",
       "response.message_id.regex: a group in ( ) must say what to take"},
      {R"({"response": {"message_id": {"param": "id"}}})", "response.message_id.param: a reply has no parameters"},
      {R"({"callback": {"map": {"OK": "fine"}}})", "callback.map.OK: unknown status 'fine'"},
      {R"({"callback": {"auth": {"type": "query_token", "token": ""}}})", "callback.auth.token: must not be empty"},
      {R"({"callback": {"auth": {"type": "hmac", "header": "X", "key": "k", "parts": ["head"]}}})",
       "callback.auth.parts[0]: 'head' is not one of body, url, header:NAME"},
      {R"({"inbound": {"from": {"param": "from"}}})", "inbound: 'text' is missing"},
      {R"({"name": "empty"})", "'request' is missing: what to send"},
      {R"({"request": {"url": "https://a.example/"}, "limits": {"max_parts": 0}})",
       "limits.max_parts: must be a whole number from 1 to 1000000"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.definition);
    try {
      (void)account(row.definition);
      ADD_FAILURE() << "no error";
    } catch (const BadSettings& error) {
      EXPECT_STREQ(error.what(), row.error);
    }
  }
  try {
    (void)account(R"({"response": {"rules": [{"when": {"body_matches": "(a"}, "then": {"outcome": "accepted"}}]}})");
    ADD_FAILURE() << "no error";
  } catch (const BadSettings& error) {
    EXPECT_TRUE(
        std::string_view(error.what()).starts_with("response.rules[0].when.body_matches: bad regular expression: "))
        << error.what();
  }
}

TEST(Generic, Templates) {
  const OutboundSms sms{.reference = "m-1",
                        .to = "+254700000101",
                        .text = "a<b> {{to}} é€",
                        .parts = 2,
                        .validity_s = 61,
                        .callback_url = "https://b.example/cb?ref=m-1"};
  const struct {
    const char *source, *json;
  } rows[] = {
      {"{{to}}", R"("+254700000101")"},
      {"{{ to_digits }}", R"("254700000101")"},
      {"{{to_national}}", R"("0700000101")"},
      {"{{to_digits|int}}", "254700000101"},
      {"{{from}}", nullptr},
      {"{{from|default:SACCO}}", R"("SACCO")"},
      {"x{{from}}", nullptr},
      {"{{text}}", R"("a<b> {{to}} é€")"},
      {"{{text_hex_gsm}}", R"("613c623e201b281b28746f1b291b2920051b65")"},
      {"{{text_hex_utf16be}}", R"("0061003c0062003e0020007b007b0074006f007d007d002000e920ac")"},
      {"{{is_unicode}}", R"("false")"},
      {"{{is_unicode|bool}}", "false"},
      {"{{coding}}", R"("0")"},
      {"{{parts|int}}", "2"},
      {"{{ref|upper}}", R"("M-1")"},
      {"{{ref|md5}}", R"("4e3871ed52b5cdb1c75f85329fb472c5")"},
      {"{{callback_url|bool}}", "true"},
      {"{{validity_s|int}}", "61"},
      {"{{validity_min|int}}", "2"},
      {"{{validity_ms|int}}", "61000"},
      {"{{priority|int}}", nullptr},
      {"{{priority|int|default:3}}", "3"},
      {"{{priority|default:3}}", R"("3")"},
      {"{{now_unix|int}}", "1787389510"},
      {"{{now_iso}}", R"("2026-08-22T09:05:10Z")"},
      {"a{{parts|int}}b", R"("a2b")"},
      {"{{ref|base64}}", R"("bS0x")"},
      {"{{ref|int}}", nullptr},
      {"{{from|upper}}", nullptr},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.source);
    const json::object settings{
        {"country_code", "254"},
        {"request", {{"url", "https://a.example/"}, {"body", {{"type", "json"}, {"value", {{"x", row.source}}}}}}}};
    const auto request = make_provider(*find_kind("generic"), settings)->build(sms, 1787389510);
    EXPECT_EQ(request.body, row.json ? R"({"x":)" + std::string(row.json) + "}" : "{}");
  }
}

TEST(Generic, NationalNumbersAreAsTheyAreDialledAtHome) {
  const struct {
    const char *country_code, *to, *want;
  } rows[] = {
      {"225", "+2250701020304", "0701020304"},  {"229", "+2290197123456", "0197123456"},
      {"221", "+221771234567", "771234567"},    {"34", "+34612345678", "612345678"},
      {"254", "+254700000101", "0700000101"},   {"7", "+79161234567", "89161234567"},
      {"225", "+254700000101", "254700000101"},
  };
  for (const auto& row : rows) {
    const json::object settings{{"country_code", row.country_code},
                                {"request", {{"method", "GET"}, {"url", "https://x.example/{{to_national}}"}}}};
    const auto url = make_provider(*find_kind("generic"), settings)->build({.reference = "a-1", .to = row.to}, 0).url;
    EXPECT_EQ(url, "https://x.example/" + std::string(row.want));
  }
}

TEST(Generic, UuidIsTheSameForARepeatedRequest) {
  const auto uuid = [](const std::string& reference) {
    return account(R"({"request": {"url": "https://a.example/{{uuid}}"}})")->build({.reference = reference}, 0).url;
  };
  EXPECT_EQ(uuid("m-1"), uuid("m-1"));
  EXPECT_NE(uuid("m-1"), uuid("m-2"));
  EXPECT_EQ(uuid("m-1").size(), std::string("https://a.example/").size() + 36);
}

TEST(Generic, TextCannotChangeTheStructureAroundIt) {
  const OutboundSms sms{.reference = "m\r\n1", .to = "+1", .text = "\"</t>&a=b\r\n\x01 {{ref}}"};
  const struct {
    const char *request, *body;
  } rows[] = {
      {R"({"url": "https://a.example/", "body": {"type": "raw",
           "content_type": "text/xml", "template": "<t>{{text}}</t>"}})",
       "<t>&quot;&lt;/t&gt;&amp;a=b\r\n {{ref}}</t>"},
      {R"({"url": "https://a.example/", "body": {"type": "raw",
           "content_type": "application/json", "template": "[\"{{text}}\"]"}})",
       R"(["\"</t>&a=b\r\n\u0001 {{ref}}"])"},
      {R"({"url": "https://a.example/", "body": {"type": "raw",
           "content_type": "application/x-www-form-urlencoded", "template": "t={{text}}"}})",
       "t=%22%3C%2Ft%3E%26a%3Db%0D%0A%01%20%7B%7Bref%7D%7D"},
      {R"({"url": "https://a.example/", "body": {"type": "form", "fields": {"t": "{{text}}"}}})",
       "t=%22%3C%2Ft%3E%26a%3Db%0D%0A%01+%7B%7Bref%7D%7D"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.request);
    EXPECT_EQ(account(R"({"request": )" + std::string(row.request) + "}")->build(sms, 0).body, row.body);
  }
  const auto request = account(R"({"request": {"url": "https://a.example/x/{{text}}", "query": {"t": "{{text}}"},
                                   "headers": {"X-Ref": "{{ref}}", "X-To": "{{to}}"}}})")
                           ->build(sms, 0);
  EXPECT_EQ(request.url,
            "https://a.example/x/%22%3C%2Ft%3E%26a%3Db%0D%0A%01%20%7B%7Bref%7D%7D"
            "?t=%22%3C%2Ft%3E%26a%3Db%0D%0A%01%20%7B%7Bref%7D%7D");
  EXPECT_EQ(request.headers, (Headers{{"X-To", "+1"}})) << "a line end would start another header";
}

TEST(Generic, RequestAuthentication) {
  const struct {
    const char *auth, *header, *url;
  } rows[] = {
      {R"({"type": "none"})", "", "https://a.example/s"},
      {R"({"type": "basic", "user": "u", "password": "{{p"})", "Basic dTp7e3A=", "https://a.example/s"},
      {R"({"type": "bearer", "token": "t"})", "Bearer t", "https://a.example/s"},
      {R"({"type": "header", "name": "Authorization", "value": "App k"})", "App k", "https://a.example/s"},
      {R"({"type": "query", "params": {"key": "{{to}}"}})", "", "https://a.example/s?key=%7B%7Bto%7D%7D"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.auth);
    const auto request =
        account(R"({"request": {"url": "https://a.example/s", "auth": )" + std::string(row.auth) + "}}")->build({}, 0);
    EXPECT_EQ(find_header(request.headers, "Authorization"), row.header);
    EXPECT_EQ(request.url, row.url);
  }
}

TEST(Generic, Replies) {
  const auto acme = make_provider(*find_kind("generic"), definition("config-acme-json.json"));
  const auto formy = make_provider(*find_kind("generic"), definition("config-formy.json"));
  const Reply many_digits{200, {}, R"({"code":0,"id":12345678901234567890})"};
  run_replies(*acme, {{"plain", {200, {}, R"({"code":0,"id":"X1"})"}, Outcome::accepted, ""},
                      {"unreadable", {200, {}, "<html>"}, Outcome::uncertain, "200"},
                      {"truncated", {200, {}, R"({"code":0,"id")"}, Outcome::uncertain, "200"},
                      {"wrong types", {200, {}, R"({"code":[],"id":{}})"}, Outcome::uncertain, "200"},
                      {"refused", {200, {}, R"({"code":21})"}, ErrorClass::destination, "21"},
                      {"no rule", {400, {}, R"({"code":99})"}, ErrorClass::invalid_request, "99"},
                      {"number and string differ", {200, {}, R"({"code":"12"})"}, Outcome::uncertain, "12"},
                      {"5xx", {500, {}, ""}, Outcome::uncertain, "500"},
                      {"429", {429, {}, ""}, ErrorClass::throttled, "429"},
                      {"an id of many digits", many_digits, Outcome::accepted, ""},
                      {"no rule, but an id", {200, {}, R"({"id":7})"}, Outcome::accepted, ""}});
  EXPECT_EQ(acme->read({200, {}, R"({"code":0,"id":"X1"})"}, {}, 0).provider_message_ids,
            std::vector<std::string>{"X1"});
  EXPECT_EQ(acme->read({200, {}, R"({"id":7})"}, {}, 0).provider_message_ids, std::vector<std::string>{"7"});
  EXPECT_EQ(acme->read(many_digits, {}, 0).provider_message_ids, std::vector<std::string>{"12345678901234567890"});
  run_replies(*formy, {{"unreadable", {200, {}, "<html>"}, Outcome::uncertain, "200"},
                       {"refused", {200, {}, "ERR 3"}, ErrorClass::balance, "3"}});
}

TEST(Generic, Rules) {
  const struct {
    const char* rule;
    Reply reply;
    Outcome outcome;
    ErrorClass error_class;
    Retry retry;
    std::optional<std::int64_t> wait = std::nullopt;
  } rows[] = {
      {R"({"when": {"json": {"path": "/e", "exists": true}}, "then": {"error_class": "route"}})",
       {200, {}, R"({"e":1})"},
       Outcome::rejected,
       ErrorClass::route,
       Retry::failover},
      {R"({"when": {"json": {"path": "/e", "exists": false}}, "then": {"error_class": "route"}})",
       {200, {}, "no JSON"},
       Outcome::accepted,
       ErrorClass::none,
       Retry::none},
      {R"({"when": {"status": "404"}, "then": {"error_class": "route"}})",
       {200, {}, "<html>"},
       Outcome::uncertain,
       ErrorClass::none,
       Retry::verify_first},
      {R"({"when": {"status": "2xx"}, "then": {"outcome": "accepted"}})",
       {200, {}, "<html>"},
       Outcome::uncertain,
       ErrorClass::none,
       Retry::verify_first},
      {R"({"when": {"status": "2xx", "body_matches": "Sent"}, "then": {"outcome": "accepted"}})",
       {200, {}, "<html>Sent</html>"},
       Outcome::accepted,
       ErrorClass::none,
       Retry::none},
      {R"({"when": {"json": {"path": "/e", "matches": "^4"}}, "then": {"error_class": "route", "retry": "never"}})",
       {200, {}, R"({"e":404})"},
       Outcome::rejected,
       ErrorClass::route,
       Retry::never},
      {R"({"when": {"header": {"name": "x-error", "matches": "sender"}}, "then": {"error_class": "sender"}})",
       {200, {{"X-Error", "bad sender"}}, ""},
       Outcome::rejected,
       ErrorClass::sender,
       Retry::failover},
      {R"({"when": {"status": ["409", "5xx"]}, "then": {"error_class": "duplicate"}})",
       {409, {}, ""},
       Outcome::accepted,
       ErrorClass::none,
       Retry::none},
      {R"({"when": {"status": "5xx"}, "then": {"outcome": "uncertain"}})",
       {503, {}, ""},
       Outcome::uncertain,
       ErrorClass::none,
       Retry::verify_first},
      {R"({"when": {"status": "4xx"}, "then": {"outcome": "rejected"}})",
       {402, {}, ""},
       Outcome::rejected,
       ErrorClass::balance,
       Retry::failover},
      {R"({"when": {"status": "2xx"}, "then": {"outcome": "rejected"}})",
       {200, {}, ""},
       Outcome::rejected,
       ErrorClass::unknown,
       Retry::backoff},
      {R"({"then": {"error_class": "throttled", "retry_after_ms": 5000}})",
       {200, {}, ""},
       Outcome::rejected,
       ErrorClass::throttled,
       Retry::backoff,
       5000},
      {R"({"then": {"error_class": "throttled", "retry_after_ms": {"header": "X-Wait"}}})",
       {200, {{"X-Wait", "9"}}, ""},
       Outcome::rejected,
       ErrorClass::throttled,
       Retry::backoff,
       9000},
      {R"({"then": {"error_class": "throttled", "retry_after_ms": {"regex": "(\\d+) s", "unit": "s"}}})",
       {200, {}, "in 99999999999 s"},
       Outcome::rejected,
       ErrorClass::throttled,
       Retry::backoff,
       3600000},
      {R"({"when": {"status": "503"}, "then": {"error_class": "temporary"}})",
       {503, {{"Retry-After", "3"}}, ""},
       Outcome::rejected,
       ErrorClass::temporary,
       Retry::backoff,
       3000},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.rule);
    const auto verdict = account(R"({"response": {"rules": [)" + std::string(row.rule) + "]}}")->read(row.reply, {}, 0);
    EXPECT_EQ(verdict.outcome, row.outcome);
    EXPECT_EQ(verdict.error_class, row.error_class);
    EXPECT_EQ(verdict.retry, row.retry);
    EXPECT_EQ(verdict.retry_after_ms, row.wait);
  }
}

json::object with_pattern(std::string_view pattern) {
  return {{"response",
           {{"rules", json::array{{{"when", {{"body_matches", pattern}}}, {"then", {{"error_class", "route"}}}}}}}}};
}

// Each has so many ways to match that trying them one after the other would take years, or a stack frame an octet; and
// each is told rightly all the same, not given up.
TEST(Generic, PatternsThatCouldMatchInManyWays) {
  const std::string many(4000, 'a'), mib(1 << 20, 'a');
  const struct {
    const char* pattern;
    std::string body;
    bool found;
  } rows[] = {
      {"^(a+)+$", many + "!", false},
      {"^(a+)+$", many, true},
      {"^(a|aa)*c", many + "b", false},
      {"^(a|aa)*c", many + "c", true},
      {"(.*)*x(.*)*y", many, false},
      {"(.*)*x(.*)*y", many + "xay", true},
      {"(a*)*b", many + "!", false},
      {"^(([a-z])+.)+[A-Z]([a-z])+$", many, false},
      {"(?:a?){300}b", many, false},
      {"^(a|b|ab)*c$", many + "c", true},
      {"(x+x+)+y", std::string(4000, 'x'), false},
      {"(?i)^(A|a)+$", many + "!", false},
      {"^.*.*.*.*.*.*.*.*=$", many, false},
      {"^(a+)+X|!$", many + "!", true},
      {"(a|aa)*c|b$", many + "b", true},
      {"(x+x+)+y|x$", std::string(4000, 'x'), true},
      {"(a|b)*a(a|b){60}c", many, false},
      // Text without end: what is behind the first 4096 octets is not looked at.
      {"^(.|\\n)*$", mib, true},
      {"(a|b)*c", mib + "c", false},
      {"(a|b)*c", std::string(4095, 'a') + "c", true},
      {"(a|b)*c", std::string(4096, 'a') + "c", false},
      {"^([^ ]+ ?)*ERR", mib, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern);
    const auto verdict =
        make_provider(*find_kind("generic"), with_pattern(row.pattern))->read({200, {}, row.body}, {}, 0);
    EXPECT_EQ(verdict.error_class, row.found ? ErrorClass::route : ErrorClass::none);
  }
}

// What definitions have been written against.
TEST(Generic, Patterns) {
  const struct {
    const char *pattern, *body;
    std::optional<std::string> group;
  } rows[] = {
      {"^OK (\\w+)", "OK a1", "a1"},
      {"^OK (\\w+)", "NOT OK a1", {}},
      {"^id=(\\d+)$", "first\nid=17\nlast", "17"},
      {"^id=(\\d+)$", "first\r\nid=17\r\nlast", "17"},
      {"^id=(\\d+)$", "id=17\r\n", "17"},
      {"^id=(\\d+)$", "id=17 ", {}},
      {"a(.)b", "a\nb", "\n"},
      {"a.*(b)", "a\r\n\r\nb", "b"},
      {"<r>(.*?)</r>", "<r>1</r><r>2</r>", "1"},
      {"<r>(.*)</r>", "<r>1</r><r>2</r>", "1</r><r>2"},
      {"(a|ab)", "ab", "a"},
      {"(x)?y", "y", {}},
      {"(x*)y", "y", ""},
      {"costs ([$]\\d+)", "costs $5", "$5"},
      {"costs (\\$\\d+)", "costs $5", "$5"},
      {"([^]$]+)\\$", "a]b$", "b"},
      {"([[:digit:]$]+)$", "a1$\r\n", "1$"},
      {"([\\]$]+)", "a]$", "]$"},
      {"\\Q$1\\E(.)", "$1x", "x"},
      {"(?i)ERROR (\\d)", "Error 5", "5"},
      {"\\bid\\b:(\\S+)", "id:é", "é"},
      {"id:(\\D{2})", "id:é", "é"},
      {"(?:a|b)(c)", "bc", "c"},
      {"(?P<id>\\d+)", "x7", "7"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern);
    const json::object settings{{"response", {{"message_id", {{"regex", row.pattern}}}}}};
    const auto verdict = make_provider(*find_kind("generic"), settings)->read({200, {}, row.body}, {}, 0);
    const auto ids =
        row.group && !row.group->empty() && *row.group != "\n" ? std::vector{*row.group} : std::vector<std::string>{};
    EXPECT_EQ(verdict.provider_message_ids, ids);
  }
}

// Who lengthens one without end is told, instead of letting every message of the shard wait for it.
TEST(Generic, DefinitionsHaveBounds) {
  const auto repeated = [](std::string_view what, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += what;
    return all;
  };
  const auto raw = [](const std::string& content) {
    return json::object{{"request",
                         {{"url", "https://a.example/"},
                          {"body", {{"type", "raw"}, {"content_type", "text/plain"}, {"template", content}}}}}};
  };
  const auto rules = [](std::size_t count, const std::string& pattern) {
    json::array all;
    for (std::size_t i = 0; i < count; ++i)
      all.push_back({{"when", {{"body_matches", pattern}}}, {"then", {{"error_class", "route"}}}});
    return json::object{{"response", {{"rules", std::move(all)}}}};
  };
  json::object deep = raw("x");
  deep["name"] = repeated("n", 300);
  json::object members{{"a", "{{tto}}"}};
  deep["request"].as_object()["body"] = {{"type", "json"}, {"value", {{repeated("k", 300), std::move(members)}}}};
  json::object foreign = deep;
  foreign["request"].at("body").as_object()["value"] = {{"k" + repeated("\u00e9", 300), "{{tto}}"}};
  const auto hmac_parts = [](std::size_t count) {
    return json::object{
        {"callback",
         {{"auth", {{"type", "hmac"}, {"header", "X"}, {"key", "k"}, {"parts", json::array(count, "body")}}}}}};
  };
  const struct {
    const char* name;
    json::object definition;
    std::string error;  // empty: none
  } rows[] = {
      {"a long template", raw(repeated("x", 60'000)), ""},
      {"one that is too long", raw(repeated("x", 900'000)),
       "the definition has 900104 octets, and at most 65536 are read, so that no message waits for another's: leave "
       "out "
       "what stays the same or is not used"},
      {"many variables", raw(repeated("{{text}}", 100)), ""},
      {"too many", raw(repeated("{{text}}", 101)),
       "request.body.template: a definition has at most 100 variables in all, each of which may hold a whole text: "
       "leave "
       "out what the provider does not need"},
      {"some filters", raw("{{text|upper|lower|base64|default:x}}"), ""},
      {"a filter that makes the text longer each time", raw("{{text" + repeated("|base64", 100) + "}}"),
       "request.body.template: at most 4 filters can follow a variable: some make the text longer"},
      {"many rules", rules(100, "^ERR"), ""},
      {"too many rules", rules(101, "^ERR"),
       "response.rules[100]: a definition has at most 100 rules, each of which may be tried with each reply: make one "
       "pattern of several, as in (A|B|C)"},
      {"a long pattern", rules(1, repeated("a", 400)), ""},
      {"one that is too long", rules(1, repeated("a", 501)),
       "response.rules[0].when.body_matches: the pattern has 501 octets, and at most 500 are searched for: look for "
       "less"},
      {"one that repeats too much", rules(1, "(ab?c?){200}"),
       "response.rules[0].when.body_matches: the pattern takes 1404 steps where 1000 are the most: repeat less, {1,40} "
       "in "
       "the place of {1,400}"},
      {"more than can be counted", rules(1, "((x{100}){100}){100}"),
       "response.rules[0].when.body_matches: the pattern is too large: repeat less often than {100}"},
      {"many patterns that are large", rules(10, repeated("a", 300)),
       "response.rules[6].when.body_matches: the patterns of the definition take more than 2000 steps in all: look for "
       "less in some of them"},
      {"what a signature covers", hmac_parts(10), ""},
      {"again and again", hmac_parts(11),
       "callback.auth.parts: at most 10 parts can be covered: with each call all of them are put together"},
      {"a long name in the path of a mistake", deep,
       "request.body.value." + repeated("k", 228) + "...: unknown variable 'tto'"},
      {"which is not cut inside a character", foreign,
       "request.body.value.k" + repeated("\u00e9", 113) + "...: unknown variable 'tto'"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    std::string error;
    try {
      (void)make_provider(*find_kind("generic"), row.definition);
    } catch (const BadSettings& bad) {
      error = bad.what();
    }
    EXPECT_EQ(error, row.error);
  }
}

TEST(Generic, PatternsThatAreNotKnownHere) {
  const struct {
    const char *pattern, *error;
    bool says_why;
  } rows[] = {
      {"(a)\\1", "invalid escape sequence: \\1", true},
      {"a(?=b)", "invalid perl operator: (?=", true},
      {"a(?!b)", "invalid perl operator: (?!", true},
      {"(?<=a)b", "invalid perl operator: (?<", true},
      {"(?>a+)b", "invalid perl operator: (?>", true},
      {"a++b", "bad repetition operator: ++", true},
      {"(a", "missing ): (?m)(a", false},
      {"[a", "missing ]: [a", false},
      {"*a", "no argument for repetition operator: *", false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.pattern);
    std::string error;
    try {
      (void)make_provider(*find_kind("generic"), with_pattern(row.pattern));
    } catch (const BadSettings& bad) {
      error = bad.what();
    }
    EXPECT_EQ(error, "response.rules[0].when.body_matches: bad regular expression: " + std::string(row.error) +
                         (row.says_why ? "; look-around, back-references and possessive repetition are not known here: "
                                         "they would let a reply stall all gateways"
                                       : ""));
  }
}

// A list that is long, or whose elements look at all that is behind them, ends as well.
TEST(Generic, ListsInACallThatIsLarge) {
  const auto count = [](const json::object& list, const std::string& body) {
    const json::object callback{
        {"list", list}, {"id", {{"param", "id"}}}, {"ref", {{"const", "r"}}}, {"status", {{"const", "OK"}}}};
    const auto provider = make_provider(*find_kind("generic"), {{"callback", callback}});
    return provider->receive({.method = "POST", .url = "https://h/in/g/s", .headers = {}, .body = body}, 0)
        .updates.size();
  };
  std::string receipts, elements = "0", members;
  for (int i = 0; i < 2000; ++i) receipts += "<r>" + std::to_string(i) + "</r>";
  for (int i = 1; i < 2000; ++i) elements += R"(,{"id":"i"})";
  for (int i = 0; i < 60'000; ++i) members += ",\"m" + std::to_string(i) + "\":\"x\"";
  EXPECT_EQ(count({{"regex", "<r>(.*?)</r>"}}, receipts), 1000u);
  EXPECT_EQ(
      count({{"regex", "<r>(\\w+)</r>"}}, std::string(9000, ' ') + "<r>" + std::string(9000, 'a') + "</r><r>b</r>"), 2u)
      << "one far away, and one that is long";
  EXPECT_EQ(count({{"regex", "(x)(?:.*y)?"}}, std::string(1 << 20, 'x')), 1000u);
  EXPECT_EQ(count({{"json", "/all"}}, "{\"all\":[" + elements + "]" + members + "}"), 1000u)
      << "each looks for what it lacks in the whole";
}

TEST(Generic, StatusMap) {
  const auto status_for = [](const char* callback, const std::string& word) {
    const auto result =
        account(R"({"callback": )" + std::string(callback) + "}")
            ->receive({.method = "POST", .url = "https://b.example/?ref=1&st=x", .headers = {}, .body = "st=" + word},
                      0);
    return result.updates.at(0).status;
  };
  const auto* any_case = R"({"ref": {"query": "ref"}, "status": {"param": "st"},
      "map": {"OK": "delivered", "E*": "rejected", "EXP": "expired"}, "default": "sent"})";
  EXPECT_EQ(status_for(any_case, "ok"), Status::delivered);
  EXPECT_EQ(status_for(any_case, "exp"), Status::expired) << "exact keys come first";
  EXPECT_EQ(status_for(any_case, "e12"), Status::rejected);
  EXPECT_EQ(status_for(any_case, "other"), Status::sent);
  const auto* exact_case = R"({"ref": {"query": "ref"}, "status": {"param": "st"}, "case_sensitive": true,
      "map": {"OK": "delivered"}})";
  EXPECT_EQ(status_for(exact_case, "OK"), Status::delivered);
  EXPECT_EQ(status_for(exact_case, "ok"), Status::unknown);
}

TEST(Generic, Inbound) {
  const auto acme = make_provider(*find_kind("generic"), definition("config-acme-json.json"));
  CallbackRequest request{.method = "POST",
                          .url = "https://gw.example.org/cb/acme/inbound?tok=s3cr3t",
                          .headers = {},
                          .body = "from=%2B254700000101&to=22384&text=BAL+50%25"};
  auto result = acme->receive(request, 0);
  ASSERT_EQ(result.inbound.size(), 1u);
  EXPECT_EQ(result.inbound[0].from, "+254700000101");
  EXPECT_EQ(result.inbound[0].to, "22384");
  EXPECT_EQ(result.inbound[0].text, "BAL 50%");
  EXPECT_EQ(result.answer.body, "OK");
  request.url = "https://gw.example.org/cb/acme/inbound";
  result = acme->receive(request, 0);
  EXPECT_FALSE(result.authentic);
  EXPECT_TRUE(result.inbound.empty());
}

TEST(Generic, Garbage) {
  const auto acme =
      account(R"--({"callback": {"id": {"json": "/id"}, "ref": {"query": "ref"}, "status": {"json": "/a/0"},
      "error_code": {"regex": "(.)"}, "auth": {"type": "none"}},
      "inbound": {"from": {"param": "from"}, "text": {"header": "X-Text"}}})--");
  const std::vector<std::string> bodies{"{\"a\":[1", "{\"a\":{},\"id\":[]}"};
  run_garbage(*acme, {.bodies = bodies});
  run_garbage(*acme, {.bodies = bodies, .requests = [](const std::string& body) {
                        std::vector<CallbackRequest> all;
                        for (const auto* method : {"GET", "POST", ""})
                          all.push_back({method, "\xff?%&=&ref=1#", {}, body});
                        return all;
                      }});
}

// The preset files are definitions like any other, and judge as the kinds of their names do.
TEST(Generic, PresetsJudgeAsTheirKinds) {
  for (const std::string provider : {"kannel", "jasmin"}) {
    const auto preset = make_provider(*find_kind("generic"), definition("preset-" + provider + ".json"));
    for (const auto& c : cases(provider, "send_response.json")) {
      SCOPED_TRACE(provider + ": " + text_of(c.if_contains("name")));
      const auto& input = c.at("input").as_object();
      if (input.contains("api")) continue;  // the REST API wraps what the definition reads
      const Reply reply{.status = static_cast<int>(input.at("http_status").as_int64()),
                        .headers = {},
                        .body = text_of(input.if_contains("body"))};
      const auto ours = preset->read(reply, {}, 0), kinds = account_of(provider, {})->read(reply, {}, 0);
      EXPECT_EQ(ours.outcome, kinds.outcome);
      EXPECT_EQ(ours.error_class, kinds.error_class);
      EXPECT_EQ(ours.retry, kinds.retry);
      EXPECT_EQ(ours.provider_code, kinds.provider_code);
      EXPECT_EQ(ours.provider_message_ids, kinds.provider_message_ids);
      EXPECT_EQ(ours.parts, kinds.parts);
    }
    for (const auto& c : cases(provider, "status_callback.json")) {
      SCOPED_TRACE(provider + ": " + text_of(c.if_contains("name")));
      const auto& input = c.at("input").as_object();
      const CallbackRequest request{.method = text_of(input.if_contains("method")),
                                    .url = text_of(input.if_contains("url")),
                                    .headers = {},
                                    .body = text_of(input.if_contains("body"))};
      const auto ours = preset->receive(request, 0),
                 kinds = account_of(provider, {{"token", "s3cr3t"}})->receive(request, 0);
      EXPECT_EQ(ours.authentic, kinds.authentic);
      EXPECT_EQ(ours.answer.status, kinds.answer.status);
      if (ours.authentic) {
        EXPECT_EQ(ours.answer.body, kinds.answer.body);
      }
      ASSERT_EQ(ours.updates.size(), kinds.updates.size());
      if (ours.updates.empty()) continue;
      EXPECT_EQ(ours.updates[0].provider_message_id, kinds.updates[0].provider_message_id);
      EXPECT_EQ(ours.updates[0].reference, kinds.updates[0].reference);
      if (request.url.find("reply=") == std::string::npos) {  // only the kind reads the receipt in %A
        EXPECT_EQ(ours.updates[0].status, kinds.updates[0].status);
      }
      EXPECT_EQ(ours.updates[0].final_status, kinds.updates[0].final_status);
    }
  }
}

TEST(Generic, SeveralReceiptsInOneCallback) {
  const auto receive = [](const std::string& callback, const std::string& body) {
    const json::object inbound{{"from", {{"param", "from"}}}, {"text", {{"param", "text"}}}};
    const auto provider =
        make_provider(*find_kind("generic"), {{"callback", json::parse(callback)}, {"inbound", inbound}});
    return provider->receive({.method = "POST", .url = "https://h/in/g/s?ref=q-1", .headers = {}, .body = body}, 0);
  };
  const auto words = [&](const std::string& callback, const std::string& body) {
    std::string all;
    for (const auto& update : receive(callback, body).updates)
      all += update.provider_message_id + " " + std::string(name(update.status)) + " " + update.error_code + ";";
    return all;
  };
  const std::string paths = R"({"list": {"json": "/all"}, "id": {"json": "/id"}, "status": {"param": "st"},)"
                            R"("error_code": {"param": "err"}, "map": {"OK": "delivered", "NO": "undelivered"}})";
  const std::string several = R"({"err":7,"all":[{"id":"A","st":"OK"},{"id":"B","st":"NO","err":9},7,{}]})";
  EXPECT_EQ(words(paths, several), "A delivered 7;B undelivered 9;");
  EXPECT_EQ(words(paths, R"({"id":"A","st":"OK"})"), "A delivered ;") << "one without a list";
  EXPECT_TRUE(receive(paths, R"({"all":[{"id":"A"}]})").unread);
  const auto mixed = receive(paths, R"({"all":[{"from":"+254700000101","text":"stop"},{"id":"A","st":"OK"}]})");
  EXPECT_EQ(mixed.updates.size(), 1u);
  EXPECT_EQ(mixed.inbound.at(0).text, "stop");
  const std::string bare = R"({"list": {"json": ""}, "id": {"json": "/id"}, "status": {"json": "/st"},)"
                           R"("map": {"OK": "delivered", "NO": "undelivered"}})";
  EXPECT_EQ(words(bare, R"([{"id":"A1","st":"OK"},{"id":"B1","st":"NO"}])"), "A1 delivered ;B1 undelivered ;");
  const std::string xml = R"--({"list": {"regex": "<r>(.*?)</r>"}, "id": {"regex": "<id>(\\w+)"},)--"
                          R"--("status": {"regex": "<st>(\\w+)"}, "map": {"OK": "delivered"}, "default": "expired"})--";
  EXPECT_EQ(words(xml, "<all><r>\n<id>A</id><st>OK</st></r>\n<r><id>B</id><st>LATE</st></r></all>"),
            "A delivered ;B expired ;");
  for (const std::string list : {R"({"json": "x"})", R"({"regex": "x"})", R"({"param": "x"})", "{}", "7"})
    EXPECT_THROW(receive(R"({"list": )" + list + "}", ""), BadSettings) << list;
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
