// SPDX-License-Identifier: MPL-2.0
// What a carrier is asked about messages that it has, and what follows from its answers, in virtual time.
#include "bridge/delivery/smpp_questions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "smpp/status.hpp"
#include "tests/unit/bridge/delivery/fake_stream.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using smpp::raw;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using enum smpp::Command;
using CancelKind = Channel::CancelAnswer::Kind;

struct OneLine : Connector {
  void connect(boost::asio::any_io_executor, const Address&, Time, Handler handler) override {
    waiting = std::move(handler);
  }
  Handler waiting;
};

class SmppQuestionsTest : public testing::Test, public SmppLink::Owner {
 protected:
  void start() {
    config_.name = "carrier";
    config_.id = 7;
    config_.smpp().session.enquire_link_interval = 0s;
    config_.sender = "Bank";
    links_ = {std::make_shared<SmppLink>(SmppLink::Which{}, config_, io_.get_executor(), clock_, line_, random_, pace_,
                                         hosts_, *this)};
    questions_ = std::make_unique<SmppQuestions>(
        SmppQuestions::Context{.config = config_,
                               .executor = io_.get_executor(),
                               .clock = clock_,
                               .metrics = metrics_.smpp("carrier"),
                               .pace = pace_,
                               .awaited = [this](store::AwaitedAt, WallMs) { return page_; },
                               .learnt = [this](store::ReceiptRecorded r) { learnt_.push_back(std::move(r)); }},
        links_);
    links_.front()->start();
    std::exchange(line_.waiting, nullptr)(ConnectStage::ok, {}, std::make_unique<FakeStream>(wire_));
    wire_->finish_writing();
    wire_->say(raw(bind_transceiver_resp, 0, 1));
    wire_->sent.clear();
    questions_->start();
  }
  void TearDown() override {
    if (questions_) questions_->stop();
    for (const auto& link : links_) link->abort();
  }
  // The questions that were sent.
  std::vector<smpp::Pdu> asked() {
    io_.restart();
    io_.poll();
    wire_->finish_writing();
    std::vector<smpp::Pdu> pdus;
    sent_.push_back(std::exchange(wire_->sent, {}));
    for (auto rest = smpp::Octets(sent_.back()); !rest.empty();) {
      const auto length = smpp::decode_header(rest)->length;
      pdus.push_back(std::get<smpp::Pdu>(smpp::decode(rest)));
      rest = rest.subspan(length);
    }
    return pdus;
  }
  void answer_query(std::uint32_t sequence, std::uint8_t state, std::uint8_t error = 0) {
    wire_->say(smpp::encoded(smpp::header_of(query_sm_resp, sequence), smpp::QuerySmResp{"x", {}, state, error, {}}));
  }
  store::Message message(const std::vector<std::string>& ids) {
    store::Message message;
    message.id = 41;
    message.content.to = "+254712345678";
    message.content.text = "Hello";
    message.progress.attempts = 2;
    message.progress.submitted_at = clock_.wall();
    for (const auto& id : ids)
      message.progress.segments.push_back({.state = store::SegmentState::accepted, .provider_id = id, .error = {}});
    return message;
  }
  void await(const store::Message& message, Duration wait) {
    page_.messages = {{.until = clock_.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(wait).count(),
                       .message = message}};
  }
  Channel::CancelAnswer cancelled() {
    return std::exchange(cancelled_, std::nullopt).value_or(Channel::CancelAnswer{});
  }
  void cancel(const store::Message& message) {
    questions_->cancel(message, [this](Channel::CancelAnswer answer) { cancelled_ = std::move(answer); });
  }

  void on_bound(SmppLink&) override {}
  void on_answered(SmppLink&, const smpp::Answered&) override {}
  void on_late_answer(SmppLink&, const smpp::LateAnswer&) override {}
  void on_unanswered(SmppLink&, const smpp::Unanswered&) override {}
  void on_replied(SmppLink&, const smpp::Replied& replied) override { questions_->on_replied(replied); }
  void on_delivered(SmppLink&, const smpp::Delivered&) override {}
  void on_congestion(SmppLink&, std::uint8_t) override {}
  void on_refused(SmppLink&, const smpp::Refused&) override {}
  void on_window_moved(SmppLink&) override {}
  void on_lost(SmppLink&, smpp::LostReason, bool) override {}
  void on_not_bound(SmppLink&, metrics::BindResult) override {}

  boost::asio::io_context io_;
  VirtualClock clock_;
  OneLine line_;
  Random random_{1};
  Pace pace_{{.rate = 0, .window = 1000}, {.rate = 0, .window = 1000}};
  Hosts hosts_{1, Hosts::Use::failover, 5min};
  metrics::Metrics metrics_{{}};
  GatewaySettings config_;
  std::shared_ptr<Wire> wire_ = std::make_shared<Wire>();
  SmppHosts::Links links_;
  std::unique_ptr<SmppQuestions> questions_;
  store::AwaitedPage page_;
  std::vector<store::ReceiptRecorded> learnt_;
  std::optional<Channel::CancelAnswer> cancelled_;
  std::deque<smpp::Buffer> sent_;
};

