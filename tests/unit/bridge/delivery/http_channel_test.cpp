// SPDX-License-Identifier: MPL-2.0
// What an answer of a provider does to its message and to the gateway, in virtual time and without sockets.
#include "bridge/delivery/http_channel.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <deque>

#include "tests/unit/bridge/delivery/virtual_clock.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using http_gateways::Headers;
using http_gateways::Reply;

// Keeps the requests; the test answers them, the oldest first.
struct ManualTransport : HttpTransport {
  ManualTransport(std::deque<Done>& waiting, http_gateways::Request& latest) : open(waiting), last(latest) {}
  void send(http_gateways::Request request, Done done) override {
    last = std::move(request);
    open.push_back(std::move(done));
  }
  void abort() override {}
  std::deque<Done>& open;
  http_gateways::Request& last;
};

class HttpChannelTest : public testing::Test, public Channel::Owner {
 protected:
  void open_account(const std::string& kind, const char* account, std::string callback_url = {}) {
    config_.name = "main";
    config_.kind = kind;
    config_.way = ProviderSettings{.kind = http_gateways::find_kind(kind),
                                   .account = boost::json::parse(account).as_object(),
                                   .balance_interval = {}};
    channel_ = std::make_unique<HttpChannel>(
        config_,
        HttpContext{
            .executor = io_.get_executor(),
            .clock = clock_,
            .metrics = metrics_.gateway("main", kind),
            .provider_metrics = metrics_.provider("main"),
            .pace = pace_,
            .make_transport = [this](auto, const auto&) { return std::make_unique<ManualTransport>(open_, last_); },
            .callback_url = std::move(callback_url),
            .sent_before = [this](auto) { return sent_; }},
        http_gateways::make_provider(*config_.provider().kind, config_.provider().account), *this);
    channel_->start();
  }
  void submit(store::Claimed message = {}) {
    message.content.to = "+254700000101";
    message.content.text = "Hello";
    const auto outgoing = channel_->prepare(message, clock_.wall());
    ASSERT_EQ(channel_->submit(++cookie_, **outgoing, 0), Channel::Submitted::yes);
  }
  // What its owner hears of the oldest message.
  std::string answer(Reply reply) {
    heard_.clear();
    const auto done = std::move(open_.front());
    open_.pop_front();
    done({.end = HttpTransport::End::answered, .reply = std::move(reply), .detail = {}});
    return heard_;
  }

  void on_answer(std::uint64_t, Answer answer) override {
    using Kind = Answer::Kind;
    heard_ = answer.kind == Kind::accepted    ? "accepted"
             : answer.kind == Kind::temporary ? "temporary"
             : answer.kind == Kind::unknown   ? "unknown"
             : answer.elsewhere               ? "refused, elsewhere"
                                              : "refused";
  }
  void on_throttled(std::uint64_t, Duration pause, const std::string&) override {
    heard_ = fmt::format("throttled for {} s", std::chrono::duration_cast<std::chrono::seconds>(pause).count());
  }
  void on_not_taken(std::uint64_t) override { heard_ = "not taken"; }
  Blame on_blamed(std::uint64_t cookie, Answer if_at_fault) override {
    if (blame_ == Blame::message)
      on_answer(cookie, std::move(if_at_fault));
    else
      heard_ = "blamed";
    return blame_;
  }
  void on_late_answer(std::uint64_t, std::string) override {}
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState, std::function<void(bool)> stored) override {
    receipts_.push_back(std::move(receipt));
    const bool can = stored_.empty() || stored_.front();
    if (!stored_.empty()) stored_.pop_front();
    stored(can);
  }
  void on_inbound(FromPhone, std::function<void(bool)> answer) override { answer(true); }
  void on_room() override {}
  void on_up_or_down() override { ++changes_; }
  void on_closed() override {}
  bool is_sending_to(std::string_view) const override { return false; }

  static constexpr const char* twilio = R"({"account_sid": "AC1", "auth_token": "t", "from": "+15005550001"})";

  boost::asio::io_context io_;
  VirtualClock clock_;
  metrics::Metrics metrics_{{}};
  const std::shared_ptr<Pace> pace_ =
      std::make_shared<Pace>(Pace::Bounds{.rate = 0, .window = 1000}, Pace::Learnt{.rate = 0, .window = 1000});
  GatewaySettings config_;
  std::deque<HttpTransport::Done> open_;
  http_gateways::Request last_;
  store::Page sent_;  // by an earlier life
  std::vector<store::ReceiptRecorded> receipts_;
  std::deque<bool> stored_;  // whether the next ones can be; those after them can
  std::unique_ptr<HttpChannel> channel_;
  std::uint64_t cookie_ = 0;
  std::string heard_;
  Blame blame_ = Blame::way_out;  // what others' fate says
  int changes_ = 0;
};

