// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/infobip.hpp"

#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

std::unique_ptr<Provider> account(boost::json::object more = {}) {
  more.emplace("base_url", "https://example.api.infobip.com");
  more.emplace("api_key", "example-key");
  return make_provider(infobip, more);
}

CallbackResult receive(const std::string& body) {
  return account()->receive({"POST", "https://gw.example.org/cb?ref=m-1", {}, body}, 0);
}

TEST(Infobip, Cases) { run_cases("infobip"); }

TEST(Infobip, RequestBodies) {
  const OutboundSms sms{.reference = "m-1",
                        .to = "+254700000101",
                        .from = "+254700000900",
                        .text = "x",
                        .validity_s = 61,
                        .callback_url = "https://gw/cb?ref=m-1"};
  EXPECT_EQ(account({{"notify_url", "https://other/"}})->build(sms, 0).body,
            R"({"messages":[{"destinations":[{"to":"254700000101","messageId":"m-1"}],"text":"x",)"
            R"("from":"254700000900","validityPeriod":2,"notifyUrl":"https://gw/cb?ref=m-1",)"
            R"("notifyContentType":"application/json","callbackData":"m-1"}],"includeSmsCountInResponse":true})");
  EXPECT_EQ(account({{"api", "v3"}})->build(sms, 0).body,
            R"({"messages":[{"destinations":[{"to":"254700000101","messageId":"m-1"}],"content":{"text":"x"},)"
            R"("sender":"254700000900","options":{"validityPeriod":{"amount":2,"timeUnit":"MINUTES"}},)"
            R"("webhooks":{"callbackData":"m-1","delivery":{"url":"https://gw/cb?ref=m-1"},)"
            R"("contentType":"application/json"}}],"options":{"includeSmsCountInResponse":true}})");
  EXPECT_NE(account()->build({.to = "+254700000101", .validity_s = INT64_MAX}, 0).body.find(":2880"),
            std::string::npos);
  EXPECT_EQ(account()->build_poll("m 1", 0)->url, "https://example.api.infobip.com/sms/1/logs?messageId=m%201");
  EXPECT_TRUE(account()->idempotent());
}

TEST(Infobip, Settings) {
  EXPECT_THROW(make_provider(infobip, {{"api_key", "k"}}), BadSettings);
  EXPECT_THROW(account({{"api", "v4"}}), BadSettings);
  const CallbackRequest request{"POST", "https://gw/?token=t", {}, "{}"};
  EXPECT_TRUE(account({{"token", "t"}})->receive(request, 0).authentic);
  EXPECT_FALSE(account({{"token", "u"}})->receive(request, 0).authentic);
}

std::string answer(const std::string& message) { return R"({"messages":[)" + message + "]}"; }

TEST(Infobip, ReadsReplies) {
  run_replies(
      *account(),
      {{"plain", {200, {}, answer(R"({"messageId":"m","status":{"groupId":0,"id":0}})")}, Outcome::accepted},
       {"no status", {200, {}, answer(R"({"messageId":"m"})")}, Outcome::uncertain},
       {"no id", {200, {}, answer(R"({"status":{"groupId":1,"id":26}})")}, Outcome::uncertain},
       {"new group", {200, {}, answer(R"({"messageId":"m","status":{"groupId":9}})")}, Outcome::uncertain},
       {"duplicate without id", {200, {}, answer(R"({"status":{"groupId":5,"id":23}})")}, Outcome::accepted},
       {"expired", {200, {}, answer(R"({"messageId":"m","status":{"groupId":4,"id":15}})")}, ErrorClass::expired},
       {"by error",
        {200, {}, answer(R"({"messageId":"m","status":{"groupId":5,"id":4},"error":{"id":603}})")},
        ErrorClass::blocked},
       {"refused without a reason",
        {200, {}, answer(R"({"messageId":"m","status":{"groupId":5,"id":4},"error":{"id":0}})")},
        ErrorClass::unknown},
       {"refused", {403, {}, "{}"}, ErrorClass::auth},
       {"bad number, v3",
        {400, {}, R"({"errorCode":"E400","violations":[{"property":"messages[0].destinations[0].to"}]})"},
        ErrorClass::destination},
       {"bad number, v2",
        {400,
         {},
         R"({"requestError":{"serviceException":{"validationErrors":{"messages[0].destinations[0].to":["x"]}}}})"},
        ErrorClass::destination},
       {"bad photo",
        {400, {}, R"({"errorCode":"E400","violations":[{"property":"messages[0].photo"}]})"},
        ErrorClass::invalid_request},
       {"5xx", {500, {}, "{}"}, Outcome::uncertain},
       {"503", {503, {}, "{}"}, ErrorClass::temporary}});
}

