// SPDX-License-Identifier: MPL-2.0
// Conversations with a client in virtual time.
#include "smpp/server_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "smpp/status.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using enum Command;
using DeliverResult = ServerSession::DeliverResult;
using RequestId = ServerSession::RequestId;

ServerConfig config_with(std::size_t window = 10) {
  ServerConfig config;
  config.system_id = "centre";
  config.window = window;
  return config;
}

Message sample_message() {
  Message message;
  message.source = {1, 1, "491701234567"};
  message.destination = {5, 0, "Bank"};
  message.short_message = as_octets("hello");
  return message;
}

// The client, and an owner of the session that takes every event at once.
class Conversation {
 public:
  explicit Conversation(ServerConfig config = config_with()) : session(std::move(config), now) {}

  void send(Octets data) {
    session.on_bytes(data, now);
    take_events();
  }
  void send(Command command, std::uint32_t sequence, std::uint32_t status = 0, Octets body = {}) {
    send(raw(command, status, sequence, body));
  }
  void bind(Command command = bind_transceiver, std::uint8_t version = 0x34) {
    Bind bind{"bank", "secret", {}};
    bind.interface_version = version;
    send(encoded(header_of(command, 1), bind));
  }
  void bound() {
    bind();
    expect(bind_transceiver_resp, 1);
    EXPECT_THAT(told(), ElementsAre("Bind bank secret"));
    EXPECT_EQ(session.state(), SessionState::bound_trx);
  }
  void submit(std::uint32_t sequence) { send(encoded(header_of(submit_sm, sequence), sample_message())); }
  DeliverResult deliver(std::uint64_t cookie) { return session.deliver(sample_message(), cookie, now); }
  void close() {
    session.on_closed(now);
    take_events();
  }

  // The next PDU that the session sends.
  void expect(Command command, std::uint32_t sequence, std::uint32_t status = 0) {
    read_output();
    ASSERT_FALSE(sent_.empty()) << "nothing was sent, expected " << command_name(static_cast<std::uint32_t>(command));
    const auto header = *decode_header(sent_.front());
    EXPECT_EQ(command_name(header.command_id), command_name(static_cast<std::uint32_t>(command)));
    EXPECT_EQ(header.sequence, sequence);
    EXPECT_EQ(header.status, status);
    last = sent_.front();
    sent_.pop_front();
  }
  void expect_silence() {
    read_output();
    EXPECT_TRUE(sent_.empty()) << command_name(decode_header(sent_.front())->command_id) << " was sent";
  }

  // Time passes; deadlines are met as they come.
  void after(Duration duration) {
    const auto end = now + duration;
    for (int turns = 0; turns < 10'000; ++turns) {
      const auto due = session.next_deadline();
      if (!due || *due > end) break;
      now = std::max(now, *due);
      session.on_deadline(now);
      take_events();
    }
    now = end;
  }

  std::vector<std::string> told() {
    take_events();
    return std::exchange(told_, {});
  }

  Time now = Time{} + 1h;
  ServerSession session;
  Buffer last;                                           // the PDU of the last expect()
  std::optional<std::uint32_t> bind_status = status_ok;  // nothing: the owner does not know yet
  bool answers = true;                                   // submits at once

 private:
  void take_events() {
    while (const auto event = session.next_event())
      told_.push_back(std::visit([this](const auto& e) { return describe(e); }, *event));
  }
  void read_output() {
    while (!session.output().empty()) {
      const auto output = session.output();
      wire_.feed(output, now);
      session.wrote(output.size());
    }
    while (const auto frame = wire_.next()) sent_.emplace_back(frame->begin(), frame->end());
  }

