// SPDX-License-Identifier: MPL-2.0
// Conversations with the simulated message centre in virtual time.
#include "bridge/smsc_sim/smsc.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bridge/smsc_sim/glob.hpp"
#include "smpp/framer.hpp"
#include "smpp/receipt.hpp"
#include "smpp/text.hpp"

namespace smsbridge::bridge::smsc_sim {
namespace {

using namespace std::chrono_literals;
using smpp::Command;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// A PDU of the centre, with what a test looks at.
struct Seen {
  Command command{};
  std::uint32_t status = 0, sequence = 0;
  std::string id;                        // of a submit_sm_resp
  std::optional<smpp::Receipt> receipt;  // of a deliver_sm
  std::string source, destination;
  std::size_t tlvs = 0;
};

struct World {
  explicit World(Options options = {}) : smsc(std::move(options)) {
    smsc.on_taken = [this](const Smsc::Taken& message) { taken.push_back(message); };
    smsc.on_note = [this](Smsc::SessionId, std::string_view note) { notes.emplace_back(note); };
  }
  // The loop jumps from one deadline to the next.
  void pass(Duration time) {
    const auto end = now + time;
    for (auto due = smsc.next_deadline(); due && *due <= end; due = smsc.next_deadline()) {
      now = std::max(now, *due);
      smsc.on_deadline(now);
    }
    now = end;
  }

