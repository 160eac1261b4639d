// SPDX-License-Identifier: MPL-2.0
// One bind in virtual time and without sockets: when it connects, what it says of a failure, and what it tells its
// owner.
#include "bridge/delivery/smpp_link.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include "smpp/status.hpp"
#include "tests/unit/bridge/delivery/fake_stream.hpp"
#include "tests/unit/bridge/delivery/virtual_clock.hpp"
#include "tests/unit/fails_at_each_step.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::bridge {
namespace {

using namespace std::chrono_literals;
using smpp::octets;
using smpp::raw;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum smpp::Command;

struct FakeConnector : Connector {
  void connect(boost::asio::any_io_executor, const Address& address, Time, Handler handler) override {
    ++attempts;
    host = address.host;
    waiting = std::move(handler);
  }
  int attempts = 0;
  std::string host;  // of the last one
  Handler waiting;
};

class SmppLinkTest : public testing::Test, public SmppLink::Owner {
 protected:
  SmppLinkTest() {
    config_.name = "carrier";
    config_.smpp().session.system_id = "bank";
    config_.smpp().session.enquire_link_interval = 0s;
    link_ = make_link();
  }
  ~SmppLinkTest() override { link_->abort(); }

  std::shared_ptr<SmppLink> make_link() {
    auto& hosts = config_.smpp().other_hosts.empty() ? only_host_ : hosts_;
    return std::make_shared<SmppLink>(SmppLink::Which{}, config_, io_.get_executor(), clock_, connector_, random_,
                                      pace_, hosts, *this);
  }
  // Anew, with a second host, which is good.
  void have_two_hosts() {
    config_.smpp().address.host = "one";
    config_.smpp().other_hosts = {{.host = "two", .port = 2776, .tls = {}}};
    link_ = make_link();
    link_->start();
  }
  void refuse_connection() {
    std::exchange(connector_.waiting, nullptr)(ConnectStage::connect, "Connection refused", nullptr);
  }
  void accept_connection() {
    wire_ = std::make_shared<Wire>();
    std::exchange(connector_.waiting, nullptr)(ConnectStage::ok, {}, std::make_unique<FakeStream>(wire_));
    finish_writing();
  }
  void finish_writing() { wire_->finish_writing(); }
  void say(const smpp::Buffer& data) { wire_->say(data); }
  void end(boost::system::error_code why = boost::asio::error::eof) { wire_->end(why); }
  void bind() {
    accept_connection();
    say(raw(bind_transceiver_resp, 0, 1));
    wire_->sent.clear();
  }
  void submit(std::uint64_t cookie) {
    smpp::Message message;
    message.destination = {1, 1, "254700000101"};
    EXPECT_EQ(link_->submit(message, cookie), smpp::ClientSession::SubmitResult::queued);
    io_.restart();
    io_.run();
  }
  // How long it waits before the next attempt.
  Duration wait() {
    const auto next = link_->next_try();
    EXPECT_TRUE(next);
    return next ? *next - clock_.now() : Duration{};
  }
  std::vector<std::string> told() { return std::exchange(told_, {}); }

  void on_bound(SmppLink&) override { told_.emplace_back("bound"); }
  void on_answered(SmppLink&, const smpp::Answered& a) override {
    told_.push_back("answered " + std::to_string(a.cookie) + " " + a.message_id);
  }
  void on_late_answer(SmppLink&, const smpp::LateAnswer&) override { told_.emplace_back("late"); }
  void on_unanswered(SmppLink&, const smpp::Unanswered& u) override {
    told_.push_back((u.sent ? "unanswered " : "unsent ") + std::to_string(u.cookie));
  }
  void on_replied(SmppLink&, const smpp::Replied& r) override {
    told_.push_back("replied " + std::to_string(r.cookie) + (r.answered ? "" : " nothing"));
  }
  void on_delivered(SmppLink& link, const smpp::Delivered& d) override {
    delivery_ = {link.generation(), d.sequence};
    told_.emplace_back("delivered");
  }
  void on_refused(SmppLink&, const smpp::Refused& r) override {
    told_.push_back("refused " + smpp::command_name(r.command_id));
  }
  void on_congestion(SmppLink&, std::uint8_t state) override { told_.push_back("congestion " + std::to_string(state)); }
  void on_window_moved(SmppLink& link) override { could_submit_ = link.can_submit(); }
  void on_lost(SmppLink&, smpp::LostReason reason, bool was_bound) override {
    told_.push_back("lost " + std::string(smpp::lost_reason_name(reason)) + (was_bound ? "" : " unbound"));
  }
  void on_not_bound(SmppLink&, metrics::BindResult result) override {
    told_.push_back("not bound: " + std::string(metrics::label_value(result)));
  }