  std::string describe(const ServerSession::BindWanted& e) {
    auto text = "Bind " + std::string(e.bind.system_id) + " " + std::string(e.bind.password);
    if (bind_status) session.answer_bind(*bind_status, now);
    return text;
  }
  std::string describe(const ServerSession::Submitted& e) {
    auto text = "Submitted " + std::to_string(e.id.sequence) + " " + std::string(as_text(e.message.payload()));
    if (!answers) return text;
    EXPECT_TRUE(session.answer(e.id, MessageResp{"id-" + std::to_string(e.id.sequence), {}}));
    return text;
  }
  std::string describe(const ServerSession::Asked& e) {
    return "Asked " + command_name(static_cast<std::uint32_t>(e.id.command)) + " " + std::to_string(e.body.index());
  }
  std::string describe(const ServerSession::DeliveryAnswered& e) {
    return (e.nack ? "Nack " : "Answered ") + std::to_string(e.cookie) + " " + status_name(e.status);
  }
  std::string describe(const ServerSession::Undelivered& e) {
    return "Undelivered " + std::to_string(e.cookie) + (e.timed_out ? " timeout" : " lost");
  }
  std::string describe(const ServerSession::LateAnswer& e) { return "Late " + std::to_string(e.cookie); }
  std::string describe(const ServerSession::Nacked& e) { return "Nacked " + std::to_string(e.sequence); }
  std::string describe(const ServerSession::UnbindWanted&) { return "UnbindWanted"; }
  std::string describe(const ServerSession::UnbindAnswered&) { return "UnbindAnswered"; }
  std::string describe(const ServerSession::Refused& e) {
    return (e.breach ? "Breach " : "Refused ") + command_name(e.command_id) + " " + status_name(e.status);
  }
  std::string describe(const ServerSession::Lost& e) { return "Lost " + std::string(lost_reason_name(e.reason)); }

  Framer wire_{pdu_size_max_limit};
  std::deque<Buffer> sent_;
  std::vector<std::string> told_;
};

TEST(ServerSession, BindsTakesDeliversAndLetsGo) {
  Conversation talk;
  talk.bound();
  talk.submit(2);
  talk.expect(submit_sm_resp, 2);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello"));
  EXPECT_EQ(talk.deliver(100), DeliverResult::queued);
  talk.expect(deliver_sm, 1);
  talk.send(deliver_sm_resp, 1);
  EXPECT_THAT(talk.told(), ElementsAre("Answered 100 ESME_ROK"));
  talk.send(enquire_link, 3);
  talk.expect(enquire_link_resp, 3);
  talk.send(unbind, 4);
  talk.expect(unbind_resp, 4);
  EXPECT_THAT(talk.told(), ElementsAre("UnbindWanted", "Lost peer_unbind"));
  EXPECT_TRUE(talk.session.wants_close());
  talk.close();
  EXPECT_THAT(talk.told(), IsEmpty());
}

