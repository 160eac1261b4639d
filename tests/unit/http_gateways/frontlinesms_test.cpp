// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/frontlinesms.hpp"

#include "http_gateways/wire.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

const OutboundSms sms{.reference = "m-1", .to = "+254700000101", .text = "Pay 1/2 ${now}"};

std::unique_ptr<Provider> account(boost::json::object settings) { return make_provider(frontlinesms, settings); }
std::unique_ptr<Provider> account(const char* mode) {
  return account(
      {{"mode", mode}, {"base_url", "http://h"}, {"activity_id", 7}, {"api_key", "a key"}, {"secret", "s3cr3t"}});
}

CallbackResult post(const Provider& provider, std::string body, std::string query = {}) {
  return provider.receive(
      {.method = "POST", .url = "https://gw.example.org/cb" + query, .headers = {}, .body = std::move(body)}, 0);
}

TEST(Frontlinesms, Cases) { run_cases("frontlinesms"); }

TEST(Frontlinesms, ReadsReplies) {
  run_replies(*account("v2"),
              {{"plain", {200, {}, "message successfully queued to send to 12 recipient(s)"}, Outcome::accepted},
               {"unreadable", {200, {}, "OK"}, Outcome::uncertain},
               {"no number", {200, {}, "queued to send to "}, Outcome::uncertain},
               {"refused", {400, {}, "no recipients supplied"}, ErrorClass::invalid_request}});
  run_replies(*account("cloud"),
              {{"any 200", {200, {}, ""}, Outcome::accepted}, {"refused", {403, {}, ""}, ErrorClass::auth}});
  run_replies(*account("trigger"), {{"plain", {200, {{"Content-Type", "text/html"}}, "OK\r\n"}, Outcome::accepted},
                                    {"unreadable", {200, {}, "Okay"}, Outcome::uncertain},
                                    {"refused", {403, {}, ""}, ErrorClass::config},
                                    {"another 500", {500, {}, "<html>"}, Outcome::uncertain}});
  EXPECT_EQ(account("sync")->read({200, {}, ""}, sms, 0).error_class, ErrorClass::config) << "it does not send";
}

TEST(Frontlinesms, WritesRequests) {
  EXPECT_EQ(text_at(*parse_json(account("v2")->build(sms, 0).body), "/message"), "Pay 1/2 $ {now}");
  EXPECT_EQ(account("trigger")->build(sms, 0).url, "http://h/send/sms/%2B254700000101/Pay%201-2%20%24%7Bnow%7D");
  EXPECT_EQ(account({{"mode", "trigger"}, {"base_url", "http://h"}, {"keep_slash", true}})->build(sms, 0).url,
            "http://h/send/sms/%2B254700000101/Pay%201%2F2%20%24%7Bnow%7D");
  const auto request = account({{"mode", "cloud"}, {"api_key", "a key"}, {"key_in_path", true}})->build(sms, 0);
  EXPECT_EQ(request.url, "https://cloud.frontlinesms.com/api/1/webhook/a%20key");
  EXPECT_EQ(text_at(*parse_json(request.body), "/recipients/0/value"), "+254700000101");
  EXPECT_FALSE(at(*parse_json(request.body), "/apiKey"));
  EXPECT_EQ(account("sync")->build(sms, 0).url, "");
  EXPECT_EQ(account(boost::json::object())->build(sms, 0).url, "") << "an account that only receives";
}

TEST(Frontlinesms, ChecksSettings) {
  for (const auto* mode : {"v2", "cloud", "trigger", "v3"})
    EXPECT_THROW(account(boost::json::object{{"mode", mode}}), BadSettings) << mode;
  for (const auto* mode : {"v2", "cloud", "trigger"}) EXPECT_FALSE(account(mode)->reports_delivery()) << mode;
  EXPECT_TRUE(account("sync")->reports_delivery());
}

TEST(Frontlinesms, PhonesThatPoll) {
  const auto provider = account("sync");
  const auto smssync = post(*provider, "", "?task=send&secret=s3cr3t");
  EXPECT_EQ(smssync.answer.body, R"({"payload":{"success":"true","secret":"s3cr3t","task":"send","messages":[]}})");
  EXPECT_TRUE(smssync.inbound.empty());
  const auto guess = post(*provider, "secret=guess&from=1&message=a");
  EXPECT_FALSE(guess.authentic);
  EXPECT_EQ(guess.answer.status, 200);
  EXPECT_EQ(guess.answer.body, R"({"payload":{"success":"false","error":"bad secret"}})");
  const auto sync = post(*provider, R"({"secret":"guess","payload":{"inboundTextMessages":[{"fromNumber":"1"}]}})");
  EXPECT_FALSE(sync.authentic);
  EXPECT_EQ(sync.answer.status, 403);
  EXPECT_EQ(sync.answer.body, "bad secret");
  EXPECT_FALSE(post(*account(boost::json::object()), R"({"secret":""})").authentic);
}

TEST(Frontlinesms, OutgoingWebConnection) {
  const auto provider = account({{"token", "t1"}});
  EXPECT_EQ(post(*provider, "from=%2B1&text=a&token=t1").inbound.at(0).text, "a");
  EXPECT_EQ(post(*provider, "from=%2B1&text=a", "?tok=t1").inbound.at(0).from, "+1");
  EXPECT_FALSE(post(*provider, "from=%2B1&text=a&token=t2").authentic);
  EXPECT_FALSE(post(*provider, "from=%2B1&text=a").authentic);
  EXPECT_EQ(post(*account("v2"), "from=%2B1&text=a").inbound.size(), 1u) << "no token is configured";
}

TEST(Frontlinesms, Garbage) {
  for (const auto* mode : {"v2", "sync"})
    run_garbage(
        *account(mode),
        {.bodies = {R"({"secret":"s3cr3t","payl)", R"({"secret":"s3cr3t"})",
                    R"({"secret":"s3cr3t","payload":{"inboundTextMessages":{},"outboundTextMessageStatuses":[1,[]]}})",
                    R"({"secret":"s3cr3t","payload":{"inboundTextMessages":[1,null,"x",[]]}})",
                    R"({"secret":["s3cr3t"],"payload":7})", "secret=s3cr3t&task=%00",
                    "secret=s3cr3t&message=", "secret=s3cr3t" + many_fields()},
         .authentic = {}});
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
