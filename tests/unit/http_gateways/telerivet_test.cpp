// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/telerivet.hpp"

#include "http_gateways/wire.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

const OutboundSms sms{.reference = "m-1", .to = "+254700000101", .text = "Loan approved, call us"};

std::unique_ptr<Provider> account(boost::json::object settings = {}) {
  settings["api_key"] = "k";
  settings["project_id"] = "PJ1";
  return make_provider(telerivet, settings);
}

TEST(Telerivet, Cases) { run_cases("telerivet"); }

TEST(Telerivet, ReadsReplies) {
  struct {
    const char* name;
    Reply reply;
    Outcome outcome;
    ErrorClass error_class;
    Retry retry;
  } const rows[] = {
      {"plain", {200, {}, R"({"id":"SM1","status":"queued"})"}, Outcome::accepted, ErrorClass::none, Retry::none},
      {"unreadable", {200, {}, "<html>"}, Outcome::uncertain, ErrorClass::none, Retry::verify_first},
      {"no id", {200, {}, R"({"status":"queued"})"}, Outcome::uncertain, ErrorClass::none, Retry::verify_first},
      {"refused",
       {400, {}, R"({"error":{"code":"invalid_param","param":"content"}})"},
       Outcome::rejected,
       ErrorClass::content,
       Retry::never},
      {"other parameter",
       {400, {}, R"({"error":{"code":"invalid_param","param":"vars"}})"},
       Outcome::rejected,
       ErrorClass::invalid_request,
       Retry::failover},
      {"credit",
       {400, {}, R"({"error":{"code":"x","message":"Not enough Credit"}})"},
       Outcome::rejected,
       ErrorClass::balance,
       Retry::failover},
      {"key", {400, {}, R"({"error":{"code":"bad_API_key"}})"}, Outcome::rejected, ErrorClass::auth, Retry::failover},
      {"error of 200", {200, {}, R"({"error":"x"})"}, Outcome::rejected, ErrorClass::unknown, Retry::backoff},
      {"cancelled at once",
       {200, {}, R"({"id":"SM1","status":"cancelled"})"},
       Outcome::rejected,
       ErrorClass::unknown,
       Retry::backoff},
      {"provider down", {500, {}, ""}, Outcome::uncertain, ErrorClass::none, Retry::verify_first},
      {"unknown error of 500",
       {500, {}, R"({"error":{"code":"x"}})"},
       Outcome::uncertain,
       ErrorClass::none,
       Retry::verify_first},
      {"throttled", {429, {{"Retry-After", "30"}}, ""}, Outcome::rejected, ErrorClass::throttled, Retry::backoff},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto verdict = account()->read(row.reply, sms, 0);
    EXPECT_EQ(verdict.outcome, row.outcome);
    EXPECT_EQ(verdict.error_class, row.error_class);
    EXPECT_EQ(verdict.retry, row.retry);
    if (row.error_class == ErrorClass::throttled) {
      EXPECT_EQ(verdict.retry_after_ms, 30000);
    }
  }
}

TEST(Telerivet, DetailHasNoNumberAndNoText) {
  const auto detail = [](std::string message) {
    const boost::json::object error{{"code", "invalid_param"}, {"message", std::move(message)}};
    return account()->read({400, {}, boost::json::serialize(boost::json::object{{"error", error}})}, sms, 0).detail;
  };
  EXPECT_EQ(detail("Invalid number +254 700-000101, see page 12"), "Invalid number +..., see page 12");
  EXPECT_EQ(detail("Bad content: Loan approved, call us"), "");
}

TEST(Telerivet, CallbackOfTheMessageWinsOverTheAccounts) {
  auto with_callback = sms;
  with_callback.callback_url = "https://gw.example.org/cb/1?ref=m-1";
  const auto request = account({{"status_url", "https://x.example.org"}})->build(with_callback, 0);
  EXPECT_EQ(text_at(*parse_json(request.body), "/status_url"), with_callback.callback_url);
}

TEST(Telerivet, ReadsCallbacks) {
  const auto provider = account({{"status_secret", "s"}});
  const auto receive = [&](std::string url, std::string body) {
    return provider->receive(
        {.method = "POST", .url = "https://gw.example.org/cb" + url, .headers = {}, .body = std::move(body)}, 0);
  };
  struct {
    const char* status;
    Status want;
    bool final_status;
  } const rows[] = {{"queued", Status::accepted, false},          {"processing", Status::accepted, false},
                    {"failed_queued", Status::accepted, false},   {"sent", Status::sent, false},
                    {"delivered", Status::delivered, true},       {"read", Status::delivered, true},
                    {"not_delivered", Status::undelivered, true}, {"failed", Status::undelivered, true},
                    {"cancelled", Status::rejected, true},        {"news", Status::unknown, false}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.status);
    const auto result = receive("?ref=m-1", std::string("event=send_status&secret=s&id=SM1&status=") + row.status);
    ASSERT_EQ(result.updates.size(), 1u);
    EXPECT_EQ(result.updates[0].status, row.want);
    EXPECT_EQ(result.updates[0].final_status, row.final_status);
    EXPECT_EQ(result.updates[0].reference, "m-1");
  }
  EXPECT_EQ(receive("", "event=send_status&secret=s&id=SM1&status=sent&vars[ref]=m-2").updates.at(0).reference, "m-2");
  for (const auto* body : {"event=send_status&secret=s&id=SM1&status=received", "event=contact_update&secret=s",
                           "event=incoming_message&secret=s&message_type=call&from_number=1", "secret=s"}) {
    const auto result = receive("", body);
    EXPECT_TRUE(result.authentic && result.updates.empty() && result.inbound.empty()) << body;
    EXPECT_EQ(result.answer.status, 200) << body;
  }
  EXPECT_FALSE(account()->receive({.method = "POST", .url = "/", .headers = {}, .body = "secret="}, 0).authentic);
}

TEST(Telerivet, GarbageCallbacksDoNotThrow) {
  std::string many = "secret=s";
  for (int i = 0; i < 1000; ++i) many += "&p" + std::to_string(i) + "=%FF";
  const auto provider = account({{"status_secret", "s"}});
  for (const std::string& body :
       {std::string(), std::string(R"({"secret":"s","event":"send_sta)"), many,
        std::string(R"({"secret":"s","event":["send_status"],"id":{},"status":7})"), std::string(R"([{"secret":"s"}])"),
        std::string("secret=s&event=send_status"), std::string("\0\xff\xfe{&=%%%", 9)})
    for (const auto* url : {"https://gw.example.org/cb", "https://gw.example.org/cb?secret=s&%", ""}) {
      const auto result = provider->receive({.method = "POST", .url = url, .headers = {}, .body = body}, 0);
      EXPECT_TRUE(result.updates.empty() && result.inbound.empty()) << body;
    }
  for (const std::string& body : {std::string(), std::string("[1"), std::string(R"({"id":[],"error":null})")})
    EXPECT_TRUE(provider->read_poll({200, {}, body}).updates.empty());
  EXPECT_EQ(provider->read_poll({500, {}, R"({"error":{}})"}).error_class, ErrorClass::temporary);
  EXPECT_EQ(provider->read_poll({404, {}, R"({"error":{"code":"not_found"}})"}).error_class, ErrorClass::config);
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