TEST_F(SmppQuestionsTest, ACarrierIsAskedOnceShortlyBeforeTheWaitEnds) {
  config_.smpp().query = true;
  start();
  await(message({"a1", "b2"}), 20min);
  clock_.advance(14min);
  EXPECT_THAT(asked(), IsEmpty());
  clock_.advance(2min);
  const auto questions = asked();
  ASSERT_THAT(questions, SizeIs(2)) << "each part, once";
  const auto& query = std::get<smpp::QuerySm>(questions[0].body);
  EXPECT_EQ(query.message_id, "a1");
  EXPECT_EQ(query.source.digits, "Bank") << "as in the submit";
  EXPECT_EQ(query.source.ton, 5);
  answer_query(questions[0].header.sequence, 2);
  answer_query(questions[1].header.sequence, 5, 27);
  ASSERT_THAT(learnt_, SizeIs(2));
  EXPECT_EQ(learnt_[0].state, store::SegmentState::delivered);
  EXPECT_THAT(learnt_[0].provider_ids, ElementsAre("a1"));
  EXPECT_EQ(learnt_[0].message, 41U);
  EXPECT_EQ(learnt_[0].attempt, 2U);
  EXPECT_EQ(learnt_[1].state, store::SegmentState::undeliverable);
  EXPECT_EQ(learnt_[1].error, "027");
  clock_.advance(3min);
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(SmppQuestionsTest, WhatIsNotKnownIsNoNewsAndIsAskedAgainWithoutAnAnswer) {
  config_.smpp().query = true;
  start();
  await(message({"a1"}), 20min);
  clock_.advance(16min);
  const auto first = asked();
  ASSERT_THAT(first, SizeIs(1));
  clock_.advance(15s);
  clock_.advance(2s);
  const auto second = asked();
  ASSERT_THAT(second, SizeIs(1)) << "no answer came in time";
  answer_query(second[0].header.sequence, 1);
  clock_.advance(1min);
  EXPECT_THAT(asked(), IsEmpty()) << "it is on its way";
  EXPECT_THAT(learnt_, IsEmpty());
  const auto& counts = metrics_.smpp("carrier").queries;
  EXPECT_EQ(counts[metrics::QueryResult::unanswered]->Value(), 1);
  EXPECT_EQ(counts[metrics::QueryResult::under_way]->Value(), 1);
}

// Its places in the window are for messages.
TEST_F(SmppQuestionsTest, ACarrierThatNeverAnswersIsAskedLittleAndThenNotForAWhile) {
  config_.smpp().query = true;
  start();
  for (store::MessageId id = 1; id <= 30; ++id) {
    auto each = message({"a" + std::to_string(id)});
    each.id = id;
    each.progress.submitted_at -= 36'000'000;
    page_.messages.push_back({.until = clock_.wall() + 540'000, .message = each});
  }
  clock_.advance(1s);
  EXPECT_THAT(asked(), SizeIs(10));
  clock_.advance(10s);
  EXPECT_THAT(asked(), IsEmpty());
  clock_.advance(10s);
  EXPECT_THAT(asked(), IsEmpty()) << "it does not know the question, or is busy";
  clock_.advance(9min);
  EXPECT_THAT(asked(), IsEmpty());
  clock_.advance(2min);
  EXPECT_THAT(asked(), SizeIs(10));
}

TEST_F(SmppQuestionsTest, NobodyIsAskedWhoDoesNotSayThatHeAnswers) {
  start();
  await(message({"a1"}), 1min);
  clock_.advance(59s);
  EXPECT_THAT(asked(), IsEmpty());
  cancel(message({"a1"}));
  EXPECT_EQ(cancelled().kind, CancelKind::not_possible);
}

TEST_F(SmppQuestionsTest, AMessageIsCancelledWhenAllOfItIs) {
  config_.smpp().cancel = true;
  start();
  cancel(message({"a1", "b2"}));
  auto questions = asked();
  ASSERT_THAT(questions, SizeIs(2));
  const auto& question = std::get<smpp::CancelSm>(questions[0].body);
  EXPECT_EQ(question.message_id, "a1");
  EXPECT_EQ(question.source.digits, "Bank");
  EXPECT_EQ(question.destination.digits, "254712345678");
  wire_->say(raw(cancel_sm_resp, 0, questions[0].header.sequence));
  EXPECT_FALSE(cancelled_);
  wire_->say(raw(cancel_sm_resp, 0, questions[1].header.sequence));
  EXPECT_EQ(cancelled().kind, CancelKind::cancelled);

  cancel(message({"a1", "b2"}));
  questions = asked();
  wire_->say(raw(cancel_sm_resp, 0, questions[0].header.sequence));
  wire_->say(raw(cancel_sm_resp, smpp::status_cancel_failed, questions[1].header.sequence));
  auto answer = cancelled();
  EXPECT_EQ(answer.kind, CancelKind::refused);
  EXPECT_THAT(answer.detail, HasSubstr("1 of 2 parts were cancelled; the carrier refuses: 0x00000011"));

  cancel(message({"a1"}));
  EXPECT_THAT(asked(), SizeIs(1));
  clock_.advance(15s);
  answer = cancelled();
  EXPECT_EQ(answer.kind, CancelKind::unanswered);
  EXPECT_THAT(answer.detail, HasSubstr("did not answer"));

  auto partly = message({"a1", "b2"});
  partly.progress.segments[0].state = store::SegmentState::delivered;
  cancel(partly);
  EXPECT_EQ(cancelled().kind, CancelKind::refused) << "a part has arrived";
  cancel(message({"a1", ""}));
  EXPECT_EQ(cancelled().kind, CancelKind::not_possible) << "one part has no id";
  EXPECT_THAT(asked(), IsEmpty());
  links_.front()->abort();
  cancel(message({"a1"}));
  EXPECT_EQ(cancelled().kind, CancelKind::unanswered) << "nobody is bound";
}

}  // namespace
}  // namespace smsbridge::bridge
