// SPDX-License-Identifier: MPL-2.0
// Which layout a PDU has, and what is refused or forgiven in it. The layouts are in frames.cpp.
#include "smpp/pdu.hpp"

#include "smpp/frames.hpp"
#include "smpp/text.hpp"

namespace smsbridge::smpp {

namespace {

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

std::optional<DecodeError> fault_of(const Header& header, Octets frame) {
  if (header.length < header_size)
    return DecodeError{DecodeFault::bad_length, status_invalid_command_length, "command_length is below 16"};
  if (header.length > frame.size())
    return DecodeError{DecodeFault::incomplete, status_invalid_command_length, "fewer octets than command_length"};
  if (find_operation(header.command_id) != nullptr) return std::nullopt;
  const auto fault = is_response(header.command_id) ? DecodeFault::unknown_response : DecodeFault::unknown_command;
  return DecodeError{fault, status_invalid_command_id, "command_id " + command_name(header.command_id)};
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

std::vector<Tlv> tlvs_behind_header(Octets frame) {
  std::vector<Tlv> tlvs;
  Reader reader(body_of(frame), Reading::tolerant);
  reader.tlvs(tlvs);
  return tlvs;
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

void decode_body(Octets frame, QuerySmResp& response) {
  Reader reader(body_of(frame), Reading::tolerant);
  query_sm_resp_frame(reader, response);
}

std::variant<Pdu, DecodeError> decode(Octets frame) {
  const auto header = decode_header(frame);
  if (!header) return DecodeError{DecodeFault::incomplete, status_invalid_command_length, "fewer than 16 octets"};
  if (auto error = fault_of(*header, frame)) return *std::move(error);
  frame = frame.first(header->length);
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

}  // namespace smsbridge::smpp
