// SPDX-License-Identifier: MPL-2.0
// The layouts come from libsmpp34's installed protocol definitions (def_frame, def_list), which are lists of macros
// made for exactly this. We drive them with macros of our own, because the library's functions share one text buffer
// that a peer can overflow with 29 TLVs, and refuse much of what message centres send. Each list below becomes one
// function that reads or writes, depending on the cursor it is given. This is the only file that sees libsmpp34.
#include "smpp/pdu.hpp"

#include <cstdio>
#include <cstring>

#include "smpp/pdu_reader.hpp"
#include "smpp/pdu_writer.hpp"
#include "smpp/text.hpp"

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

bool is_one_of(std::uint32_t command_id, std::initializer_list<Command> commands) {
  for (const auto command : commands)
    if (command_id == static_cast<std::uint32_t>(command)) return true;
  return false;
}

Octets body_of(Octets frame) { return frame.size() <= header_size ? Octets() : frame.subspan(header_size); }

template <class P, class Frame>
std::variant<Pdu, DecodeError> read(const Header& header, Octets frame, Frame layout) {
  std::variant<Pdu, DecodeError> result{std::in_place_index<0>, Pdu{header, P{}}};
  auto& body = *std::get_if<P>(&std::get_if<0>(&result)->body);
  Reader reader(body_of(frame), is_response(header.command_id) ? Reading::tolerant : Reading::strict);
  layout(reader, body);
  if (auto error = reader.error()) return *std::move(error);
  return result;
}

template <class Frame>
EncodeResult write(Buffer& out, const Header& header, Frame layout) {
  Writer writer(out);
  header_frame(writer, header);
  layout(writer);
  return writer.finish();
}

// An error response to a bind or a submit is the bare header (SMPP 3.4 sections 4.1.2, 4.4.2 and 4.5.2).
bool is_bare(const Header& header) { return header.status != 0; }

EncodeResult refuse(std::string_view field, std::string_view reason) { return EncodeError{field, reason}; }

}  // namespace

Octets Message::payload() const {
  if (!short_message.empty()) return short_message;
  const auto* tlv = find_tlv(tag::message_payload);
  return tlv == nullptr ? short_message : tlv->value;
}

const Tlv* Message::find_tlv(std::uint16_t wanted) const {
  for (const auto& tlv : tlvs)
    if (tlv.tag == wanted) return &tlv;
  return nullptr;
}

std::optional<Header> decode_header(Octets frame) {
  if (frame.size() < header_size) return std::nullopt;
  Header header;
  Reader reader(frame.first(header_size), Reading::strict);
  header_frame(reader, header);
  return header;
}

namespace {

void read_message(Reader& reader, Command command, Message& message) {
  if (command == Command::deliver_sm)
    deliver_sm_received_frame(reader, message);
  else if (command == Command::data_sm)
    data_sm_frame(reader, message);
  else
    submit_sm_frame(reader, message);
}

}  // namespace

std::optional<DecodeError> decode_body(Octets frame, Command command, Message& message) {
  // What a message centre has for us is read if it can be: refused, it comes again for days.
  const bool liberal = command == Command::deliver_sm || command == Command::data_sm;
  Reader reader(body_of(frame), liberal ? Reading::liberal : Reading::strict);
  read_message(reader, command, message);
  if (liberal && !reader.fits()) {
    Message padded;
    Reader again(body_of(frame), Reading::padded);
    read_message(again, command, padded);
    if (again.fits()) {
      message = std::move(padded);
      reader = again;
    }
  }
  if (reader.failed()) return reader.error();
  if (liberal) {
    message.source.digits = without_padding(message.source.digits);
    message.destination.digits = without_padding(message.destination.digits);
  }
  message.tail_size = reader.left();
  // Up to three octets are padding that some message centres send. A longer tail is a TLV that claims more than there
  // is; that is fatal for the message only if it may have been its text.
  if (message.tail_size >= 4 && message.payload().empty() && message.tlvs.size() < tlvs_max)
    return DecodeError{DecodeFault::bad_body, status_malformed_tlvs, "tlv: longer than the rest of the PDU"};
  return std::nullopt;
}

void decode_body(Octets frame, MessageResp& response) {
  Reader reader(body_of(frame), Reading::tolerant);
  submit_sm_resp_frame(reader, response);
  reader.tlvs(response.tlvs);
}

void decode_body(Octets frame, BindResp& response) {
  Reader reader(body_of(frame), Reading::tolerant);
  bind_resp_frame(reader, response);
}

