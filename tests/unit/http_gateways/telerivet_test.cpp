// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/telerivet.hpp"

#include "http_gateways/json.hpp"
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
  run_replies(*account(),
              {{"plain", {200, {}, R"({"id":"SM1","status":"queued"})"}, Outcome::accepted},
               {"no id", {200, {}, R"({"status":"queued"})"}, Outcome::uncertain},
               {"refused", {400, {}, R"({"error":{"code":"invalid_param","param":"content"}})"}, ErrorClass::content},
               {"other parameter",
                {400, {}, R"({"error":{"code":"invalid_param","param":"vars"}})"},
                ErrorClass::invalid_request},
               {"credit", {400, {}, R"({"error":{"code":"no_credit"}})"}, ErrorClass::balance},
               {"key", {400, {}, R"({"error":{"code":"bad_API_key"}})"}, ErrorClass::auth},
               {"error of 200", {200, {}, R"({"error":"x"})"}, ErrorClass::unknown},
               {"cancelled at once", {200, {}, R"({"id":"SM1","status":"cancelled"})"}, ErrorClass::unknown},
               {"unknown error of 500", {500, {}, R"({"error":{"code":"x"}})"}, Outcome::uncertain}});
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
  EXPECT_FALSE(account({{"webhook_secret", "w"}})
                   ->receive({.method = "POST", .url = "/", .headers = {}, .body = "event=send_status&secret="}, 0)
                   .authentic)
      << "no status_secret is set, and none fits";
}

TEST(Telerivet, Garbage) {
  const auto provider = account({{"status_secret", "s"}});
  Garbage garbage{
      .bodies = {R"({"secret":"s","event":"send_sta)", R"({"secret":"s","event":["send_status"],"id":{},"status":7})",
                 R"([{"secret":"s"}])", "secret=s&event=send_status", "secret=s" + many_fields()},
      .authentic = {}};
  run_garbage(*provider, garbage);
  garbage.requests = [](const std::string& body) {
    return std::vector<CallbackRequest>{{"POST", "https://gw.example.org/cb?secret=s&%", {}, body}};
  };
  run_garbage(*provider, garbage);
  for (const auto* body : {"[1", R"({"id":[],"error":null})"})
    EXPECT_TRUE(provider->read_poll({200, {}, body}).updates.empty());
  EXPECT_EQ(provider->read_poll({500, {}, R"({"error":{}})"}).error_class, ErrorClass::temporary);
  EXPECT_EQ(provider->read_poll({404, {}, R"({"error":{"code":"not_found"}})"}).error_class, ErrorClass::config);
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
