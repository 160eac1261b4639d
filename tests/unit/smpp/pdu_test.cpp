// SPDX-License-Identifier: MPL-2.0
#include "smpp/pdu.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "smpp/status.hpp"
#include "tests/unit/smpp/octets.hpp"

namespace smsbridge::smpp {
namespace {

using testing::ElementsAreArray;

Message sample_message() {
  Message message;
  message.service_type = "CMT";
  message.source = {5, 0, "MyBank"};
  message.destination = {1, 1, "491701234567"};
  message.registered_delivery = 1;
  message.short_message = as_octets("hello");
  return message;
}

std::string_view text_of(Octets data) { return as_text(data); }

const Pdu& pdu_of(const std::variant<Pdu, DecodeError>& decoded) {
  if (const auto* error = std::get_if<DecodeError>(&decoded)) ADD_FAILURE() << error->detail;
  return std::get<Pdu>(decoded);
}

template <class P>
const P& body_of(const std::variant<Pdu, DecodeError>& decoded) {
  return std::get<P>(pdu_of(decoded).body);
}

// One PDU of each type, with all fields filled.
std::vector<Buffer> one_of_each() {
  static const std::uint8_t octet[3] = {3, 0, 1};
  const Tlv tlv{tag::network_error_code, Octets(octet, 3)};
  std::vector<Buffer> all;
  const auto add = [&](Command command, const auto& body) {
    all.emplace_back();
    EXPECT_FALSE(encode(all.back(), header_of(command, 7), body)) << command_name(static_cast<std::uint32_t>(command));
  };
  for (const auto command : {Command::bind_receiver, Command::bind_transmitter, Command::bind_transceiver}) {
    add(command, Bind{"system", "secret", "type", 0x34, 1, 1, "^49"});
    add(response_to(command), BindResp{"SMSC", {tlv}});
  }
  add(Command::outbind, Outbind{"SMSC", "secret"});
  auto message = sample_message();
  message.tlvs = {tlv, {0x1400, as_octets("vendor")}};
  add(Command::deliver_sm, message);
  message.schedule_delivery_time = "261124013100000+";
  message.validity_period = "000002000000000R";
  add(Command::submit_sm, message);
  SubmitMulti multi;
  static_cast<Message&>(multi) = message;
  multi.destinations = {{1, {1, 1, "491701234567"}, {}}, {2, {}, "everyone"}};
  add(Command::submit_multi, multi);
  auto data = sample_message();
  data.short_message = {};
  data.tlvs = {{tag::message_payload, as_octets("payload")}};
  add(Command::data_sm, data);
  add(Command::submit_sm_resp, MessageResp{"id-1", {tlv}});
  add(Command::data_sm_resp, MessageResp{"id-1", {tlv}});
  add(Command::deliver_sm_resp, MessageResp{"", {}});
  add(Command::submit_multi_resp, SubmitMultiResp{"id-1", {{{1, 1, "491701234567"}, 11}}, {tlv}});
  add(Command::query_sm, QuerySm{"id-1", {5, 0, "MyBank"}});
  add(Command::query_sm_resp, QuerySmResp{"id-1", "261124013100000+", 2, 0, {tlv}});
  add(Command::cancel_sm, CancelSm{"CMT", "id-1", {5, 0, "MyBank"}, {1, 1, "491701234567"}});
  add(Command::replace_sm, ReplaceSm{"id-1", {5, 0, "MyBank"}, "", "", 1, 0, as_octets("hello")});
  add(Command::alert_notification, AlertNotification{{1, 1, "491701234567"}, {5, 0, "MyBank"}, {tlv}});
  for (const auto command : {Command::generic_nack, Command::unbind, Command::unbind_resp, Command::enquire_link,
                             Command::enquire_link_resp, Command::cancel_sm_resp, Command::replace_sm_resp})
    encode(all.emplace_back(), header_of(command, 7));
  return all;
}

TEST(Pdu, EveryTypeComesBackAsItWas) {
  const auto all = one_of_each();
  EXPECT_EQ(all.size(), operation_count);
  for (const auto& wire : all) {
    SCOPED_TRACE(command_name(decode_header(wire)->command_id));
    const auto decoded = decode(wire);
    Buffer again;
    EXPECT_FALSE(encode(again, pdu_of(decoded)));
    EXPECT_EQ(hex(again), hex(wire));
  }
}

// Requests with a body are refused when a mandatory field is cut; nothing ever reads beyond what is there (ASan looks).
TEST(Pdu, EveryTruncationOfEveryType) {
  for (const auto& wire : one_of_each()) {
    const auto id = decode_header(wire)->command_id;
    for (std::size_t size = 0; size < wire.size(); ++size) {
      SCOPED_TRACE(command_name(id) + " cut at " + std::to_string(size));
      // As the stream has it: not all there yet.
      const Buffer cut(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(std::get<DecodeError>(decode(cut)).fault, DecodeFault::incomplete);
      if (size < header_size) continue;
      // As a sloppy peer has it: the length says that this is all.
      const auto shorter = raw(static_cast<Command>(id), 0, 7, Octets(cut).subspan(header_size));
      const auto decoded = decode(shorter);
      if (const auto* error = std::get_if<DecodeError>(&decoded)) {
        ASSERT_FALSE(is_response(id)) << "a response is read however short it is";
        ASSERT_EQ(error->fault, DecodeFault::bad_body);
      } else {
        const bool needs_body = !is_response(id) && wire.size() > header_size;
        ASSERT_FALSE(needs_body && size == header_size);
      }
    }
  }
}

TEST(Pdu, RandomChangesNeverReadOutside) {
  std::mt19937 random(20241124);  // fixed, so that a failure can be repeated
  const auto all = one_of_each();
  for (int round = 0; round < 200'000; ++round) {
    auto wire = all[random() % all.size()];
    for (auto changes = random() % 6 + 1; changes > 0; --changes) {
      const auto at = header_size + random() % (wire.size() + 1 - header_size);
      switch (random() % 4) {
        case 0:
          wire.insert(wire.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
          break;
        case 1:
          if (at < wire.size()) wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        default:
          if (at < wire.size()) wire[at] = random() % 3 == 0 ? 0xFF : static_cast<std::uint8_t>(random());
      }
    }
    const auto header = *decode_header(wire);
    // An allocation of exactly this size, so that one octet too far is seen.
    const auto exact =
        raw(static_cast<Command>(header.command_id), header.status, header.sequence, Octets(wire).subspan(header_size));
    const Buffer tight(exact.begin(), exact.end());
    const auto decoded = decode(tight);
    Buffer again;
    if (const auto* pdu = std::get_if<Pdu>(&decoded)) static_cast<void>(encode(again, *pdu));
  }
}

struct Lenient {
  const char* name;
  Command command;
  std::uint32_t status;
  const char* body_hex;
  const char* message_id;
};

TEST(Pdu, ResponsesAreReadHoweverTheyLook) {
  const Lenient cases[] = {
      {"accepted, no body", Command::submit_sm_resp, 0, "", ""},
      {"accepted, empty id", Command::submit_sm_resp, 0, "00", ""},
      {"accepted, id", Command::submit_sm_resp, 0, "313233 00", "123"},
      {"id without NUL", Command::submit_sm_resp, 0, "313233", "123"},
      {"octets behind", Command::submit_sm_resp, 0, "313233 00 AABBCC", "123"},
      {"refused, no body", Command::submit_sm_resp, 0x58, "", ""},
      {"refused, empty id", Command::submit_sm_resp, 0x0B, "00", ""},
      {"refused, filled id", Command::submit_sm_resp, 0x0B, "313233 00", "123"},
      {"vendor status", Command::submit_sm_resp, 0x400, "00", ""},
      {"reserved status", Command::submit_sm_resp, 0x94, "00", ""},
      {"status of 5.0", Command::submit_sm_resp, 0x104, "00", ""},
      {"filled id in deliver_sm_resp", Command::deliver_sm_resp, 0, "313233 00", "123"},
      {"deliver_sm_resp without body", Command::deliver_sm_resp, 0, "", ""},
      {"data_sm_resp without body", Command::data_sm_resp, 0, "", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto wire = raw(c.command, c.status, 7, octets(c.body_hex));
    const auto decoded = decode(wire);
    EXPECT_EQ(pdu_of(decoded).header.status, c.status);
    EXPECT_EQ(body_of<MessageResp>(decoded).message_id, c.message_id);
  }
  const auto long_id = std::string(80, 'a');
  EXPECT_EQ(body_of<MessageResp>(decode(raw(Command::submit_sm_resp, 0, 7, as_octets(long_id)))).message_id, long_id)
      << "longer than 64: a lost id would be a lost receipt";
}

TEST(Pdu, HeaderOnlyPdusTolerateABody) {
  for (const auto command : {Command::enquire_link, Command::enquire_link_resp, Command::unbind, Command::unbind_resp,
                             Command::generic_nack})
    EXPECT_EQ(pdu_of(decode(raw(command, 0, 0, octets("00")))).header.sequence, 0U);
}

TEST(Pdu, BindResponses) {
  EXPECT_EQ(body_of<BindResp>(decode(raw(Command::bind_transceiver_resp, 0x0E, 1))).system_id, "");
  const auto with_version = raw(Command::bind_transceiver_resp, 0, 1, octets("534D5343 00 0210 0001 50"));
  const auto decoded = decode(with_version);
  EXPECT_EQ(body_of<BindResp>(decoded).system_id, "SMSC");
  ASSERT_EQ(body_of<BindResp>(decoded).tlvs.size(), 1U);
  EXPECT_EQ(body_of<BindResp>(decoded).tlvs[0].value[0], 0x50);
}

TEST(Pdu, BindTakesLongSystemIds) {
  const std::string system_id(64, 's');
  const auto wire = encoded(header_of(Command::bind_transceiver, 1), Bind{system_id, "", "", 0x34, 0, 0, ""});
  EXPECT_EQ(body_of<Bind>(decode(wire)).system_id, system_id);
}

TEST(Pdu, BindTakesEveryVersionAndLongPasswords) {
  for (const std::uint8_t version : {0x33, 0x34, 0x50, 0x00})
    for (std::size_t size = 9; size <= 20; ++size) {
      const std::string password(size, 'p');
      const Bind bind{"system", password, "", version, 7, 2, ""};
      const auto wire = encoded(header_of(Command::bind_transceiver, 1), bind);
      const auto decoded = decode(wire);
      EXPECT_EQ(body_of<Bind>(decoded).password, password);
      EXPECT_EQ(body_of<Bind>(decoded).interface_version, version);
      EXPECT_EQ(body_of<Bind>(decoded).addr_ton, 7);
      EXPECT_EQ(body_of<Bind>(decoded).addr_npi, 2);
    }
}

TEST(Pdu, TonAndNpiOutsideTheList) {
  auto message = sample_message();
  message.source.ton = 7;
  message.destination.npi = 2;
  const auto wire = encoded(header_of(Command::deliver_sm, 0), message);
  const auto decoded = decode(wire);
  EXPECT_EQ(body_of<Message>(decoded).source.ton, 7);
  EXPECT_EQ(body_of<Message>(decoded).destination.npi, 2);
  EXPECT_EQ(pdu_of(decoded).header.sequence, 0U);
}

TEST(Pdu, ShortMessageEndsAt254) {
  for (const std::size_t size : {0U, 1U, 253U, 254U}) {
    const std::string text(size, 'x');
    auto message = sample_message();
    message.short_message = as_octets(text);
    const auto wire = encoded(header_of(Command::submit_sm, 1), message);
    const auto decoded = decode(wire);
    EXPECT_EQ(text_of(body_of<Message>(decoded).short_message), text);
  }
  const std::string text(255, 'x');
  auto message = sample_message();
  message.short_message = as_octets(text);
  Buffer out{1, 2, 3};
  const auto error = encode(out, header_of(Command::submit_sm, 1), message);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->field, "sm_length");
  EXPECT_THAT(out, ElementsAreArray({1, 2, 3})) << "nothing is appended";

  Buffer body = octets("00 0000 00 0000 00 000000 00 00 00 00 00 00 FF");
  body.resize(body.size() + 255, 'x');
  EXPECT_EQ(std::get<DecodeError>(decode(raw(Command::submit_sm, 0, 1, body))).code, status_invalid_message_length);
  const auto longer = raw(Command::deliver_sm, 0, 1, body);
  EXPECT_EQ(text_of(body_of<Message>(decode(longer)).short_message), text) << "a message centre may send it";
}

// What message centres send although the standard forbids it.
TEST(Pdu, DeliveriesWithWrongLengthsAreRead) {
  const std::string s6 = "SMSMSS", s21(21, '2'), s200(200, '3');
  struct {
    const char* name;
    std::string service_type, source, destination;
    const char* behind;  // sm_length and all that follows
    std::string_view text;
    std::size_t tlvs;
  } const cases[] = {
      {"service_type of 6", s6, "2547", "22", "02 6869", "hi", 0},
      {"service_type of 200", s200, "2547", "22", "02 6869", "hi", 0},
      {"source of 21", "", s21, "22", "02 6869", "hi", 0},
      {"destination of 200", "", "2547", s200, "02 6869", "hi", 0},
      {"sm_length one too big", "", "2547", "22", "03 6869", "hi", 0},
      {"sm_length 255", "", "2547", "22", "FF 6869", "hi", 0},
      {"no text behind sm_length", "", "2547", "22", "05", "", 0},
      {"TLVs behind", s6, s21, s200, "02 6869 0427 0001 02", "hi", 1},
  };
  for (const auto command : {Command::deliver_sm, Command::data_sm})
    for (const auto& c : cases) {
      SCOPED_TRACE(c.name);
      const bool data = command == Command::data_sm;
      const auto text_hex = [](std::string_view text) { return hex(as_octets(text)); };
      const auto body =
          octets(text_hex(c.service_type) + "00 0101" + text_hex(c.source) + "00 0500" + text_hex(c.destination) +
                 "00" + (data ? "04 00 00 0424 0002 6869" : std::string("04 00 00 00 00 00 00 00 00") + c.behind));
      const auto wire = raw(command, 0, 1, body);
      const auto decoded = decode(wire);
      const auto& message = body_of<Message>(decoded);
      EXPECT_EQ(message.service_type, c.service_type);
      EXPECT_EQ(message.source.digits, c.source);
      EXPECT_EQ(message.destination.digits, c.destination);
      EXPECT_EQ(message.esm_class, 4);
      EXPECT_EQ(text_of(message.payload()), data ? "hi" : c.text);
      if (!data) {
        EXPECT_EQ(message.tlvs.size(), c.tlvs);
      }
    }
}

TEST(Pdu, AddressesOfDeliveriesAreWithoutTheirPadding) {
  const auto wire = raw(Command::deliver_sm, 0, 1,
                        octets("00 0101 20 32353437 2020 00 0500 554D4F4A41 20 00 04 00 00 00 00 00 00 00 00 00"));
  const auto decoded = decode(wire);
  EXPECT_EQ(body_of<Message>(decoded).source.digits, "2547");
  EXPECT_EQ(body_of<Message>(decoded).destination.digits, "UMOJA");
  // Filled up with NULs to the 21 octets that an address may have.
  for (const bool both : {false, true}) {
    Buffer body = octets("00 0101 32353437");
    body.resize(3 + 21);
    for (const auto octet : octets("0500 554D4F4A41")) body.push_back(octet);
    body.resize(both ? 3 + 21 + 2 + 21 : body.size() + 1);
    for (const auto octet : octets("04 00 00 00 00 00 00 00 00 02 6869 0427 0001 02")) body.push_back(octet);
    const auto padded = raw(Command::deliver_sm, 0, 1, body);
    const auto read = decode(padded);
    EXPECT_EQ(body_of<Message>(read).source.digits, "2547");
    EXPECT_EQ(body_of<Message>(read).destination.digits, "UMOJA");
    EXPECT_EQ(body_of<Message>(read).esm_class, 4);
    EXPECT_EQ(text_of(body_of<Message>(read).payload()), "hi");
    EXPECT_EQ(body_of<Message>(read).tlvs.size(), 1U);
  }
}

TEST(Pdu, PayloadOfAnySize) {
  for (const std::size_t size : {0U, 1U, 1024U, 1025U, 4000U, 65535U}) {
    const std::string text(size, 'x');
    auto message = sample_message();
    message.short_message = {};
    message.tlvs = {{tag::message_payload, as_octets(text)}};
    const auto wire = encoded(header_of(Command::submit_sm, 1), message);
    const auto decoded = decode(wire);
    EXPECT_EQ(text_of(body_of<Message>(decoded).payload()), text);
  }
}

TEST(Pdu, TwoHundredTlvsKeepTheirOrder) {
  auto message = sample_message();
  std::vector<std::string> values;
  for (int i = 0; i < 200; ++i)
    values.push_back(std::string(static_cast<std::size_t>(i % 40), static_cast<char>('A' + i % 26)));
  for (std::size_t i = 0; i < values.size(); ++i)
    message.tlvs.push_back({static_cast<std::uint16_t>(0x1400 + i % 150), as_octets(values[i])});
  const auto wire = encoded(header_of(Command::deliver_sm, 1), message);
  const auto decoded = decode(wire);
  const auto& tlvs = body_of<Message>(decoded).tlvs;
  ASSERT_EQ(tlvs.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(tlvs[i].tag, 0x1400 + i % 150);
    EXPECT_EQ(text_of(tlvs[i].value), values[i]);
  }
}

TEST(Pdu, DamagedTails) {
  const auto plain = encoded(header_of(Command::deliver_sm, 1), sample_message());
  const auto with_tail = [&](std::string_view tail_hex) {
    Buffer body(plain.begin() + header_size, plain.end());
    const auto tail = octets(tail_hex);
    body.insert(body.end(), tail.begin(), tail.end());
    return raw(Command::deliver_sm, 0, 1, body);
  };
  struct {
    const char* name;
    const char* tail;
    std::size_t tlvs, tail_size;
  } const cases[] = {
      {"one octet", "00", 0, 1},
      {"three octets", "000000", 0, 3},
      {"four NULs are an empty TLV with tag 0", "00000000", 1, 0},
      {"a TLV longer than the rest", "0427 0004 02", 0, 5},
      {"a good one, then a broken one", "0427 0001 02 001E FFFF 31", 1, 5},
      {"zero length and a tag of all ones", "130C 0000 FFFF 0000", 2, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto wire = with_tail(c.tail);
    const auto decoded = decode(wire);
    const auto& message = body_of<Message>(decoded);
    EXPECT_EQ(message.tlvs.size(), c.tlvs);
    EXPECT_EQ(message.tail_size, c.tail_size);
    EXPECT_EQ(text_of(message.payload()), "hello");
  }
  const auto lost_text = octets("00 0000 00 0000 00 000000 00 00 00 00 00 00 00 0424 0010 6869");
  EXPECT_EQ(std::get<DecodeError>(decode(raw(Command::deliver_sm, 0, 1, lost_text))).code, status_malformed_tlvs)
      << "the damaged TLV was the text, so it must be delivered again";
}

TEST(Pdu, BadBodiesNameTheField) {
  const std::string long_address(21, '1');
  struct {
    const char* name;
    Command command;
    Buffer body;
    std::uint32_t code;
    const char* detail;
  } const cases[] = {
      {"no body", Command::deliver_sm, {}, 0x02, "source_addr_ton"},
      {"service_type too long", Command::submit_sm, octets("414141414141 00"), 0x15, "service_type"},
      {"source without its NUL", Command::submit_sm, octets("00 0101 3131"), 0x02, "source_addr"},
      {"the end before the text", Command::deliver_sm, octets("00 0101 3131"), 0x02, "dest_addr_ton"},
      {"source too long", Command::submit_sm, octets("00 0101 " + hex(as_octets(long_address)) + "00"), 0x0A,
       "source_addr"},
      {"sm_length beyond the end", Command::submit_sm, octets("00 0000 00 0000 00 000000 00 00 00 00 00 00 05 6869"),
       0x01, "short_message"},
      {"dest_flag 3", Command::submit_multi, octets("00 0000 00 01 03 0000 00"), 0x40, "dest_flag"},
      {"password too long", Command::bind_transceiver, octets("00" + std::string(140, '7') + "00"), 0x0E, "password"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto error = std::get<DecodeError>(decode(raw(c.command, 0, 1, c.body)));
    EXPECT_EQ(error.fault, DecodeFault::bad_body);
    EXPECT_EQ(error.code, c.code) << error.detail;
    EXPECT_THAT(error.detail, testing::HasSubstr(c.detail));
  }
}

TEST(Pdu, FaultsOfTheHeader) {
  struct {
    const char* name;
    const char* frame;
    DecodeFault fault;
  } const cases[] = {
      {"nothing", "", DecodeFault::incomplete},
      {"15 octets", "00000010 00000015 00000000 000001", DecodeFault::incomplete},
      {"more announced", "00000011 00000015 00000000 00000001", DecodeFault::incomplete},
      {"length 15", "0000000F 00000015 00000000 00000001", DecodeFault::bad_length},
      {"length 0", "00000000 00000015 00000000 00000001", DecodeFault::bad_length},
      {"broadcast_sm", "00000010 00000111 00000000 00000001", DecodeFault::unknown_command},
      {"vendor command", "00000010 00010200 00000000 00000001", DecodeFault::unknown_command},
      {"vendor response", "00000010 80010200 00000000 00000001", DecodeFault::unknown_response},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(std::get<DecodeError>(decode(octets(c.frame))).fault, c.fault);
  }
}

TEST(Pdu, TimesInAReceivedDeliverSmAreTolerated) {
  auto message = sample_message();
  message.validity_period = "000002000000000R";
  const auto submit = encoded(header_of(Command::submit_sm, 1), message);
  const auto wire = raw(Command::deliver_sm, 0, 1, Octets(submit).subspan(header_size));
  EXPECT_EQ(body_of<Message>(decode(wire)).validity_period, "000002000000000R");
  EXPECT_TRUE(encoded(header_of(Command::deliver_sm, 1), message).empty()) << "but we do not send them";
}

TEST(Pdu, RefusesInsteadOfCutting) {
  const std::string s6(6, 'x'), s13(13, 'x'), s21(21, '1'), s41(41, '1'), s65(65, '1'), s70000(70000, 'x');
  const std::string with_nul("a\0b", 3);
  const auto message = [](auto change) {
    auto m = sample_message();
    change(m);
    return m;
  };
  const auto submit = header_of(Command::submit_sm, 1), data = header_of(Command::data_sm, 1);
  const auto deliver = header_of(Command::deliver_sm, 1), bind = header_of(Command::bind_transceiver, 1);
  Buffer out;
  struct {
    const char* name;
    EncodeResult result;
    std::string_view field;
  } const cases[] = {
      {"service_type of 6", encode(out, submit, message([&](auto& m) { m.service_type = s6; })), "service_type"},
      {"source of 21", encode(out, submit, message([&](auto& m) { m.source.digits = s21; })), "source_addr"},
      {"destination of 21", encode(out, submit, message([&](auto& m) { m.destination.digits = s21; })),
       "destination_addr"},
      {"NUL in the source", encode(out, submit, message([&](auto& m) { m.source.digits = with_nul; })), "source_addr"},
      {"half a time", encode(out, submit, message([&](auto& m) { m.validity_period = "0000"; })), "validity_period"},
      {"text twice", encode(out, submit, message([&](auto& m) {
                              m.tlvs = {{tag::message_payload, as_octets("x")}};
                            })),
       "message_payload"},
      {"TLV of 70,000", encode(out, submit, message([&](auto& m) {
                                 m.tlvs = {{0x1400, as_octets(s70000)}};
                               })),
       "tlv"},
      {"text in data_sm", encode(out, data, message([](auto&) {})), "short_message"},
      {"filled id", encode(out, header_of(Command::deliver_sm_resp, 1), MessageResp{"1", {}}), "message_id"},
      {"id of 65", encode(out, header_of(Command::submit_sm_resp, 1), MessageResp{s65, {}}), "message_id"},
      {"system_id of 65", encode(out, bind, Bind{s65, "", "", 0x34, 0, 0, ""}), "system_id"},
      {"password of 65", encode(out, bind, Bind{"", s65, "", 0x34, 0, 0, ""}), "password"},
      {"system_type of 13", encode(out, bind, Bind{"", "", s13, 0x34, 0, 0, ""}), "system_type"},
      {"address_range of 41", encode(out, bind, Bind{"", "", "", 0x34, 0, 0, s41}), "address_range"},
      {"a message as a bind", encode(out, submit, Bind{}), "command_id"},
      {"time in deliver_sm", encode(out, deliver, message([](auto& m) { m.validity_period = "000002000000000R"; })),
       "validity_period"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(c.result);
    EXPECT_EQ(c.result->field, c.field);
  }
  EXPECT_TRUE(out.empty());
}

TEST(Pdu, ErrorResponsesAreTheBareHeader) {
  EXPECT_EQ(encoded(header_of(Command::submit_sm_resp, 1, 0x58), MessageResp{"id", {}}).size(), header_size);
  EXPECT_EQ(encoded(header_of(Command::bind_transceiver_resp, 1, 0x0E), BindResp{"SMSC", {}}).size(), header_size);
  EXPECT_EQ(encoded(header_of(Command::deliver_sm_resp, 1, 0x64), MessageResp{}).size(), header_size + 1);
}

TEST(Pdu, EncodingAppends) {
  Buffer out;
  encode(out, header_of(Command::enquire_link, 1));
  ASSERT_FALSE(encode(out, header_of(Command::submit_sm, 2), sample_message()));
  encode(out, header_of(Command::enquire_link, 3));
  const auto second = decode(Octets(out).subspan(16));
  EXPECT_EQ(pdu_of(second).header.sequence, 2U);
  EXPECT_EQ(pdu_of(decode(Octets(out).last(16))).header.sequence, 3U);
}

}  // namespace
}  // namespace smsbridge::smpp
