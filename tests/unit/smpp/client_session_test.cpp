// SPDX-License-Identifier: MPL-2.0
// Conversations with a message centre in virtual time.
#include "smpp/client_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "smpp/status.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

using enum Command;
using SubmitResult = ClientSession::SubmitResult;

ClientConfig config_with(std::size_t window = 10) {
  ClientConfig config;
  config.system_id = "bank";
  config.password = "secret";
  config.window = window;
  return config;
}

Message sample_message() {
  Message message;
  message.source = {5, 0, "MyBank"};
  message.destination = {1, 1, "491701234567"};
  message.short_message = as_octets("hello");
  return message;
}

// The message centre, and an owner of the session that takes every event at once.
class Conversation {
 public:
  explicit Conversation(ClientConfig config = config_with()) : session(std::move(config), 1) {}

  void connect() {
    session.on_connected(now);
    take_events();
  }
  void bind() {
    connect();
    expect(bind_transceiver, 1);
    reply(bind_transceiver_resp, 0, 1, octets("534D5343 00 0210 0001 34"));
    EXPECT_THAT(told(), ElementsAre("Bound SMSC 52"));
    EXPECT_TRUE(session.is_bound());
  }
  SubmitResult submit(std::uint64_t cookie) { return session.submit(sample_message(), cookie, now); }

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

