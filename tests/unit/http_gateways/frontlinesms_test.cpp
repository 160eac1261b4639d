// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/frontlinesms.hpp"

#include "http_gateways/json.hpp"
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
  EXPECT_EQ(account("sync")->read({200, {}, ""}, sms, 0).error_class, ErrorClass::config) << "its messages are fetched";
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
  for (const auto* mode : {"v2", "cloud", "trigger", "sync", "v3"})
    EXPECT_THROW(account(boost::json::object{{"mode", mode}}), BadSettings) << mode;
  for (const auto* mode : {"v2", "cloud", "trigger"}) EXPECT_FALSE(account(mode)->reports_delivery()) << mode;
  EXPECT_TRUE(account("sync")->reports_delivery());
  for (const boost::json::value& interval : {boost::json::value(0), boost::json::value("1m"), boost::json::value(1e6)})
    EXPECT_THROW(account({{"mode", "sync"}, {"secret", "s"}, {"check_interval_s", interval}}), BadSettings) << interval;
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

TEST(Frontlinesms, MessagesAreFetched) {
  const auto provider = account("sync");
  EXPECT_EQ(provider->fetch_interval_s(), 60);
  EXPECT_FALSE(account("v2")->fetched());
  struct {
    const char* name;
    const char* mode;
    CallbackRequest request;
    Fetch fetch;
    const char* handed_out;
  } const rows[] = {
      {"FrontlineSync",
       "sync",
       {.method = "POST", .body = R"({"secret":"s3cr3t","payload":{}})"},
       Fetch::reported,
       R"({"messages":[{"to":"+254700000101","message":"Pay 1/2 ${now}","dispatchId":"m-1"}],)"
       R"("config":{"sendEnabled":true,"receiveEnabled":true,"missedCallEnabled":false,"checkInterval":1}})"},
      {"SMSSync",
       "sync",
       {.method = "GET", .url = "http://h/in/a/b?task=send&secret=s3cr3t"},
       Fetch::unreported,
       R"({"payload":{"success":"true","secret":"s3cr3t","task":"send",)"
       R"("messages":[{"to":"+254700000101","message":"Pay 1/2 ${now}","uuid":"m-1"}]}})"},
      {"nobody sees the answer",
       "sync",
       {.method = "HEAD", .url = "http://h/in/a/b?task=send&secret=s3cr3t"},
       Fetch::none,
       nullptr},
      {"another task",
       "sync",
       {.method = "GET", .url = "http://h/in/a/b?task=result&secret=s3cr3t"},
       Fetch::none,
       nullptr},
      {"an inbound message",
       "sync",
       {.method = "POST", .body = "secret=s3cr3t&from=1&message=a&message_id=1"},
       Fetch::none,
       nullptr},
      {"wrong secret", "sync", {.method = "POST", .body = R"({"secret":"guess"})"}, Fetch::none, nullptr},
      {"wrong secret", "sync", {.method = "GET", .url = "http://h/?task=send&secret=guess"}, Fetch::none, nullptr},
      {"of an account that sends", "v2", {.method = "POST", .body = R"({"secret":"s3cr3t"})"}, Fetch::none, nullptr},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto phone = account(row.mode);
    EXPECT_EQ(phone->receive(row.request, 0).fetch, row.fetch);
    if (row.handed_out) {
      EXPECT_EQ(phone->hand_out(row.request, {sms}).body, row.handed_out);
    }
  }
  const std::pair<int, int> steps[] = {{1, 1}, {60, 1}, {299, 1}, {300, 5}, {1800, 30}, {86400, 120}};
  for (const auto& [seconds, minutes] : steps) {
    const auto phone = account({{"mode", "sync"}, {"secret", "s3cr3t"}, {"check_interval_s", seconds}});
    EXPECT_EQ(phone->fetch_interval_s(), seconds);
    EXPECT_EQ(text_at(*parse_json(phone->hand_out(rows[0].request, {}).body), "/config/checkInterval"),
              std::to_string(minutes));
  }
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
