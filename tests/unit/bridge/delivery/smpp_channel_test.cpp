// SPDX-License-Identifier: MPL-2.0
// The binds to one carrier in virtual time and without sockets: what their owner hears of them, and what the carrier is
// answered.
#include "bridge/delivery/smpp_channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

#include "tests/unit/bridge/delivery/fake_stream.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using smpp::octets;
using smpp::raw;
using testing::ElementsAre;
using testing::IsEmpty;
using enum smpp::Command;

// The links that wait for a connection, in their order.
struct Centre : Connector {
  void connect(boost::asio::any_io_executor, const Address&, Time, Handler handler) override {
    waiting.push_back(std::move(handler));
  }
  std::deque<Handler> waiting;
};

class SmppChannelTest : public testing::Test, public Channel::Owner {
 protected:
  SmppChannelTest() {
    config_.name = "carrier";
    config_.id = 7;
    config_.smpp().sessions = 2;
    config_.smpp().session.system_id = "bank";
    config_.smpp().session.enquire_link_interval = 0s;
    channel_ = std::make_unique<SmppChannel>(config_,
                                             SmppContext{.executor = io_.get_executor(),
                                                         .clock = clock_,
                                                         .connector = centre_,
                                                         .random = random_,
                                                         .metrics = metrics_.gateway("carrier", "smpp"),
                                                         .smpp_metrics = metrics_.smpp("carrier"),
                                                         .pace = pace_},
                                             *this);
    channel_->start();
  }

  std::shared_ptr<Wire> bind() {
    auto wire = std::make_shared<Wire>();
    const auto handler = std::move(centre_.waiting.front());
    centre_.waiting.pop_front();
    handler(ConnectStage::ok, {}, std::make_unique<FakeStream>(wire));
    wire->finish_writing();
    wire->say(raw(bind_transceiver_resp, 0, 1));
    wire->sent.clear();
    return wire;
  }
  void submit(std::uint64_t cookie) {
    store::Claimed message;
    message.content.to = "+254712345678";
    message.content.text = "Hello";
    const auto outgoing = channel_->prepare(message, clock_.wall());
    ASSERT_EQ(channel_->submit(cookie, **outgoing, 0), Channel::Submitted::yes);
  }
  static smpp::Buffer receipt(const std::string& text, std::uint32_t sequence) {
    smpp::Message message;
    message.source = {1, 1, "254712345678"};
    message.esm_class = 0x04;
    message.short_message = smpp::as_octets(text);
    return smpp::encoded(smpp::header_of(deliver_sm, sequence), message);
  }
  std::vector<std::string> heard() { return std::exchange(heard_, {}); }

  void on_answer(std::uint64_t, Answer answer) override {
    heard_.emplace_back(answer.kind == Answer::Kind::unknown ? "in doubt" : "answered");
  }
  void on_throttled(std::uint64_t, Duration, const std::string&) override { heard_.emplace_back("throttled"); }
  void on_not_taken(std::uint64_t) override { heard_.emplace_back("not taken"); }
  Blame on_blamed(std::uint64_t, Answer) override { return Blame::way_out; }
  void on_late_answer(std::uint64_t, std::string) override { heard_.emplace_back("late"); }
  void on_receipt(store::ReceiptRecorded receipt, metrics::ReceiptState state,
                  std::function<void(bool)> answer) override {
    recorded_ = std::move(receipt);
    heard_.emplace_back(metrics::label_value(state));
    answers_.push_back(std::move(answer));
  }
  void on_inbound(FromPhone message, std::function<void(bool)> answer) override {
    heard_.emplace_back("inbound");
    from_phones_.push_back(std::move(message));
    answers_.push_back(std::move(answer));
  }
  void on_room() override {}
  void on_up_or_down() override { heard_.emplace_back(channel_->is_up() ? "up" : "down"); }
  void on_closed() override {}
  bool is_sending_to(std::string_view) const override { return sending_; }