  void reply(Command command, std::uint32_t status, std::uint32_t sequence, Octets body = {}) {
    reply_raw(raw(command, status, sequence, body));
  }
  void reply_raw(Octets data) {
    session.on_bytes(data, now);
    take_events();
  }
  void accept(std::uint32_t sequence, std::string_view id) {
    Buffer body(id.begin(), id.end());
    body.push_back(0);
    reply(submit_sm_resp, 0, sequence, body);
  }
  void deliver(std::uint32_t sequence, Command command = deliver_sm) {
    auto message = sample_message();
    if (command == data_sm) message.short_message = {};
    reply_raw(encoded(header_of(command, sequence), message));
  }
  void close() {
    session.on_closed(now);
    take_events();
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

  std::vector<std::string> told() { return std::exchange(told_, {}); }

  void take_events() {
    while (const auto event = session.next_event())
      told_.push_back(std::visit([this](const auto& e) { return describe(e); }, *event));
  }

  Time now = Time{} + 1h;
  ClientSession session;
  Buffer last;  // the PDU of the last expect()
  bool answers_deliveries = true;

 private:
  void read_output() {
    while (!session.output().empty()) {
      const auto output = session.output();
      wire_.feed(output, now);
      session.wrote(output.size());
    }
    while (const auto frame = wire_.next()) sent_.emplace_back(frame->begin(), frame->end());
    take_events();
  }

  std::string describe(const Bound& e) {
    return "Bound " + e.system_id + (e.interface_version ? " " + std::to_string(*e.interface_version) : "");
  }
  std::string describe(const BindRefused& e) { return "BindRefused " + status_name(e.status); }
  std::string describe(const Answered& e) {
    return (e.nack ? "Nack " : "Answered ") + std::to_string(e.cookie) + " " + status_name(e.status) + " " +
           e.message_id;
  }
  std::string describe(const Unanswered& e) {
    return "Unanswered " + std::to_string(e.cookie) + (e.timed_out ? " timeout" : e.sent ? " lost" : " unsent");
  }
  std::string describe(const Replied& e) {
    const auto what = command_name(static_cast<std::uint32_t>(e.command)) + " " + std::to_string(e.cookie);
    if (!e.answered) return "Unreplied " + what;
    return "Replied " + what + " " + status_name(e.status) + " state " + std::to_string(e.state.message_state) +
           " error " + std::to_string(e.state.error_code);
  }
  std::string describe(const LateAnswer& e) {
    return "Late " + std::to_string(e.cookie) + " " + status_name(e.status) + " " + e.message_id;
  }
  std::string describe(const Congested& e) { return "Congested " + std::to_string(e.state); }
  std::string describe(const Delivered& e) {
    if (answers_deliveries) session.answer_delivery(e.sequence, e.command, 0);
    return "Delivered " + std::to_string(e.sequence) + " " + std::string(as_text(e.message.payload()));
  }
  std::string describe(const Refused& e) {
    return "Refused " + command_name(e.command_id) + " " + status_name(e.status) + " " + e.detail;
  }
  std::string describe(const Lost& e) { return "Lost " + std::string(lost_reason_name(e.reason)); }

  Framer wire_{pdu_size_max_limit};
  std::deque<Buffer> sent_;
  std::vector<std::string> told_;
};

TEST(ClientSession, AsksWhatBecameOfAMessageAndCancelsIt) {
  Conversation talk(config_with(3));
  EXPECT_EQ(talk.session.ask(QuerySm{"7", {}}, 1, 15s, talk.now), SubmitResult::not_bound);
  talk.bind();
  EXPECT_EQ(talk.session.ask(QuerySm{"7", {5, 0, "MyBank"}}, 1, 15s, talk.now), SubmitResult::queued);
  EXPECT_EQ(talk.session.ask(CancelSm{{}, "8", {5, 0, "MyBank"}, {1, 1, "491701234567"}}, 2, 15s, talk.now),
            SubmitResult::queued);
  EXPECT_EQ(talk.session.ask(QuerySm{std::string(65, '7'), {}}, 3, 15s, talk.now), SubmitResult::invalid);
  EXPECT_EQ(talk.submit(100), SubmitResult::queued);
  EXPECT_EQ(talk.session.ask(QuerySm{"9", {}}, 4, 15s, talk.now), SubmitResult::window_full);
  talk.expect(query_sm, 2);
  EXPECT_EQ(std::get<QuerySm>(std::get<Pdu>(decode(talk.last)).body).message_id, "7");
  talk.expect(cancel_sm, 3);
  EXPECT_EQ(std::get<CancelSm>(std::get<Pdu>(decode(talk.last)).body).destination.digits, "491701234567");
  talk.expect(submit_sm, 4);
  talk.reply(cancel_sm_resp, 0, 2);
  EXPECT_THAT(talk.told(), IsEmpty()) << "the answer to something else";
  talk.reply_raw(encoded(header_of(query_sm_resp, 2), QuerySmResp{"7", {}, 5, 27, {}}));
  talk.reply(cancel_sm_resp, 0x11, 3);
  EXPECT_THAT(talk.told(), ElementsAre("Replied query_sm 1 ESME_ROK state 5 error 27",
                                       "Replied cancel_sm 2 ESME_RCANCELFAIL state 0 error 0"));
  talk.accept(4, "a");
  EXPECT_THAT(talk.told(), ElementsAre("Answered 100 ESME_ROK a"));
}

TEST(ClientSession, AQuestionEndsOnceWhateverHappens) {
  const auto ask = [](Conversation& talk) {
    talk.bind();
    EXPECT_EQ(talk.session.ask(QuerySm{"7", {}}, 1, 15s, talk.now), SubmitResult::queued);
  };
  Conversation late;
  ask(late);
  late.expect(query_sm, 2);
  late.after(15s);
  EXPECT_THAT(late.told(), ElementsAre("Unreplied query_sm 1")) << "it has a time of its own";
  late.reply_raw(encoded(header_of(query_sm_resp, 2), QuerySmResp{"7", {}, 2, 0, {}}));
  EXPECT_THAT(late.told(), IsEmpty());
  Conversation lost;
  ask(lost);
  lost.close();
  EXPECT_THAT(lost.told(), ElementsAre("Unreplied query_sm 1", "Lost peer_closed"));
  Conversation unknown;
  ask(unknown);
  unknown.expect(query_sm, 2);
  unknown.reply(generic_nack, 0x03, 2);
  EXPECT_THAT(unknown.told(), ElementsAre("Replied query_sm 1 ESME_RINVCMDID state 0 error 0"));
  EXPECT_TRUE(unknown.session.is_bound());
}

TEST(ClientSession, BindsSubmitsAndUnbinds) {
  Conversation talk;
  talk.bind();
  EXPECT_EQ(talk.session.state(), SessionState::bound_trx);
  EXPECT_EQ(talk.submit(100), SubmitResult::queued);
  EXPECT_EQ(talk.submit(101), SubmitResult::queued);
  talk.expect(submit_sm, 2);
  talk.expect(submit_sm, 3);
  talk.accept(3, "id-b");
  talk.accept(2, "id-a");
  EXPECT_THAT(talk.told(), ElementsAre("Answered 101 ESME_ROK id-b", "Answered 100 ESME_ROK id-a"));
  talk.session.unbind(talk.now);
  talk.expect(unbind, 4);
  EXPECT_FALSE(talk.session.is_bound());
  talk.reply(unbind_resp, 0, 4);
  EXPECT_THAT(talk.told(), ElementsAre("Lost local"));
  EXPECT_TRUE(talk.session.wants_close());
  talk.close();
  EXPECT_THAT(talk.told(), IsEmpty());
  EXPECT_EQ(talk.session.state(), SessionState::closed);
}

TEST(ClientSession, TheBindCarriesTheConfiguration) {
  auto config = config_with();
  config.bind_type = ClientConfig::BindType::receiver;
  config.system_type = "VMA";
  config.address_range = "^49";
  config.interface_version = 0x33;
  config.password = "a password of 24 letters";
  Conversation talk(config);
  talk.connect();
  talk.expect(bind_receiver, 1);
  const auto decoded = decode(talk.last);
  const auto& bind = std::get<Bind>(std::get<Pdu>(decoded).body);
  EXPECT_EQ(bind.system_id, "bank");
  EXPECT_EQ(bind.password, "a password of 24 letters");
  EXPECT_EQ(bind.system_type, "VMA");
  EXPECT_EQ(bind.address_range, "^49");
  EXPECT_EQ(bind.interface_version, 0x33);
  talk.reply(bind_receiver_resp, 0, 1);
  EXPECT_THAT(talk.told(), ElementsAre("Bound "));
  EXPECT_EQ(talk.session.state(), SessionState::bound_rx);
  EXPECT_EQ(talk.submit(1), SubmitResult::not_bound) << "a receiver submits nothing";
}

TEST(ClientSession, BindRefused) {
  struct {
    const char* name;
    Command command;
    std::uint32_t status;
    const char* event;
    std::uint32_t sequence = 1;
  } const cases[] = {
      {"wrong password", bind_transceiver_resp, 0x0E, "BindRefused ESME_RINVPASWD"},
      {"already bound", bind_transceiver_resp, 0x05, "BindRefused ESME_RALYBND"},
      {"not known", generic_nack, 0x03, "BindRefused ESME_RINVCMDID"},
      {"not readable, not even its number", generic_nack, 0x02, "BindRefused ESME_RINVCMDLEN", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.connect();
    talk.expect(bind_transceiver, 1);
    talk.reply(c.command, c.status, c.sequence);
    EXPECT_THAT(talk.told(), ElementsAre(c.event, "Lost bind_refused"));
    EXPECT_TRUE(talk.session.wants_close());
  }
}

TEST(ClientSession, BindNotAnswered) {
  Conversation talk;
  talk.connect();
  talk.after(59s);
  EXPECT_THAT(talk.told(), IsEmpty());
  talk.reply(bind_transceiver_resp, 0, 77);  // not the number of our bind
  talk.reply(bind_transmitter_resp, 0, 1);   // not the kind of our bind
  EXPECT_FALSE(talk.session.is_bound());
  talk.after(1s);
  EXPECT_THAT(talk.told(), ElementsAre("Lost bind_timeout"));
}

TEST(ClientSession, ABindThatDoesNotFitIsNotCut) {
  auto config = config_with();
  config.system_id = std::string(65, 'a');
  Conversation talk(config);
  talk.connect();
  EXPECT_THAT(talk.told(), ElementsAre("Lost local"));
  EXPECT_EQ(talk.session.invalid_field(), "system_id");
  talk.expect_silence();
}

TEST(ClientSession, NothingIsSubmittedBeforeTheBind) {
  Conversation talk;
  EXPECT_EQ(talk.submit(1), SubmitResult::not_bound);
  talk.connect();
  EXPECT_EQ(talk.submit(1), SubmitResult::not_bound);
}

TEST(ClientSession, WindowFull) {
  Conversation talk(config_with(2));
  talk.bind();
  EXPECT_EQ(talk.submit(1), SubmitResult::queued);
  EXPECT_EQ(talk.submit(2), SubmitResult::queued);
  EXPECT_EQ(talk.session.window_free(), 0U);
  EXPECT_EQ(talk.submit(3), SubmitResult::window_full);
  talk.accept(2, "a");
  EXPECT_EQ(talk.submit(3), SubmitResult::queued);
  EXPECT_EQ(talk.session.in_flight(), 2U);
}

TEST(ClientSession, AnInvalidMessageUsesNoNumber) {
  Conversation talk;
  talk.bind();
  auto message = sample_message();
  message.destination.digits = "1234567890123456789012345";
  EXPECT_EQ(talk.session.submit(message, 1, talk.now), SubmitResult::invalid);
  EXPECT_EQ(talk.session.invalid_field(), "destination_addr");
  EXPECT_EQ(talk.session.in_flight(), 0U);
  talk.expect_silence();
  talk.submit(2);
  talk.expect(submit_sm, 2);
}

TEST(ClientSession, AnswersOfEveryKind) {
  struct {
    const char* name;
    Command command;
    std::uint32_t status;
    const char* body;
    const char* event;
  } const cases[] = {
      {"throttled, no body", submit_sm_resp, 0x58, "", "Answered 7 ESME_RTHROTTLED "},
      {"refused with a body", submit_sm_resp, 0x0B, "3100", "Answered 7 ESME_RINVDSTADR 1"},
      {"vendor status", submit_sm_resp, 0x403, "00", "Answered 7 0x00000403 "},
      {"accepted without a body", submit_sm_resp, 0, "", "Answered 7 ESME_ROK "},
      {"nack for this PDU only", generic_nack, 0x03, "", "Nack 7 ESME_RINVCMDID "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    talk.submit(7);
    talk.reply(c.command, c.status, 2, octets(c.body));
    EXPECT_THAT(talk.told(), ElementsAre(c.event));
    EXPECT_TRUE(talk.session.is_bound());
  }
}

TEST(ClientSession, IdsAreReadWithoutTheirPadding) {
  struct {
    const char* name;
    std::string id, want;
  } const cases[] = {
      {"blanks behind", "12345   ", "12345"},
      {"blanks in front", "   12345", "12345"},
      {"tabs and line ends", "\t12345\r\n", "12345"},
      {"quotes", "\"12345\"", "12345"},
      {"80 characters", std::string(80, 'a'), std::string(80, 'a')},
      {"no text", "a\x9C\x01", "a\\x9C\\x01"},
      {"far too long", std::string(300, 'a'), std::string(255, 'a')},
      {"only padding", "   ", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    talk.submit(7);
    talk.accept(2, c.id);
    EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK " + c.want));
  }
}

TEST(ClientSession, AnswersNobodyWaitsFor) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.accept(99, "invented");
  talk.reply(data_sm_resp, 0, 2, octets("3100"));  // another kind than the request
  talk.reply(deliver_sm_resp, 0, 2, octets("00"));
  talk.reply(static_cast<Command>(0x80010200), 0, 2);  // a vendor's
  EXPECT_THAT(talk.told(), IsEmpty());
  EXPECT_EQ(talk.session.in_flight(), 1U);
  talk.accept(2, "a");
  talk.accept(2, "again");
  EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK a"));
}

TEST(ClientSession, RoundTripAndCongestionAreTold) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.now += 40ms;
  const auto wire = raw(submit_sm_resp, 0, 2, octets("3100 0428 0001 5A"));
  talk.session.on_bytes(wire, talk.now);
  const auto event = talk.session.next_event();
  const auto& answered = std::get<Answered>(*event);
  EXPECT_EQ(answered.round_trip, 40ms);
  EXPECT_EQ(answered.congestion, 90);
}

// In SMPP 5.0 also the answer to an enquire_link may have TLVs (section 4.8.4.18).
TEST(ClientSession, HearsOfCongestionWithEachAnswer) {
  Conversation talk;
  talk.bind();
  talk.reply(enquire_link_resp, 0, 2, octets("1234 0001 07 0428 0001 5F"));
  EXPECT_THAT(talk.told(), ElementsAre("Congested 95"));
  for (const auto* nothing : {"", "00", "0428 0002 005F", "0428 0009 5F"})  // a NUL that some send; not as it should be
    talk.reply(enquire_link_resp, 0, 2, octets(nothing));
  EXPECT_THAT(talk.told(), IsEmpty());
  EXPECT_TRUE(talk.session.is_bound());
}

TEST(ClientSession, TimeoutThenLateAnswer) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.submit(8);
  talk.accept(3, "b");
  talk.told();
  for (int i = 0; i < 2; ++i) {
    talk.after(29s);
    talk.reply(enquire_link, 0, 5);  // the link is alive, only the answer is missing
  }
  EXPECT_THAT(talk.told(), IsEmpty());
  talk.after(2s);
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 7 timeout"));
  EXPECT_EQ(talk.session.in_flight(), 0U);
  talk.accept(2, "late");
  EXPECT_THAT(talk.told(), ElementsAre("Late 7 ESME_ROK late"));
  talk.accept(2, "late");
  EXPECT_THAT(talk.told(), IsEmpty()) << "told once";
}

TEST(ClientSession, ALostConnectionLeavesNobodyWaiting) {
  Conversation talk;
  talk.bind();
  for (std::uint32_t cookie = 1; cookie <= 3; ++cookie) {
    talk.submit(cookie);
    talk.expect(submit_sm, cookie + 1);
  }
  talk.accept(3, "b");
  talk.told();
  talk.close();
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 1 lost", "Unanswered 3 lost", "Lost peer_closed"));
  EXPECT_EQ(talk.submit(4), SubmitResult::not_bound);
  EXPECT_FALSE(talk.session.next_deadline());
}

TEST(ClientSession, AnswersThatCameBeforeTheCloseCount) {
  Conversation talk;
  talk.bind();
  talk.submit(1);
  talk.submit(2);
  talk.expect(submit_sm, 2);
  talk.expect(submit_sm, 3);
  // Both arrive before the owner takes events.
  talk.session.on_bytes(raw(submit_sm_resp, 0, 2, octets("6100")), talk.now);
  talk.session.on_closed(talk.now);
  talk.take_events();
  EXPECT_THAT(talk.told(), ElementsAre("Answered 1 ESME_ROK a", "Unanswered 2 lost", "Lost peer_closed"));
}

TEST(ClientSession, ANewConnectionBeginsAnew) {
  Conversation talk;
  talk.bind();
  talk.submit(1);
  talk.answers_deliveries = false;
  talk.deliver(50);
  talk.reply_raw(octets("00000020 00000005"));  // half a PDU
  talk.close();
  talk.told();
  talk.connect();
  talk.expect(bind_transceiver, 1);
  talk.reply(bind_transceiver_resp, 0, 1);
  EXPECT_THAT(talk.told(), ElementsAre("Bound "));
  talk.session.answer_delivery(50, deliver_sm, 0);
  talk.expect_silence();
  talk.accept(2, "for the old connection");
  EXPECT_THAT(talk.told(), IsEmpty());
  talk.submit(2);
  talk.expect(submit_sm, 2);
}

TEST(ClientSession, ALateAnswerIsOfItsOwnConnection) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  for (int i = 0; i < 3; ++i) {
    talk.after(21s);
    talk.reply(enquire_link, 0, 5);
  }
  EXPECT_THAT(talk.told(), testing::Contains("Unanswered 7 timeout"));
  talk.close();
  talk.connect();
  talk.reply(bind_transceiver_resp, 0, 1);
  talk.told();
  talk.accept(2, "another's");
  EXPECT_THAT(talk.told(), IsEmpty());
}