TEST_F(HttpChannelTest, ARefusalOfOneNumberLeavesTheGatewayUp) {
  struct {
    const char *kind, *account;
    Reply reply;
  } const rows[] = {
      {"twilio", twilio, {400, {}, R"({"code":21608})"}},
      {"vonage-sms", R"({"api_key": "k", "api_secret": "s"})", {200, {}, R"({"messages":[{"status":"29"}]})"}},
      {"vonage-messages", R"({"api_key": "k", "api_secret": "s"})", {403, {}, R"({"title":"1160"})"}},
      {"infobip",
       R"({"base_url": "http://h", "api_key": "k"})",
       {200, {}, R"({"messages":[{"messageId":"m","status":{"groupId":5,"id":18}}]})"}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.kind);
    open_account(row.kind, row.account);
    submit();
    EXPECT_EQ(answer(row.reply), "refused, elsewhere");
    EXPECT_TRUE(channel_->is_up());
    EXPECT_EQ(channel_->capacity(), config_.provider().max_in_flight);
  }
}

TEST_F(HttpChannelTest, ARefusalOfTheAccountTakesTheGatewayDownOnceItIsNoSingleMessages) {
  const Reply refused{401, {}, R"({"code":20005})"};
  open_account("twilio", twilio);
  submit();
  EXPECT_EQ(answer(refused), "blamed");
  EXPECT_EQ(channel_->room(), 1u) << "another message shows which";
  blame_ = Blame::way_out_again;
  submit();
  EXPECT_EQ(answer(refused), "blamed");
  EXPECT_FALSE(channel_->is_up());
}

TEST_F(HttpChannelTest, AMessageIsRefusedWhereOthersPass) {
  const Reply refused{401, {}, R"({"code":20005})"},
      taken{201, {}, R"({"sid": "SM00000000000000000000000000000001", "status": "queued"})"};
  open_account("twilio", twilio);
  submit();
  EXPECT_EQ(answer(refused), "blamed");
  submit();
  EXPECT_EQ(answer(taken), "accepted");
  EXPECT_EQ(channel_->capacity(), config_.provider().max_in_flight);
  blame_ = Blame::message;
  submit();
  EXPECT_EQ(answer(refused), "refused, elsewhere");
  EXPECT_EQ(channel_->capacity(), config_.provider().max_in_flight);
}

// Flooding of one number is that number's: it waits, and the others go on at full speed.
TEST_F(HttpChannelTest, OneNumberThatIsThrottledHoldsUpNoOther) {
  open_account("infobip", R"({"base_url": "http://h", "api_key": "k"})");
  submit();
  EXPECT_EQ(answer({200, {}, R"({"messages":[{"messageId":"m","status":{"groupId":5,"id":20}}]})"}), "temporary");
  EXPECT_EQ(channel_->capacity(), config_.provider().max_in_flight);
}

TEST_F(HttpChannelTest, WhatAnAnswerMeans) {
  const char* const generic = R"({"request": {"url": "http://h/"}, "response": {"rules": [
      {"when": {"status": "500"}, "then": {"outcome": "uncertain", "retry_after_ms": {"header": "Retry-After"}}},
      {"when": {"status": "402"}, "then": {"error_class": "balance", "retry_after_ms": {"header": "Retry-After"}}},
      {"when": {"body_matches": "number"}, "then": {"error_class": "route"}},
      {"when": {"body_matches": "phone"}, "then": {"error_class": "destination"}},
      {"when": {"body_matches": "news"}, "then": {"error_class": "unknown"}}]}})";
  const Headers in_7_s{{"Retry-After", "7"}}, in_10_min{{"Retry-After", "600"}};
  struct {
    const char* name;
    Reply reply;
    const char* heard;
    Duration down;
  } const rows[] = {
      {"accepted", {200, {}, "OK"}, "accepted", 0s},
      {"a fault", {503, {}, ""}, "temporary", 0s},
      {"a fault, with a time", {503, in_7_s, ""}, "temporary", 7s},
      {"a fault of no known kind, with a time", {503, in_7_s, "news"}, "temporary", 7s},
      {"too fast", {429, {}, ""}, "throttled for 0 s", 0s},
      {"too fast, with a time", {429, in_7_s, ""}, "throttled for 7 s", 0s},
      {"too fast, for long", {429, in_10_min, ""}, "blamed", 10min},
      {"refused, with a time", {503, in_7_s, "number"}, "refused, elsewhere", 7s},
      {"refused, by whom ever", {400, {}, "phone"}, "refused", 0s},
      {"in doubt", {500, {}, ""}, "unknown", 0s},
      {"in doubt, with a time", {500, in_7_s, ""}, "unknown", 7s},
      {"no credit", {402, {}, ""}, "blamed", 30s},
      {"no credit, with a short time", {402, in_7_s, ""}, "blamed", 30s},
      {"no credit, with a time", {402, in_10_min, ""}, "blamed", 10min},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    open_account("generic", generic);
    blame_ = Blame::way_out_again;
    submit();
    EXPECT_EQ(answer(row.reply), row.heard);
    EXPECT_EQ(channel_->is_up(), row.down == 0s);
    if (row.down == 0s) continue;
    clock_.advance(row.down - 1ms);
    EXPECT_EQ(channel_->room(), 0u) << "nothing goes out before";
    clock_.advance(1ms);
    EXPECT_EQ(channel_->room(), 1u) << "then one message shows whether it is back";
    submit();
    EXPECT_EQ(answer({200, {}, "OK"}), "accepted");
    EXPECT_EQ(channel_->room(), config_.provider().max_in_flight);
  }
}

