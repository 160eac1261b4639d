// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/vonage_sms.hpp"

#include <map>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

std::unique_ptr<Provider> account(boost::json::object more = {}) {
  more.emplace("api_key", "abcd1234");
  more.emplace("api_secret", "example-secret");
  return make_provider(vonage_sms, more);
}

TEST(VonageSms, Cases) { run_cases("vonage-sms"); }

TEST(VonageSms, Signatures) {
  static const std::map<std::string, SignatureMethod> methods = {{"md5hash", SignatureMethod::md5hash},
                                                                 {"hmac-md5", SignatureMethod::md5},
                                                                 {"hmac-sha1", SignatureMethod::sha1},
                                                                 {"hmac-sha256", SignatureMethod::sha256},
                                                                 {"hmac-sha512", SignatureMethod::sha512}};
  for (const auto& c : cases("vonage-sms", "signature.json")) {
    SCOPED_TRACE(text_of(c.if_contains("name")));
    const auto& input = c.at("input").as_object();
    const auto& expect = c.at("expect").as_object();
    const auto method = text_of(input.if_contains("method"));
    const auto key = text_of(input.if_contains("key")), sig = text_of(input.if_contains("sig"));
    Fields fields;
    for (const auto& [name, value] : input.at("params").as_object()) fields.emplace_back(name, text_of(&value));
    if (const auto* signature = expect.if_contains("signature")) {
      EXPECT_EQ(sign(fields, key, methods.at(method)), lower(text_of(signature)));
    }
    if (const auto* text = expect.if_contains("string_to_sign")) {
      EXPECT_EQ(sign(fields, key, SignatureMethod::sha256), hex(hmac(Hash::sha256, key, text_of(text))));
    }
    fields.emplace_back("sig", sig);
    const auto now = input.at("now").as_int64();
    const bool valid = expect.at("valid").as_bool();
    EXPECT_EQ(signature_problem(fields, key, methods.at(method), now).empty(), valid);
    const auto signed_account =
        account({{"signature_secret", key}, {"signature_method", method == "md5hash" ? method : method.substr(5)}});
    const auto body = encode_form(fields);
    const std::string url = "https://gw.example.org/cb/vonage?tok=t&ref=m-1";
    for (const auto& request :
         {CallbackRequest{"POST", url, {}, body}, CallbackRequest{"GET", url + "&" + body, {}, ""}})
      EXPECT_EQ(signed_account->receive(request, now).authentic, valid) << request.method;
  }
}

TEST(VonageSms, SignatureSkipsAbsentValues) {
  const std::string sig = "a3368bf718ba104dcb392d8877e8eb2b";  // a public vector: b is null or blank
  EXPECT_EQ(sign({{"a", "alphabet"}, {"timestamp", "2100"}}, "abcde", SignatureMethod::md5hash), sig);
  const auto signed_account = account({{"signature_secret", "abcde"}});
  const std::string json = R"({"a":"alphabet","b":null,"timestamp":"2100","sig":")" + sig + "\"}";
  for (const auto& body : {json, "a=alphabet&b=&timestamp=2100&sig=" + sig}) {
    EXPECT_TRUE(signed_account->receive({"POST", "https://gw/", {}, body}, 2100).authentic) << body;
    EXPECT_TRUE(signed_account->receive({"POST", "https://gw/", {}, body}, 1800).authentic) << body;
    EXPECT_FALSE(signed_account->receive({"POST", "https://gw/", {}, body}, 1799).authentic) << "from the future";
  }
  EXPECT_FALSE(signed_account->receive({"POST", "https://gw/?status=failed", {}, "status=delivered"}, 2100).authentic);
}

// What is believed must be signed: our own URL's parameters are not, and may only add the reference.
TEST(VonageSms, UnsignedParametersSayNothing) {
  Fields fields{{"messageId", "A1"}, {"status", "delivered"}, {"timestamp", "2100"}};
  fields.emplace_back("sig", sign(fields, "abcde", SignatureMethod::md5hash));
  const auto result = account({{"signature_secret", "abcde"}})
                          ->receive({"POST", "https://gw/?ref=m-1&err-code=4", {}, encode_form(fields)}, 2100);
  ASSERT_EQ(result.updates.size(), 1u);
  EXPECT_EQ(result.updates[0].reference, "m-1");
  EXPECT_EQ(result.updates[0].error_code, "");
}

TEST(VonageSms, SignsRequestsInPlaceOfTheSecret) {
  const auto signed_account =
      account({{"signature_secret", "k"}, {"signature_method", "sha512"}, {"sign_requests", true}});
  const auto request = signed_account->build({.reference = "m-1", .to = "+254700000101", .text = "a=b&c"}, 2100);
  const auto form = parse_form(request.body);
  EXPECT_FALSE(find_field(form, "api_secret"));
  EXPECT_EQ(find_field(form, "timestamp"), "2100");
  EXPECT_EQ(signature_problem(form, "k", SignatureMethod::sha512, 2100), "");
}