std::variant<Pdu, DecodeError> decode(Octets frame) {
  const auto header = decode_header(frame);
  if (!header) return DecodeError{DecodeFault::incomplete, status_invalid_command_length, "fewer than 16 octets"};
  if (header->length < header_size)
    return DecodeError{DecodeFault::bad_length, status_invalid_command_length, "command_length is below 16"};
  if (header->length > frame.size())
    return DecodeError{DecodeFault::incomplete, status_invalid_command_length, "fewer octets than command_length"};
  frame = frame.first(header->length);

  if (find_operation(header->command_id) == nullptr) {
    const auto fault = is_response(header->command_id) ? DecodeFault::unknown_response : DecodeFault::unknown_command;
    return DecodeError{fault, status_invalid_command_id, "command_id " + command_name(header->command_id)};
  }
  using enum Command;
  switch (const auto command = static_cast<Command>(header->command_id)) {
    case bind_receiver:
    case bind_transmitter:
    case bind_transceiver:
      return read<Bind>(*header, frame, [](auto& io, auto& pdu) { bind_frame(io, pdu); });
    case bind_receiver_resp:
    case bind_transmitter_resp:
    case bind_transceiver_resp:
      return read<BindResp>(*header, frame, [](auto& io, auto& pdu) { bind_resp_frame(io, pdu); });
    case outbind:
      return read<Outbind>(*header, frame, [](auto& io, auto& pdu) { outbind_frame(io, pdu); });
    case submit_sm:
    case deliver_sm:
    case data_sm: {
      std::variant<Pdu, DecodeError> result{std::in_place_index<0>, Pdu{*header, Message{}}};
      if (auto error = decode_body(frame, command, *std::get_if<Message>(&std::get_if<0>(&result)->body)))
        return *std::move(error);
      return result;
    }
    case submit_sm_resp:
    case deliver_sm_resp:
    case data_sm_resp: {
      MessageResp response;
      decode_body(frame, response);
      return Pdu{*header, std::move(response)};
    }
    case submit_multi:
      return read<SubmitMulti>(*header, frame, [](auto& io, auto& pdu) { submit_multi_frame(io, pdu); });
    case submit_multi_resp:
      return read<SubmitMultiResp>(*header, frame, [](auto& io, auto& pdu) {
        submit_multi_resp_frame(io, pdu);
        io.tlvs(pdu.tlvs);
      });
    case query_sm:
      return read<QuerySm>(*header, frame, [](auto& io, auto& pdu) { query_sm_frame(io, pdu); });
    case query_sm_resp:
      return read<QuerySmResp>(*header, frame, [](auto& io, auto& pdu) {
        query_sm_resp_frame(io, pdu);
        io.tlvs(pdu.tlvs);
      });
    case cancel_sm:
      return read<CancelSm>(*header, frame, [](auto& io, auto& pdu) { cancel_sm_frame(io, pdu); });
    case replace_sm:
      return read<ReplaceSm>(*header, frame, [](auto& io, auto& pdu) { replace_sm_frame(io, pdu); });
    case alert_notification:
      return read<AlertNotification>(*header, frame, [](auto& io, auto& pdu) { alert_notification_frame(io, pdu); });
    case generic_nack:
    case unbind:
    case unbind_resp:
    case enquire_link:
    case enquire_link_resp:
    case cancel_sm_resp:
    case replace_sm_resp:
      break;  // whatever follows the header does not belong there and is tolerated
  }
  return Pdu{*header, std::monostate{}};
}

void encode(Buffer& out, const Header& header) {
  Writer writer(out);
  header_frame(writer, header);
  writer.finish();
}

EncodeResult encode(Buffer& out, const Header& header, const Bind& bind) {
  if (!is_one_of(header.command_id, {Command::bind_receiver, Command::bind_transmitter, Command::bind_transceiver}))
    return refuse("command_id", "not a bind");
  return write(out, header, [&](Writer& writer) { bind_frame(writer, bind); });
}

EncodeResult encode(Buffer& out, const Header& header, const BindResp& response) {
  if (!is_one_of(header.command_id,
                 {Command::bind_receiver_resp, Command::bind_transmitter_resp, Command::bind_transceiver_resp}))
    return refuse("command_id", "not a bind response");
  return write(out, header, [&](Writer& writer) {
    if (!is_bare(header)) bind_resp_frame(writer, response);
  });
}

EncodeResult encode(Buffer& out, const Header& header, const Outbind& outbind) {
  if (!is_one_of(header.command_id, {Command::outbind})) return refuse("command_id", "not outbind");
  return write(out, header, [&](Writer& writer) { outbind_frame(writer, outbind); });
}