TEST(Infobip, ReadsReports) {
  struct {
    const char* name;
    std::string status, error;
    Status want;
    bool is_final;
    ErrorClass error_class;
  } const rows[] = {
      {"only accepted", R"("groupId":0,"id":0)", "", Status::accepted, false, ErrorClass::none},
      {"waiting", R"("groupId":1,"id":26)", "", Status::accepted, false, ErrorClass::none},
      {"on its way", R"("groupId":1,"id":3)", "", Status::sent, false, ErrorClass::none},
      {"on its way again", R"("groupId":1,"id":7)", "", Status::sent, false, ErrorClass::none},
      {"numbers as text", R"("groupId":"3","id":"5")", R"("id":"0")", Status::delivered, true, ErrorClass::none},
      {"cancelled", R"("groupId":5,"id":4)", R"("id":4100)", Status::rejected, true, ErrorClass::config},
      {"blocked signals, refused", R"("groupId":5,"id":87)", R"("id":0)", Status::rejected, true, ErrorClass::content},
      {"blocked signals, expired", R"("groupId":4,"id":87)", R"("id":0)", Status::expired, true, ErrorClass::content},
      {"new error of a handset", R"("groupId":2,"id":9)", R"("id":77,"groupName":"HANDSET_ERRORS","permanent":"true")",
       Status::undelivered, true, ErrorClass::destination},
      {"new error elsewhere", R"("groupId":2,"id":9)", R"("id":77,"groupId":3,"permanent":true)", Status::undelivered,
       true, ErrorClass::route},
      {"new error that passes", R"("groupId":2,"id":9)", R"("id":77,"permanent":"false")", Status::undelivered, true,
       ErrorClass::temporary},
      {"flooding", R"("groupId":5,"id":4)", R"("id":4103,"permanent":true)", Status::rejected, true,
       ErrorClass::throttled},
      {"of a repeated request", R"("groupId":5,"id":23)", R"("id":0)", Status::accepted, false, ErrorClass::none},
      {"new group", R"("groupId":9,"id":1)", "", Status::unknown, false, ErrorClass::none},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto result =
        receive(R"({"results":[{"messageId":"m","status":{)" + row.status + R"(},"error":{)" + row.error + "}}]}");
    ASSERT_EQ(result.updates.size(), 1u);
    const auto& update = result.updates[0];
    EXPECT_EQ(update.reference, "m-1");
    EXPECT_EQ(name(update.status), name(row.want));
    EXPECT_EQ(update.final_status, row.is_final);
    EXPECT_EQ(name(update.error_class), name(row.error_class));
  }
}

TEST(Infobip, OneBadResultDoesNotFailTheBatch) {
  const auto result = receive(R"({"results":[7,null,{},[],{"status":9},{"from":"254700000101"},)"
                              R"({"messageId":"m","status":{"groupId":3,"id":5},"smsCount":99999999999999999,)"
                              R"("price":{"pricePerMessage":"0.01"}}]})");
  EXPECT_EQ(result.answer.status, 200);
  ASSERT_EQ(result.updates.size(), 2u) << "one is known by its URL alone";
  EXPECT_EQ(result.updates[1].status, Status::delivered);
  EXPECT_EQ(result.updates[1].price, "0.01") << "no such count";
  EXPECT_EQ(result.inbound.size(), 1u);
}

TEST(Infobip, Garbage) {
  run_garbage(*account(), {.bodies = {R"({"results":)", R"({"results":{}})",
                                      R"({"results":[{"status":{"groupId":{},"id":[]},"error":4,"price":"x"}]})",
                                      R"({"results":[{"from":{},"text":7}]})"}});
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
