// SPDX-License-Identifier: MPL-2.0
// The layouts come from libsmpp34's installed protocol definitions (def_frame, def_list), which are lists of macros
// made for exactly this. We drive them with macros of our own, because the library's functions share one text buffer
// that a peer can overflow with 29 TLVs, and refuse much of what message centres send. Each list below becomes one
// function that reads or writes, depending on the cursor it is given. This is the only file that sees libsmpp34.
#include "smpp/frames.hpp"

#include <cstdio>
#include <cstring>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"  // the library's structs have a ';' too many
extern "C" {
#include "smpp34.h"
#include "smpp34_structs.h"
}
#pragma GCC diagnostic pop

namespace smsbridge::smpp {

std::uint32_t status_of_field(std::string_view field) {
  struct Row {
    std::string_view field;
    std::uint32_t status;
  };
  static constexpr Row rows[] = {
      {"service_type", ESME_RINVSERTYP},     {"source_addr", ESME_RINVSRCADR},
      {"destination_addr", ESME_RINVDSTADR}, {"schedule_delivery_time", ESME_RINVSCHED},
      {"validity_period", ESME_RINVEXPIRY},  {"message_id", ESME_RINVMSGID},
      {"system_id", ESME_RINVSYSID},         {"password", ESME_RINVPASWD},
      {"system_type", ESME_RINVSYSTYP},      {"dl_name", ESME_RINVDLNAME},
  };
  for (const auto& row : rows)
    if (row.field == field) return row.status;
  return ESME_RINVPARLEN;
}

namespace {

// A sample; a test goes through the whole lists.
static_assert(SUBMIT_SM == static_cast<std::uint32_t>(Command::submit_sm));
static_assert(DELIVER_SM_RESP == static_cast<std::uint32_t>(Command::deliver_sm_resp));
static_assert(DATA_SM_RESP == static_cast<std::uint32_t>(Command::data_sm_resp));
static_assert(TLVID_message_payload == tag::message_payload);

// The lists name a field, we name a member: one row for each where the two meet.
namespace field {
#define FIELD(name, member)     \
  template <class P>            \
  decltype(auto) name(P& pdu) { \
    return (pdu.member);        \
  }
FIELD(command_length, length)
FIELD(command_id, command_id)
FIELD(command_status, status)
FIELD(sequence_number, sequence)
FIELD(system_id, system_id)
FIELD(password, password)
FIELD(system_type, system_type)
FIELD(interface_version, interface_version)
FIELD(addr_ton, addr_ton)
FIELD(addr_npi, addr_npi)
FIELD(address_range, address_range)
FIELD(service_type, service_type)
FIELD(source_addr_ton, source.ton)
FIELD(source_addr_npi, source.npi)
FIELD(source_addr, source.digits)
FIELD(dest_addr_ton, destination.ton)
FIELD(dest_addr_npi, destination.npi)
FIELD(destination_addr, destination.digits)
FIELD(esme_addr_ton, esme.ton)
FIELD(esme_addr_npi, esme.npi)
FIELD(esme_addr, esme.digits)
FIELD(esm_class, esm_class)
FIELD(protocol_id, protocol_id)
FIELD(priority_flag, priority_flag)
FIELD(schedule_delivery_time, schedule_delivery_time)
FIELD(validity_period, validity_period)
FIELD(registered_delivery, registered_delivery)
FIELD(replace_if_present_flag, replace_if_present)
FIELD(data_coding, data_coding)
FIELD(sm_default_msg_id, sm_default_msg_id)
FIELD(short_message, short_message)
FIELD(message_id, message_id)
FIELD(final_date, final_date)
FIELD(message_state, message_state)
FIELD(error_code, error_code)
#undef FIELD
template <class P>
CountOf sm_length(P& pdu) {
  return {pdu.short_message.size()};
}
template <class P>
CountOf number_of_dests(P& pdu) {
  return {pdu.destinations.size()};
}
template <class P>
CountOf no_unsuccess(P& pdu) {
  return {pdu.failed.size()};
}
}  // namespace field

// One destination of submit_multi and one failed address of its response, with the member names that the lists use.
struct ListedDestination {
  std::uint8_t dest_flag = 0;
  struct {
    struct {
      std::uint8_t dest_addr_ton = 0, dest_addr_npi = 0;
      std::string_view destination_addr;
    } sme;
    std::string_view dl_name;
  } value;
};
struct ListedFailure {
  std::uint8_t dest_addr_ton = 0, dest_addr_npi = 0;
  std::string_view destination_addr;
  std::uint32_t error_status_code = 0;
};

#define U32(object, name, check) io.u32(#name, object name)
#define U08(object, name, check) io.u08(#name, object name)
#define C_OCTET(object, name, size) io.c_octet(#name, object name, size)
#include "def_frame/submit_multi.dad"
#include "def_frame/submit_multi_resp.udad"
template <class Io>
void destination_frame(Io& io, ListedDestination* listed) {
  do_dad(listed)
}
template <class Io>
void failure_frame(Io& io, ListedFailure* listed) {
  do_udad(listed)
}
#undef U32
#undef U08
#undef C_OCTET
#undef do_dad
#undef do_udad

void destinations_field(Reader& io, std::vector<MultiDestination>& values) {
  for (auto left = io.count(); left > 0 && !io.failed(); --left) {
    ListedDestination listed;
    destination_frame(io, &listed);
    if (listed.dest_flag != DFID_SME_Address && listed.dest_flag != DFID_Distribution_List_Name)
      return io.fail("dest_flag", "neither 1 nor 2", ESME_RINVDESTFLAG);
    const auto& sme = listed.value.sme;
    values.push_back(
        {listed.dest_flag, {sme.dest_addr_ton, sme.dest_addr_npi, sme.destination_addr}, listed.value.dl_name});
  }
}
void destinations_field(Writer& io, const std::vector<MultiDestination>& values) {
  if (values.empty()) io.refuse("number_of_dests", "none");
  for (const auto& value : values) {
    ListedDestination listed{value.dest_flag,
                             {{value.address.ton, value.address.npi, value.address.digits}, value.list_name}};
    if (value.dest_flag != DFID_SME_Address && value.dest_flag != DFID_Distribution_List_Name)
      return io.refuse("dest_flag", "neither 1 nor 2");
    destination_frame(io, &listed);
  }
}

void failures_field(Reader& io, std::vector<FailedDestination>& values) {
  for (auto left = io.count(); left > 0 && !io.failed() && io.left() > 0; --left) {
    ListedFailure listed;
    failure_frame(io, &listed);
    values.push_back({{listed.dest_addr_ton, listed.dest_addr_npi, listed.destination_addr}, listed.error_status_code});
  }
}
void failures_field(Writer& io, const std::vector<FailedDestination>& values) {
  for (const auto& value : values) {
    ListedFailure listed{value.address.ton, value.address.npi, value.address.digits, value.status};
    failure_frame(io, &listed);
  }
}

}  // namespace

#define U32(object, name, check) io.u32(#name, field::name(pdu))
#define U08(object, name, check) io.u08(#name, field::name(pdu))
#define C_OCTET(object, name, size) io.c_octet(#name, field::name(pdu), size)
#define O_C_OCTET(object, name, size) io.c_octet(#name, field::name(pdu), size)
#define OCTET8(object, name, size, length) io.octets(#name, field::name(pdu), size)
#define TLV(object, name, operation) io.tlvs(pdu.tlvs)
#define DAD(object, name, operation) destinations_field(io, pdu.destinations)
#define UDAD(object, name, operation) failures_field(io, pdu.failed)
// clang-format off
#define FRAME(name) template <class Io, class P> void name(Io& io, P& pdu)
FRAME(header_frame) {
#include "def_frame/header.frame"
}
FRAME(bind_frame) {
#include "smpp/frames/bind.frame"
}
FRAME(bind_resp_frame) {
#include "def_frame/bind_transceiver_resp.frame"
}
FRAME(outbind_frame) {
#include "smpp/frames/outbind.frame"
}
FRAME(submit_sm_frame) {
#include "def_frame/submit_sm.frame"
}
FRAME(deliver_sm_frame) {
#include "def_frame/deliver_sm.frame"
}
FRAME(deliver_sm_received_frame) {
#include "smpp/frames/deliver_sm_received.frame"
}
FRAME(data_sm_frame) {
#include "smpp/frames/data_sm.frame"
}
FRAME(submit_sm_resp_frame) {
#include "def_frame/submit_sm_resp.frame"
}
FRAME(deliver_sm_resp_frame) {
#include "def_frame/deliver_sm_resp.frame"
}
FRAME(data_sm_resp_frame) {
#include "def_frame/data_sm_resp.frame"
}
FRAME(submit_multi_frame) {
#include "def_frame/submit_multi.frame"
}
FRAME(submit_multi_resp_frame) {
#include "def_frame/submit_multi_resp.frame"
}
FRAME(query_sm_frame) {
#include "def_frame/query_sm.frame"
}
FRAME(query_sm_resp_frame) {
#include "def_frame/query_sm_resp.frame"
}
FRAME(cancel_sm_frame) {
#include "def_frame/cancel_sm.frame"
}
FRAME(replace_sm_frame) {
#include "def_frame/replace_sm.frame"
}
FRAME(alert_notification_frame) {
#include "def_frame/alert_notification.frame"
}
#undef FRAME
// clang-format on
#include "def_frame/clean.frame"

// clang-format off
#define READ(name, type) template void name(Reader& io, type& pdu);
#define WRITTEN(name, type) template void name(Writer& io, const type& pdu);
#define BOTH(name, type) READ(name, type) WRITTEN(name, type)
BOTH(header_frame, Header)
BOTH(bind_frame, Bind)
BOTH(bind_resp_frame, BindResp)
BOTH(outbind_frame, Outbind)
BOTH(submit_sm_frame, Message)
BOTH(deliver_sm_frame, Message)
READ(deliver_sm_received_frame, Message)
BOTH(data_sm_frame, Message)
BOTH(submit_sm_resp_frame, MessageResp)
BOTH(deliver_sm_resp_frame, MessageResp)
BOTH(data_sm_resp_frame, MessageResp)
BOTH(submit_multi_frame, SubmitMulti)
BOTH(submit_multi_resp_frame, SubmitMultiResp)
BOTH(query_sm_frame, QuerySm)
BOTH(query_sm_resp_frame, QuerySmResp)
BOTH(cancel_sm_frame, CancelSm)
BOTH(replace_sm_frame, ReplaceSm)
BOTH(alert_notification_frame, AlertNotification)
#undef READ
#undef WRITTEN
#undef BOTH
// clang-format on

std::string_view tlv_name(std::uint16_t wanted) {
  switch (wanted) {
#define OPERACION(name) \
  case name:            \
    return std::string_view(#name).substr(sizeof "TLVID_" - 1);
#include "def_list/tlv_id.list"
#undef OPERACION
    // SMPP 5.0 section 4.8.4; libsmpp34 has no names for them.
    case 0x0428:
      return "congestion_state";
    case 0x0600:
      return "broadcast_channel_indicator";
    case 0x0601:
      return "broadcast_content_type";
    case 0x0602:
      return "broadcast_content_type_info";
    case 0x0603:
      return "broadcast_message_class";
    case 0x0604:
      return "broadcast_rep_num";
    case 0x0605:
      return "broadcast_frequency_interval";
    case 0x0606:
      return "broadcast_area_identifier";
    case 0x0607:
      return "broadcast_error_status";
    case 0x0608:
      return "broadcast_area_success";
    case 0x0609:
      return "broadcast_end_time";
    case 0x060A:
      return "broadcast_service_group";
    case 0x060B:
      return "billing_identification";
    case 0x060D:
      return "source_network_id";
    case 0x060E:
      return "dest_network_id";
    case 0x060F:
      return "source_node_id";
    case 0x0610:
      return "dest_node_id";
    case 0x0611:
      return "dest_addr_np_resolution";
    case 0x0612:
      return "dest_addr_np_information";
    case 0x0613:
      return "dest_addr_np_country";
    default:
      return {};
  }
}

}  // namespace smsbridge::smpp
