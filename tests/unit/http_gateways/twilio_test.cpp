// SPDX-License-Identifier: MPL-2.0
#include <set>

#include "http_gateways/coding.hpp"
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

TEST(Twilio, Cases) { run_cases("twilio"); }

TEST(Twilio, ReadsReplies) {
  run_replies(*make_provider(*find_kind("twilio"), {{"account_sid", "AC1"}, {"auth_token", "t"}}),
              {{"plain", {201, {}, R"({"sid":"SM1"})"}, Outcome::accepted},
               {"no sid", {201, {}, R"({"status":"queued"})"}, Outcome::uncertain},
               {"refused", {400, {}, R"({"code":21606})"}, ErrorClass::sender, "21606"}});
}

TEST(Twilio, ValidityIsWhatItTakes) {
  const auto provider = make_provider(*find_kind("twilio"), {{"account_sid", "AC1"}, {"auth_token", "t"}});
  for (const auto& [wanted, sent] : {std::pair(1, "6"), std::pair(600, "600"), std::pair(36001, "36000")}) {
    const auto request = provider->build({.to = "+254700000101", .text = "x", .validity_s = wanted}, 0);
    EXPECT_EQ(find_field(parse_form(request.body), "ValidityPeriod"), sent);
  }
}

TEST(Twilio, Garbage) {
  const auto requests = [](const std::string& body) {
    CallbackRequest request{"POST", "https://gw.example.org/cb", {}, body};
    const auto form = parse_form(body);
    std::string signed_text = request.url;
    for (const auto& [name, value] : std::set(form.begin(), form.end())) signed_text += name + value;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                       {"X-Twilio-Signature", base64(hmac(Hash::sha1, "t", signed_text))}};
    return std::vector{request};
  };
  const auto provider = make_provider(*find_kind("twilio"), {{"account_sid", "AC1"}, {"auth_token", "t"}});
  run_garbage(*provider, {.authentic = false});
  run_garbage(*provider, {.status = 204, .requests = requests});
}

TEST(Twilio, Signatures) {
  for (const auto& c : cases("twilio", "signature.json")) {
    SCOPED_TRACE(text_of(c.if_contains("name")));
    const auto& input = c.at("input").as_object();
    boost::json::object settings{{"account_sid", "AC1"}, {"auth_token", input.at("key")}};
    Fields form;
    if (const auto* params = input.if_contains("params"))
      for (const auto& pair : params->as_array())
        form.emplace_back(text_of(&pair.as_array()[0]), text_of(&pair.as_array()[1]));
    CallbackRequest request{
        .method = "POST", .url = text_of(input.if_contains("url")), .headers = {}, .body = encode_form(form)};
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    if (const auto* body = input.if_contains("body")) {
      request.headers[0].second = "application/json";
      request.body = text_of(body);
    }
    const auto* expected = c.at("expect").as_object().if_contains("signature");
    const auto* given = input.if_contains("signature");
    request.headers.emplace_back("X-Twilio-Signature", text_of(given ? given : expected));
    const auto result = make_provider(*find_kind("twilio"), settings)->receive(request, 0);
    const auto* valid = c.at("expect").as_object().if_contains("valid");
    EXPECT_EQ(result.authentic, valid ? valid->as_bool() : true) << result.refusal;
  }
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