TEST(ServerSession, BindsAsWhatIsAskedFor) {
  const struct {
    Command command;
    std::uint8_t version;
    SessionState state;
    bool may_deliver;
    std::size_t tlvs;
  } cases[] = {
      {bind_receiver, 0x34, SessionState::bound_rx, true, 1},
      {bind_transmitter, 0x50, SessionState::bound_tx, false, 1},
      {bind_transceiver, 0x33, SessionState::bound_trx, true, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(command_name(static_cast<std::uint32_t>(c.command)));
    Conversation talk;
    talk.bind(c.command, c.version);
    talk.expect(response_to(c.command), 1);
    BindResp response;
    decode_body(talk.last, response);
    EXPECT_EQ(response.system_id, "centre");
    EXPECT_EQ(response.tlvs.size(), c.tlvs);
    EXPECT_EQ(talk.session.state(), c.state);
    EXPECT_EQ(talk.session.interface_version(), c.version);
    EXPECT_EQ(talk.deliver(1) == DeliverResult::queued, c.may_deliver);
    talk.told();
    talk.submit(2);
    if (c.may_deliver) talk.expect(deliver_sm, 1);
    talk.expect(submit_sm_resp, 2, c.state == SessionState::bound_rx ? status_invalid_bind_state : status_ok);
  }
}

TEST(ServerSession, RefusesABind) {
  Conversation talk;
  talk.bind_status = status_invalid_password;
  talk.bind();
  talk.submit(2);
  EXPECT_FALSE(talk.session.wants_close()) << "the answer is still to be written";
  talk.expect(bind_transceiver_resp, 1, status_invalid_password);
  talk.expect_silence();
  EXPECT_TRUE(talk.session.wants_close());
  EXPECT_THAT(talk.told(), ElementsAre("Bind bank secret", "Lost bind_refused"));
}

TEST(ServerSession, WaitsForTheDecisionAboutABind) {
  Conversation talk;
  talk.bind_status.reset();
  talk.bind();
  talk.submit(2);
  talk.expect_silence();
  EXPECT_THAT(talk.told(), ElementsAre("Bind bank secret"));
  talk.session.answer_bind(status_ok, talk.now);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello"));
  talk.expect(bind_transceiver_resp, 1);
  talk.expect(submit_sm_resp, 2);
}

TEST(ServerSession, ClosesWithoutABindInTime) {
  for (const bool asked : {false, true}) {
    Conversation talk;
    talk.bind_status.reset();
    if (asked) talk.bind();
    talk.after(10s - 1ms);
    EXPECT_FALSE(talk.session.wants_close());
    talk.after(1ms);
    EXPECT_TRUE(talk.session.wants_close());
    EXPECT_EQ(talk.told().back(), "Lost bind_timeout");
    talk.session.answer_bind(status_ok, talk.now);
    talk.expect_silence();
  }
}

TEST(ServerSession, AnswersWhatTheClientGotWrong) {
  const auto bad_bind = octets("00000011 00000009 00000000 00000007 41");
  const struct {
    const char* name;
    bool is_bound;
    Buffer sent;
    Command answer;
    std::uint32_t status;
    const char* told;
    bool closes;
  } cases[] = {
      {"a second bind", true, encoded(header_of(bind_receiver, 7), Bind{"bank", {}, {}}), bind_receiver_resp,
       status_already_bound, "Breach bind_receiver ESME_RALYBND", false},
      {"a bind that ends early", false, bad_bind, bind_transceiver_resp, status_invalid_command_length,
       "Breach bind_transceiver ESME_RINVCMDLEN", true},
      {"a submit before the bind", false, encoded(header_of(submit_sm, 7), sample_message()), submit_sm_resp,
       status_invalid_bind_state, "Breach submit_sm ESME_RINVBNDSTS", false},
      {"a submit without a body", true, raw(submit_sm, 0, 7), submit_sm_resp, status_invalid_command_length,
       "Breach submit_sm ESME_RINVCMDLEN", false},
      {"a query without a body", true, raw(query_sm, 0, 7), query_sm_resp, status_invalid_command_length,
       "Breach query_sm ESME_RINVCMDLEN", false},
      {"enquire_link with a body", true, raw(enquire_link, 0, 7, octets("00")), generic_nack,
       status_invalid_command_length, "Breach enquire_link ESME_RINVCMDLEN", false},
      {"unbind before the bind", false, raw(unbind, 0, 7), unbind_resp, status_invalid_bind_state,
       "Breach unbind ESME_RINVBNDSTS", false},
      {"deliver_sm", true, encoded(header_of(deliver_sm, 7), sample_message()), generic_nack, status_invalid_command_id,
       "Breach deliver_sm ESME_RINVCMDID", false},
      {"no command", true, raw(static_cast<Command>(0x111), 0, 7), generic_nack, status_invalid_command_id,
       "Breach 0x00000111 ESME_RINVCMDID", false},
      {"an impossible length", true, octets("0000000F 00000015 00000000 00000007"), generic_nack,
       status_invalid_command_length, "Breach enquire_link ESME_RINVCMDLEN", true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    if (c.is_bound) talk.bound();
    talk.send(c.sent);
    talk.expect(c.answer, 7, c.status);
    EXPECT_EQ(talk.told().front(), c.told);
    EXPECT_EQ(talk.session.wants_close(), c.closes);
    if (c.closes) continue;
    talk.send(enquire_link, 8);
    talk.expect(enquire_link_resp, 8);
  }
}

TEST(ServerSession, OverlooksWhatDoesNoHarm) {
  Conversation talk;
  talk.bound();
  talk.answers = false;
  talk.submit(2);
  talk.told();
  talk.submit(2);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello", "Breach submit_sm ESME_ROK")) << "a number in use";
  talk.send(deliver_sm_resp, 9);
  EXPECT_THAT(talk.told(), ElementsAre("Breach deliver_sm_resp ESME_ROK")) << "an answer to nothing";
  talk.send(enquire_link, 3, 5);
  EXPECT_THAT(talk.told(), ElementsAre("Breach enquire_link ESME_ROK")) << "a status in a request";
  talk.send(enquire_link, 0);
  EXPECT_THAT(talk.told(), ElementsAre("Breach enquire_link ESME_ROK")) << "a number that is none";
  talk.send(generic_nack, 0);
  EXPECT_THAT(talk.told(), ElementsAre("Nacked 0"));
  talk.expect(enquire_link_resp, 3);
  talk.expect(enquire_link_resp, 0);
  talk.expect_silence();
}

TEST(ServerSession, HandsQuestionsToItsOwner) {
  Conversation talk;
  talk.bound();
  talk.send(encoded(header_of(query_sm, 2), QuerySm{"id-1", {}}));
  talk.send(encoded(header_of(cancel_sm, 3), CancelSm{}));
  EXPECT_THAT(talk.told(), ElementsAre("Asked query_sm 8", "Asked cancel_sm 10"));
  EXPECT_EQ(talk.session.owed(), 2U);
  EXPECT_TRUE(talk.session.answer({2, query_sm}, QuerySmResp{"id-1", {}, 2, 0, {}}));
  talk.session.answer({3, cancel_sm}, status_cancel_failed);
  talk.expect(query_sm_resp, 2);
  talk.expect(cancel_sm_resp, 3, status_cancel_failed);
  EXPECT_EQ(talk.session.owed(), 0U);
}

TEST(ServerSession, RefusesRequestsAboveItsLimit) {
  auto config = config_with();
  config.requests_max = 2;
  Conversation talk(config);
  talk.bound();
  talk.answers = false;
  for (std::uint32_t sequence = 2; sequence <= 4; ++sequence) talk.submit(sequence);
  talk.expect(submit_sm_resp, 4, status_queue_full);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello", "Submitted 3 hello", "Refused submit_sm ESME_RMSGQFUL"));
  talk.session.answer({2, submit_sm}, status_ok);
  talk.submit(5);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 5 hello"));
}

TEST(ServerSession, KeepsItsWindowOfDeliveries) {
  Conversation talk(config_with(2));
  talk.bound();
  EXPECT_EQ(talk.deliver(1), DeliverResult::queued);
  EXPECT_EQ(talk.deliver(2), DeliverResult::queued);
  EXPECT_EQ(talk.deliver(3), DeliverResult::window_full);
  talk.send(deliver_sm_resp, 2, status_queue_full);
  EXPECT_EQ(talk.deliver(3), DeliverResult::queued);
  talk.send(generic_nack, 1, status_invalid_command_id);
  EXPECT_THAT(talk.told(), ElementsAre("Answered 2 ESME_RMSGQFUL", "Nacked 1", "Nack 1 ESME_RINVCMDID"));
  talk.after(60s);
  EXPECT_THAT(talk.told(), ElementsAre("Undelivered 3 timeout"));
  talk.send(deliver_sm_resp, 3);
  EXPECT_THAT(talk.told(), ElementsAre("Late 3"));
  auto message = sample_message();
  message.source.digits = "a number that is longer than it may be";
  EXPECT_EQ(talk.session.deliver(message, 4, talk.now), DeliverResult::invalid);
  for (std::uint32_t sequence = 1; sequence <= 3; ++sequence) talk.expect(deliver_sm, sequence);
  EXPECT_EQ(talk.deliver(5), DeliverResult::queued);
  talk.expect(deliver_sm, 4);
}

TEST(ServerSession, AnswersWhatItOwesBeforeItLetsGo) {
  Conversation talk;
  talk.bound();
  talk.answers = false;
  talk.submit(2);
  talk.send(unbind, 3);
  talk.submit(4);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello", "UnbindWanted", "Breach submit_sm ESME_RINVBNDSTS"));
  EXPECT_EQ(talk.deliver(1), DeliverResult::not_bound);
  talk.expect(submit_sm_resp, 4, status_invalid_bind_state);
  talk.expect_silence();
  EXPECT_TRUE(talk.session.answer({2, submit_sm}, MessageResp{"id", {}}));
  talk.expect(submit_sm_resp, 2);
  talk.expect(unbind_resp, 3);
  EXPECT_THAT(talk.told(), ElementsAre("Lost peer_unbind"));
}

TEST(ServerSession, UnbindsItself) {
  Conversation talk;
  talk.bound();
  talk.answers = false;
  talk.submit(2);
  talk.deliver(1);
  talk.session.unbind(talk.now);
  talk.submit(3);
  EXPECT_THAT(talk.told(), ElementsAre("Submitted 2 hello", "Refused submit_sm ESME_RINVBNDSTS"));
  talk.expect(deliver_sm, 1);
  talk.expect(unbind, 2);
  talk.expect(submit_sm_resp, 3, status_invalid_bind_state);
  talk.send(unbind_resp, 2);
  EXPECT_THAT(talk.told(), ElementsAre("UnbindAnswered"));
  EXPECT_TRUE(talk.session.answer({2, submit_sm}, MessageResp{"id", {}}));
  EXPECT_THAT(talk.told(), ElementsAre("Undelivered 1 lost", "Lost local"));
  talk.expect(submit_sm_resp, 2);
}

TEST(ServerSession, WaitsForAnUnbindNoLongerThanItMay) {
  for (const bool client_unbinds : {false, true}) {
    Conversation talk;
    talk.bound();
    talk.answers = false;
    talk.submit(2);
    if (client_unbinds)
      talk.send(unbind, 3);
    else
      talk.session.unbind(talk.now);
    talk.after(5s - 1ms);
    EXPECT_FALSE(talk.session.is_lost());
    talk.after(1ms);
    EXPECT_EQ(talk.told().back(), client_unbinds ? "Lost peer_unbind" : "Lost local");
  }
}

TEST(ServerSession, ForgetsWhatWillNotBeAnswered) {
  Conversation talk;
  talk.bound();
  talk.answers = false;
  talk.submit(2);
  talk.submit(3);
  talk.session.forget({2, submit_sm});
  EXPECT_EQ(talk.session.owed(), 1U);
  talk.send(unbind, 4);
  talk.expect_silence();
  talk.session.forget_all();
  talk.expect(unbind_resp, 4);
  EXPECT_TRUE(talk.session.wants_close());
}

TEST(ServerSession, AsksWhetherTheClientIsThere) {
  auto config = config_with();
  config.enquire_link_interval = 30s;
  config.enquire_link_timeout = 40s;
  Conversation talk(config);
  talk.bound();
  talk.after(30s);
  talk.expect(enquire_link, 1);
  talk.send(enquire_link_resp, 1);
  talk.after(30s);
  talk.expect(enquire_link, 2);
  talk.after(30s);
  talk.expect(enquire_link, 3);
  talk.send(enquire_link, 9);
  talk.after(29s);
  EXPECT_FALSE(talk.session.is_lost()) << "whatever it sends is a sign of life";
  talk.after(41s);
  EXPECT_THAT(talk.told(), ElementsAre("Lost enquire_link_timeout"));
}

TEST(ServerSession, WaitsForTheRestOfAPdu) {
  Conversation talk;
  talk.bound();
  const auto whole = raw(enquire_link, 0, 2);
  talk.send(Octets(whole).first(5));
  talk.after(10s - 1ms);
  EXPECT_FALSE(talk.session.is_lost());
  talk.after(1ms);
  EXPECT_THAT(talk.told(), ElementsAre("Lost frame_timeout"));
}

TEST(ServerSession, DoesNotReadFromAClientThatDoesNotRead) {
  auto config = config_with(100);
  config.output_max = 100;
  Conversation talk(config);
  talk.bound();
  EXPECT_TRUE(talk.session.wants_read());
  talk.deliver(1);
  talk.deliver(2);
  EXPECT_FALSE(talk.session.wants_read());
  talk.expect(deliver_sm, 1);
  EXPECT_TRUE(talk.session.wants_read());
}

TEST(ServerSession, WhomItDoesNotReadItDoesNotCallSilent) {
  auto config = config_with(100);
  config.output_max = 100;
  config.enquire_link_interval = 30s;
  config.enquire_link_timeout = 40s;
  Conversation talk(config);
  talk.bound();
  talk.deliver(1);
  talk.deliver(2);
  talk.after(10min);
  EXPECT_FALSE(talk.session.is_lost());
  talk.expect(deliver_sm, 1);
  talk.after(41s);
  EXPECT_TRUE(talk.session.is_lost()) << "it was read, and said nothing";
}

TEST(ServerSession, TellsWhatALostConnectionLeaves) {
  Conversation talk;
  talk.bound();
  talk.answers = false;
  talk.submit(2);
  talk.deliver(1);
  talk.deliver(2);
  talk.told();
  talk.close();
  EXPECT_THAT(talk.told(), ElementsAre("Undelivered 1 lost", "Undelivered 2 lost", "Lost peer_closed"));
  EXPECT_TRUE(talk.session.answer({2, submit_sm}, MessageResp{"id", {}})) << "too late, and no harm";
  EXPECT_EQ(talk.deliver(3), DeliverResult::not_bound);
  talk.expect_silence();
}

}  // namespace
}  // namespace smsbridge::smpp