  boost::asio::io_context io_;
  VirtualClock clock_;
  Random random_{1};
  metrics::Metrics metrics_{{}};
  const std::shared_ptr<Pace> pace_ =
      std::make_shared<Pace>(Pace::Bounds{.rate = 0, .window = 1000}, Pace::Learnt{.rate = 0, .window = 1000});
  GatewaySettings config_;
  Centre centre_;
  std::vector<std::string> heard_;
  store::ReceiptRecorded recorded_;
  std::vector<FromPhone> from_phones_;
  std::deque<std::function<void(bool)>> answers_;
  bool sending_ = false;
  std::unique_ptr<SmppChannel> channel_;
};

TEST_F(SmppChannelTest, AMessageOfAPhoneIsAnsweredOnceItIsKept) {
  const auto wire = bind();
  const auto status_of_answer = [&] {
    wire->finish_writing();
    const auto header = smpp::decode_header(wire->sent);
    wire->sent.clear();
    return header ? static_cast<int>(header->status) : -1;
  };
  const auto deliver = [&](std::uint32_t sequence) {
    smpp::Message message;
    message.source = {1, 1, "254712345678"};
    message.destination = {0, 0, "22384"};
    message.short_message = smpp::as_octets("STOP");
    wire->say(smpp::encoded(smpp::header_of(deliver_sm, sequence), message));
  };
  for (const auto& [kept, status] : {std::pair{true, 0}, {false, 0x64}}) {
    deliver(kept ? 5 : 6);
    EXPECT_EQ(status_of_answer(), -1) << "nothing is on disk";
    ASSERT_EQ(answers_.size(), 1u);
    answers_.front()(kept);
    answers_.pop_front();
    EXPECT_EQ(status_of_answer(), status);
  }
  EXPECT_EQ(from_phones_.at(0).body, "STOP");
  EXPECT_EQ(from_phones_.at(0).to, "22384");
}

TEST_F(SmppChannelTest, TheLossOfTheLastBindIsTold) {
  const auto first = bind(), second = bind();
  EXPECT_THAT(heard(), testing::Each("up"));
  first->end();
  EXPECT_THAT(heard(), IsEmpty()) << "the other one is there";
  EXPECT_EQ(channel_->capacity(), config_.smpp().session.window);
  second->end();
  EXPECT_THAT(heard(), ElementsAre("down"));
  EXPECT_FALSE(channel_->is_up());
  clock_.advance(10s);
  bind();
  EXPECT_THAT(heard(), ElementsAre("up"));
}

// What is left takes nothing more, though answers may still come: its owner must not wait for the loss.
TEST_F(SmppChannelTest, TheLastBindThatTheCentreLeavesIsTold) {
  const auto first = bind(), second = bind();
  heard();
  for (std::uint64_t cookie = 1; cookie <= 2; ++cookie) submit(cookie);
  io_.run();
  for (const auto& wire : {first, second}) wire->finish_writing();
  first->say(raw(unbind, 0, 9));
  EXPECT_THAT(heard(), IsEmpty());
  second->say(raw(unbind, 0, 9));
  EXPECT_THAT(heard(), ElementsAre("down"));
  EXPECT_TRUE(first->open && second->open) << "an answer is waited for on each";
}

TEST_F(SmppChannelTest, AReceiptIsAnsweredWhenItIsKnownWhetherItIsStored) {
  const auto wire = bind();
  struct {
    bool stored;
    std::uint32_t status;
  } const rows[] = {{true, 0}, {false, 0x64}};
  std::uint32_t sequence = 5;
  for (const auto& row : rows) {
    wire->say(receipt("id:1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", ++sequence));
    EXPECT_THAT(wire->sent, IsEmpty()) << "the centre would forget it";
    ASSERT_EQ(answers_.size(), 1u);
    std::exchange(answers_, {}).front()(row.stored);
    wire->finish_writing();
    EXPECT_EQ(smpp::hex(std::exchange(wire->sent, {})),
              smpp::hex(raw(deliver_sm_resp, row.status, sequence, octets("00"))));
  }
}