TEST(ClientSession, EnquireLinkWhenIdle) {
  Conversation talk;
  talk.bind();
  talk.after(26s);
  talk.expect_silence();
  talk.after(8s);  // 30 s, ten percent more or less
  talk.expect(enquire_link, 2);
  talk.now += 30ms;
  talk.reply(enquire_link_resp, 0, 2);
  EXPECT_GE(*talk.session.last_enquire_link_round_trip(), 30ms);
  talk.after(26s);
  talk.expect_silence();
  talk.reply(enquire_link, 0, 0);  // any PDU is a sign of life, and sequence 0 is answered as it is
  talk.expect(enquire_link_resp, 0);
  talk.after(26s);
  talk.expect_silence();
}

// For a message centre that does not answer them.
TEST(ClientSession, WithoutAnIntervalNoEnquireLinkIsSent) {
  auto config = config_with();
  config.enquire_link_interval = 0s;
  Conversation talk(config);
  talk.bind();
  talk.after(24h);
  talk.expect_silence();
  EXPECT_TRUE(talk.session.is_bound());
  talk.reply(enquire_link, 0, 7);
  talk.expect(enquire_link_resp, 7);
}

TEST(ClientSession, TwoMissedEnquireLinksEndTheSession) {
  Conversation talk;
  talk.bind();
  talk.after(34s);
  talk.expect(enquire_link, 2);
  talk.submit(7);
  talk.expect(submit_sm, 3);
  talk.after(15s);
  talk.expect(enquire_link, 4);
  EXPECT_THAT(talk.told(), IsEmpty()) << "one may be missed";
  talk.after(15s);
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 7 lost", "Lost enquire_link_timeout"));
  EXPECT_TRUE(talk.session.wants_close());
}