  boost::asio::io_context io_;
  VirtualClock clock_;
  FakeConnector connector_;
  Random random_{1};
  const Pace pace_{{.rate = 0, .window = 1000}};
  Hosts only_host_{1, Hosts::Use::failover, 5min}, hosts_{2, Hosts::Use::failover, 5min};
  GatewaySettings config_;
  std::shared_ptr<SmppLink> link_;
  std::shared_ptr<Wire> wire_;
  std::vector<std::string> told_;
  std::pair<std::uint64_t, std::uint32_t> delivery_;
  bool could_submit_ = false;
};

TEST_F(SmppLinkTest, WaitsLongerAfterEachFailureUpToTheMost) {
  config_.smpp().reconnect_first = 1s;
  config_.smpp().reconnect_max = 60s;
  link_->start();
  std::set<Duration> waits;
  for (int failure = 1; failure <= 12; ++failure) {
    std::exchange(connector_.waiting, nullptr)(ConnectStage::connect, "Connection refused", nullptr);
    const auto usual = std::min<Duration>(60s, 1s * (1 << (failure - 1)));
    EXPECT_GE(wait(), usual * 8 / 10) << failure;
    EXPECT_LE(wait(), usual * 12 / 10) << failure;
    waits.insert(wait());
    clock_.advance(wait() - 1ns);
    EXPECT_EQ(connector_.attempts, failure);
    clock_.advance(1ns);
    EXPECT_EQ(connector_.attempts, failure + 1);
  }
  EXPECT_EQ(waits.size(), 12U) << "links that fail together do not come back together";
}

TEST_F(SmppLinkTest, AStableBindBeginsAnew) {
  link_->start();
  for (int failure = 0; failure < 5; ++failure) {
    std::exchange(connector_.waiting, nullptr)(ConnectStage::connect, "Connection refused", nullptr);
    clock_.advance(wait());
  }
  bind();
  clock_.advance(59s);
  end();
  EXPECT_GT(wait(), 20s) << "it was not stable";
  clock_.advance(wait());
  bind();
  clock_.advance(60s);
  end();
  EXPECT_LE(wait(), 1200ms);
}

TEST_F(SmppLinkTest, AWrongPasswordIsNotTriedAgainSoon) {
  config_.smpp().refused_delay = 5min;
  link_->start();
  accept_connection();
  say(raw(bind_transceiver_resp, 0x0E, 1));
  EXPECT_THAT(told(), ElementsAre("lost bind_refused unbound", "not bound: refused"));
  EXPECT_THAT(link_->last_error(), HasSubstr("password"));
  EXPECT_GE(wait(), 270s);
  EXPECT_LE(wait(), 330s);
  clock_.advance(270s - 1ns);
  EXPECT_EQ(connector_.attempts, 1);
  clock_.advance(wait());
  bind();
  end();
  EXPECT_LE(wait(), 3s) << "the password is right now";
}

TEST_F(SmppLinkTest, AnAccountThatIsBoundStillIsGivenTimeToEnd) {
  link_->start();
  accept_connection();
  say(raw(bind_transceiver_resp, 0x05, 1));
  EXPECT_GE(wait(), 30s);
  EXPECT_LE(wait(), 60s);
}

TEST_F(SmppLinkTest, ACarrierThatUnbindsIsLeftAloneAsLongAsItWants) {
  config_.smpp().unbind_wait = 2min;
  link_->start();
  bind();
  say(raw(unbind, 0, 9));
  EXPECT_EQ(wait(), 2min);
  link_->reconnect();
  EXPECT_EQ(connector_.attempts, 2) << "a person knows better";
  accept_connection();
  say(raw(bind_transceiver_resp, 0x05, 1));
  EXPECT_EQ(wait(), 2min) << "longer than an old connection needs to end";
  link_->reconnect();
  bind();
  end();
  EXPECT_LT(wait(), 10s) << "it only broke";
}

TEST_F(SmppLinkTest, AHostThatFailsIsLeftForTheNextAtOnce) {
  have_two_hosts();
  EXPECT_EQ(connector_.host, "one");
  refuse_connection();
  EXPECT_EQ(wait(), 0s);
  clock_.advance(0s);
  EXPECT_EQ(connector_.host, "two");
  EXPECT_EQ(name_of(link_->address()), "two:2776");
  accept_connection();
  say(raw(bind_transceiver_resp, 0x05, 1));
  EXPECT_GE(wait(), 800ms) << "the first one is given its time";
  EXPECT_LE(wait(), 1200ms);
  clock_.advance(wait());
  EXPECT_EQ(connector_.host, "one");
  bind();
  told();
  end();
  EXPECT_GE(wait(), 1600ms) << "its second failure; the other is not to be asked for half a minute";
  EXPECT_LE(wait(), 2400ms);
}

TEST_F(SmppLinkTest, ALostBindGoesToTheOtherHostWithoutAWait) {
  have_two_hosts();
  bind();
  EXPECT_EQ(connector_.host, "one");
  end();
  EXPECT_EQ(wait(), 0s);
  clock_.advance(0s);
  EXPECT_EQ(connector_.host, "two");
  bind();
  EXPECT_EQ(link_->bound_since(), clock_.now());
}

// Each host would count the wrong password, and lock the account. But it may be known at one of them only.
TEST_F(SmppLinkTest, AWrongPasswordIsTriedAtTheOtherHostAsLateAsAgain) {
  have_two_hosts();
  for (const auto* host : {"two", "one", "two"}) {
    accept_connection();
    say(raw(bind_transceiver_resp, 0x0E, 1));
    EXPECT_GE(wait(), 270s);
    clock_.advance(wait());
    EXPECT_EQ(connector_.host, host);
  }
}

TEST_F(SmppLinkTest, MovesWithAnEmptyWindow) {
  config_.smpp().session.response_timeout = 1h;
  have_two_hosts();
  refuse_connection();
  clock_.advance(0s);
  bind();
  submit(7);
  finish_writing();
  told();
  wire_->sent.clear();
  clock_.advance(1min);
  hosts_.works(0, clock_.now());
  clock_.advance(5min);
  ASSERT_TRUE(hosts_.works(0, clock_.now()));
  link_->move();
  finish_writing();
  EXPECT_FALSE(link_->can_submit());
  EXPECT_FALSE(could_submit_) << "its owner is told";
  EXPECT_THAT(wire_->sent, IsEmpty()) << "an answer is awaited";
  say(raw(submit_sm_resp, 0, 2, octets("6100")));
  EXPECT_EQ(smpp::hex(wire_->sent), smpp::hex(raw(unbind, 0, 3)));
  say(raw(unbind_resp, 0, 3));
  EXPECT_THAT(told(), ElementsAre("answered 7 a", "lost local"));
  EXPECT_EQ(wait(), 0s);
  clock_.advance(0s);
  EXPECT_EQ(connector_.host, "one");
  bind();
  EXPECT_TRUE(hosts_.is_trusted(1)) << "it was not left for a fault";
}

TEST_F(SmppLinkTest, ReconnectTriesAtOnce) {
  link_->start();
  accept_connection();
  link_->reconnect();
  EXPECT_EQ(connector_.attempts, 1) << "it is trying";
  say(raw(bind_transceiver_resp, 0x0E, 1));
  link_->reconnect();
  EXPECT_EQ(connector_.attempts, 2);
  EXPECT_FALSE(link_->next_try());
  bind();
  link_->reconnect();
  clock_.advance(10min);
  EXPECT_EQ(connector_.attempts, 2) << "neither the old timer nor a bound link tries again";
  EXPECT_TRUE(link_->is_bound());
}

// What a person reads who asks why a gateway is not bound.
TEST_F(SmppLinkTest, ABindThatDoesNotComeAboutSaysWhy) {
  const auto text = [](std::string_view words) { return smpp::Buffer(words.begin(), words.end()); };
  struct {
    const char* name;
    smpp::Buffer answer;
    bool fin;
    const char* result;
    const char* words;
  } const cases[] = {
      {"HTTP", text("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"), false, "not_smpp",
       "this is not SMPP: HTTP/1.1 400 Bad Request"},
      {"CR LF", text("\r\n"), false, "not_smpp", "this is not SMPP: 0d0a"},
      {"CR LF and the end", text("\r\n"), true, "not_smpp", "this is not SMPP: 0d0a"},
      {"SSH", text("SSH-2.0-x\r\n"), false, "not_smpp", "this is not SMPP: SSH-2.0-x"},
      {"TLS alert", octets("15 0301 0002 0246"), false, "not_smpp", "this port speaks TLS"},
      {"nothing",
       {},
       false,
       "timeout",
       "no answer to the bind in 60 s: wrong port, TLS port, or our address is not allowed?"},
      {"the end", {}, true, "closed", "the connection was closed before the bind was answered"},
      {"already bound", raw(bind_transceiver_resp, 0x05, 1), false, "refused", "another connection holds the account"},
      {"unknown account", raw(bind_transceiver_resp, 0x0F, 1), false, "refused", "check system_id"},
      {"bind failed", raw(bind_transceiver_resp, 0x0D, 1), false, "refused", "ESME_RBINDFAIL"},
      {"a code of its own", raw(bind_transceiver_resp, 0x406, 1), false, "refused", "0x00000406"},
      {"not understood", raw(generic_nack, 0x03, 1), false, "refused", "bind: pair"},
  };
  link_->start();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    accept_connection();
    if (!c.answer.empty()) say(c.answer);
    if (c.fin) end();
    if (!link_->next_try()) clock_.advance(60s);
    EXPECT_EQ(told().back(), std::string("not bound: ") + c.result);
    EXPECT_THAT(link_->last_error(), HasSubstr(c.words));
    link_->reconnect();
  }
}