EncodeResult encode(Buffer& out, const Header& header, const Message& message) {
  // Many message centres answer 0x01 when both are there (SMPP 3.4 section 5.3.2.32).
  if (!message.short_message.empty() && message.find_tlv(tag::message_payload) != nullptr)
    return refuse("message_payload", "besides a short_message");
  if (is_one_of(header.command_id, {Command::submit_sm}))
    return write(out, header, [&](Writer& writer) { submit_sm_frame(writer, message); });
  if (is_one_of(header.command_id, {Command::deliver_sm}))
    return write(out, header, [&](Writer& writer) { deliver_sm_frame(writer, message); });
  if (!is_one_of(header.command_id, {Command::data_sm})) return refuse("command_id", "not a message");
  if (!message.short_message.empty()) return refuse("short_message", "data_sm has none");
  if (message.protocol_id != 0 || message.priority_flag != 0 || message.replace_if_present != 0 ||
      message.sm_default_msg_id != 0 || !message.schedule_delivery_time.empty() || !message.validity_period.empty())
    return refuse("data_sm", "a field that data_sm does not have");
  return write(out, header, [&](Writer& writer) { data_sm_frame(writer, message); });
}

EncodeResult encode(Buffer& out, const Header& header, const MessageResp& response) {
  if (is_one_of(header.command_id, {Command::submit_sm_resp}))
    return write(out, header, [&](Writer& writer) {
      if (is_bare(header)) return;
      submit_sm_resp_frame(writer, response);
      writer.tlvs(response.tlvs);
    });
  if (is_one_of(header.command_id, {Command::deliver_sm_resp}))
    return write(out, header, [&](Writer& writer) {
      deliver_sm_resp_frame(writer, response);
      writer.tlvs(response.tlvs);
    });
  if (!is_one_of(header.command_id, {Command::data_sm_resp})) return refuse("command_id", "not a message response");
  return write(out, header, [&](Writer& writer) {
    data_sm_resp_frame(writer, response);
    writer.tlvs(response.tlvs);
  });
}

EncodeResult encode(Buffer& out, const Header& header, const SubmitMulti& message) {
  if (!is_one_of(header.command_id, {Command::submit_multi})) return refuse("command_id", "not submit_multi");
  if (!message.short_message.empty() && message.find_tlv(tag::message_payload) != nullptr)
    return refuse("message_payload", "besides a short_message");
  return write(out, header, [&](Writer& writer) { submit_multi_frame(writer, message); });
}

EncodeResult encode(Buffer& out, const Header& header, const SubmitMultiResp& response) {
  if (!is_one_of(header.command_id, {Command::submit_multi_resp})) return refuse("command_id", "not submit_multi_resp");
  return write(out, header, [&](Writer& writer) {
    if (is_bare(header)) return;
    submit_multi_resp_frame(writer, response);
    writer.tlvs(response.tlvs);
  });
}

EncodeResult encode(Buffer& out, const Header& header, const QuerySm& query) {
  if (!is_one_of(header.command_id, {Command::query_sm})) return refuse("command_id", "not query_sm");
  return write(out, header, [&](Writer& writer) { query_sm_frame(writer, query); });
}

EncodeResult encode(Buffer& out, const Header& header, const QuerySmResp& response) {
  if (!is_one_of(header.command_id, {Command::query_sm_resp})) return refuse("command_id", "not query_sm_resp");
  return write(out, header, [&](Writer& writer) {
    if (is_bare(header)) return;
    query_sm_resp_frame(writer, response);
    writer.tlvs(response.tlvs);
  });
}

EncodeResult encode(Buffer& out, const Header& header, const CancelSm& cancel) {
  if (!is_one_of(header.command_id, {Command::cancel_sm})) return refuse("command_id", "not cancel_sm");
  return write(out, header, [&](Writer& writer) { cancel_sm_frame(writer, cancel); });
}

EncodeResult encode(Buffer& out, const Header& header, const ReplaceSm& replace) {
  if (!is_one_of(header.command_id, {Command::replace_sm})) return refuse("command_id", "not replace_sm");
  return write(out, header, [&](Writer& writer) { replace_sm_frame(writer, replace); });
}

EncodeResult encode(Buffer& out, const Header& header, const AlertNotification& alert) {
  if (!is_one_of(header.command_id, {Command::alert_notification}))
    return refuse("command_id", "not alert_notification");
  return write(out, header, [&](Writer& writer) { alert_notification_frame(writer, alert); });
}

EncodeResult encode(Buffer& out, const Pdu& pdu) {
  return std::visit(
      [&](const auto& body) -> EncodeResult {
        if constexpr (std::is_same_v<std::decay_t<decltype(body)>, std::monostate>) {
          encode(out, pdu.header);
          return std::nullopt;
        } else {
          return encode(out, pdu.header, body);
        }
      },
      pdu.body);
}

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
