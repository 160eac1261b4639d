// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/vonage_messages.hpp"

#include <gmock/gmock.h>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

constexpr std::int64_t now = 1787389510;
const std::string secret = "example-signature-secret-32-chars!!";
const std::string data = std::string(TEST_DATA) + "/providers/vonage-messages/";

std::unique_ptr<Provider> account(boost::json::object more = {}) {
  more.emplace("api_key", "abcd1234");
  more.emplace("api_secret", "example-secret");
  return make_provider(vonage_messages, more);
}

std::string token_with(const std::string& header, const boost::json::object& claims) {
  const auto text = base64url(header) + "." + base64url(boost::json::serialize(claims));
  return text + "." + base64url(hmac(Hash::sha256, secret, text));
}

CallbackResult receive(const std::string& authorization, const std::string& body) {
  return account({{"signature_secret", secret}})
      ->receive({"POST", "https://gw.example.org/cb", {{"authorization", authorization}}, body}, now);
}

TEST(VonageMessages, Cases) { run_cases("vonage-messages"); }

TEST(VonageMessages, Signatures) {
  for (const auto& c : cases("vonage-messages", "signature.json")) {
    SCOPED_TRACE(text_of(c.if_contains("name")));
    const auto& input = c.at("input").as_object();
    const auto& expect = c.at("expect").as_object();
    const auto text = [&](std::string_view name) { return text_of(input.if_contains(name)); };
    const auto scheme = text("scheme");
    if (scheme == "jwt-rs256-sign") {
      EXPECT_EQ(sign_rs256(text("header"), text("payload"), read_file(data + text("private_key_file"))),
                text_of(expect.if_contains("token")));
      continue;
    }
    const bool valid = expect.at("valid").as_bool();
    if (scheme == "jwt-hs256-signature-only") {
      std::string problem;
      EXPECT_EQ(claims_of_hs256(text("token"), text("key"), problem).has_value(), valid) << problem;
      continue;
    }
    ASSERT_EQ(scheme, "vonage-jwt-webhook");
    const auto result =
        account({{"signature_secret", text("key")}})
            ->receive(
                {"POST", "https://gw.example.org/cb", {{"Authorization", "Bearer " + text("token")}}, text("body")},
                input.at("now").as_int64());
    EXPECT_EQ(result.authentic, valid) << result.refusal;
    EXPECT_EQ(result.answer.status, valid ? 200 : 401);
    EXPECT_NE(result.refusal.find(text_of(expect.if_contains("reason"))), std::string::npos) << result.refusal;
  }
}

TEST(VonageMessages, ChecksEveryClaim) {
  const std::string header = R"({"alg":"HS256","typ":"JWT"})", body = R"({"status":"delivered","message_uuid":"u"})";
  const boost::json::object good{
      {"iat", now}, {"iss", "Vonage"}, {"api_key", "abcd1234"}, {"payload_hash", hex(digest(Hash::sha256, body))}};
  EXPECT_EQ(receive("Bearer " + token_with(header, good), body).updates.size(), 1u);
  struct {
    const char* claim;
    boost::json::value value;
  } const rows[] = {{"iat", now - 301},   {"iat", now + 301},       {"iat", nullptr},
                    {"iss", "Somebody"},  {"iss", nullptr},         {"api_key", "other"},
                    {"api_key", nullptr}, {"payload_hash", "c55a"}, {"payload_hash", nullptr}};
  for (const auto& row : rows) {
    auto claims = good;
    claims[row.claim] = row.value;
    const auto result = receive("Bearer " + token_with(header, claims), body);
    EXPECT_FALSE(result.authentic) << row.claim;
    EXPECT_EQ(result.answer.status, 401);
    EXPECT_NE(result.refusal.find(row.claim), std::string::npos) << result.refusal;
  }
  for (const auto* other : {R"({"alg":"RS256"})", R"({"alg":"none"})", R"({"alg":"hs256"})", "{}", "[]", ""})
    EXPECT_NE(receive("Bearer " + token_with(other, good), body).refusal.find("alg"), std::string::npos) << other;
}

TEST(VonageMessages, GarbageTokens) {
  for (const auto* token :
       {"Bearer", "Bearer ", "Bearer .", "Bearer ..", "Bearer ...", "Basic YTpi", "Bearer a.b.c.d",
        "Bearer =.=.=", "Bearer \xFF.\xFE.\x80", "Bearer e30.e30.", "bearer eyJhbGciOiJIUzI1NiJ9.."})
    EXPECT_EQ(receive(token, "{}").answer.status, 401) << token;
  EXPECT_EQ(receive("", "{}").answer.status, 503);
}

TEST(VonageMessages, UnsignedCallbacksMustBeWanted) {
  const CallbackRequest request{"POST", "https://gw/?tok=t", {}, R"({"status":"delivered","message_uuid":"u"})"};
  EXPECT_FALSE(account()->receive(request, now).authentic);
  EXPECT_TRUE(account({{"unsigned_callbacks", true}})->receive(request, now).authentic);
  EXPECT_TRUE(account({{"unsigned_callbacks", true}, {"token", "t"}})->receive(request, now).authentic);
  EXPECT_FALSE(account({{"unsigned_callbacks", true}, {"token", "u"}})->receive(request, now).authentic);
  EXPECT_FALSE(account({{"unsigned_callbacks", true}, {"signature_secret", secret}})->receive(request, now).authentic);
}