TEST_F(SmppLinkTest, ABindThatEndsSaysWhy) {
  struct {
    const char* name;
    smpp::Buffer pdu;
    bool fin;
    const char* words;
  } const cases[] = {
      {"unbind", raw(unbind, 0, 9), false, "the message centre unbound"},
      {"not bound", raw(generic_nack, 0x04, 0), false, "answers that we are not bound (ESME_RINVBNDSTS)"},
      {"too long", octets("7FFFFFFF 00000005 736563726574"), false, "an impossible length: 7fffffff00000005"},
      {"half a PDU", octets("00000050 00000005 736563726574"), false, "half a PDU and then nothing: 0000005000000005"},
      {"our length is wrong", raw(generic_nack, 0x02, 0), false, "cannot follow what we send"},
      {"the end", {}, true, "End of file"},
  };
  link_->start();
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    bind();
    if (!c.pdu.empty()) say(c.pdu);
    if (c.fin) end();
    if (link_->is_bound()) clock_.advance(10s);
    EXPECT_THAT(link_->last_error(), HasSubstr(c.words));
    EXPECT_THAT(link_->last_error(), testing::Not(HasSubstr("7365"))) << "no text";
    link_->reconnect();
  }
}

TEST_F(SmppLinkTest, FailuresBeforeTheBindSayWhyToo) {
  struct {
    ConnectStage stage;
    const char* result;
    const char* words;
  } const cases[] = {
      {ConnectStage::resolve, "not bound: dns_failed", "name look-up failed: it is so"},
      {ConnectStage::connect, "not bound: connect_failed", "connection failed: it is so"},
      {ConnectStage::tls, "not bound: tls_failed", "TLS handshake failed: it is so"},
  };
  link_->start();
  for (const auto& c : cases) {
    std::exchange(connector_.waiting, nullptr)(c.stage, "it is so", nullptr);
    EXPECT_THAT(told(), ElementsAre(c.result));
    EXPECT_EQ(link_->last_error(), c.words);
    link_->reconnect();
  }
  std::exchange(connector_.waiting, nullptr)(ConnectStage::tls, "wrong version number (SSL routines)", nullptr);
  EXPECT_THAT(link_->last_error(), HasSubstr("does this port speak TLS?"));
}

