// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/phone_channel.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <set>

#include "bridge/version.hpp"
#include "http_gateways/json.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

// One alarm, which the test lets go off.
class ManualClock : public Clock {
 public:
  Time now() const override { return now_; }
  WallMs wall() const override { return 1'787'389'200'000 + (now_ - Time{}) / 1ms; }
  std::unique_ptr<Timer> timer(boost::asio::any_io_executor) override { return std::make_unique<Alarm>(*this); }
  void pass(Duration time) {
    now_ += time;
    if (handler_ && due_ <= now_) std::exchange(handler_, nullptr)();
  }

 private:
  struct Alarm : Timer {
    explicit Alarm(ManualClock& its) : clock(its) {}
    void at(Time due, std::function<void()> handler) override {
      clock.due_ = due;
      clock.handler_ = std::move(handler);
    }
    void cancel() override { clock.handler_ = nullptr; }
    ManualClock& clock;
  };
  Time now_{};
  Time due_{};
  std::function<void()> handler_;
};

// Writes down what it is told, and stores receipts when the test says so.
struct Owner : Channel::Owner {
  void on_answer(std::uint64_t cookie, Answer answer) override {
    answers.emplace_back(cookie, answer.provider_ids.empty() ? "" : answer.provider_ids.front());
  }
  void on_throttled(std::uint64_t, Duration, const std::string&) override {}
  void on_not_taken(std::uint64_t cookie) override { not_taken.push_back(cookie); }
  Blame on_blamed(std::uint64_t, Answer) override { return Blame::way_out; }
  void on_late_answer(std::uint64_t, std::string) override {}
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState, std::function<void(bool)> answer) override {
    receipts.push_back(std::move(receipt));
    owed.push_back(std::move(answer));
  }
  void on_inbound(FromPhone, std::function<void(bool)> answer) override { answer(true); }
  void on_room() override { ++rooms; }
  void on_up_or_down() override { ++changes; }
  void on_closed() override { ++closed; }
  bool is_sending_to(std::string_view) const override { return false; }
  bool may_leave(std::uint64_t cookie) override { return !too_late.contains(cookie); }
  void store(bool stored) {
    for (const auto& tell : std::exchange(owed, {})) tell(stored);
  }

  std::vector<std::pair<std::uint64_t, std::string>> answers;
  std::vector<std::uint64_t> not_taken;
  std::set<std::uint64_t> too_late;  // in the evening
  std::vector<store::ReceiptRecorded> receipts;
  std::vector<std::function<void(bool)>> owed;
  int rooms = 0, changes = 0, closed = 0;
};

class PhoneChannelTest : public testing::Test {
 protected:
  PhoneChannelTest() {
    config_.name = "phone";
    config_.id = 7;
    config_.way = ProviderSettings{.kind = http_gateways::find_kind("frontlinesms"), .max_in_flight = 200};
    const boost::json::object account{{"mode", "sync"}, {"secret", "s3cr3t"}, {"check_interval_s", 10}};
    channel_ = std::make_unique<PhoneChannel>(
        config_,
        HttpContext{.executor = io_.get_executor(),
                    .clock = clock_,
                    .metrics = metrics_.gateway("phone", "frontlinesms"),
                    .provider_metrics = metrics_.provider("phone"),
                    .pace = {},
                    .make_transport = {},
                    .callback_url = "https://sms.example.org/in/phone/abc"},
        http_gateways::make_provider(*http_gateways::find_kind("frontlinesms"), account), owner_);
    channel_->start();
  }

  Channel::Submitted submit(std::uint64_t cookie, WallMs expires_at = 0) {
    store::Claimed message{.id = cookie, .attempt = 1, .expires_at = expires_at};
    message.content.to = "+254700000101";
    message.content.text = "number " + std::to_string(cookie);
    auto outgoing = channel_->prepare(message, clock_.wall());
    return channel_->submit(cookie, **outgoing, 0);
  }
  // The references that the answer hands out; nothing: it has not been answered yet.
  std::optional<std::vector<std::string>> request(const std::string& body, const std::string& query = {}) {
    handed_out_.reset();
    channel_->receive({.method = body.empty() ? "GET" : "POST",
                       .url = "https://sms.example.org/in/phone/abc" + query,
                       .headers = {},
                       .body = body},
                      [this](const http_gateways::CallbackAnswer& answer) {
                        last_answer_ = answer;
                        handed_out_.emplace();
                        const auto json = http_gateways::parse_json(answer.body);
                        if (!json) return;
                        const auto* sync = http_gateways::at(*json, "/messages");
                        const auto* messages = sync ? sync : http_gateways::at(*json, "/payload/messages");
                        if (!messages) return;
                        for (const auto& each : messages->as_array())
                          handed_out_->push_back(http_gateways::text_at(each, sync ? "/dispatchId" : "/uuid"));
                      });
    return handed_out_;
  }
  std::optional<std::vector<std::string>> sync() { return request(R"({"secret":"s3cr3t","payload":{}})"); }
  std::optional<std::vector<std::string>> smssync() { return request("", "?task=send&secret=s3cr3t"); }