TEST_F(HttpChannelTest, TheLatestTimeOfAllAnswersCountsAndIsNoFailure) {
  open_account("generic", R"({"request": {"url": "http://h/"}})");
  for (int i = 0; i < 3; ++i) submit();
  for (const auto* seconds : {"2", "20", "5"}) answer({503, {{"Retry-After", seconds}}, ""});
  clock_.advance(20s - 1ms);
  EXPECT_FALSE(channel_->is_up());
  const auto before = changes_;
  clock_.advance(1ms);
  EXPECT_TRUE(channel_->is_up());
  EXPECT_EQ(changes_, before + 1) << "its owner hears of it";
  for (int i = 0; i < 3; ++i) {
    submit();
    answer({503, {{"Retry-After", "1"}}, ""});
    clock_.advance(1s);
    EXPECT_TRUE(channel_->is_up()) << "it waits as long as it is told, not longer each time";
  }
}

TEST_F(HttpChannelTest, AsksForWhatWasNotReported) {
  const Reply taken{201, {}, R"({"sid": "SM00000000000000000000000000000001", "status": "queued"})"};
  const Reply delivered{200, {}, R"({"sid": "SM00000000000000000000000000000001", "status": "delivered"})"};
  const Reply underway{200, {}, R"({"sid": "SM00000000000000000000000000000001", "status": "sent"})"};
  open_account("twilio", twilio);
  submit();
  EXPECT_EQ(answer(taken), "accepted");
  clock_.advance(10s);
  ASSERT_EQ(open_.size(), 1u) << "it cannot call us";
  answer(underway);
  clock_.advance(20s - 1ms);
  EXPECT_TRUE(open_.empty());
  clock_.advance(1ms);
  ASSERT_EQ(open_.size(), 1u) << "later, and later";
  answer(delivered);
  EXPECT_EQ(receipts_.back().state, store::SegmentState::delivered);
  clock_.advance(24h);
  EXPECT_TRUE(open_.empty()) << "that was its end";

  open_account("twilio", twilio, "http://bridge/in/main/s");
  submit();
  answer(taken);
  clock_.advance(15min - 1ms);
  EXPECT_TRUE(open_.empty()) << "it calls us";
  clock_.advance(1ms);
  EXPECT_EQ(open_.size(), 1u) << "but it did not";
  answer(delivered);
  EXPECT_TRUE(open_.empty());

  sent_.messages.emplace_back().progress = {.submitted_at = clock_.wall() - 1000};
  sent_.messages.back().progress.segments.push_back(
      {.state = store::SegmentState::enroute, .provider_id = "SM00000000000000000000000000000001", .error = {}});
  open_account("twilio", twilio, "http://bridge/in/main/s");
  clock_.advance(10s);
  EXPECT_EQ(open_.size(), 1u) << "its call may have come while nobody listened";
}

// A provider repeats what was not answered well; what it was told is stored it forgets.
TEST_F(HttpChannelTest, ACallbackIsAnsweredWellOnlyWhenAllOfItIsStored) {
  const std::string reports = R"({"messages": [{"id": "a", "st": "DELIVRD"}, {"id": "b", "st": "DELIVRD"}]})";
  open_account("generic", R"({"request": {"url": "https://x.example/"},
                              "callback": {"list": {"json": "/messages"}, "id": {"json": "/id"},
                                           "status": {"json": "/st"}}})");
  struct {
    std::deque<bool> stored;
    int status;
  } const rows[] = {{{true, true}, 200}, {{true, false}, 503}, {{false, true}, 503}, {{false, false}, 503}};
  for (const auto& row : rows) {
    receipts_.clear();
    stored_ = row.stored;
    std::vector<int> answers;
    channel_->receive({.method = "POST",
                       .url = "https://h/in/g/s",
                       .headers = {{"Content-Type", "application/json"}},
                       .body = reports},
                      [&](const http_gateways::CallbackAnswer& answer) { answers.push_back(answer.status); });
    EXPECT_EQ(receipts_.size(), 2u);
    EXPECT_EQ(answers, std::vector{row.status}) << row.stored[0] << row.stored[1];
  }
}