// Some centres take half a minute.
TEST_F(SmppLinkTest, ALateAnswerToTheBindIsTaken) {
  link_->start();
  for (const auto after : {12s, 25s, 50s}) {
    SCOPED_TRACE(after.count());
    accept_connection();
    clock_.advance(after);
    say(raw(bind_transceiver_resp, 0, 1));
    EXPECT_THAT(told(), ElementsAre("bound"));
    end();
    told();
    link_->reconnect();
  }
  EXPECT_EQ(connector_.attempts, 4) << "one for each, and the last one of all";
}

TEST_F(SmppLinkTest, TheBindTimeoutIsASetting) {
  config_.smpp().session.bind_timeout = 20s;
  link_ = make_link();
  link_->start();
  accept_connection();
  clock_.advance(19s);
  EXPECT_THAT(told(), IsEmpty());
  clock_.advance(1s);
  EXPECT_THAT(link_->last_error(), HasSubstr("no answer to the bind in 20 s"));
}

TEST_F(SmppLinkTest, AReceiptOfAnOldBindIsNotAnsweredOnTheNewOne) {
  link_->start();
  bind();
  const auto body = octets("00 0000 00 0000 00 040000 00 00 00 00 00 00 00");
  say(raw(deliver_sm, 0, 5, body));
  const auto old = delivery_;
  end();
  clock_.advance(wait());
  bind();
  say(raw(deliver_sm, 0, 5, body));
  link_->answer_delivery(old.first, 5, deliver_sm, 0);
  finish_writing();
  EXPECT_THAT(wire_->sent, IsEmpty());
  link_->answer_delivery(delivery_.first, 5, deliver_sm, 0);
  finish_writing();
  EXPECT_EQ(smpp::hex(wire_->sent), smpp::hex(raw(deliver_sm_resp, 0, 5, octets("00"))));
}