  using References = std::vector<std::string>;
  boost::asio::io_context io_;
  ManualClock clock_;
  metrics::Metrics metrics_{build_info()};
  GatewaySettings config_;
  Owner owner_;
  std::unique_ptr<PhoneChannel> channel_;
  http_gateways::CallbackAnswer last_answer_;
  std::optional<References> handed_out_;
};

TEST_F(PhoneChannelTest, IsDownUntilThePhoneFetches) {
  EXPECT_FALSE(channel_->is_up());
  EXPECT_EQ(submit(1), Channel::Submitted::no_room);
  EXPECT_EQ(sync(), References());
  EXPECT_TRUE(channel_->is_up());
  EXPECT_EQ(channel_->room(), 200u);
  EXPECT_EQ(submit(1), Channel::Submitted::yes);
  EXPECT_EQ(channel_->room(), 199u);
}

TEST_F(PhoneChannelTest, HandsOutOnceInOrderAndNotTooMuch) {
  smssync();
  for (std::uint64_t cookie = 60; cookie > 0; --cookie) submit(cookie);
  const auto first = sync(), second = smssync(), third = sync();
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->size(), 50u);
  EXPECT_EQ(first->front(), "1-1");
  EXPECT_EQ(second->size(), 10u);
  EXPECT_EQ(second->front(), "33-1") << "hexadecimal";
  EXPECT_EQ(*third, References());
  ASSERT_EQ(owner_.answers.size(), 60u);
  EXPECT_EQ(owner_.answers.front(), std::pair(std::uint64_t{1}, std::string("1-1")));
  EXPECT_TRUE(channel_->reports(owner_.answers.front().second));
  EXPECT_FALSE(channel_->reports(owner_.answers.back().second)) << "SMSSync tells nothing of a message";
}

TEST_F(PhoneChannelTest, ASilentPhoneIsDownAndGetsNothing) {
  sync();
  submit(1);
  clock_.pass(29s);
  EXPECT_TRUE(channel_->is_up());
  clock_.pass(1s);
  EXPECT_FALSE(channel_->is_up());
  EXPECT_EQ(owner_.not_taken, std::vector<std::uint64_t>{1});
  EXPECT_EQ(sync(), References());
  EXPECT_TRUE(channel_->is_up());
}

TEST_F(PhoneChannelTest, TakesBackWhatHasNotLeft) {
  sync();
  submit(1);
  channel_->take_back();
  EXPECT_EQ(sync(), References());
  submit(2);
  channel_->stop();
  EXPECT_EQ(owner_.not_taken, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(owner_.closed, 1);
  EXPECT_EQ(sync(), References());
  EXPECT_FALSE(channel_->is_up());
  EXPECT_TRUE(owner_.answers.empty());
}

TEST_F(PhoneChannelTest, NothingLeavesAfterItsValidity) {
  sync();
  submit(1, clock_.wall() + 5000);
  submit(2);
  clock_.pass(5s);
  EXPECT_EQ(sync(), References{"2-1"});
  EXPECT_EQ(owner_.not_taken, std::vector<std::uint64_t>{1});
}

TEST_F(PhoneChannelTest, NothingLeavesInQuietHours) {
  sync();
  submit(1);
  submit(2);
  owner_.too_late = {1};
  EXPECT_EQ(sync(), References{"2-1"});
  EXPECT_EQ(owner_.not_taken, std::vector<std::uint64_t>{1});
}

TEST_F(PhoneChannelTest, StatusesAreStoredBeforeMessagesLeave) {
  const std::string said = R"({"secret":"s3cr3t","payload":{"outboundTextMessageStatuses":[)"
                           R"({"dispatchId":"a-1","deliveryStatus":2},{"dispatchId":"b-1","deliveryStatus":9}]}})";
  sync();
  submit(1);
  EXPECT_FALSE(request(said)) << "not before the statuses are on disk";
  ASSERT_EQ(owner_.receipts.size(), 2u);
  EXPECT_EQ(owner_.receipts[0].state, store::SegmentState::sent);
  EXPECT_EQ(owner_.receipts[1].state, store::SegmentState::undeliverable);
  EXPECT_EQ(owner_.receipts[0].provider_ids, std::vector<std::string>{"a-1"});
  owner_.store(false);
  EXPECT_EQ(last_answer_.status, 503);
  EXPECT_EQ(handed_out_, References()) << "the phone may take a 503 for no answer";
  request(said);
  owner_.store(true);
  EXPECT_EQ(handed_out_, References{"1-1"});
}

TEST_F(PhoneChannelTest, AForgerGetsNothing) {
  sync();
  submit(1);
  EXPECT_EQ(request(R"({"secret":"guess","payload":{}})"), References());
  EXPECT_EQ(last_answer_.status, 403);
  EXPECT_EQ(request("", "?task=send&secret=guess"), References());
  EXPECT_EQ(last_answer_.body, R"({"payload":{"success":"false","error":"bad secret"}})");
  EXPECT_EQ(sync(), References{"1-1"});
}

}  // namespace
}  // namespace smsbridge::bridge