// As two message centres wrote them: smscsim, whose service_type is longer than the standard allows, and larvitsmpp,
// which leaves both addresses as they stood in the submit.
TEST_F(SmppChannelTest, AReceiptNamesItsPhoneInEitherAddress) {
  const auto of_smscsim = octets(
      "000000cf0000000500000000892f84fd736d736373696d00000032353437303030303030303300000032353437303030"
      "3030303031000400000000000000007269643a33393136353839363136323837313133393337207375623a3030312064"
      "6c7672643a303031207375626d697420646174653a3236313132393137343720646f6e6520646174653a323631313239"
      "3137343720737461743a44454c49565244206572723a30303020546578743a2e2e2e001e001433393136353839363136"
      "323837313133393337000427000102");
  const auto of_larvitsmpp = octets(
      "000000df000000050000000000000001000000554d4f4a41000000323534373030303030303030000400000000000001"
      "007f69643a66613363303434302d656331642d313166312d623266382d383731363036366236623361207375623a3030"
      "3120646c7672643a31207375626d697420646174653a3236313032393137353420646f6e6520646174653a3236313032"
      "393137353420737461743a44454c49565244206572723a3020746578743a787878001e002566613363303434302d6563"
      "31642d313166312d623266382d383731363036366236623361000427000102");
  struct {
    const char* name;
    smpp::Buffer pdu;
    bool address_may_differ;
    const char *id, *destination, *other_address;
  } const rows[] = {
      {"smscsim", of_smscsim, false, "3916589616287113937", "254700000003", "254700000001"},
      {"larvitsmpp", of_larvitsmpp, false, "fa3c0440-ec1d-11f1-b2f8-8716066b6b3a", "UMOJA", "254700000000"},
      {"larvitsmpp, no address counts", of_larvitsmpp, true, "fa3c0440-ec1d-11f1-b2f8-8716066b6b3a", "", ""},
  };
  const auto wire = bind();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    config_.smpp().dialect.address_may_differ = row.address_may_differ;
    heard();
    wire->say(row.pdu);
    EXPECT_THAT(heard(), ElementsAre("delivered"));
    EXPECT_EQ(recorded_.provider_ids.at(0), row.id);
    EXPECT_EQ(recorded_.state, store::SegmentState::delivered);
    EXPECT_EQ(recorded_.destination, row.destination);
    EXPECT_EQ(recorded_.other_address, row.other_address);
  }
}

// It may wait long for its message, among thousands of others.
TEST_F(SmppChannelTest, OfAVastReceiptLittleIsKept) {
  const auto wire = bind();
  const std::string vast(7800, '9');
  const auto text = "id:" + vast + " stat:UNDELIV err:" + vast + " text:" + vast;
  const auto payload = smpp::as_octets(text);
  smpp::Message message;
  message.source = {1, 1, "254712345678"};
  message.esm_class = 0x04;
  message.tlvs = {{smpp::tag::message_payload, payload}};
  wire->say(smpp::encoded(smpp::header_of(deliver_sm, 5), message));
  ASSERT_FALSE(recorded_.provider_ids.empty());
  for (const auto& id : recorded_.provider_ids) EXPECT_LE(id.size(), 300u);
  EXPECT_EQ(recorded_.error, std::string(160, '9'));
  EXPECT_EQ(recorded_.quote, std::string(160, '9'));
}

TEST_F(SmppChannelTest, TheWordOfAReceiptIsTheOneThatIsCounted) {
  const auto wire = bind();
  heard();
  struct {
    const char *word, *counted;
  } const rows[] = {
      {"ENROUTE", "enroute"},       {"DELIVRD", "delivered"}, {"EXPIRED", "expired"}, {"DELETED", "deleted"},
      {"UNDELIV", "undeliverable"}, {"ACCEPTD", "accepted"},  {"UNKNOWN", "unknown"}, {"REJECTD", "rejected"},
  };
  std::uint32_t sequence = 5;
  for (const auto& row : rows) {
    wire->say(receipt(std::string("id:1 sub:001 dlvrd:001 stat:") + row.word + " err:000 text:", ++sequence));
    EXPECT_THAT(heard(), ElementsAre(row.counted)) << row.word;
  }
}