TEST(ClientSession, TrafficIsASignOfLifeAlsoWhenEnquireLinkIsNotAnswered) {
  Conversation talk;
  talk.bind();
  for (int i = 0; i < 20; ++i) {
    talk.after(35s);
    talk.deliver(static_cast<std::uint32_t>(i + 1));
  }
  EXPECT_TRUE(talk.session.is_bound());
}

TEST(ClientSession, OneMissedEnquireLinkNowAndThenIsNoDeadPeer) {
  Conversation talk;
  talk.bind();
  for (int i = 0; i < 3; ++i) {
    talk.after(49s);
    talk.deliver(static_cast<std::uint32_t>(i + 1));
  }
  EXPECT_TRUE(talk.session.is_bound());
}

TEST(ClientSession, IntervalsDifferFromLinkToLink) {
  std::map<Duration, int> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    ClientSession session(config_with(), seed);
    const Time start{};
    session.on_connected(start);
    session.on_bytes(raw(bind_transceiver_resp, 0, 1), start);
    while (session.next_event()) continue;
    const auto interval = *session.next_deadline() - start;
    EXPECT_GE(interval, 27s);
    EXPECT_LE(interval, 33s);
    ++seen[interval];
  }
  EXPECT_GT(seen.size(), 40U);
}

TEST(ClientSession, AnswersLeaveAheadOfQueuedSubmits) {
  Conversation talk;
  talk.bind();
  for (std::uint64_t cookie = 1; cookie <= 5; ++cookie) talk.submit(cookie);
  talk.reply(enquire_link, 0, 9);
  talk.expect(enquire_link_resp, 9);
  talk.expect(submit_sm, 2);
}

TEST(ClientSession, EnquireLinkAndUnbindAreAnsweredBeforeEventsAreTaken) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  Buffer chunk;
  for (const auto& pdu : {raw(submit_sm_resp, 0, 2, octets("6100")), raw(enquire_link, 0, 8), raw(unbind, 0, 9)})
    chunk.insert(chunk.end(), pdu.begin(), pdu.end());
  talk.expect(submit_sm, 2);
  talk.session.on_bytes(chunk, talk.now);
  EXPECT_EQ(hex(talk.session.output()), hex(raw(enquire_link_resp, 0, 8)) + hex(raw(unbind_resp, 0, 9)));
  EXPECT_EQ(talk.submit(8), SubmitResult::not_bound);
  EXPECT_FALSE(talk.session.wants_close()) << "the answer has to leave first";
  talk.take_events();
  EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK a")) << "Lost follows when the unbind_resp is written";
  talk.expect(enquire_link_resp, 8);
  talk.expect(unbind_resp, 9);
  EXPECT_THAT(talk.told(), ElementsAre("Lost peer_unbind"));
  EXPECT_TRUE(talk.session.wants_close());
}