TEST(VonageMessages, TokenIsKeptAndRenewed) {
  const auto pem = read_file(data + "test-key.pem");
  const auto with_key = make_provider(vonage_messages, {{"application_id", "app"}, {"private_key_pem", pem}});
  const auto token_at = [&](std::int64_t when) {
    return std::string(
        find_header(with_key->build({.to = "+254700000101", .text = "x"}, when).headers, "Authorization"));
  };
  const auto first = token_at(now);
  EXPECT_EQ(token_at(now + 599), first);
  const auto second = token_at(now + 600);
  EXPECT_NE(second, first);
  EXPECT_NE(token_at(now + 599), second) << "the clock went back: iat would be in the future";
  const auto begin = first.find('.') + 1;
  const auto claims = parse_json(*from_base64url(first.substr(begin, first.rfind('.') - begin)));
  EXPECT_EQ(integer_of(at(*claims, "/exp")), now + 900);
  EXPECT_THAT(text_at(*claims, "/jti"),
              ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                                      "[0-9a-f]{12}"));
}

TEST(VonageMessages, Settings) {
  EXPECT_THROW(make_provider(vonage_messages, {}), BadSettings);
  EXPECT_THROW(make_provider(vonage_messages, {{"api_secret", "s"}}), BadSettings);
  EXPECT_THROW(make_provider(vonage_messages, {{"private_key_pem", read_file(data + "test-key.pem")}}), BadSettings);
  for (const auto& pem : {std::string("nonsense"), read_file(data + "test-key.pub.pem")})
    EXPECT_THROW(make_provider(vonage_messages, {{"application_id", "a"}, {"private_key_pem", pem}}), BadSettings);
}

TEST(VonageMessages, RequestBody) {
  const auto with_url = account({{"webhook_url", "https://other/"}});
  const auto request = with_url->build({.reference = "m-1",
                                        .to = "+254700000101",
                                        .from = "+254700000900",
                                        .text = "x",
                                        .callback_url = "https://gw/cb?ref=m-1"},
                                       now);
  EXPECT_EQ(request.body,
            R"({"message_type":"text","channel":"sms","to":"254700000101","text":"x","from":"254700000900",)"
            R"("client_ref":"m-1","webhook_url":"https://gw/cb?ref=m-1","sms":{"encoding_type":"auto"}})");
  EXPECT_EQ(account()->build_balance(now)->url,
            "https://rest.nexmo.com/account/get-balance?api_key=abcd1234&api_secret=example-secret");
}

TEST(VonageMessages, ReadsReplies) {
  const std::string type = R"({"type":"https://developer.vonage.com/api-errors/messages#)";
  run_replies(*account(), {{"plain", {202, {}, R"({"message_uuid":"u"})"}, Outcome::accepted},
                           {"wrong types", {202, {}, R"({"message_uuid":{}})"}, Outcome::uncertain},
                           {"refused", {401, {}, "{}"}, ErrorClass::auth},
                           {"low balance by title", {403, {}, R"({"title":"Low Balance"})"}, ErrorClass::balance},
                           {"code before status", {422, {}, type + R"(1120"})"}, ErrorClass::sender},
                           {"sender pool", {422, {}, R"({"title":1375})"}, ErrorClass::sender},
                           {"throttled by code", {422, {}, type + R"(1000"})"}, ErrorClass::throttled},
                           {"already sent", {422, {}, type + R"(1320"})"}, Outcome::accepted},
                           {"404", {404, {}, ""}, ErrorClass::config},
                           {"5xx", {500, {}, "oops"}, Outcome::uncertain},
                           {"5xx, perhaps sent", {500, {}, type + R"(1240"})"}, Outcome::uncertain},
                           {"5xx, not sent", {500, {}, type + R"(1030"})"}, ErrorClass::temporary}});
}

TEST(VonageMessages, OlderCallbacks) {
  const auto open = account({{"unsigned_callbacks", true}});
  const auto status = open->receive({"POST",
                                     "https://gw/?ref=m-1",
                                     {},
                                     R"({"message_uuid":"u","to":{"type":"sms","number":"254700000101"},)"
                                     R"("status":"rejected","error":{"code":1300,"reason":"no"}})"},
                                    now);
  ASSERT_EQ(status.updates.size(), 1u);
  EXPECT_EQ(status.updates[0].reference, "m-1");
  EXPECT_EQ(status.updates[0].error_code, "1300");
  EXPECT_EQ(status.updates[0].error_class, ErrorClass::unknown);
  const auto inbound = open->receive({"POST",
                                      "https://gw/",
                                      {},
                                      R"({"message_uuid":"u","from":{"type":"sms","number":"254700000101"},)"
                                      R"("to":{"type":"sms","number":"22384"},)"
                                      R"("message":{"content":{"type":"text","text":"BAL"}}})"},
                                     now);
  ASSERT_EQ(inbound.inbound.size(), 1u);
  EXPECT_EQ(inbound.inbound[0].from, "+254700000101");
  EXPECT_EQ(inbound.inbound[0].to, "22384");
  EXPECT_EQ(inbound.inbound[0].text, "BAL");
}

TEST(VonageMessages, Garbage) {
  run_garbage(*account({{"unsigned_callbacks", true}}),
              {.bodies = {R"({"status":{"a":1},"message_uuid":[2],"from":7})"},
               .odd_bodies = {R"({"status":7,"message_uuid":8,"error":"x","sms":[],"usage":3})",
                              R"({"status":"teleported","message_uuid":"u","sms":{"count_total":99999999999}})"}});
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