// The address that a message's callback comes to is ours; the id is the provider's, who may have used it before.
TEST_F(HttpChannelTest, ACallbackNamesTheMessageWhoseAddressItCameTo) {
  open_account("generic", R"({"request": {"url": "https://x.example/"},
                              "callback": {"id": {"param": "id"}, "ref": {"query": "ref"},
                                           "status": {"param": "st"}}})");
  struct {
    const char* query;
    store::MessageId message;
    std::uint16_t attempt;
    std::vector<std::string> ids;
  } const rows[] = {
      {"?ref=1f3a5c-2&id=77&st=DELIVRD", 0x1f3a5c, 2, {"77", "1f3a5c-2"}},
      {"?ref=1f3a5c-2?id=77&st=DELIVRD", 0x1f3a5c, 2, {"77", "1f3a5c-2"}},
      {"?ref=1f3a5c-2&st=DELIVRD", 0x1f3a5c, 2, {"1f3a5c-2"}},
      {"?id=77&st=DELIVRD", 0, 0, {"77"}},
      {"?ref=another&id=77&st=DELIVRD", 0, 0, {"77", "another"}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.query);
    receipts_.clear();
    channel_->receive({.method = "GET", .url = std::string("https://h/in/g/s") + row.query, .headers = {}, .body = {}},
                      [](const http_gateways::CallbackAnswer&) {});
    ASSERT_EQ(receipts_.size(), 1u);
    EXPECT_EQ(receipts_[0].message, row.message);
    EXPECT_EQ(receipts_[0].attempt, row.attempt);
    EXPECT_EQ(receipts_[0].provider_ids, row.ids);
    EXPECT_FALSE(receipts_[0].may_guess);
  }
}

TEST_F(HttpChannelTest, CountsCallbacksOfNoUse) {
  open_account("generic", R"({"request": {"url": "https://x.example/"},
                              "callback": {"id": {"param": "id"}, "status": {"param": "st"}}})");
  const auto receive = [this](const std::string& body) {
    int status = 0;
    channel_->receive({.method = "POST", .url = "https://h/in/g/s", .headers = {}, .body = body},
                      [&status](const http_gateways::CallbackAnswer& answer) { status = answer.status; });
    return status;
  };
  const auto* count = metrics_.gateway("main", "generic").callbacks_unreadable;
  EXPECT_EQ(receive("id=7&st=DELIVRD"), 200);
  EXPECT_EQ(count->Value(), 0);
  EXPECT_EQ(receive("message=7&state=DELIVRD"), 200);  // or it would come for ever
  EXPECT_EQ(receive("<receipt/>"), 200);
  EXPECT_EQ(count->Value(), 2);
  EXPECT_EQ(receipts_.size(), 1u);
}

TEST_F(HttpChannelTest, WhatNeverLeftIsInNoDoubt) {
  open_account("twilio", twilio);
  const auto ends = [this](HttpTransport::End end) {
    submit();
    std::exchange(open_.front(), nullptr)({.end = end, .reply = {}, .detail = "no route to host"});
    open_.pop_front();
    return heard_;
  };
  EXPECT_EQ(ends(HttpTransport::End::not_sent), "not taken");
  EXPECT_EQ(ends(HttpTransport::End::perhaps_sent), "unknown");
}

// The provider knows it by that, and sends it once.
TEST_F(HttpChannelTest, ARepetitionHasTheReferenceOfTheAttemptInDoubt) {
  open_account("infobip", R"({"base_url": "http://h", "api_key": "k"})");
  submit({.id = 0x1f, .attempt = 3, .in_doubt = true, .doubtful_attempt = 1});
  EXPECT_NE(last_.body.find("\"1f-1\""), std::string::npos) << last_.body;
  EXPECT_EQ(last_.body.find("\"1f-3\""), std::string::npos) << last_.body;
}

}  // namespace
}  // namespace smsbridge::bridge