TEST_F(SmppLinkTest, ALeftBindTakesNothingNewAndItsAnswersStill) {
  link_->start();
  bind();
  submit(7);
  finish_writing();
  submit(8);
  finish_writing();
  told();
  auto segment = raw(unbind, 0, 900);
  const auto answer = raw(submit_sm_resp, 0, 2, octets("6100"));
  segment.insert(segment.end(), answer.begin(), answer.end());
  say(segment);
  EXPECT_THAT(told(), ElementsAre("answered 7 a"));
  EXPECT_FALSE(could_submit_) << "its owner is told";
  EXPECT_EQ(link_->state(), SmppLink::State::unbinding);
  clock_.advance(1s);
  say(raw(submit_sm_resp, 0, 3, octets("6200")));
  EXPECT_THAT(told(), ElementsAre("answered 8 b", "lost peer_unbind"));
  EXPECT_FALSE(wire_->open);
  EXPECT_TRUE(link_->next_try());
}

TEST_F(SmppLinkTest, AFailedWriteDoesNotHideWhatCanBeRead) {
  link_->start();
  bind();
  submit(7);
  finish_writing();
  wire_->write_fails = true;
  submit(8);
  finish_writing();
  EXPECT_THAT(told(), ElementsAre("bound")) << "the peer is gone, but its answers may be here";
  say(raw(submit_sm_resp, 0, 2, octets("6100")));
  end(boost::asio::error::connection_reset);
  EXPECT_THAT(told(), ElementsAre("answered 7 a", "unanswered 8", "lost peer_closed"));
}

TEST_F(SmppLinkTest, StoppedItDoesNotComeBack) {
  link_->start();
  bind();
  link_->stop();
  finish_writing();
  say(raw(unbind_resp, 0, 2));
  EXPECT_THAT(told(), ElementsAre("bound", "lost local"));
  link_->reconnect();
  clock_.advance(1h);
  EXPECT_EQ(connector_.attempts, 1);
  EXPECT_EQ(link_->state(), SmppLink::State::closed);
}

// The line ends in the place of each thing that the peer says: what was submitted ends once, and the link says so.
TEST_F(SmppLinkTest, EndsEachMessageOnceWhereverTheLineBreaks) {
  const auto steps = fails_at_each_step([this](Fault& fault) {
    link_->abort();
    link_ = make_link();
    told_.clear();
    link_->start();
    accept_connection();
    bool broken = false;
    const auto peer_says = [&](const smpp::Buffer& pdu) {
      if (broken) return;
      broken = fault.now();
      broken ? end() : say(pdu);
    };
    std::vector<std::uint64_t> submitted;
    peer_says(raw(bind_transceiver_resp, 0, 1));
    for (std::uint64_t cookie = 1; cookie <= 3 && link_->can_submit(); ++cookie) {
      submit(cookie);
      finish_writing();
      submitted.push_back(cookie);
    }
    for (std::uint32_t sequence = 2; sequence <= 4; ++sequence)
      peer_says(raw(submit_sm_resp, 0, sequence, octets("4100")));
    const auto told_of = [&](std::string_view beginning) {
      return std::ranges::count_if(told_, [&](const auto& each) { return each.starts_with(beginning); });
    };
    for (const auto cookie : submitted) {
      const auto name = std::to_string(cookie);
      EXPECT_EQ(told_of("answered " + name) + told_of("unanswered " + name), 1) << name;
    }
    EXPECT_EQ(told_of("lost"), broken ? 1 : 0);
    EXPECT_EQ(link_->is_bound(), !broken);
    EXPECT_EQ(wire_->open, !broken);
  });
  EXPECT_EQ(steps, 4) << "the answers to the bind and to three submits";
}

}  // namespace
}  // namespace smsbridge::bridge
