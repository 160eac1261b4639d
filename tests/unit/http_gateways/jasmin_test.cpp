// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/digest.hpp"
#include "http_gateways/form.hpp"
#include "http_gateways/json.hpp"
#include "http_gateways/reply.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

std::unique_ptr<Provider> account(const boost::json::object& more = {}) {
  const auto file = std::string(TEST_DATA) + "/providers/jasmin/account.json";
  auto settings = boost::json::parse(read_file(file)).as_object();
  for (const auto& [name, value] : more) settings[name] = value;
  return make_provider(*find_kind("jasmin"), settings);
}

TEST(Jasmin, Cases) { run_cases("jasmin"); }

TEST(Jasmin, Replies) {
  run_replies(*account(),
              {{"plain", {200, {}, "Success \"u-1\""}, Outcome::accepted},
               {"no id", {200, {}, "Success \"\""}, Outcome::uncertain},
               {"refused", {412, {}, "Error \"No route found\""}, ErrorClass::route},
               {"interceptor", {503, {}, "Error \"Interceptor not connected !\""}, ErrorClass::temporary},
               {"several arguments",
                {400, {}, "Error \"Mandatory arguments not found, please refer to the API.\""},
                ErrorClass::invalid_request},
               {"the value names `to`",
                {400, {}, "Error \"Argument [content] has an invalid value: [Argument [to]].\""},
                ErrorClass::invalid_request},
               {"priority",
                {400, {}, "Error \"Authorization failed for user [u] (Setting priority not authorized).\""},
                ErrorClass::config},
               {"source filter",
                {400, {}, "Error \"Value filter failed for user [u] (source_address filter mismatch).\""},
                ErrorClass::sender},
               {"content filter",
                {400, {}, "Error \"Value filter failed for user [u] (content filter mismatch).\""},
                ErrorClass::content},
               {"another filter",
                {400, {}, "Error \"Value filter failed for user [u] (priority filter mismatch).\""},
                ErrorClass::config},
               {"REST without login", {401, {}, "{\"title\":\"Authentication required\"}"}, ErrorClass::auth}});
}

TEST(Jasmin, CallbackUrl) {
  const auto form =
      parse_form(account({{"dlr_url", "https://a.example/cb"}, {"dlr_level", 2}, {"dlr_method", "GET"}})
                     ->build({.reference = "m-1", .to = "+1", .callback_url = "https://b.example/cb?ref=m-1"}, 0)
                     .body);
  EXPECT_EQ(find_field(form, "dlr-url"), "https://b.example/cb?ref=m-1");
  EXPECT_EQ(find_field(form, "dlr-level"), "2");
  EXPECT_EQ(find_field(form, "dlr-method"), "GET");
  const auto none = parse_form(account()->build({.reference = "m-1", .to = "+1"}, 0).body);
  for (const auto* name : {"dlr", "dlr-url", "dlr-level", "dlr-method"}) EXPECT_FALSE(find_field(none, name)) << name;
  EXPECT_FALSE(account({{"dlr_level", 1}})->reports_delivery());
}

TEST(Jasmin, Json) {
  const auto request = account({{"format", "json"}, {"password", "{{to}}"}, {"params", {{"priority", 2}}}})
                           ->build({.reference = "m-1", .to = "+1", .text = "a \"b\""}, 0);
  EXPECT_EQ(find_header(request.headers, "Content-Type"), "application/json");
  EXPECT_EQ(*parse_json(request.body), (boost::json::value{{"to", "+1"},
                                                           {"coding", "0"},
                                                           {"priority", "2"},
                                                           {"username", "gw"},
                                                           {"password", "{{to}}"},
                                                           {"content", "a \"b\""}}));
}

TEST(Jasmin, Rest) {
  const auto rest = account({{"api", "rest"}});
  const auto request = rest->build({.reference = "m-1",
                                    .to = "+1",
                                    .text = "Ж",
                                    .unicode = true,
                                    .validity_s = 61,
                                    .callback_url = "https://b.example/cb?ref=m-1"},
                                   0);
  EXPECT_EQ(request.url, "http://jasmin.example.org:1401/secure/send");
  EXPECT_EQ(find_header(request.headers, "Authorization"), basic_auth("gw", "example"));
  EXPECT_EQ(*parse_json(request.body), (boost::json::value{{"to", "+1"},
                                                           {"coding", "8"},
                                                           {"validity_period", "2"},
                                                           {"hex_content", "0416"},
                                                           {"dlr", "yes"},
                                                           {"dlr_url", "https://b.example/cb?ref=m-1"},
                                                           {"dlr_level", "3"},
                                                           {"dlr_method", "POST"}}));
  EXPECT_EQ(rest->build_balance(0)->url, "http://jasmin.example.org:1401/secure/balance");
  EXPECT_EQ(account()->build_balance(0)->url, "http://jasmin.example.org:1401/balance?username=gw&password=example");
}

TEST(Jasmin, Balance) {
  const struct {
    Reply reply;
    const char *amount, *quota;
    ErrorClass error_class = ErrorClass::none;
  } rows[] = {
      {{200, {}, R"({"balance":12.5,"sms_count":7})"}, "12.5", "7"},
      {{200, {}, R"({"balance":"ND","sms_count":"ND"})"}, "", "unlimited"},
      {{403, {}, R"("Authentication failure for username:gw")"}, "", "", ErrorClass::auth},
      {{200, {}, "<html>"}, "", "", ErrorClass::unknown},
      {{200, {}, R"([{"balance":1}])"}, "", "", ErrorClass::unknown},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.reply.body);
    const auto balance = account()->read_balance(row.reply);
    EXPECT_EQ(balance.amount, row.amount);
    EXPECT_EQ(balance.message_quota, row.quota);
    EXPECT_EQ(balance.error_class, row.error_class);
  }
}

TEST(Jasmin, InboundByCoding) {
  const struct {
    const char *form, *text;
  } rows[] = {
      {"coding=0&content=x&binary=411B65", "A€"},     {"coding=3&content=x&binary=41E9", "Aé"},
      {"coding=8&content=x&binary=D83DDE42", "🙂"}, {"coding=4&content=x&binary=00", "x"},
      {"coding=0&content=Hello&binary=", "Hello"},    {"coding=8&content=Hello&binary=0Z", "Hello"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.form);
    const auto result = account()->receive({.method = "POST",
                                            .url = "https://gw.example.org/mo/jasmin",
                                            .headers = {},
                                            .body = "id=mo-1&from=1&to=2&" + std::string(row.form)},
                                           0);
    ASSERT_EQ(result.inbound.size(), 1u);
    EXPECT_EQ(result.inbound[0].text, row.text);
    EXPECT_EQ(result.answer.body, "ACK/Jasmin");
  }
}

TEST(Jasmin, Garbage) {
  run_garbage(*account(), {.bodies = {"{\"id\":", "{\"id\":[],\"message_status\":{}}"},
                           .odd_bodies = {"id=1&from=" + std::string("\x00\xff", 2) + "&binary=zz&coding=\xfe",
                                          "message_status=ESME_" + many_fields()},
                           .answer = "ACK/Jasmin"});
}

TEST(Jasmin, BadSettings) {
  for (const auto& bad : {boost::json::object{{"base_url", "jasmin:1401"}},
                          {{"api", "soap"}},
                          {{"dlr_level", 4}},
                          {{"dlr_method", "PUT"}},
                          {{"format", "xml"}},
                          {{"params", {{"hex-content", "00"}}}}})
    EXPECT_THROW(account(bad), BadSettings) << boost::json::serialize(bad);
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
