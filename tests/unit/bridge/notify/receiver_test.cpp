// SPDX-License-Identifier: MPL-2.0
// How events reach a receiver and what its answers do to them, in virtual time, over the real store.
#include "bridge/notify/receiver.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <deque>
#include <filesystem>
#include <map>

#include "bridge/notify/event.hpp"
#include "bridge/notify/outbox.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/bridge/env/open_requests.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;

class ReceiverTest : public testing::Test {
 protected:
  ReceiverTest() {
    store::Hooks hooks;
    hooks.tasks_due = [this](const auto&) {
      if (receiver_) receiver_->due();
    };
    store_.set_hooks(std::move(hooks));
    store_.open_queue();
    settings_.name = "bank";
    settings_.id = 9;
    settings_.url = "https://bank.example.org/";
    settings_.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    settings_.retry = {10'000, 60'000, 3600'000};
  }
  ~ReceiverTest() override {
    receiver_.reset();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    receiver_ = std::make_unique<Receiver>(std::make_shared<WebhookSettings>(settings_),
                                           Receiver::Context{.executor = io_.get_executor(),
                                                             .clock = clock_,
                                                             .random = random_,
                                                             .store = store_,
                                                             .metrics = metrics_.webhook("umoja"),
                                                             .held = held_,
                                                             .transport = std::make_unique<OpenRequests>(open_)},
                                           [this] { gone_ = true; });
    receiver_->start();
    settle();
  }
  void settle() {
    for (int i = 0; i < 4; ++i) {
      store_.step();
      io_.restart();
      io_.poll();
    }
  }
  void pass(Duration time) {
    clock_.advance(time);
    settle();
  }
  void put(const std::string& about, WebhookEvent type = WebhookEvent::submitted) {
    const auto event = make_event(type, about, clock_.wall(), {{"id", about}});
    store::Batch batch;
    batch.tasks.push_back({.task = {.tenant = 1, .kind = hook_tasks(9), .key = event.key}, .body = event.body});
    store_.commit(std::move(batch), io_.get_executor(), [](const auto&) {});
    settle();
  }
  // Of the oldest request.
  void answer(int status, http_gateways::Headers headers = {}) {
    auto open = std::move(open_.front());
    open_.pop_front();
    if (status)
      open.done({.end = HttpTransport::End::answered,
                 .reply = {.status = status, .headers = std::move(headers)},
                 .detail = {}});
    else
      open.done({.end = HttpTransport::End::not_sent, .reply = {}, .detail = "connection refused"});
    settle();
  }
  // What the open requests are about.
  std::string asked() const {
    std::string text;
    for (const auto& each : open_) {
      const auto value = boost::json::parse(each.request.body).as_object();
      const auto& data = value.at("data");
      if (data.is_object()) {
        text += std::string(data.at("id").as_string()) + " ";
        continue;
      }
      for (const auto& event : data.as_array()) text += std::string(event.at("data").at("id").as_string()) + "+";
      text += " ";
    }
    return text;
  }
  std::size_t waiting() const { return store_.reader().waiting_tasks(hook_tasks(9), 100).count; }
  std::vector<std::string> journal() const {
    std::vector<std::string> lines;
    const auto page = store_.reader().journal({.tenant = 1, .stream = hook_tasks(9), .oldest_first = true});
    for (const auto& entry : page.entries) {
      const auto attempt = read_attempt(entry).value();
      lines.push_back(entry.key + " " + attempt.result + " " + attempt.end);
    }
    return lines;
  }
  double ended(metrics::WebhookEnd end) { return metrics_.webhook("umoja").events[end]->Value(); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("smsbridge-hook-" + std::to_string(::getpid()));
  VirtualClock clock_;
  Random random_{1};
  boost::asio::io_context io_;
  metrics::Metrics metrics_{{"", "", ""}};
  store::Store store_{[this] {
    store::Options options{.path = folder_, .size_limit_bytes = 64u << 20, .prewrite_bytes = 0, .sync = false};
    options.wall_clock = [this] { return clock_.wall(); };
    return options;
  }()};
  WebhookSettings settings_;
  HeldEvents held_;
  std::deque<OpenRequests::Open> open_;
  bool gone_ = false;
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(ReceiverTest, SendsWhatWaitsAndEndsWhatIsTaken) {
  put("a");
  start();
  ASSERT_EQ(asked(), "a ");
  const auto& headers = open_.front().request.headers;
  EXPECT_EQ(headers[1].first, "webhook-id");
  EXPECT_EQ(headers[1].second.substr(0, 6), "evt_a_");
  EXPECT_EQ(held_.count, 1u);
  answer(204);
  EXPECT_EQ(held_.count, 0u);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(journal(), std::vector<std::string>{"a ok delivered"});
  EXPECT_EQ(ended(metrics::WebhookEnd::delivered), 1);
  put("b");
  EXPECT_EQ(asked(), "b ") << "what comes later is told by the store";
}

TEST_F(ReceiverTest, ALongQueueIsClaimedBitByBit) {
  constexpr std::size_t all = 1100;
  store::Batch batch;
  for (std::size_t i = 0; i < all; ++i) {
    const auto event = make_event(WebhookEvent::submitted, "m" + std::to_string(i), clock_.wall(), {});
    batch.tasks.push_back({.task = {.tenant = 1, .kind = hook_tasks(9), .key = event.key}, .body = event.body});
  }
  store_.commit(std::move(batch), io_.get_executor(), [](const auto&) {});
  settle();
  start();
  EXPECT_EQ(held_.count, 1000u) << "the rest stays in the store";
  std::size_t answered = 0;
  for (; !open_.empty() && answered <= all; ++answered) answer(200);
  EXPECT_EQ(answered, all);
}

TEST_F(ReceiverTest, AMessagesEventsFollowEachOther) {
  start();
  put("a"), put("a", WebhookEvent::delivered), put("b");
  EXPECT_EQ(asked(), "a b ");
  answer(200);
  EXPECT_EQ(asked(), "b a ");
}

TEST_F(ReceiverTest, OneThatDoesNotAnswerIsTriedWithOneRequestByItsSchedule) {
  start();
  put("a"), put("b"), put("c");
  answer(0), answer(503), answer(0);
  EXPECT_EQ(asked(), "") << "together they failed once";
  pass(8s);
  EXPECT_EQ(asked(), "");
  pass(4s);
  EXPECT_EQ(asked(), "a ");
  answer(0);
  pass(50s);
  EXPECT_EQ(asked(), "");
  EXPECT_TRUE(receiver_->status().failing);
  EXPECT_EQ(receiver_->status().last_error, "connection refused");
  pass(20s);
  EXPECT_EQ(asked(), "a ");
  answer(200);
  EXPECT_EQ(asked(), "b c ") << "it is back";
  EXPECT_FALSE(receiver_->status().failing);
}

// Its message leaves and arrives, 5,000 times, while the receiver is down.
TEST_F(ReceiverTest, OneThatIsDownForAnHourGetsAllOfItInOrderOnceItIsBack) {
  constexpr std::size_t messages = 5000, at_a_time = 500;
  settings_.retry = {5'000, 300'000, 1'800'000, 7'200'000};
  start();
  std::size_t made = 0;
  for (int minute = 0; minute < 60; ++minute) {
    store::Batch batch;
    for (std::size_t i = 0; i < at_a_time && made < messages; ++i, ++made)
      for (const auto type : {WebhookEvent::submitted, WebhookEvent::delivered}) {
        const auto about = "m" + std::to_string(made);
        const auto event = make_event(type, about, clock_.wall(), {{"id", about}, {"what", std::string(name(type))}});
        batch.tasks.push_back({.task = {.tenant = 1, .kind = hook_tasks(9), .key = event.key}, .body = event.body});
      }
    if (!batch.tasks.empty()) store_.commit(std::move(batch), io_.get_executor(), [](const auto&) {});
    settle();
    while (!open_.empty()) answer(0);
    pass(1min);
  }
  EXPECT_TRUE(receiver_->status().failing);
  std::map<std::string, std::vector<std::string>> told;
  std::size_t events = 0;
  for (int quarter = 0; quarter < 12 && events < 2 * messages; ++quarter, pass(15min))
    while (!open_.empty()) {
      const auto body = boost::json::parse(open_.front().request.body).as_object();
      const auto& data = body.at("data").as_object();
      told[std::string(data.at("id").as_string())].emplace_back(data.at("what").as_string());
      ++events;
      answer(200);
    }
  EXPECT_EQ(events, 2 * messages);
  EXPECT_EQ(told.size(), messages);
  const std::vector<std::string> in_order{std::string(name(WebhookEvent::submitted)),
                                          std::string(name(WebhookEvent::delivered))};
  for (const auto& [message, whats] : told) ASSERT_EQ(whats, in_order) << message;
  EXPECT_EQ(ended(metrics::WebhookEnd::delivered), 2 * messages);
  EXPECT_EQ(ended(metrics::WebhookEnd::given_up), 0);
  EXPECT_EQ(held_.count, 0u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(ReceiverTest, OneThatAsksForAPauseGetsIt) {
  start();
  put("a");
  answer(503, {{"Retry-After", "100"}});
  pass(90s);
  EXPECT_EQ(asked(), "") << "its schedule says 10 s";
  pass(11s);
  EXPECT_EQ(asked(), "a ");
  answer(429, {{"Retry-After", "1"}});
  pass(50s);
  EXPECT_EQ(asked(), "") << "a shorter pause than the schedule's is none";
  pass(20s);
  EXPECT_EQ(asked(), "a ");
}

TEST_F(ReceiverTest, WhatItDoesNotTakeForAsLongAsIsTriedIsGivenUp) {
  start();
  put("a");
  answer(0);
  pass(12s);
  answer(0);
  put("b");
  pass(70s);
  answer(0);
  pass(2h);
  EXPECT_EQ(asked(), "a ");
  answer(0);
  EXPECT_EQ(ended(metrics::WebhookEnd::given_up), 2);
  EXPECT_EQ(journal().back(), "b network_error given_up");
  EXPECT_EQ(held_.count, 0u);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(ReceiverTest, ARefusedEventHoldsUpItsMessageOnly) {
  start();
  put("a"), put("a", WebhookEvent::delivered), put("b");
  answer(400);
  EXPECT_EQ(asked(), "b ");
  answer(200);
  put("c");
  EXPECT_EQ(asked(), "c ");
  answer(200);
  pass(12s);
  EXPECT_EQ(asked(), "a ");
  answer(400), pass(70s), answer(400), pass(70min);
  EXPECT_EQ(asked(), "a ");
  answer(400);
  EXPECT_EQ(ended(metrics::WebhookEnd::given_up), 1) << "once more than there are delays";
  EXPECT_EQ(asked(), "a ") << "the one behind it";
}

TEST_F(ReceiverTest, ManyRefusalsInARowAreOneThatIsOutOfOrder) {
  for (int i = 0; i < 20; ++i) put("m" + std::to_string(i));
  start();
  for (int i = 0; i < 9; ++i) answer(500);
  EXPECT_FALSE(receiver_->status().failing);
  answer(500);
  EXPECT_TRUE(receiver_->status().failing);
}

TEST_F(ReceiverTest, AfterA410ItSendsNothing) {
  start();
  put("a"), put("b");
  answer(410);
  EXPECT_TRUE(gone_);
  answer(200);
  put("c");
  pass(24h);
  EXPECT_EQ(asked(), "");
}

TEST_F(ReceiverTest, ABatchIsOneRequestAndABadEventGoesAlone) {
  settings_.batch = 3;
  put("a"), put("b"), put("c"), put("d");
  start();
  EXPECT_EQ(asked(), "a+b+c+ d+ ");
  answer(422);
  pass(12s);
  answer(200);
  EXPECT_EQ(asked(), "a+ b+ c+ ");
}

TEST_F(ReceiverTest, StoppedItGivesBackWhatItHolds) {
  start();
  put("a"), put("b");
  bool ended = false;
  receiver_->stop([&] { ended = true; });
  settle();
  EXPECT_TRUE(ended);
  EXPECT_EQ(waiting(), 2u);
  receiver_.reset();
  start();
  EXPECT_EQ(asked(), "a b ") << "in their order";
}

TEST_F(ReceiverTest, WhatIsTakenIsEndedForAsLongAsItTakes) {
  start();
  put("a");
  store_.fail_commits(EIO, 3);
  answer(200);
  EXPECT_TRUE(journal().empty());
  pass(2s), pass(2s), pass(2s);
  EXPECT_EQ(journal(), std::vector<std::string>{"a ok delivered"});
  EXPECT_EQ(asked(), "");
}

}  // namespace
}  // namespace smsbridge::bridge
