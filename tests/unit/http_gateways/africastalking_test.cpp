// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/africastalking.hpp"

#include "http_gateways/form.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

const OutboundSms sms{.reference = "m-1", .to = "+254700000101", .text = "Loan approved"};

std::unique_ptr<Provider> account(boost::json::object settings = {}) {
  settings["username"] = "sacco";
  settings["api_key"] = "k";
  return make_provider(africastalking, settings);
}

std::string answer(const std::string& message, const std::string& recipients) {
  return R"({"SMSMessageData":{"Message":")" + message + R"(","Recipients":[)" + recipients + "]}}";
}
std::string recipient(const std::string& status_code, const std::string& id = "ATXid_1") {
  return R"({"number":"+254700000101","cost":"0","messageId":")" + id + R"(","statusCode":)" + status_code + "}";
}

TEST(AfricasTalking, Cases) { run_cases("africastalking"); }

TEST(AfricasTalking, ReadsReplies) {
  run_replies(*account(),
              {{"plain", {201, {}, answer("Sent", recipient("100"))}, Outcome::accepted, ""},
               {"code as text", {201, {}, answer("Sent", recipient("\"101\""))}, Outcome::accepted, ""},
               {"unreadable", {201, {}, "garbage"}, Outcome::uncertain, "201"},
               {"wrong types", {201, {}, R"({"SMSMessageData":{"Recipients":{}}})"}, Outcome::uncertain, "201"},
               {"recipient is missing",
                {201, {}, answer("Sent", R"({"number":"+1","statusCode":102})")},
                Outcome::uncertain,
                "201"},
               {"no id", {201, {}, answer("Sent", recipient("102", "None"))}, Outcome::uncertain, "102"},
               {"refused", {201, {}, answer("", recipient("402", "None"))}, ErrorClass::sender, "402"},
               {"502", {201, {}, answer("", recipient("502", "None"))}, ErrorClass::temporary, "502"},
               {"new code", {201, {}, answer("", recipient("777", "None"))}, ErrorClass::unknown, "777"},
               {"nobody", {201, {}, answer("Something went wrong", "")}, ErrorClass::unknown, "201"},
               {"provider down", {500, {}, "oops"}, Outcome::uncertain, "500"},
               {"throttled", {429, {{"Retry-After", "30"}}, ""}, ErrorClass::throttled, "429"}});
}

TEST(AfricasTalking, SenderOfTheMessageWins) {
  auto other = sms;
  other.from = "22384";
  EXPECT_EQ(find_field(parse_form(account({{"from", "SACCO"}})->build(other, 0).body), "from"), "22384");
}

TEST(AfricasTalking, ReadsCallbacks) {
  const auto receive = [](const boost::json::object& settings, std::string query, std::string body) {
    return account(settings)->receive(
        {.method = "POST", .url = "https://gw.example.org/cb" + query, .headers = {}, .body = std::move(body)}, 0);
  };
  struct {
    const char* body;
    Status status;
    bool final_status;
    ErrorClass error_class;
  } const rows[] = {
      {"status=Sent", Status::sent, false, ErrorClass::none},
      {"status=Submitted", Status::sent, false, ErrorClass::none},
      {"status=Failed", Status::undelivered, true, ErrorClass::unknown},
      {"status=Failed&failureReason=SystemError", Status::undelivered, true, ErrorClass::temporary},
      {"status=Failed&failureReason=UserAccountSuspended", Status::undelivered, true, ErrorClass::destination},
      {"status=Rejected&failureReason=InsufficientCredit", Status::rejected, true, ErrorClass::balance},
      {"status=Rejected&failureReason=News", Status::rejected, true, ErrorClass::unknown},
      {"status=Expired", Status::expired, true, ErrorClass::expired},
      {"status=News", Status::unknown, false, ErrorClass::none},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.body);
    const auto result = receive({}, "", std::string("id=ATXid_1&") + row.body);
    ASSERT_EQ(result.updates.size(), 1u);
    EXPECT_EQ(result.updates[0].status, row.status);
    EXPECT_EQ(result.updates[0].final_status, row.final_status);
    EXPECT_EQ(result.updates[0].error_class, row.error_class);
  }
  const auto opt_out = receive({}, "", "senderId=SACCO&phoneNumber=%2B254700000101");
  ASSERT_EQ(opt_out.inbound.size(), 1u);
  EXPECT_TRUE(opt_out.inbound[0].opt_out);
  EXPECT_EQ(opt_out.inbound[0].from, "+254700000101");
  EXPECT_EQ(opt_out.inbound[0].to, "SACCO");
  EXPECT_TRUE(receive({{"token", "t"}}, "?token=t", "id=1&status=Sent").authentic);
  EXPECT_TRUE(receive({{"token", "t"}}, "?tok=t", "id=1&status=Sent").authentic);
  EXPECT_FALSE(receive({{"token", "t"}}, "?tok=u", "id=1&status=Sent&tok=t").authentic);
  EXPECT_FALSE(receive({{"token", "t"}}, "", "id=1&status=Sent").authentic);
}

TEST(AfricasTalking, ReadsBalance) {
  const auto balance = account()->read_balance({200, {}, R"({"userData":{"Balance":"UGX 12"}})"});
  EXPECT_EQ(balance.amount, "12");
  EXPECT_EQ(balance.currency, "UGX");
  EXPECT_EQ(account()->read_balance({401, {}, "no"}).error_class, ErrorClass::auth);
  EXPECT_EQ(account()->read_balance({200, {}, "[]"}).error_class, ErrorClass::unknown);
  EXPECT_EQ(account()->build_balance(0)->url, "https://api.africastalking.com/version1/user?username=sacco");
}

TEST(AfricasTalking, Garbage) { run_garbage(*account(), {.bodies = {R"({"id":"1","status":"Se)", "status=Success"}}); }

}  // namespace
}  // namespace smsbridge::http_gateways::testing
