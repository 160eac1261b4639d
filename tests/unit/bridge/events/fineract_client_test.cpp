// SPDX-License-Identifier: MPL-2.0
// How a Fineract is asked: who we say we are, tokens, and what its answers mean.
#include "bridge/events/fineract_client.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/bridge/env/open_requests.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using End = FineractAnswer::End;

class FineractClientTest : public testing::Test {
 protected:
  void start(FineractSettings settings) {
    settings.url = "https://fineract/fineract-provider/api/v1";
    client_ = std::make_unique<FineractClient>(
        std::move(settings), "umoja", io_.get_executor(),
        [this](const auto&, const HttpOptions&) { return std::make_unique<OpenRequests>(open_); }, clock_);
  }
  void start_with_oauth() {
    start({.url = {},
           .tenant = {},
           .user = {},
           .password = {},
           .oauth = {.token_url = "https://sso/token", .client_id = "sms", .client_secret = "s+/", .scope = "read"}});
  }
  void get(const std::string& path) {
    client_->get(path, [this](FineractAnswer answer) { answers_.push_back(std::move(answer)); });
  }
  // Of the oldest open request.
  http_gateways::Request answer(int status, std::string body, http_gateways::Headers headers = {}) {
    auto first = std::move(open_.front());
    open_.pop_front();
    first.done({.end = HttpTransport::End::answered,
                .reply = {.status = status, .headers = std::move(headers), .body = std::move(body)},
                .detail = {}});
    return std::move(first.request);
  }
  static std::string header(const http_gateways::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.headers)
      if (key == name) return value;
    return {};
  }

  boost::asio::io_context io_;
  VirtualClock clock_;
  std::deque<OpenRequests::Open> open_;
  std::unique_ptr<FineractClient> client_;
  std::vector<FineractAnswer> answers_;
};

TEST_F(FineractClientTest, SaysWhoItIsAndOfWhichTenant) {
  start({.url = {}, .tenant = {}, .user = "amina", .password = "p:w"});
  get("clients/7?fields=id");
  const auto request = answer(200, R"({"id":7})", {{"Date", "Mon, 30 Nov 2026 10:00:00 GMT"}});
  EXPECT_EQ(request.method + " " + request.url, "GET https://fineract/fineract-provider/api/v1/clients/7?fields=id");
  EXPECT_EQ(header(request, "Authorization"), "Basic YW1pbmE6cDp3");
  EXPECT_EQ(header(request, "Fineract-Platform-TenantId"), "umoja");
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].end, End::answered);
  EXPECT_EQ(answers_[0].body.at("id"), 7);
  EXPECT_EQ(answers_[0].clock, 1'796'032'800'000);
  client_->get_beside("/actuator/info", [](const FineractAnswer&) {});
  EXPECT_EQ(open_.front().request.url, "https://fineract/fineract-provider/actuator/info");
  EXPECT_EQ(header(open_.front().request, "Authorization"), "") << "nobody's business beside the API";
}

TEST_F(FineractClientTest, TellsAnswersApart) {
  start({.url = {}, .tenant = "other", .user = "amina", .password = "pw"});
  const struct {
    int status;
    const char* body;
    End end;
    const char* detail;
  } cases[] = {
      {200, "[]", End::answered, ""},
      {200, "<html>", End::unreadable, "the answer is no JSON"},
      {204, "", End::unreadable, "the answer is no JSON"},
      {400, R"({"defaultUserMessage":"Invalid tenant"})", End::refused, "HTTP 400: Invalid tenant"},
      {401, R"({"developerMessage":"who?\n"})", End::login, "HTTP 401: who?\\n"},
      {403, "", End::forbidden, "HTTP 403"},
      {404, "[1]", End::not_found, "HTTP 404"},
      {429, "", End::failing, "HTTP 429"},
      {503, R"({"error":["a"],"message":"down"})", End::failing, "HTTP 503: down"},
      {302, "", End::refused, "HTTP 302: it points to https://sso/login"},
  };
  for (const auto& c : cases) {
    get("x");
    answer(c.status, c.body,
           c.status == 302 ? http_gateways::Headers{{"Location", "https://sso/login"}} : http_gateways::Headers{});
    EXPECT_EQ(answers_.back().end, c.end) << c.status;
    EXPECT_EQ(answers_.back().detail, c.detail);
    EXPECT_FALSE(answers_.back().clock);
  }
  get("x");
  EXPECT_EQ(header(open_.front().request, "Fineract-Platform-TenantId"), "other");
  open_.front().done({.end = HttpTransport::End::not_sent, .reply = {}, .detail = "no such host"});
  EXPECT_EQ(answers_.back().end, End::unreachable);
  EXPECT_EQ(answers_.back().detail, "no such host");
}

TEST_F(FineractClientTest, OneTokenServesUntilItEnds) {
  start_with_oauth();
  get("a");
  get("b");
  ASSERT_EQ(open_.size(), 1u) << "both wait for one token";
  const auto asked = answer(200, R"({"access_token":"t1","expires_in":60})");
  EXPECT_EQ(asked.url, "https://sso/token");
  EXPECT_EQ(asked.body, "grant_type=client_credentials&scope=read");
  EXPECT_EQ(header(asked, "Authorization"), "Basic c21zOnMlMkIlMkY=") << "sms:s%2B%2F";
  ASSERT_EQ(open_.size(), 2u);
  EXPECT_EQ(header(answer(200, "1"), "Authorization"), "Bearer t1");
  answer(200, "2");
  EXPECT_EQ(answers_.size(), 2u);
  clock_.advance(49s);
  get("c");
  EXPECT_EQ(header(answer(200, "3"), "Authorization"), "Bearer t1");
  clock_.advance(2s);
  get("d");
  EXPECT_EQ(open_.front().request.url, "https://sso/token") << "not in its last ten seconds";
  answer(200, R"({"access_token":"t2","expires_in":9223372036854775807})");
  answer(200, "4");
  clock_.advance(23h);
  get("e");
  EXPECT_EQ(header(answer(200, "5"), "Authorization"), "Bearer t2") << "a day is enough";
}

TEST_F(FineractClientTest, ATokenThatIsRefusedIsAskedForAnewOnce) {
  start_with_oauth();
  get("a");
  answer(200, R"({"access_token":"t1","expires_in":3600})");
  answer(401, "{}");
  ASSERT_EQ(open_.front().request.url, "https://sso/token");
  answer(200, R"({"access_token":"t2","expires_in":3600})");
  EXPECT_EQ(header(answer(401, "{}"), "Authorization"), "Bearer t2");
  EXPECT_TRUE(open_.empty()) << "not for ever";
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].end, End::login);
}

TEST_F(FineractClientTest, WithoutATokenAllThatWaitForItAreTold) {
  start_with_oauth();
  get("a");
  get("b");
  answer(401, R"({"error":"invalid_client"})");
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[1].end, End::login);
  EXPECT_EQ(answers_[1].detail, "no token: HTTP 401: invalid_client");
  get("c");
  answer(200, "{}");
  EXPECT_EQ(answers_[2].detail, "no token: the answer has no access_token");
  get("d");
  answer(502, "");
  EXPECT_EQ(answers_[3].end, End::failing) << "a repetition may help";
}

TEST_F(FineractClientTest, NobodyIsToldOnceItIsGone) {
  start({.url = {}, .tenant = {}, .user = "amina", .password = "pw"});
  get("a");
  auto late = std::move(open_.front().done);
  client_.reset();
  late({.end = HttpTransport::End::answered, .reply = {.status = 200, .headers = {}, .body = "1"}, .detail = {}});
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace smsbridge::bridge
