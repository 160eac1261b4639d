// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/android_smsgate.hpp"

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

constexpr std::int64_t now = 1787389510;
const OutboundSms sms{.reference = "m-1", .to = "+254700000101", .text = "Loan approved"};

std::unique_ptr<Provider> account(boost::json::object settings = {}) {
  settings["username"] = "user";
  settings["password"] = "example";
  return make_provider(android_smsgate, settings);
}

CallbackRequest webhook(const std::string& body, const std::string& timestamp, const std::string& signature) {
  return {.method = "POST",
          .url = "https://gw.example.org/cb",
          .headers = {{"X-Timestamp", timestamp}, {"X-Signature", signature}},
          .body = body};
}
CallbackResult receive(const std::string& body, const std::string& timestamp = std::to_string(now)) {
  const auto signature = hex(hmac(Hash::sha256, "key", body + timestamp));
  return account({{"signing_key", "key"}})->receive(webhook(body, timestamp, signature), now);
}

TEST(AndroidSmsgate, Cases) { run_cases("android-smsgate"); }

TEST(AndroidSmsgate, Signatures) {
  for (const auto& c : cases("android-smsgate", "signature.json")) {
    SCOPED_TRACE(text_of(c.if_contains("name")));
    const auto& input = c.at("input").as_object();
    const auto field = [&](std::string_view name) { return text_of(input.if_contains(name)); };
    const auto result =
        account({{"signing_key", input.at("key")}})
            ->receive(webhook(field("body"), field("timestamp"), field("signature")), input.at("now").as_int64());
    EXPECT_EQ(result.authentic, c.at("expect").as_object().at("valid").as_bool()) << result.refusal;
  }
}

TEST(AndroidSmsgate, ReadsReplies) {
  run_replies(*account(),
              {{"plain", {202, {}, R"({"id":"m-1","state":"Pending"})"}, Outcome::accepted},
               {"refused", {400, {}, R"({"message":"invalid phone number"})"}, ErrorClass::destination},
               {"no device", {400, {}, R"({"message":"No devices registered"})"}, ErrorClass::config},
               {"refused as text", {400, {}, "nonsense"}, ErrorClass::invalid_request},
               {"wrong types", {400, {}, R"({"message":{}})"}, ErrorClass::invalid_request}},
              ErrorClass::throttled);  // the phone's queue is full
}

TEST(AndroidSmsgate, WritesWhatTheAccountSays) {
  auto brief = sms;
  brief.validity_s = 1;
  const auto request = account({{"base_url", "http://phone:8080"},
                                {"device_id", "d"},
                                {"sim_number", 2},
                                {"priority", "-3"},
                                {"device_active_within", 12}})
                           ->build(brief, 0);
  EXPECT_EQ(request.url, "http://phone:8080/messages?skipPhoneValidation=true&deviceActiveWithin=12");
  const auto json = *parse_json(request.body);
  EXPECT_EQ(text_at(json, "/deviceId"), "d");
  EXPECT_EQ(text_at(json, "/simNumber"), "2");
  EXPECT_EQ(text_at(json, "/priority"), "-3");
  EXPECT_EQ(text_at(json, "/ttl"), "5") << "less is refused";
  EXPECT_EQ(find_header(account({{"access_token", "t"}})->build(sms, 0).headers, "Authorization"), "Bearer t");
  EXPECT_THROW(account({{"sim_number", 4}}), BadSettings);
  EXPECT_THROW(make_provider(android_smsgate, {}), BadSettings);
}

TEST(AndroidSmsgate, ALongReferenceKeepsItsIdempotencyKey) {
  auto other = sms;
  other.reference = std::string(50, 'r');
  const auto id = text_at(*parse_json(account()->build(other, 0).body), "/id");
  EXPECT_EQ(id.size(), 36u);
  EXPECT_EQ(account()->read({409, {}, ""}, other, 0).provider_message_ids, std::vector{id});
  EXPECT_TRUE(account()->idempotent());
}

TEST(AndroidSmsgate, ReadsEventsAndReasons) {
  struct {
    const char* event;
    const char* reason;
    Status status;
    ErrorClass error_class;
  } const rows[] = {
      {"sms:sent", "", Status::sent, ErrorClass::none},
      {"sms:delivered", "", Status::delivered, ErrorClass::none},
      {"sms:cancelled", "", Status::rejected, ErrorClass::none},
      {"sms:failed", "RESULT_ERROR_NO_SERVICE", Status::undelivered, ErrorClass::temporary},
      {"sms:failed", "RESULT_ERROR_LIMIT_EXCEEDED", Status::undelivered, ErrorClass::throttled},
      {"sms:failed", "RESULT_RIL_MODEM_ERR", Status::undelivered, ErrorClass::temporary},
      {"sms:failed", "RESULT_NO_DEFAULT_SMS_APP", Status::undelivered, ErrorClass::config},
      {"sms:failed", "Error: No SIMs found", Status::undelivered, ErrorClass::config},
      {"sms:failed", "News", Status::undelivered, ErrorClass::unknown},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.event) + " " + row.reason);
    const auto result = receive(boost::json::serialize(
        boost::json::object{{"event", row.event}, {"payload", {{"messageId", "m-1"}, {"reason", row.reason}}}}));
    ASSERT_EQ(result.updates.size(), 1u);
    EXPECT_EQ(result.updates[0].status, row.status);
    EXPECT_EQ(result.updates[0].error_class, row.error_class);
    EXPECT_EQ(result.updates[0].reference, "m-1");
  }
  EXPECT_EQ(receive(R"({"event":"sms:received","payload":{"phoneNumber":"+1","message":"a"}})").inbound.at(0).from,
            "+1");
}

TEST(AndroidSmsgate, RefusesWhatIsNotSigned) {
  const auto provider = account({{"signing_key", "key"}});
  const auto signature = hex(hmac(Hash::sha256, "key", "{}1"));
  EXPECT_TRUE(provider->receive(webhook("{}", "1", signature), 301).authentic);
  EXPECT_FALSE(provider->receive(webhook("{}", "1", signature), 302).authentic);
  EXPECT_FALSE(provider->receive(webhook("{}", "1", ""), 1).authentic);
  EXPECT_FALSE(provider->receive(webhook("{}", "1 ", signature), 1).authentic);
  EXPECT_FALSE(account()->receive(webhook("{}", "1", hex(hmac(Hash::sha256, "", "{}1"))), 1).authentic)
      << "without a key nothing is believed";
  EXPECT_FALSE(receive("{}", "-9223372036854775808").authentic);
  EXPECT_FALSE(receive("{}", "99999999999999999999").authentic);
}

TEST(AndroidSmsgate, Garbage) {
  run_garbage(*account({{"signing_key", "key"}}),
              {.bodies = {R"({"event":"sms:se)", R"({"event":7,"payload":[]})",
                          R"({"event":"sms:failed","payload":{"messageId":{},"reason":[]}})",
                          R"({"event":"sms:received","payload":"x"})", R"({"event":"sms:sent")" + many_members() + "}"},
               .requests =
                   [](const std::string& body) {
                     const auto timestamp = std::to_string(now);
                     return std::vector{webhook(body, timestamp, hex(hmac(Hash::sha256, "key", body + timestamp)))};
                   },
               .now_s = now});
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
