// SPDX-License-Identifier: MPL-2.0
#include "http_gateways/form.hpp"
#include "tests/unit/http_gateways/cases.hpp"

namespace smsbridge::http_gateways::testing {
namespace {

std::unique_ptr<Provider> account(const boost::json::object& more = {}) {
  const auto file = std::string(TEST_DATA) + "/providers/kannel/account.json";
  auto settings = boost::json::parse(read_file(file)).as_object();
  for (const auto& [name, value] : more) settings[name] = value;
  return make_provider(*find_kind("kannel"), settings);
}

CallbackRequest receipt(const std::string& query) {
  return {.method = "GET", .url = "https://gw.example.org/cb/kannel?" + query, .headers = {}, .body = {}};
}

TEST(Kannel, Cases) { run_cases("kannel"); }

TEST(Kannel, Replies) {
  run_replies(
      *account(),
      {{"plain", {202, {{"Content-Type", "text/html"}}, "0: Accepted for delivery"}, Outcome::accepted},
       {"any other 2xx", {200, {}, "Done"}, Outcome::accepted},
       {"refused", {400, {}, "UDH field is too long, rejected"}, ErrorClass::invalid_request},
       {"503", {503, {}, "Temporal failure, try again later."}, ErrorClass::temporary},
       {"500 that is not Kannel's", {500, {}, "<html>"}, Outcome::uncertain},
       {"empty receiver", {400, {}, "Empty receiver number not allowed, rejected"}, ErrorClass::destination},
       {"a form was sent", {400, {}, "Unsupported content-type, rejected"}, ErrorClass::invalid_request},
       {"another 403", {403, {}, "<html>"}, ErrorClass::auth},
       {"our number is denied", {202, {}, "Sent. Denied receivers are: +254700000101"}, ErrorClass::blocked},
       {"our number, nationally", {202, {}, "Sent. Denied receivers are: 0700000101"}, ErrorClass::blocked},
       {"another number is denied", {202, {}, "Sent. Denied receivers are: +254700000102"}, Outcome::accepted}});
}

TEST(Kannel, CallbackUrl) {
  const auto url_of = [](boost::json::object settings, const std::string& ours) {
    const auto request = account(settings)->build({.reference = "m-7", .to = "+1", .callback_url = ours}, 0);
    return find_field(parse_form(query_of(request.url)), "dlr-url").value_or("none");
  };
  EXPECT_EQ(url_of({}, ""), "none");
  EXPECT_EQ(url_of({}, "https://b.example/cb?ref=m-7"), "https://b.example/cb?ref=m-7&st=%d&fid=%F&reply=%A");
  EXPECT_EQ(url_of({}, "https://b.example/a%20b?ref=m-7"), "https://b.example/a%%20b?ref=m-7&st=%d&fid=%F&reply=%A");
  EXPECT_EQ(url_of({{"dlr_url", "https://b.example/cb"}}, ""), "https://b.example/cb?ref=m-7&st=%d&fid=%F&reply=%A");
  EXPECT_EQ(url_of({{"dlr_url", "https://b.example/cb"}}, "https://c.example/cb?ref=m-7"),
            "https://c.example/cb?ref=m-7&st=%d&fid=%F&reply=%A");
  const auto request = account()->build({.reference = "m-7", .to = "+1"}, 0);
  EXPECT_FALSE(find_field(parse_form(query_of(request.url)), "dlr-mask")) << "no receipt is wanted";
}

TEST(Kannel, BracesInSettingsAreOnlyCharacters) {
  const auto request = account({{"password", "{{text}}"}, {"params", {{"smsc", "{{to}}"}}}})
                           ->build({.reference = "m-7", .to = "+1", .text = "hello"}, 0);
  const auto query = parse_form(query_of(request.url));
  EXPECT_EQ(find_field(query, "password"), "{{text}}");
  EXPECT_EQ(find_field(query, "smsc"), "{{to}}");
}

TEST(Kannel, Receipts) {
  const struct {
    const char* query;
    Status status;
    const char* error_code;
  } rows[] = {
      {"ref=m-1&st=2&fid=&reply=stat:REJECTD%20err:011%20text:x", Status::rejected, "011"},
      {"ref=m-1&st=2&fid=&reply=stat:UNDELIV%20err:000%20text:", Status::undelivered, ""},
      {"ref=m-1&st=2&reply=text:%20stat:EXPIRED%20err:9", Status::expired, "9"},
      {"ref=m-1&st=2&reply=stat:UNDELIV%20text:%20stat:EXPIRED%20err:9", Status::undelivered, ""},
      {"ref=m-1&st=1&reply=stat:EXPIRED%20err:000", Status::delivered, ""},
      {"ref=m-1&st=16&reply=NACK/0x0000000b/Invalid%20Destination", Status::rejected, "0x0000000b"},
      {"ref=m-1&st=8&reply=ACK/", Status::sent, ""},
      {"ref=m-1&st=3", Status::unknown, ""},
      {"ref=m-1&st=%25d", Status::unknown, ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.query);
    const auto result = account()->receive(receipt(row.query), 0);
    ASSERT_EQ(result.updates.size(), 1u);
    EXPECT_EQ(result.updates[0].reference, "m-1");
    EXPECT_EQ(result.updates[0].provider_message_id, "");
    EXPECT_EQ(result.updates[0].status, row.status);
    EXPECT_EQ(result.updates[0].error_code, row.error_code);
  }
}

TEST(Kannel, TokenMayBeNamedToken) {
  const auto with_token = account({{"token", "s3cr3t"}});
  EXPECT_TRUE(with_token->receive(receipt("ref=m-1&st=1&token=s3cr3t"), 0).authentic);
  EXPECT_FALSE(with_token->receive(receipt("ref=m-1&st=1"), 0).authentic);
}

TEST(Kannel, InboundUcs2) {
  const auto result =
      account()->receive(receipt("from=%2B254700000101&to=22384&text=%04%16%041&charset=UTF-16BE&coding=2"), 0);
  ASSERT_EQ(result.inbound.size(), 1u);
  EXPECT_EQ(result.inbound[0].text, "Жб");
}

TEST(Kannel, Garbage) {
  run_garbage(*account(), {.bodies = {"\xff\xfe\x01%", "{\"st\":{}}"},
                           .odd_bodies = {"st=2&ref=1&reply=err:", "st=2&ref=m-1&reply=%ff" + many_fields()},
                           .answer = ""});
  for (const auto* body : {"{\"st\":", "[1,2]", "{\"st\":{}}"}) {
    auto request = receipt("st=2&ref=1&reply=err:");
    request.body = body;
    EXPECT_EQ(account()->receive(request, 0).updates.size(), 1u) << "the query counts";
  }
}

TEST(Kannel, BadSettings) {
  for (const auto& bad : {boost::json::object{{"url", "kannel:13013"}},
                          {{"dlr_mask", 64}},
                          {{"dlr_mask", "all"}},
                          {{"number_format", "national"}},
                          {{"params", {{"nothing", 1}}}}})
    EXPECT_THROW(account(bad), BadSettings) << boost::json::serialize(bad);
}

}  // namespace
}  // namespace smsbridge::http_gateways::testing