  Time now = Time{} + 1h;
  Smsc smsc;
  std::vector<Smsc::Taken> taken;
  std::vector<std::string> notes;
};

class Esme {
 public:
  explicit Esme(World& world) : world_(world), framer_(70'000), id_(world.smsc.connected(world.now)) {}

  void send(const smpp::Buffer& octets) { world_.smsc.received(id_, octets, world_.now); }
  void send(Command command, std::uint32_t status, std::uint32_t sequence) {
    smpp::Buffer out;
    smpp::encode(out, smpp::Header{0, static_cast<std::uint32_t>(command), status, sequence});
    send(out);
  }
  void bind(Command command = Command::bind_transceiver, std::string_view system_id = "acme",
            std::string_view password = "secret", std::uint8_t version = 0x34) {
    smpp::Bind bind;
    bind.system_id = system_id;
    bind.password = password;
    bind.interface_version = version;
    smpp::Buffer out;
    ASSERT_FALSE(smpp::encode(out, {0, static_cast<std::uint32_t>(command), 0, ++sequence_}, bind));
    send(out);
  }
  std::uint32_t submit(std::string_view text = "hello", std::string_view destination = "491701234567") {
    auto message = message_to(destination);
    message.short_message = smpp::as_octets(text);
    return submit(message);
  }
  std::uint32_t submit(const smpp::Message& message) { return submit(message, ++sequence_); }
  std::uint32_t submit(const smpp::Message& message, std::uint32_t sequence) {
    smpp::Buffer out;
    EXPECT_FALSE(smpp::encode(out, {0, static_cast<std::uint32_t>(Command::submit_sm), 0, sequence}, message));
    send(out);
    return sequence;
  }
  static smpp::Message message_to(std::string_view destination) {
    smpp::Message message;
    message.source = {5, 0, "Bank"};
    message.destination = {1, 1, destination};
    message.registered_delivery = 1;
    return message;
  }
  void answer(const Seen& delivery, std::uint32_t status = 0) {
    smpp::Buffer out;
    ASSERT_FALSE(smpp::encode(out, {0, static_cast<std::uint32_t>(Command::deliver_sm_resp), status, delivery.sequence},
                              smpp::MessageResp{}));
    send(out);
  }

  // Everything that came since the last call.
  std::vector<Seen> take() {
    const auto octets = world_.smsc.output(id_);
    framer_.feed(octets, world_.now);
    world_.smsc.wrote(id_, octets.size());
    if (!world_.smsc.output(id_).empty()) {
      const auto more = world_.smsc.output(id_);
      framer_.feed(more, world_.now);
      world_.smsc.wrote(id_, more.size());
    }
    std::vector<Seen> seen;
    while (const auto frame = framer_.next()) seen.push_back(read(*frame));
    return seen;
  }
  Seen one() {
    auto seen = take();
    EXPECT_THAT(seen, SizeIs(1));
    return seen.empty() ? Seen{} : seen.front();
  }
  std::vector<std::uint32_t> statuses() {
    std::vector<std::uint32_t> out;
    for (const auto& seen : take()) out.push_back(seen.status);
    return out;
  }
  bool is_cut() const { return world_.smsc.is_cut(id_); }
  bool wants_close() const { return world_.smsc.wants_close(id_); }
  void close() { world_.smsc.closed(id_, world_.now); }
  Smsc::SessionId id() const { return id_; }

 private:
  static Seen read(smpp::Octets frame) {
    const auto header = *smpp::decode_header(frame);
    Seen seen{static_cast<Command>(header.command_id), header.status, header.sequence, {}, {}, {}, {}, 0};
    if (seen.command == Command::submit_sm_resp) {
      smpp::MessageResp response;
      smpp::decode_body(frame, response);
      seen.id = response.message_id;
    }
    if (seen.command == Command::query_sm_resp) {
      smpp::QuerySmResp response;
      smpp::decode_body(frame, response);
      seen.id = std::to_string(response.message_state);
    }
    if (seen.command == Command::bind_transceiver_resp) {
      smpp::BindResp response;
      smpp::decode_body(frame, response);
      seen.tlvs = response.tlvs.size();
    }
    if (seen.command == Command::deliver_sm) {
      smpp::Message message;
      EXPECT_FALSE(smpp::decode_body(frame, Command::deliver_sm, message));
      seen.receipt = smpp::parse_receipt(message, {});
      seen.source = message.source.digits;
      seen.destination = message.destination.digits;
      seen.tlvs = message.tlvs.size();
    }
    return seen;
  }

  World& world_;
  smpp::Framer framer_;
  Smsc::SessionId id_;
  std::uint32_t sequence_ = 0;
};

Options without_receipts() {
  Options options;
  options.receipts = Receipts::off;
  return options;
}

TEST(Smsc, Binds) {
  const struct {
    const char* name;
    std::string system_id, password;
    std::uint8_t version;
    std::uint32_t status;
    std::size_t tlvs;
  } cases[] = {
      {"good", "acme", "secret", 0x34, 0, 1},        {"version 3.3", "acme", "secret", 0x33, 0, 0},
      {"version 5.0", "acme", "secret", 0x50, 0, 1}, {"unknown", "nobody", "secret", 0x34, 0x0F, 0},
      {"password", "acme", "wrong", 0x34, 0x0E, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Options options;
    options.accounts = {{"other", "other"}, {"acme", "secret"}};
    World world(options);
    Esme esme(world);
    esme.bind(Command::bind_transceiver, c.system_id, c.password, c.version);
    const auto answer = esme.one();
    EXPECT_EQ(answer.command, Command::bind_transceiver_resp);
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(answer.tlvs, c.tlvs);
    EXPECT_EQ(esme.wants_close(), c.status != 0);
    EXPECT_EQ(world.smsc.counts().binds, c.status == 0 ? 1U : 0U);
    EXPECT_EQ(world.smsc.counts().binds_refused, c.status == 0 ? 0U : 1U);
  }
}

TEST(Smsc, LimitsSessionsOfAnAccount) {
  Options options;
  options.sessions_max = 1;
  World world(options);
  Esme first(world), second(world), other(world);
  first.bind();
  second.bind();
  other.bind(Command::bind_transceiver, "other");
  EXPECT_THAT(first.statuses(), ElementsAre(0));
  EXPECT_THAT(second.statuses(), ElementsAre(0x05));
  EXPECT_THAT(other.statuses(), ElementsAre(0));
  first.close();
  Esme third(world);
  third.bind();
  EXPECT_THAT(third.statuses(), ElementsAre(0));
}

TEST(Smsc, ClosesWithoutBind) {
  World world;
  Esme esme(world);
  world.pass(9s);
  EXPECT_FALSE(esme.wants_close());
  world.pass(1s);
  EXPECT_TRUE(esme.wants_close());
}

TEST(Smsc, AnswersLaterAndThenSendsTheReceipt) {
  Options options;
  options.response_delay = 40ms;
  options.receipt_delay = 2s;
  options.wall_at_zero = 1'763'942'400'000;  // midnight; the world begins an hour later
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  const auto sequence = esme.submit("hello @ all");
  world.pass(39ms);
  EXPECT_THAT(esme.take(), IsEmpty());
  world.pass(1ms);
  const auto answer = esme.one();
  EXPECT_EQ(answer.command, Command::submit_sm_resp);
  EXPECT_EQ(answer.sequence, sequence);
  EXPECT_EQ(answer.id, "1");
  world.pass(1999ms);
  EXPECT_THAT(esme.take(), IsEmpty());
  world.pass(1ms);
  const auto delivery = esme.one();
  ASSERT_TRUE(delivery.receipt);
  EXPECT_EQ(delivery.receipt->id, "1");
  EXPECT_EQ(delivery.receipt->state, smpp::MessageState::delivered);
  EXPECT_TRUE(delivery.receipt->final_state);
  EXPECT_EQ(delivery.receipt->submit_date, "2025-11-24T01:00:00Z");
  EXPECT_EQ(delivery.source, "491701234567");
  EXPECT_EQ(delivery.destination, "Bank");
  EXPECT_EQ(delivery.tlvs, 2U);
  esme.answer(delivery);
  EXPECT_EQ(world.smsc.receipts_waiting(), 0U);
  EXPECT_EQ(world.smsc.counts().receipts_answered, 1U);
  EXPECT_EQ(world.smsc.counts().window_max, 1U);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
}

TEST(Smsc, TellsWhatItTook) {
  World world(without_receipts());
  Esme esme(world);
  esme.bind();
  auto message = Esme::message_to("491701234567");
  const smpp::Buffer euro = {0x1B, 0x65, 0x00, 0x0A};  // GSM: euro sign, at sign, new line
  message.short_message = euro;
  esme.submit(message);
  const smpp::Buffer part = {0x06, 0x08, 0x04, 0x12, 0x34, 0x03, 0x02, 0x00, 0x48, 0xD8, 0x3D, 0xDE, 0x00};
  message.short_message = part;
  message.data_coding = 8;
  message.esm_class = 0x40;
  esme.submit(message);
  const smpp::Buffer reference = {0x00, 0x07}, total = {3}, number = {1};
  const std::string long_text(300, 'x');
  message.short_message = {};
  message.data_coding = 0;
  message.esm_class = 0;
  message.tlvs = {{smpp::tag::sar_msg_ref_num, reference},
                  {smpp::tag::sar_total_segments, total},
                  {smpp::tag::sar_segment_seqnum, number},
                  {smpp::tag::message_payload, smpp::as_octets(long_text)}};
  esme.submit(message);
  EXPECT_THAT(esme.statuses(), ElementsAre(0, 0, 0, 0));
  ASSERT_THAT(world.taken, SizeIs(3));
  EXPECT_EQ(world.taken[0].text, "\u20AC@\n");
  EXPECT_EQ(world.taken[0].source, "Bank");
  EXPECT_EQ(world.taken[0].parts, 1);
  EXPECT_EQ(world.taken[1].text, "H\U0001F600");
  EXPECT_EQ(world.taken[1].reference, 0x1234);
  EXPECT_EQ(world.taken[1].part, 2);
  EXPECT_EQ(world.taken[1].parts, 3);
  EXPECT_EQ(world.taken[2].text, long_text);
  EXPECT_EQ(world.taken[2].reference, 7);
  EXPECT_EQ(world.taken[2].part, 1);
  EXPECT_EQ(world.taken[2].parts, 3);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
}

TEST(Smsc, Throttles) {
  auto options = without_receipts();
  options.throttle_rate = 10;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  int accepted = 0;
  for (int i = 0; i < 100; ++i) {
    esme.submit();
    accepted += esme.one().status == 0 ? 1 : 0;
    world.pass(20ms);
  }
  EXPECT_EQ(accepted, 20) << "10 a second for 2 seconds";
  EXPECT_EQ(world.smsc.counts().throttled, 80U);
  EXPECT_THAT(world.taken, SizeIs(20));
}

TEST(Smsc, Rejects) {
  auto options = without_receipts();
  options.reject = {{"4930*", 0x0B}, {"*666?", 0x45}};
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.submit("a", "49301234");
  esme.submit("b", "4917066601");
  esme.submit("c", "4917016669");
  EXPECT_THAT(esme.statuses(), ElementsAre(0, 0x0B, 0, 0x45));
  EXPECT_EQ(world.smsc.counts().rejected, 2U);
  EXPECT_THAT(world.taken, SizeIs(1));
}

TEST(Smsc, FailsByChance) {
  auto options = without_receipts();
  options.error_rate = 0.25;
  World world(options);
  Esme esme(world);
  esme.bind();
  for (int i = 0; i < 1000; ++i) esme.submit();
  EXPECT_NEAR(static_cast<double>(world.smsc.counts().errors), 250, 60);
  EXPECT_EQ(world.smsc.counts().accepted + world.smsc.counts().errors, 1000U);
}

TEST(Smsc, WritesIds) {
  const struct {
    IdFormat response;
    std::optional<IdFormat> receipt;
    std::string in_response, in_receipt;
  } cases[] = {
      {IdFormat::decimal, std::nullopt, "1000123", "1000123"},
      {IdFormat::decimal10, std::nullopt, "0001000123", "0001000123"},
      {IdFormat::hex, IdFormat::decimal, "f42bb", "1000123"},
      {IdFormat::hex8, IdFormat::decimal10, "000F42BB", "0001000123"},
      {IdFormat::decimal, IdFormat::hex, "1000123", "f42bb"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.in_response + " " + c.in_receipt);
    Options options;
    options.response_id = c.response;
    options.receipt_id = c.receipt;
    options.first_id = 1000123;
    World world(options);
    Esme esme(world);
    esme.bind();
    esme.take();
    esme.submit();
    EXPECT_EQ(esme.one().id, c.in_response);
    EXPECT_EQ(world.taken.at(0).message_id, c.in_response);
    world.pass(50ms);
    const auto delivery = esme.one();
    ASSERT_TRUE(delivery.receipt);
    for (const auto& id : delivery.receipt->id_candidates) EXPECT_EQ(id, c.in_receipt);
  }
}

TEST(Smsc, WritesUuids) {
  Options options;
  options.response_id = IdFormat::uuid;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  esme.submit();
  const auto id = esme.one().id;
  EXPECT_THAT(id, testing::ContainsRegex("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
  world.pass(50ms);
  EXPECT_EQ(esme.one().receipt.value().id, id);
}

TEST(Smsc, SendsReceiptsAsRequested) {
  using enum smpp::MessageState;
  const struct {
    Receipts when;
    std::uint8_t registered_delivery;
    smpp::MessageState outcome;
    std::size_t count;
  } cases[] = {
      {Receipts::requested, 0, delivered, 0}, {Receipts::requested, 1, delivered, 1},
      {Receipts::requested, 2, delivered, 0}, {Receipts::requested, 2, undeliverable, 1},
      {Receipts::requested, 3, delivered, 1}, {Receipts::requested, 3, expired, 0},
      {Receipts::always, 0, rejected, 1},     {Receipts::off, 1, delivered, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(testing::PrintToString(static_cast<int>(c.registered_delivery)) +
                 std::string(smpp::state_word(c.outcome)));
    Options options;
    options.receipts = c.when;
    options.outcomes = {{c.outcome, 1}};
    World world(options);
    Esme esme(world);
    esme.bind();
    auto message = Esme::message_to("491701234567");
    message.registered_delivery = c.registered_delivery;
    esme.submit(message);
    esme.take();
    world.pass(1s);
    const auto seen = esme.take();
    ASSERT_THAT(seen, SizeIs(c.count));
    if (c.count == 1) {
      EXPECT_EQ(seen[0].receipt.value().state, c.outcome);
    }
  }
}

TEST(Smsc, IsAskedAboutMessagesAndCancelsThem) {
  Options options;
  options.keeps = 2;
  options.receipt_delay = 10s;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  std::uint32_t number = 100;
  const auto ask = [&](Command command, const auto& body) {
    smpp::Buffer out;
    EXPECT_FALSE(smpp::encode(out, {0, static_cast<std::uint32_t>(command), 0, ++number}, body));
    esme.send(out);
  };
  const auto query = [&](std::string_view id, std::string_view source = "Bank") {
    ask(Command::query_sm, smpp::QuerySm{id, {5, 0, source}});
    const auto seen = esme.one();
    EXPECT_EQ(seen.command, Command::query_sm_resp);
    return seen.status ? "refused" : "state " + seen.id;
  };
  const auto cancel = [&](std::string_view id) {
    ask(Command::cancel_sm, smpp::CancelSm{{}, id, {5, 0, "Bank"}, {1, 1, "491701234567"}});
    const auto seen = esme.one();
    EXPECT_EQ(seen.command, Command::cancel_sm_resp);
    return seen.status;
  };
  for (int i = 0; i < 3; ++i) esme.submit();
  esme.take();
  EXPECT_EQ(query("1"), "refused") << "two are kept";
  EXPECT_EQ(query("2"), "state 1");
  EXPECT_EQ(query("2", "Other"), "refused");
  EXPECT_EQ(cancel("2"), 0U);
  EXPECT_EQ(query("2"), "state 4");
  EXPECT_EQ(cancel("2"), 0x11U);
  world.pass(10s);
  EXPECT_EQ(esme.take().size(), 3U) << "receipts, also of the one that was cancelled";
  EXPECT_EQ(query("3"), "state 2");
  EXPECT_EQ(cancel("3"), 0x11U) << "too late";
  EXPECT_EQ(world.smsc.counts().queries, 5U);
  EXPECT_EQ(world.smsc.counts().cancels, 3U);
  world.smsc.options().swallow_questions = 1;
  ask(Command::query_sm, smpp::QuerySm{"3", {5, 0, "Bank"}});
  ask(Command::cancel_sm, smpp::CancelSm{{}, "3", {5, 0, "Bank"}, {1, 1, "491701234567"}});
  EXPECT_THAT(esme.take(), IsEmpty()) << "it knows neither, and says nothing";
  EXPECT_EQ(world.smsc.counts().queries, 6U);
}

TEST(Smsc, MixesOutcomes) {
  Options options;
  options.outcomes = {{smpp::MessageState::delivered, 90}, {smpp::MessageState::undeliverable, 10}};
  options.receipt_window = 1000;
  World world(options);
  Esme esme(world);
  esme.bind();
  for (int i = 0; i < 1000; ++i) esme.submit();
  esme.take();
  world.pass(1s);
  int delivered = 0;
  for (const auto& seen : esme.take()) delivered += seen.receipt->state == smpp::MessageState::delivered ? 1 : 0;
  EXPECT_NEAR(delivered, 900, 40);
}

TEST(Smsc, SendsTheReceiptOnAnotherSession) {
  Options options;
  options.receipts_on_other_session = true;
  World world(options);
  Esme first(world), second(world), stranger(world);
  first.bind();
  first.take();
  first.submit();
  first.take();
  world.pass(50ms);
  EXPECT_THAT(first.take(), SizeIs(1)) << "there is no other";
  second.bind();
  stranger.bind(Command::bind_transceiver, "stranger");
  first.submit();
  first.take();
  second.take();
  stranger.take();
  world.pass(50ms);
  EXPECT_THAT(first.take(), IsEmpty());
  EXPECT_EQ(second.one().receipt.value().id, "2");
  EXPECT_THAT(stranger.take(), IsEmpty());
}

TEST(Smsc, SendsTheReceiptBeforeTheResponse) {
  Options options;
  options.receipt_before_response = 1;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  esme.submit();
  EXPECT_EQ(esme.one().receipt.value().id, "1");
  world.pass(10ms);
  EXPECT_EQ(esme.one().id, "1");
}

TEST(Smsc, KeepsReceiptsUntilAReceiverBinds) {
  World world;
  Esme transmitter(world);
  transmitter.bind(Command::bind_transmitter);
  transmitter.submit();
  transmitter.submit();
  transmitter.take();
  world.pass(1h);
  EXPECT_THAT(transmitter.take(), IsEmpty());
  transmitter.close();
  Esme stranger(world);
  stranger.bind(Command::bind_receiver, "stranger");
  EXPECT_THAT(stranger.take(), SizeIs(1));
  Esme receiver(world);
  receiver.bind(Command::bind_receiver);
  const auto seen = receiver.take();
  ASSERT_THAT(seen, SizeIs(3));
  EXPECT_EQ(seen[0].command, Command::bind_receiver_resp);
  EXPECT_EQ(seen[1].receipt.value().id, "1");
  EXPECT_EQ(seen[2].receipt.value().id, "2");
}

TEST(Smsc, MessagesOfPhonesGoToWhoeverIsBoundUntilTheyAreAnsweredWithZero) {
  World world;
  EXPECT_TRUE(world.smsc.from_phone("254712345678", "22384", "STOP", world.now)) << "before anybody is bound";
  EXPECT_FALSE(world.smsc.from_phone("254712345678", "22384", "\xFF", world.now)) << "no text";
  EXPECT_EQ(world.smsc.phone_parts_waiting(), 1U);
  Esme esme(world);
  esme.bind();
  auto seen = esme.take();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[1].source + ">" + seen[1].destination, "254712345678>22384");
  EXPECT_FALSE(seen[1].receipt);
  esme.answer(seen[1], 0x64);
  world.pass(10s);
  esme.answer(esme.one());
  EXPECT_TRUE(world.smsc.from_phone("254712345678", "22384", std::string(300, 'x'), world.now));
  seen = esme.take();
  EXPECT_THAT(seen, SizeIs(2)) << "in parts";
  esme.close();  // without an answer
  Esme again(world);
  again.bind();
  seen = again.take();
  ASSERT_THAT(seen, SizeIs(3));
  again.answer(seen[1]);
  again.answer(seen[2]);
  world.pass(1h);
  EXPECT_THAT(again.take(), IsEmpty());
  EXPECT_EQ(world.smsc.receipts_waiting(), 0U);
  EXPECT_EQ(world.smsc.counts().phone_parts_sent, 6U);
  EXPECT_EQ(world.smsc.counts().phone_parts_answered, 3U);
  EXPECT_EQ(world.smsc.counts().receipts_sent, 0U);
}

TEST(Smsc, RepeatsReceiptsUntilTheyAreAnsweredWithZero) {
  World world;
  Esme esme(world);
  esme.bind();
  esme.submit();
  esme.take();
  world.pass(50ms);
  const auto first = esme.one();
  world.pass(9999ms);
  EXPECT_THAT(esme.take(), IsEmpty());
  world.pass(1ms);
  const auto second = esme.one();
  EXPECT_EQ(second.receipt.value().id, "1");
  esme.answer(first);
  EXPECT_EQ(world.smsc.counts().late_answers, 1U);
  EXPECT_EQ(world.smsc.receipts_waiting(), 1U);
  esme.answer(second, 0x64);
  world.pass(10s);
  const auto third = esme.one();
  EXPECT_EQ(third.receipt.value().id, "1");
  esme.close();
  Esme again(world);
  again.bind();
  const auto seen = again.take();
  ASSERT_THAT(seen, SizeIs(2));
  again.answer(seen[1]);
  world.pass(1h);
  EXPECT_THAT(again.take(), IsEmpty());
  EXPECT_EQ(world.smsc.receipts_waiting(), 0U);
  EXPECT_EQ(world.smsc.counts().receipts_sent, 4U);
  EXPECT_EQ(world.smsc.counts().receipts_repeated, 3U);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
}

TEST(Smsc, LimitsUnansweredReceipts) {
  Options options;
  options.receipt_window = 2;
  World world(options);
  Esme esme(world);
  esme.bind();
  for (int i = 0; i < 5; ++i) esme.submit();
  esme.take();
  world.pass(50ms);
  const auto seen = esme.take();
  ASSERT_THAT(seen, SizeIs(2));
  esme.answer(seen[1]);
  EXPECT_EQ(esme.one().receipt.value().id, "3");
}

TEST(Smsc, LosesAndRepeatsReceiptsOnPurpose) {
  for (const bool lost : {true, false}) {
    Options options;
    (lost ? options.receipt_lost : options.receipt_twice) = 1;
    World world(options);
    Esme esme(world);
    esme.bind();
    esme.submit();
    esme.take();
    world.pass(1s);
    EXPECT_THAT(esme.take(), SizeIs(lost ? 0 : 2));
  }
}

TEST(Smsc, Swallows) {
  Options options;
  options.swallow = 1;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  esme.submit();
  world.pass(1s);
  EXPECT_EQ(esme.one().command, Command::deliver_sm);
  EXPECT_EQ(world.smsc.counts().accepted, 1U);
  EXPECT_EQ(world.smsc.counts().swallowed, 1U);
}

TEST(Smsc, CutsInsteadOfAnswering) {
  Options options;
  options.disconnect = 1;
  options.response_delay = 5ms;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  esme.submit();
  EXPECT_FALSE(esme.wants_close());
  world.pass(5ms);
  EXPECT_TRUE(esme.wants_close());
  EXPECT_TRUE(esme.is_cut());
  EXPECT_THAT(esme.take(), IsEmpty());
  EXPECT_THAT(world.taken, SizeIs(1));
  esme.close();
  world.pass(1s);
  Esme again(world);
  again.bind();
  EXPECT_THAT(again.take(), SizeIs(2)) << "the receipt of a message that was taken";
}

TEST(Smsc, CutsBeforeTaking) {
  Options options;
  options.disconnect_before = 1;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  esme.submit();
  EXPECT_TRUE(esme.is_cut());
  EXPECT_THAT(world.taken, IsEmpty());
  EXPECT_EQ(world.smsc.counts().disconnects_before, 1U);
  esme.close();
  world.smsc.options().disconnect_before = 0;
  Esme again(world);
  again.bind();
  again.submit();
  EXPECT_THAT(again.statuses(), ElementsAre(0, 0));
}

TEST(Smsc, AnswersEnquireLinkAndUnbind) {
  World world;
  Esme esme(world);
  esme.send(Command::enquire_link, 0, 1);
  EXPECT_EQ(esme.one().command, Command::enquire_link_resp);
  esme.bind();
  esme.take();
  esme.send(Command::unbind, 0, 9);
  const auto answer = esme.one();
  EXPECT_EQ(answer.command, Command::unbind_resp);
  EXPECT_EQ(answer.sequence, 9U);
  EXPECT_TRUE(esme.wants_close());
  EXPECT_FALSE(esme.is_cut());
  EXPECT_EQ(world.smsc.bound_sessions(), 0U);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
}

TEST(Smsc, UnbindsAndEnquiresItself) {
  Options options;
  options.enquire_link_interval = 30s;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  world.pass(30s);
  const auto enquiry = esme.one();
  EXPECT_EQ(enquiry.command, Command::enquire_link);
  esme.send(Command::enquire_link_resp, 0, enquiry.sequence);
  world.smsc.unbind_all(world.now);
  const auto unbind = esme.one();
  EXPECT_EQ(unbind.command, Command::unbind);
  esme.submit();
  EXPECT_THAT(esme.statuses(), ElementsAre(0x04));
  esme.send(Command::unbind_resp, 0, unbind.sequence);
  EXPECT_TRUE(esme.wants_close());
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
}

TEST(Smsc, TakesLateAnswersToEnquiries) {
  Options options;
  options.enquire_link_interval = 30s;
  World world(options);
  Esme esme(world);
  esme.bind();
  esme.take();
  world.pass(30s);
  const auto first = esme.one();
  world.pass(30s);
  const auto second = esme.one();
  esme.send(Command::enquire_link_resp, 0, first.sequence);
  esme.send(Command::enquire_link_resp, 0, second.sequence);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
  esme.send(Command::enquire_link_resp, 0, second.sequence);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 1U);
}

TEST(Smsc, ListsSessionsWithOutputOnce) {
  World world;
  Esme first(world), second(world);
  EXPECT_THAT(world.smsc.sessions_with_output(), IsEmpty());
  second.bind();
  second.submit();
  EXPECT_THAT(world.smsc.sessions_with_output(), ElementsAre(second.id()));
  EXPECT_THAT(world.smsc.sessions_with_output(), IsEmpty());
  const auto* before = world.smsc.output(second.id()).data();
  for (int i = 0; i < 1000; ++i) second.submit();
  EXPECT_EQ(world.smsc.output(second.id()).data(), before) << "it must not move while it is written";
}

template <class Change>
void submit_with(Esme& esme, Change change) {
  auto message = Esme::message_to("491701234567");
  message.short_message = smpp::as_octets("hello");
  change(message);
  esme.submit(message);
}

TEST(Smsc, JudgesTheClient) {
  using Act = void (*)(World&, Esme&);
  const struct {
    const char* name;
    Act act;
    Command answer;
    std::uint32_t status;
    bool closes;
  } cases[] = {
      {"second bind", [](World&, Esme& esme) { esme.bind(); }, Command::bind_transceiver_resp, 0x05, false},
      {"submit on a receiver",
       [](World& world, Esme&) {
         Esme receiver(world);
         receiver.bind(Command::bind_receiver);
         receiver.take();
         receiver.submit();
         EXPECT_THAT(receiver.statuses(), ElementsAre(0x04));
       },
       Command{}, 0, false},
      {"submit before the bind",
       [](World& world, Esme&) {
         Esme open(world);
         open.submit();
         EXPECT_THAT(open.statuses(), ElementsAre(0x04));
       },
       Command{}, 0, false},
      {"body behind enquire_link",
       [](World&, Esme& esme) {
         esme.send({0, 0, 0, 17, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 2, 0});
       },
       Command::generic_nack, 0x02, false},
      {"impossible length",
       [](World&, Esme& esme) {
         esme.send({0, 0, 0, 15, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 2});
       },
       Command::generic_nack, 0x02, true},
      {"unknown command", [](World&, Esme& esme) { esme.send(static_cast<Command>(0x111), 0, 7); },
       Command::generic_nack, 0x03, false},
      {"deliver_sm from a client", [](World&, Esme& esme) { esme.send(Command::deliver_sm, 0, 7); },
       Command::generic_nack, 0x03, false},
      {"response to nothing", [](World&, Esme& esme) { esme.send(Command::deliver_sm_resp, 0, 77); }, Command{}, 0,
       false},
      {"sequence number 0", [](World&, Esme& esme) { esme.send(Command::enquire_link, 0, 0); },
       Command::enquire_link_resp, 0, false},
      {"truncated submit", [](World&, Esme& esme) { esme.send(Command::submit_sm, 0, 7); }, Command::submit_sm_resp,
       0x02, false},
      {"no destination",
       [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.destination.digits = ""; }); },
       Command::submit_sm_resp, 0x0B, false},
      {"letters from an international number",
       [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.source.ton = 1; }); },
       Command::submit_sm_resp, 0x0A, false},
      {"announced header that is not there",
       [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.esm_class = 0x40; }); },
       Command::submit_sm_resp, 0x43, false},
      {"receipt as a submit",
       [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.esm_class = 0x04; }); },
       Command::submit_sm_resp, 0x43, false},
      {"odd UCS2", [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.data_coding = 8; }); },
       Command::submit_sm_resp, 0x01, false},
      {"bad validity",
       [](World&, Esme& esme) { submit_with(esme, [](smpp::Message& m) { m.validity_period = "000002000000000X"; }); },
       Command::submit_sm_resp, 0x62, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    World world(without_receipts());
    Esme esme(world);
    esme.bind();
    esme.take();
    c.act(world, esme);
    EXPECT_EQ(world.smsc.counts().protocol_errors, 1U);
    EXPECT_THAT(world.taken, IsEmpty());
    EXPECT_EQ(esme.wants_close(), c.closes);
    if (c.answer == Command{}) {
      EXPECT_THAT(esme.take(), IsEmpty());
      continue;
    }
    const auto answer = esme.one();
    EXPECT_EQ(answer.command, c.answer);
    EXPECT_EQ(answer.status, c.status);
  }
}