TEST(VonageSms, LimitsOfARequest) {
  const auto ttl = [](std::int64_t validity_s) {
    const auto request = account()->build({.to = "+254700000101", .text = "x", .validity_s = validity_s}, 0);
    return find_field(parse_form(request.body), "ttl").value_or("none");
  };
  EXPECT_EQ(ttl(0), "none");
  EXPECT_EQ(ttl(1), "20000");
  EXPECT_EQ(ttl(INT64_MAX), "604800000");
  OutboundSms sms{.reference = "m-1", .to = "+254700000101", .from = "+254700000900", .text = "x"};
  sms.callback_url = "https://gw.example.org/cb?ref=m-1";
  auto form = parse_form(account({{"callback", "https://other/"}, {"from", "Sacco"}})->build(sms, 0).body);
  EXPECT_EQ(find_field(form, "callback"), sms.callback_url);
  EXPECT_EQ(find_field(form, "from"), "254700000900");
  sms.callback_url.append(100, 'x');
  EXPECT_FALSE(find_field(parse_form(account()->build(sms, 0).body), "callback")) << "status 23 would refuse it";
}

TEST(VonageSms, Settings) {
  EXPECT_THROW(make_provider(vonage_sms, {{"api_key", "a"}}), BadSettings);
  EXPECT_THROW(account({{"sign_requests", true}}), BadSettings);
  EXPECT_THROW(account({{"signature_method", "sha3"}}), BadSettings);
  EXPECT_FALSE(account({{"token", "t"}})->receive({"GET", "https://gw/?tok=u", {}, ""}, 0).authentic);
  EXPECT_TRUE(account({{"token", "t"}})->receive({"GET", "https://gw/?tok=t", {}, ""}, 0).authentic);
}

TEST(VonageSms, ReadsReplies) {
  run_replies(*account(), {{"plain", {200, {}, R"({"messages":[{"status":"0","message-id":"A"}]})"}, Outcome::accepted},
                           {"no messages", {200, {}, R"({"messages":[]})"}, Outcome::uncertain},
                           {"wrong types", {200, {}, R"({"messages":[7,null,[]]})"}, Outcome::uncertain},
                           {"no id", {200, {}, R"({"messages":[{"status":"0"}]})"}, Outcome::uncertain},
                           {"refused", {200, {}, R"({"messages":[{"status":"9"}]})"}, ErrorClass::balance},
                           {"new status", {200, {}, R"({"messages":[{"status":"77"}]})"}, ErrorClass::unknown},
                           {"bad number",
                            {200, {}, R"({"messages":[{"status":"3","error-text":"to address is not numeric"}]})"},
                            ErrorClass::destination},
                           {"bad sender",
                            {200, {}, R"({"messages":[{"status":"3","error-text":"Unable to use from"}]})"},
                            ErrorClass::invalid_request},
                           {"5xx", {502, {}, "bad gateway"}, Outcome::uncertain},
                           {"503", {503, {}, ""}, ErrorClass::temporary},
                           {"429", {429, {}, "slow down"}, ErrorClass::throttled}});
}

TEST(VonageSms, DetailNamesNobody) {
  const Reply reply{200, {}, R"({"messages":[{"status":"6","error-text":"254700000101 is not routable"}]})"};
  EXPECT_EQ(account()->read(reply, {.to = "+254700000101", .text = "x"}, 0).detail, "... is not routable");
  EXPECT_EQ(account()->read(reply, {.to = "+254700000101", .text = "routable"}, 0).detail, "");
}

TEST(VonageSms, Garbage) {
  Garbage garbage{.bodies = {R"({"status":{"a":1},"messageId":[2]})"},
                  .odd_bodies = {R"({"msisdn":1,"messageId":2,"concat":true,"concat-part":99999999999999999999})",
                                 R"({"status":"delivered","messageId":1e999})",
                                 "status=delivered&timestamp=99999999999999999999&sig=",
                                 "status=teleported&messageId=A1&err-code=x"},
                  .now_s = 2100};
  run_garbage(*account(), garbage);
  garbage.authentic = false;
  run_garbage(*account({{"signature_secret", "k"}}), garbage);
}

TEST(VonageSms, Balance) {
  EXPECT_EQ(account()->build_balance(0)->url,
            "https://rest.nexmo.com/account/get-balance?api_key=abcd1234&api_secret=example-secret");
  EXPECT_EQ(account()->read_balance({200, {}, "<html>"}).error_class, ErrorClass::temporary);
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