TEST_F(SmppChannelTest, ARefusalOfTheAccountIsSaidBeforeAHintAboutItsSettings) {
  const auto wire = bind();
  const auto last_error = [&] {
    GatewayStatus status;
    channel_->describe(status);
    return status.last_error;
  };
  for (std::uint32_t sequence = 6; sequence < 56; ++sequence)
    wire->say(receipt("id:1 sub:001 dlvrd:001 stat:ACCEPTD err:000 text:", sequence));
  EXPECT_THAT(last_error(), testing::HasSubstr("accepted_is_final"));
  for (std::uint32_t sequence = 2; sequence < 5; ++sequence) {
    submit(sequence);
    wire->finish_writing();
    wire->say(raw(submit_sm_resp, 0x0E, sequence));
  }
  EXPECT_FALSE(channel_->is_up());
  EXPECT_THAT(last_error(), testing::HasSubstr("ESME_RINVPASWD"));
}

TEST_F(SmppChannelTest, WhatNeverLeftIsInNoDoubt) {
  const auto wire = bind();
  heard();
  submit(1);
  wire->say(raw(unbind, 0, 9));  // before the loop came to write
  EXPECT_THAT(heard(), testing::Contains("not taken"));
  EXPECT_EQ(metrics_.gateway("carrier", "smpp").submit_results[metrics::SubmitResult::disconnected]->Value(), 0);
}

TEST_F(SmppChannelTest, AFullQueueIsCountedAsSuch) {
  const auto wire = bind();
  auto& results = metrics_.gateway("carrier", "smpp").submit_results;
  std::uint32_t sequence = 2;
  for (const std::uint32_t status : {0x14u, 0x58u, 0x58u}) {
    submit(sequence);
    wire->finish_writing();
    wire->say(raw(submit_sm_resp, status, sequence++));
  }
  EXPECT_EQ(results[metrics::SubmitResult::queue_full]->Value(), 1);
  EXPECT_EQ(results[metrics::SubmitResult::throttled]->Value(), 2);
}

TEST_F(SmppChannelTest, ALateRefusalEndsNoDoubt) {
  const auto wire = bind();
  heard();
  submit(1), submit(2);
  io_.run();
  wire->finish_writing();
  clock_.advance(config_.smpp().session.response_timeout);
  EXPECT_THAT(heard(), ElementsAre("in doubt", "in doubt"));
  wire->say(raw(submit_sm_resp, 0x45, 2, octets("00")));
  EXPECT_THAT(heard(), IsEmpty());
  wire->say(raw(submit_sm_resp, 0, 3, octets("3100")));
  EXPECT_THAT(heard(), ElementsAre("late"));
}

// Centres join what they get over two binds late or never.
TEST_F(SmppChannelTest, AllPartsOfAMessageLeaveOnOneBind) {
  const auto first = bind(), second = bind();
  store::Claimed message;
  message.content.to = "+254712345678";
  message.content.text = std::string(400, 'x');
  const auto outgoing = channel_->prepare(message, clock_.wall());
  ASSERT_EQ((*outgoing)->parts, 3u);
  for (std::size_t part = 0; part < 3; ++part)
    ASSERT_EQ(channel_->submit(part, **outgoing, part), Channel::Submitted::yes);
  io_.run();
  EXPECT_TRUE(first->sent.empty() || second->sent.empty());
}

TEST_F(SmppChannelTest, AfterARefusalOfTheAccountOneMessageAtATimeShowsWhetherItWas) {
  const auto wire = bind();
  submit(2);
  wire->finish_writing();
  wire->say(raw(submit_sm_resp, 0x0E, 2));
  EXPECT_EQ(channel_->room(), config_.smpp().session.window);
  submit(3);
  EXPECT_EQ(channel_->room(), 0u);
}

TEST_F(SmppChannelTest, WhileAMessageToItsPhoneIsUnderWayAReceiptIsNotGuessed) {
  const auto wire = bind();
  std::uint32_t sequence = 5;
  for (const bool sending : {false, true}) {
    sending_ = sending;
    wire->say(receipt("id:23 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", ++sequence));
    EXPECT_EQ(recorded_.may_guess, !sending);
    EXPECT_EQ(recorded_.usable == recorded_.as_given, sending);
  }
}

}  // namespace
}  // namespace smsbridge::bridge