TEST(Smsc, NoticesASequenceNumberInFlight) {
  auto options = without_receipts();
  options.response_delay = 10ms;
  World world(options);
  Esme esme(world);
  esme.bind();
  auto message = Esme::message_to("491701234567");
  message.short_message = smpp::as_octets("hello");
  esme.submit(message, 5);
  esme.submit(message, 6);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 0U);
  esme.submit(message, 5);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 1U);
  EXPECT_EQ(world.smsc.counts().window_max, 3U);
  world.pass(10ms);
  esme.submit(message, 5);
  EXPECT_EQ(world.smsc.counts().protocol_errors, 1U);
}

TEST(Smsc, SameSeedSameRun) {
  const auto run = [](std::uint64_t seed) {
    Options options;
    options.seed = seed;
    options.error_rate = 0.2;
    options.response_jitter = 20ms;
    options.receipt_jitter = 100ms;
    options.receipt_twice = 0.2;
    options.swallow = 0.1;
    World world(options);
    Esme esme(world);
    esme.bind();
    std::string story;
    for (int i = 0; i < 100; ++i) {
      esme.submit();
      world.pass(1ms);
      for (const auto& seen : esme.take()) story += std::to_string(seen.sequence) + seen.id + " ";
    }
    return story;
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST(Glob, Matches) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("49*7", "4912347"));
  EXPECT_TRUE(glob_matches("*12*34*", "0012003400"));
  EXPECT_TRUE(glob_matches("4?", "49"));
  EXPECT_FALSE(glob_matches("4?", "4"));
  EXPECT_FALSE(glob_matches("49", "491"));
  EXPECT_FALSE(glob_matches("", "4"));
}

}  // namespace
}  // namespace smsbridge::bridge::smsc_sim
