// SPDX-License-Identifier: MPL-2.0
// Every PDU of SMPP 3.4, octet by octet against libsmpp34's own functions. They are the reference here and are used
// nowhere else: see the head of smpp/frames.cpp.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>

#include "smpp/pdu.hpp"
#include "tests/unit/smpp/octets.hpp"

// The library's headers need each other in this order.
// clang-format off
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
extern "C" {
#include "smpp34.h"
#include "smpp34_structs.h"
#include "smpp34_params.h"
}
#pragma GCC diagnostic pop
// clang-format on

namespace smsbridge::smpp {
namespace {

template <std::size_t n>
void set(std::uint8_t (&field)[n], std::string_view text) {
  ASSERT_LT(text.size(), n);
  std::memcpy(field, text.data(), text.size());
  field[text.size()] = 0;
}

std::string_view view(const std::uint8_t* field) { return reinterpret_cast<const char*>(field); }

template <class T>
T zeroed(std::uint32_t command_id, std::uint32_t status = 0) {
  T pdu;
  std::memset(&pdu, 0, sizeof pdu);
  pdu.command_id = command_id;
  pdu.command_status = status;
  pdu.sequence_number = 0x01020304;
  return pdu;
}

template <class T>
Buffer packed(T& pdu) {
  Buffer out(4096);
  int length = 0;
  EXPECT_EQ(smpp34_pack2(out.data(), static_cast<int>(out.size()), &length, &pdu), 0) << smpp34_strerror;
  out.resize(static_cast<std::size_t>(length));
  return out;
}

// The library's lists belong to whoever unpacked them.
template <class T>
void destroy_lists(T& pdu) {
  if constexpr (requires { pdu.tlv; }) destroy_tlv(pdu.tlv);
  if constexpr (requires { pdu.dest_addr_def; }) destroy_dad(pdu.dest_addr_def);
  if constexpr (requires { pdu.unsuccess_smes; }) destroy_udad(pdu.unsuccess_smes);
}

// The library's octets are ours, and its own decoder reads ours.
template <class T, class P>
void expect_same(T& theirs, const P& ours) {
  const auto want = packed(theirs);
  Header header = *decode_header(want);
  Buffer got;
  if constexpr (std::is_same_v<P, std::monostate>)
    encode(got, header);
  else
    ASSERT_FALSE(encode(got, header, ours));
  EXPECT_EQ(hex(got), hex(want));

  T again;
  std::memset(&again, 0, sizeof again);
  EXPECT_EQ(smpp34_unpack2(&again, got.data(), static_cast<int>(got.size())), 0) << smpp34_strerror;
  destroy_lists(again);

  // What we decode from the library's octets encodes to them again.
  const auto decoded = decode(want);
  ASSERT_TRUE(std::holds_alternative<Pdu>(decoded));
  const auto& pdu = std::get<Pdu>(decoded);
  ASSERT_TRUE(std::holds_alternative<P>(pdu.body));
  Buffer round;
  ASSERT_FALSE(encode(round, pdu));
  EXPECT_EQ(hex(round), hex(want));
}

tlv_t* tlv16(tlv_t& node, std::uint16_t tag, std::uint16_t value, tlv_t* next) {
  std::memset(&node, 0, sizeof node);
  node.tag = tag;
  node.length = 2;
  node.value.val16 = value;
  node.next = next;
  return &node;
}
tlv_t* tlv8(tlv_t& node, std::uint16_t tag, std::uint8_t value, tlv_t* next) {
  std::memset(&node, 0, sizeof node);
  node.tag = tag;
  node.length = 1;
  node.value.val08 = value;
  node.next = next;
  return &node;
}
tlv_t* tlv_octets(tlv_t& node, std::uint16_t tag, std::string_view value, tlv_t* next) {
  std::memset(&node, 0, sizeof node);
  node.tag = tag;
  node.length = static_cast<std::uint16_t>(value.size());
  std::memcpy(node.value.octet, value.data(), value.size());
  node.next = next;
  return &node;
}

template <class T>
void fill_message(T& pdu) {
  set(pdu.service_type, "CMT");
  pdu.source_addr_ton = 5;
  pdu.source_addr_npi = 0;
  set(pdu.source_addr, "MyBank");
  pdu.dest_addr_ton = 1;
  pdu.dest_addr_npi = 1;
  set(pdu.destination_addr, "491701234567");
  pdu.esm_class = 0x43;
  pdu.registered_delivery = 1;
  pdu.data_coding = 8;
}
Message message_same() {
  Message message;
  message.service_type = "CMT";
  message.source = {5, 0, "MyBank"};
  message.destination = {1, 1, "491701234567"};
  message.esm_class = 0x43;
  message.registered_delivery = 1;
  message.data_coding = 8;
  return message;
}

const std::string text_253(253, 'x');

TEST(PduAgainstLibrary, BindTransmitterReceiverTransceiver) {
  const Bind ours{"system", "secret", "VMA", 0x34, 1, 1, "^49.*"};
  const auto check = [&](auto theirs) {
    set(theirs.system_id, ours.system_id);
    set(theirs.password, ours.password);
    set(theirs.system_type, ours.system_type);
    theirs.interface_version = 0x34;
    theirs.addr_ton = theirs.addr_npi = 1;
    set(theirs.address_range, ours.address_range);
    expect_same(theirs, ours);
  };
  check(zeroed<bind_transmitter_t>(BIND_TRANSMITTER));
  check(zeroed<bind_receiver_t>(BIND_RECEIVER));
  check(zeroed<bind_transceiver_t>(BIND_TRANSCEIVER));
}

TEST(PduAgainstLibrary, BindResponses) {
  const auto check = [&](auto theirs, auto tlv) {
    set(theirs.system_id, "SMSC");
    BindResp ours{"SMSC", {}};
    expect_same(theirs, ours);
    tlv_t node;
    theirs.tlv = tlv8(node, TLVID_sc_interface_version, 0x34, nullptr);
    ours.tlvs = {tlv};
    expect_same(theirs, ours);
  };
  static const std::uint8_t version = 0x34;
  const Tlv tlv{tag::sc_interface_version, Octets(&version, 1)};
  check(zeroed<bind_transmitter_resp_t>(BIND_TRANSMITTER_RESP), tlv);
  check(zeroed<bind_receiver_resp_t>(BIND_RECEIVER_RESP), tlv);
  check(zeroed<bind_transceiver_resp_t>(BIND_TRANSCEIVER_RESP), tlv);
}

TEST(PduAgainstLibrary, HeaderOnly) {
  const auto check = [](auto theirs) { expect_same(theirs, std::monostate{}); };
  check(zeroed<unbind_t>(UNBIND));
  check(zeroed<unbind_resp_t>(UNBIND_RESP));
  check(zeroed<enquire_link_t>(ENQUIRE_LINK));
  check(zeroed<enquire_link_resp_t>(ENQUIRE_LINK_RESP));
  check(zeroed<cancel_sm_resp_t>(CANCEL_SM_RESP));
  check(zeroed<replace_sm_resp_t>(REPLACE_SM_RESP));
  for (const std::uint32_t status : {ESME_RINVCMDLEN, ESME_RINVCMDID, ESME_RUNKNOWNERR})
    check(zeroed<generic_nack_t>(GENERIC_NACK, status));
}

TEST(PduAgainstLibrary, Outbind) {
  auto theirs = zeroed<outbind_t>(OUTBIND);
  set(theirs.system_id, "SMSC");
  set(theirs.password, "12345678");
  expect_same(theirs, Outbind{"SMSC", "12345678"});
}

TEST(PduAgainstLibrary, SubmitSm) {
  for (const std::string_view text : {std::string_view(""), std::string_view("hello"), std::string_view(text_253)}) {
    auto theirs = zeroed<submit_sm_t>(SUBMIT_SM);
    fill_message(theirs);
    theirs.protocol_id = 0x41;
    theirs.priority_flag = 3;
    set(theirs.schedule_delivery_time, "261124013100000+");
    set(theirs.validity_period, "000002000000000R");
    theirs.replace_if_present_flag = 1;
    theirs.sm_default_msg_id = 7;
    theirs.sm_length = static_cast<std::uint8_t>(text.size());
    std::memcpy(theirs.short_message, text.data(), text.size());

    auto ours = message_same();
    ours.protocol_id = 0x41;
    ours.priority_flag = 3;
    ours.schedule_delivery_time = "261124013100000+";
    ours.validity_period = "000002000000000R";
    ours.replace_if_present = 1;
    ours.sm_default_msg_id = 7;
    ours.short_message = as_octets(text);
    expect_same(theirs, ours);
  }
}

TEST(PduAgainstLibrary, SubmitSmWithTlvs) {
  auto theirs = zeroed<submit_sm_t>(SUBMIT_SM);
  fill_message(theirs);
  const std::string payload(1024, 'p');
  tlv_t nodes[5];
  auto* list = tlv_octets(nodes[4], 0x1400, "1234567890123456789", nullptr);
  list = tlv8(nodes[3], TLVID_sar_segment_seqnum, 1, list);
  list = tlv8(nodes[2], TLVID_sar_total_segments, 2, list);
  list = tlv16(nodes[1], TLVID_sar_msg_ref_num, 0xBEEF, list);
  theirs.tlv = tlv_octets(nodes[0], TLVID_message_payload, payload, list);

  auto ours = message_same();
  const auto reference = octets("BEEF"), one = octets("01"), two = octets("02");
  ours.tlvs = {{tag::message_payload, as_octets(payload)},
               {tag::sar_msg_ref_num, reference},
               {tag::sar_total_segments, two},
               {tag::sar_segment_seqnum, one},
               {0x1400, as_octets("1234567890123456789")}};
  expect_same(theirs, ours);
}

TEST(PduAgainstLibrary, DeliverSm) {
  auto theirs = zeroed<deliver_sm_t>(DELIVER_SM);
  fill_message(theirs);
  theirs.esm_class = 4;
  constexpr std::string_view text = "id:1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:";
  theirs.sm_length = static_cast<std::uint8_t>(text.size());
  std::memcpy(theirs.short_message, text.data(), text.size());
  tlv_t nodes[3];
  auto* list = tlv_octets(nodes[2], TLVID_network_error_code, std::string_view("\3\0\1", 3), nullptr);
  list = tlv8(nodes[1], TLVID_message_state, 2, list);
  theirs.tlv = tlv_octets(nodes[0], TLVID_receipted_message_id, std::string_view("1\0", 2), list);

  auto ours = message_same();
  ours.esm_class = 4;
  ours.short_message = as_octets(text);
  const auto id = octets("3100"), state = octets("02"), error = octets("030001");
  ours.tlvs = {{tag::receipted_message_id, id}, {tag::message_state, state}, {tag::network_error_code, error}};
  expect_same(theirs, ours);
}

TEST(PduAgainstLibrary, DataSm) {
  auto theirs = zeroed<data_sm_t>(DATA_SM);
  fill_message(theirs);
  const std::string long_address(64, '7');
  set(theirs.destination_addr, long_address);
  tlv_t node;
  theirs.tlv = tlv_octets(node, TLVID_message_payload, "payload", nullptr);
  auto ours = message_same();
  ours.destination.digits = long_address;
  ours.tlvs = {{tag::message_payload, as_octets("payload")}};
  expect_same(theirs, ours);
}

TEST(PduAgainstLibrary, MessageResponses) {
  const std::string id(64, '9');
  auto submit = zeroed<submit_sm_resp_t>(SUBMIT_SM_RESP);
  set(submit.message_id, id);
  expect_same(submit, MessageResp{id, {}});
  auto refused = zeroed<submit_sm_resp_t>(SUBMIT_SM_RESP, ESME_RTHROTTLED);  // the bare header
  expect_same(refused, MessageResp{});
  auto deliver = zeroed<deliver_sm_resp_t>(DELIVER_SM_RESP);
  expect_same(deliver, MessageResp{});
  auto deliver_refused = zeroed<deliver_sm_resp_t>(DELIVER_SM_RESP, ESME_RX_T_APPN);
  expect_same(deliver_refused, MessageResp{});
  auto data = zeroed<data_sm_resp_t>(DATA_SM_RESP);
  set(data.message_id, id);
  expect_same(data, MessageResp{id, {}});
}

TEST(PduAgainstLibrary, SubmitMulti) {
  auto theirs = zeroed<submit_multi_t>(SUBMIT_MULTI);
  set(theirs.service_type, "CMT");
  theirs.source_addr_ton = 5;
  set(theirs.source_addr, "MyBank");
  theirs.number_of_dests = 2;
  dad_t nodes[2];
  std::memset(nodes, 0, sizeof nodes);
  nodes[0].dest_flag = DFID_SME_Address;
  nodes[0].value.sme.dest_addr_ton = 1;
  nodes[0].value.sme.dest_addr_npi = 1;
  set(nodes[0].value.sme.destination_addr, "491701234567");
  nodes[0].next = &nodes[1];
  nodes[1].dest_flag = DFID_Distribution_List_Name;
  set(nodes[1].value.dl_name, "everyone");
  theirs.dest_addr_def = &nodes[0];
  theirs.registered_delivery = 1;
  theirs.sm_length = 5;
  std::memcpy(theirs.short_message, "hello", 5);

  SubmitMulti ours;
  ours.service_type = "CMT";
  ours.source = {5, 0, "MyBank"};
  ours.destinations = {{1, {1, 1, "491701234567"}, {}}, {2, {}, "everyone"}};
  ours.registered_delivery = 1;
  ours.short_message = as_octets("hello");
  expect_same(theirs, ours);
}

TEST(PduAgainstLibrary, SubmitMultiResponse) {
  auto theirs = zeroed<submit_multi_resp_t>(SUBMIT_MULTI_RESP);
  set(theirs.message_id, "42");
  theirs.no_unsuccess = 2;
  udad_t nodes[2];
  std::memset(nodes, 0, sizeof nodes);
  for (auto& node : nodes) {
    node.dest_addr_ton = 1;
    node.dest_addr_npi = 1;
    set(node.destination_addr, "491701234567");
    node.error_status_code = ESME_RINVDSTADR;
  }
  nodes[0].next = &nodes[1];
  theirs.unsuccess_smes = &nodes[0];
  const FailedDestination failed{{1, 1, "491701234567"}, ESME_RINVDSTADR};
  expect_same(theirs, SubmitMultiResp{"42", {failed, failed}, {}});
}

TEST(PduAgainstLibrary, QueryCancelReplaceAlert) {
  auto query = zeroed<query_sm_t>(QUERY_SM);
  set(query.message_id, "42");
  query.source_addr_ton = 5;
  set(query.source_addr, "MyBank");
  expect_same(query, QuerySm{"42", {5, 0, "MyBank"}});

  auto answer = zeroed<query_sm_resp_t>(QUERY_SM_RESP);
  set(answer.message_id, "42");
  set(answer.final_date, "261124013100000+");
  answer.message_state = 2;
  answer.error_code = 9;
  expect_same(answer, QuerySmResp{"42", "261124013100000+", 2, 9, {}});

  auto cancel = zeroed<cancel_sm_t>(CANCEL_SM);
  set(cancel.service_type, "CMT");
  set(cancel.message_id, "42");
  cancel.source_addr_ton = 5;
  set(cancel.source_addr, "MyBank");
  cancel.dest_addr_ton = 1;
  cancel.dest_addr_npi = 1;
  set(cancel.destination_addr, "491701234567");
  expect_same(cancel, CancelSm{"CMT", "42", {5, 0, "MyBank"}, {1, 1, "491701234567"}});

  auto replace = zeroed<replace_sm_t>(REPLACE_SM);
  set(replace.message_id, "42");
  replace.source_addr_ton = 5;
  set(replace.source_addr, "MyBank");
  set(replace.validity_period, "000002000000000R");
  replace.registered_delivery = 1;
  replace.sm_default_msg_id = 3;
  replace.sm_length = 5;
  std::memcpy(replace.short_message, "hello", 5);
  expect_same(replace, ReplaceSm{"42", {5, 0, "MyBank"}, "", "000002000000000R", 1, 3, as_octets("hello")});

  auto alert = zeroed<alert_notification_t>(ALERT_NOTIFICATION);
  alert.source_addr_ton = 1;
  alert.source_addr_npi = 1;
  set(alert.source_addr, "491701234567");
  alert.esme_addr_ton = 5;
  set(alert.esme_addr, "MyBank");
  tlv_t node;
  alert.tlv = tlv8(node, TLVID_ms_availability_status, 1, nullptr);
  const auto status = octets("01");
  expect_same(alert, AlertNotification{{1, 1, "491701234567"}, {5, 0, "MyBank"}, {{0x0422, status}}});
}

TEST(PduAgainstLibrary, KnowsEveryCommandAndTagOfItsLists) {
  std::size_t commands = 0;
#define OPERACION(name)                              \
  EXPECT_NE(find_operation(name), nullptr) << #name; \
  ++commands;
#include "def_list/command_id.list"
#undef OPERACION
  EXPECT_EQ(commands, operation_count);
#define OPERACION(name) EXPECT_EQ(tlv_name(name), std::string_view(#name).substr(6));
#include "def_list/tlv_id.list"
#undef OPERACION
}

TEST(PduAgainstLibrary, LibraryReadsEachFieldThatWeWrite) {
  auto ours = message_same();
  ours.short_message = as_octets("hello");
  const auto wire = encoded(header_of(Command::submit_sm, 9), ours);
  submit_sm_t theirs;
  std::memset(&theirs, 0, sizeof theirs);
  ASSERT_EQ(smpp34_unpack2(&theirs, wire.data(), static_cast<int>(wire.size())), 0) << smpp34_strerror;
  EXPECT_EQ(theirs.sequence_number, 9U);
  EXPECT_EQ(view(theirs.source_addr), "MyBank");
  EXPECT_EQ(theirs.dest_addr_ton, 1);
  EXPECT_EQ(theirs.data_coding, 8);
  EXPECT_EQ(std::string_view(view(theirs.short_message)).substr(0, 5), "hello");
}

}  // namespace
}  // namespace smsbridge::smpp