TEST(ClientSession, PeerUnbindsUnderLoad) {
  Conversation talk;
  talk.bind();
  talk.submit(1);
  talk.expect(submit_sm, 2);
  talk.submit(2);  // still in the queue
  talk.reply(unbind, 0, 77);
  talk.expect(unbind_resp, 77);
  talk.expect_silence();
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 2 unsent")) << "it surely was not sent";
  EXPECT_EQ(talk.submit(3), SubmitResult::not_bound);
  EXPECT_FALSE(talk.session.is_bound());
  talk.after(4900ms);
  EXPECT_THAT(talk.told(), IsEmpty()) << "the answer may still come";
  talk.after(100ms);
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 1 lost", "Lost peer_unbind"));
  EXPECT_TRUE(talk.session.wants_close());
}

// Three submits are sent, then the peer says goodbye. What it says behind that still counts.
TEST(ClientSession, AnswersBehindAnUnbindCount) {
  struct {
    const char* name;
    std::vector<Buffer> together;  // with the unbind, in one segment
    std::vector<Buffer> later;     // a second later
    bool fin;                      // then the peer closes
    std::vector<std::string> events;
  } const cases[] = {
      {"in the same segment",
       {raw(submit_sm_resp, 0, 2, octets("61 00")), raw(submit_sm_resp, 0, 3, octets("62 00")),
        raw(submit_sm_resp, 0, 4, octets("63 00"))},
       {},
       false,
       {"Answered 1 ESME_ROK a", "Answered 2 ESME_ROK b", "Answered 3 ESME_ROK c", "Lost peer_unbind"}},
      {"later",
       {raw(submit_sm_resp, 0, 4, octets("63 00"))},
       {raw(submit_sm_resp, 0, 3, octets("62 00")), raw(submit_sm_resp, 0, 2, octets("61 00"))},
       false,
       {"Answered 3 ESME_ROK c", "Answered 2 ESME_ROK b", "Answered 1 ESME_ROK a", "Lost peer_unbind"}},
      {"not all of them, then the end",
       {raw(submit_sm_resp, 0, 3, octets("62 00"))},
       {raw(submit_sm_resp, 0x0B, 2)},
       true,
       {"Answered 2 ESME_ROK b", "Answered 1 ESME_RINVDSTADR ", "Unanswered 3 lost", "Lost peer_unbind"}},
      {"negative ones",
       {raw(generic_nack, 0x03, 2), raw(submit_sm_resp, 0x04, 3), raw(submit_sm_resp, 0, 4, octets("63 00"))},
       {},
       false,
       {"Nack 1 ESME_RINVCMDID ", "Answered 2 ESME_RINVBNDSTS ", "Answered 3 ESME_ROK c", "Lost peer_unbind"}},
      {"a nack 0x02 does not end the waiting for the others",
       {raw(generic_nack, 0x02, 2)},
       {raw(submit_sm_resp, 0, 3, octets("62 00")), raw(submit_sm_resp, 0, 4, octets("63 00"))},
       true,
       {"Nack 1 ESME_RINVCMDLEN ", "Answered 2 ESME_ROK b", "Answered 3 ESME_ROK c", "Lost peer_unbind"}},
      {"nothing, and the end at once",
       {},
       {},
       true,
       {"Unanswered 1 lost", "Unanswered 2 lost", "Unanswered 3 lost", "Lost peer_unbind"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    for (std::uint32_t cookie = 1; cookie <= 3; ++cookie) {
      talk.submit(cookie);
      talk.expect(submit_sm, cookie + 1);
    }
    auto segment = raw(unbind, 0, 900);
    for (const auto& pdu : c.together) segment.insert(segment.end(), pdu.begin(), pdu.end());
    talk.reply_raw(segment);
    talk.expect(unbind_resp, 900);
    if (!c.later.empty()) talk.after(1s);
    for (const auto& pdu : c.later) talk.reply_raw(pdu);
    if (c.fin) talk.close();
    talk.expect_silence();
    EXPECT_EQ(talk.told(), c.events);
    EXPECT_FALSE(talk.session.is_bound());
  }
}

TEST(ClientSession, AnswersBehindAnUnbindCountWhileWeLeaveToo) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.expect(submit_sm, 2);
  talk.session.unbind(talk.now);
  talk.reply(unbind, 0, 900);
  talk.expect(unbind_resp, 900);
  talk.expect_silence();
  talk.accept(2, "a");
  talk.expect_silence();
  EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK a", "Lost local"));
}

TEST(ClientSession, ADeliveryBeforeAnUnbindIsAnswered) {
  Conversation talk;
  talk.bind();
  talk.answers_deliveries = false;
  talk.deliver(50);
  talk.reply(unbind, 0, 51);
  talk.expect(unbind_resp, 51);
  EXPECT_THAT(talk.told(), ElementsAre("Delivered 50 hello")) << "the owner still writes it down";
  talk.after(1s);
  talk.session.answer_delivery(50, deliver_sm, 0);
  talk.expect(deliver_sm_resp, 50);
  EXPECT_THAT(talk.told(), ElementsAre("Lost peer_unbind"));
}

TEST(ClientSession, NotBoundSaysThePeer) {
  struct {
    const char* name;
    Command command;
    std::uint32_t sequence;
    std::vector<std::string> events;
  } const cases[] = {
      {"to an enquire_link", enquire_link_resp, 2, {"Answered 7 ESME_ROK a", "Lost not_bound"}},
      {"to a submit", submit_sm_resp, 4, {"Answered 8 ESME_RINVBNDSTS ", "Answered 7 ESME_ROK a", "Lost not_bound"}},
      {"by a nack", generic_nack, 4, {"Nack 8 ESME_RINVBNDSTS ", "Answered 7 ESME_ROK a", "Lost not_bound"}},
      {"by a nack of nothing", generic_nack, 0, {"Answered 7 ESME_ROK a", "Lost not_bound"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    talk.after(34s);
    talk.expect(enquire_link, 2);
    talk.submit(7);
    talk.expect(submit_sm, 3);
    if (c.sequence == 4) {
      talk.submit(8);
      talk.expect(submit_sm, 4);
    }
    talk.reply(c.command, status_invalid_bind_state, c.sequence);
    EXPECT_EQ(talk.submit(9), SubmitResult::not_bound);
    talk.accept(3, "a");  // which it took before
    EXPECT_EQ(talk.told(), c.events);
    EXPECT_TRUE(talk.session.wants_close());
  }
}

TEST(ClientSession, UnbindTogetherWithTheBindResponse) {
  Conversation talk;
  talk.connect();
  talk.expect(bind_transceiver, 1);
  auto chunk = raw(bind_transceiver_resp, 0, 1);
  const auto pdu = raw(unbind, 0, 1);
  chunk.insert(chunk.end(), pdu.begin(), pdu.end());
  talk.reply_raw(chunk);
  talk.expect(unbind_resp, 1);
  EXPECT_THAT(talk.told(), ElementsAre("Bound ", "Lost peer_unbind"));
}

TEST(ClientSession, LastWordsThatCannotBeWrittenAreGivenUp) {
  Conversation talk;
  talk.bind();
  talk.reply(unbind, 0, 77);
  talk.session.on_deadline(talk.now + 4s);
  talk.take_events();
  EXPECT_THAT(talk.told(), IsEmpty());
  EXPECT_EQ(talk.session.next_deadline(), talk.now + 5s);
  talk.session.on_deadline(talk.now + 5s);
  talk.take_events();
  EXPECT_THAT(talk.told(), ElementsAre("Lost peer_unbind"));
  EXPECT_TRUE(talk.session.wants_close());
}

TEST(ClientSession, UnbindWaitsForTheWindow) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.expect(submit_sm, 2);
  talk.session.unbind(talk.now);
  EXPECT_EQ(talk.submit(8), SubmitResult::not_bound);
  talk.expect_silence();
  talk.accept(2, "a");
  EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK a"));
  talk.expect(unbind, 3);
  talk.deliver(5);  // still taken
  EXPECT_THAT(talk.told(), ElementsAre("Delivered 5 hello"));
  talk.expect(deliver_sm_resp, 5);
  talk.after(5s);
  EXPECT_THAT(talk.told(), ElementsAre("Lost local")) << "no answer to our unbind";
}

TEST(ClientSession, UnbindWaitsNoLongerThanForTheResponse) {
  Conversation talk;
  talk.bind();
  talk.submit(7);
  talk.expect(submit_sm, 2);
  talk.session.unbind(talk.now);
  for (int i = 0; i < 3; ++i) {
    talk.after(20s);
    talk.reply(enquire_link, 0, 1);
    talk.expect(enquire_link_resp, 1);
  }
  EXPECT_THAT(talk.told(), ElementsAre("Unanswered 7 timeout"));
  talk.expect(unbind, 3);
  talk.close();  // instead of an answer
  EXPECT_THAT(talk.told(), ElementsAre("Lost local"));
}

TEST(ClientSession, DeliveriesAreAnsweredByTheOwner) {
  Conversation talk;
  talk.answers_deliveries = false;
  talk.bind();
  talk.deliver(0x7FFFFFFF);
  talk.deliver(8, data_sm);
  EXPECT_THAT(talk.told(), ElementsAre("Delivered 2147483647 hello", "Delivered 8 "));
  talk.expect_silence();
  talk.session.answer_delivery(8, data_sm, 0x64);
  talk.expect(data_sm_resp, 8, 0x64);
  talk.session.answer_delivery(0x7FFFFFFF, deliver_sm, 0);
  talk.expect(deliver_sm_resp, 0x7FFFFFFF);
  EXPECT_EQ(talk.last.size(), header_size + 1) << "an empty message_id";
  talk.session.answer_delivery(8, data_sm, 0);
  talk.expect_silence();
}

TEST(ClientSession, ATransmitterTakesDeliveriesToo) {
  auto config = config_with();
  config.bind_type = ClientConfig::BindType::transmitter;
  Conversation talk(config);
  talk.connect();
  talk.expect(bind_transmitter, 1);
  talk.reply(bind_transmitter_resp, 0, 1);
  talk.deliver(5);
  talk.expect(deliver_sm_resp, 5);
}

TEST(ClientSession, StopsReadingWhenTooManyAnswersAreOwed) {
  auto config = config_with();
  config.deliveries_max = 3;
  Conversation talk(config);
  talk.bind();
  talk.answers_deliveries = false;
  for (std::uint32_t sequence = 1; sequence <= 3; ++sequence) {
    EXPECT_TRUE(talk.session.wants_read());
    talk.deliver(sequence);
  }
  EXPECT_FALSE(talk.session.wants_read());
  const auto cut = raw(enquire_link, 0, 4);
  talk.reply_raw(Octets(cut).first(10));
  // The peer can say nothing that we would hear, so its silence means nothing.
  talk.after(300s);
  EXPECT_TRUE(talk.session.is_bound());
  talk.session.answer_delivery(1, deliver_sm, 0);
  talk.expect(deliver_sm_resp, 1);
  EXPECT_TRUE(talk.session.wants_read());
  talk.after(9s);
  talk.reply_raw(Octets(cut).subspan(10));
  talk.expect(enquire_link_resp, 4);
}

TEST(ClientSession, ABadBodyIsAnsweredAndTheBindKept) {
  Conversation talk;
  talk.bind();
  talk.reply(deliver_sm, 0, 5, octets("00 0000 00 0000 00 000000 00 00 00 00 00 00 00 0424 0010 6869"));
  talk.expect(deliver_sm_resp, 5, status_malformed_tlvs);
  talk.reply(deliver_sm, 0, 6);
  talk.expect(deliver_sm_resp, 6, status_invalid_command_length);
  talk.deliver(7);
  EXPECT_THAT(talk.told(), ElementsAre("Refused deliver_sm ESME_RINVOPTPARSTREAM tlv: longer than the rest of the PDU",
                                       "Refused deliver_sm ESME_RINVCMDLEN source_addr_ton: the PDU ends before it",
                                       "Delivered 7 hello"));
  EXPECT_TRUE(talk.session.is_bound());
}

TEST(ClientSession, RequestsThatDoNotBelongHere) {
  struct {
    const char* name;
    bool bound;
    std::uint32_t command;
    Command answer;
    std::uint32_t status;
  } const cases[] = {
      {"unbind before the bind", false, 0x06, unbind_resp, 0x04}, {"submit_sm to us", true, 0x04, submit_sm_resp, 0x04},
      {"a bind to us", true, 0x09, bind_transceiver_resp, 0x04},  {"query_sm to us", true, 0x03, query_sm_resp, 0x04},
      {"broadcast_sm", true, 0x111, generic_nack, 0x03},          {"vendor command", true, 0x10200, generic_nack, 0x03},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    if (c.bound) {
      talk.bind();
    } else {
      talk.connect();
      talk.expect(bind_transceiver, 1);
    }
    talk.reply(static_cast<Command>(c.command), 0, 9);
    talk.expect(c.answer, 9, c.status);
    EXPECT_THAT(talk.told(), ElementsAre(testing::StartsWith("Refused " + command_name(c.command)))) << "for the log";
  }
}

TEST(ClientSession, DeliveriesAheadOfTheBindResponseWait) {
  Conversation talk;
  talk.connect();
  talk.expect(bind_transceiver, 1);
  talk.deliver(50);
  auto segment = encoded(header_of(deliver_sm, 51), sample_message());
  const auto bound = raw(bind_transceiver_resp, 0, 1);
  segment.insert(segment.end(), bound.begin(), bound.end());
  const auto behind = encoded(header_of(deliver_sm, 52), sample_message());
  segment.insert(segment.end(), behind.begin(), behind.end());
  talk.expect_silence();
  talk.reply_raw(segment);
  EXPECT_THAT(talk.told(), ElementsAre("Bound ", "Delivered 50 hello", "Delivered 51 hello", "Delivered 52 hello"));
  for (std::uint32_t sequence = 50; sequence <= 52; ++sequence) talk.expect(deliver_sm_resp, sequence);
}

TEST(ClientSession, DeliveriesAheadOfARefusedBindAreForgotten) {
  Conversation talk;
  talk.connect();
  talk.expect(bind_transceiver, 1);
  talk.deliver(50);
  talk.reply(bind_transceiver_resp, 0x0E, 1);
  EXPECT_THAT(talk.told(), ElementsAre("BindRefused ESME_RINVPASWD", "Lost bind_refused"));
  talk.close();
  talk.bind();
  talk.expect_silence();
}

TEST(ClientSession, NoMoreDeliveriesAheadOfTheBindResponseThanCanBeHeld) {
  Conversation talk;
  talk.connect();
  talk.expect(bind_transceiver, 1);
  for (std::uint32_t sequence = 1; sequence <= 101; ++sequence) talk.deliver(sequence);
  talk.expect(deliver_sm_resp, 101, status_invalid_bind_state);
  EXPECT_THAT(talk.told(), ElementsAre("Refused deliver_sm ESME_RINVBNDSTS does not belong here"));
}

TEST(ClientSession, LongPayloadsAreTaken) {
  Conversation talk;
  talk.bind();
  for (const std::size_t size : {8'200U, 65'535U}) {
    auto message = sample_message();
    const std::string text(size, 'm');
    message.short_message = {};
    message.tlvs = {{tag::message_payload, as_octets(text)}};
    talk.reply_raw(encoded(header_of(deliver_sm, 9), message));
    talk.expect(deliver_sm_resp, 9);
    EXPECT_THAT(talk.told(), ElementsAre("Delivered 9 " + text));
  }
}

TEST(ClientSession, OutbindAndAlertNeedNoAnswer) {
  Conversation talk;
  talk.connect();
  talk.expect(bind_transceiver, 1);
  talk.reply(outbind, 0, 5, octets("00 00"));
  talk.reply(bind_transceiver_resp, 0, 1);
  talk.reply(alert_notification, 0, 6);
  talk.expect_silence();
  EXPECT_THAT(talk.told(), ElementsAre("Bound "));
}

TEST(ClientSession, ABrokenLengthIsFatal) {
  struct {
    const char* name;
    const char* octets;
    std::uint32_t sequence;
  } const cases[] = {
      {"header there", "0000000A 00000005 00000000 00000063", 0x63},
      {"too long", "7FFFFFFF 00000005 00000000 00000063", 0x63},
      {"only the length", "00000000", 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    talk.submit(7);
    talk.expect(submit_sm, 2);
    auto chunk = raw(submit_sm_resp, 0, 2, octets("6100"));
    const auto broken = octets(c.octets);
    chunk.insert(chunk.end(), broken.begin(), broken.end());
    talk.reply_raw(chunk);
    EXPECT_EQ(hex(talk.session.broken_frame()), hex(broken));
    talk.expect(generic_nack, c.sequence, 0x02);
    EXPECT_THAT(talk.told(), ElementsAre("Answered 7 ESME_ROK a", "Lost protocol_error"));
    EXPECT_TRUE(talk.session.wants_close());
  }
}

TEST(ClientSession, HalfAPduAndThenNothing) {
  Conversation talk;
  talk.bind();
  talk.reply_raw(octets("00000020 00000005"));
  talk.after(9s);
  talk.reply_raw(octets("00000000"));
  talk.after(500ms);
  EXPECT_THAT(talk.told(), IsEmpty());
  talk.after(500ms);
  EXPECT_THAT(talk.told(), ElementsAre("Lost frame_timeout"));
}

TEST(ClientSession, NacksThatBelongToNothing) {
  Conversation talk;
  talk.bind();
  talk.reply(generic_nack, 0x08, 0);
  talk.reply(generic_nack, 0x08, 12345);
  talk.after(11s);
  talk.reply(generic_nack, 0x08, 0);
  talk.reply(generic_nack, 0x08, 0);
  EXPECT_THAT(talk.told(), IsEmpty()) << "never three within ten seconds";
  talk.reply(generic_nack, 0x08, 0);
  EXPECT_THAT(talk.told(), ElementsAre("Lost protocol_error"));
}

TEST(ClientSession, AnswersThatEndTheSession) {
  struct {
    const char* name;
    Command command;
    std::uint32_t status, sequence;
    std::vector<std::string> events;
  } const cases[] = {
      {"nack 0x02 of a submit", generic_nack, 0x02, 2, {"Nack 7 ESME_RINVCMDLEN ", "Lost protocol_error"}},
      {"nack 0x02 of nothing", generic_nack, 0x02, 0, {"Unanswered 7 lost", "Lost protocol_error"}},
      {"not bound, says the peer", submit_sm_resp, 0x04, 2, {"Answered 7 ESME_RINVBNDSTS ", "Lost not_bound"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Conversation talk;
    talk.bind();
    talk.submit(7);
    talk.expect(submit_sm, 2);
    talk.reply(c.command, c.status, c.sequence);
    EXPECT_EQ(talk.told(), c.events);
  }
}

TEST(ClientSession, ANackForEnquireLinkIsASignOfLife) {
  Conversation talk;
  talk.bind();
  for (std::uint32_t i = 0; i < 10; ++i) {
    talk.after(34s);
    talk.expect(enquire_link, 2 + i);
    talk.reply(generic_nack, 0x03, 2 + i);
  }
  EXPECT_TRUE(talk.session.is_bound());
}

TEST(ClientSession, CountsByCommand) {
  Conversation talk;
  talk.bind();
  talk.submit(1);
  talk.deliver(5);
  talk.reply(static_cast<Command>(0x111), 0, 6);
  const auto sent = [&](Command command) {
    return talk.session.sent()[operation_index(static_cast<std::uint32_t>(command))];
  };
  EXPECT_EQ(sent(bind_transceiver), 1U);
  EXPECT_EQ(sent(submit_sm), 1U);
  EXPECT_EQ(sent(deliver_sm_resp), 1U);
  EXPECT_EQ(sent(generic_nack), 1U);
  EXPECT_EQ(talk.session.received()[operation_index(0x80000009)], 1U);
  EXPECT_EQ(talk.session.received()[operation_index(0x05)], 1U);
  EXPECT_EQ(talk.session.received()[operation_count], 1U);
}

TEST(ClientSession, OutputStaysWhereItIsWhileItIsWritten) {
  Conversation talk(config_with(100));
  talk.bind();
  talk.submit(1);
  const auto writing = talk.session.output();
  const auto copy = Buffer(writing.begin(), writing.end());
  for (std::uint64_t cookie = 2; cookie <= 100; ++cookie) talk.submit(cookie);
  EXPECT_EQ(hex(writing), hex(copy));
  talk.session.wrote(10);
  EXPECT_EQ(talk.session.output().data(), writing.data() + 10);
  talk.session.wrote(writing.size() - 10);
  EXPECT_EQ(decode_header(talk.session.output())->sequence, 3U);
}

// Every submit is told exactly once, whatever the peer does.
TEST(ClientSession, RandomPeersDoNoHarm) {
  std::mt19937 random(5);
  for (int round = 0; round < 3'000; ++round) {
    ClientSession session(config_with(5), random());
    Time now{};
    std::map<std::uint64_t, int> told;
    std::uint64_t cookie = 0;
    int losses = 0;
    const auto take = [&] {
      while (const auto event = session.next_event()) {
        EXPECT_EQ(losses, 0) << "Lost is the last event";
        if (const auto* answered = std::get_if<Answered>(&*event)) ++told[answered->cookie];
        if (const auto* unanswered = std::get_if<Unanswered>(&*event)) ++told[unanswered->cookie];
        if (const auto* delivered = std::get_if<Delivered>(&*event))
          session.answer_delivery(delivered->sequence, delivered->command, 0);
        if (std::holds_alternative<Lost>(*event)) ++losses;
      }
    };
    session.on_connected(now);
    session.on_bytes(raw(bind_transceiver_resp, 0, 1), now);
    take();
    for (int step = 0; step < 40; ++step) {
      now += std::chrono::milliseconds(random() % 5000);
      switch (random() % 8) {
        case 0:
        case 1:
          if (session.submit(sample_message(), ++cookie, now) != SubmitResult::queued) --cookie;
          break;
        case 2:
          session.on_deadline(now);
          break;
        case 3:
          session.wrote(session.output().size() / (1 + random() % 2));
          break;
        default: {
          const auto& operation = operations()[random() % operation_count];
          auto body = encoded(header_of(deliver_sm, 1), sample_message());
          body.erase(body.begin(), body.begin() + header_size);
          body.resize(random() % (body.size() + 5));
          for (auto& octet : body)
            if (random() % 20 == 0) octet = static_cast<std::uint8_t>(random());
          auto wire = raw(operation.command, random() % 3 == 0 ? static_cast<std::uint32_t>(random() % 0x110) : 0,
                          static_cast<std::uint32_t>(random() % 12), body);
          if (random() % 10 == 0) wire[random() % wire.size()] ^= static_cast<std::uint8_t>(1U << (random() % 8));
          session.on_bytes(wire, now);
        }
      }
      take();
    }
    session.on_closed(now);
    take();
    ASSERT_EQ(losses, 1);
    ASSERT_EQ(told.size(), cookie);
    for (const auto& [name, times] : told) ASSERT_EQ(times, 1) << name;
  }
}

}  // namespace
}  // namespace smsbridge::smpp
