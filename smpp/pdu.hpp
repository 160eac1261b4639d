// SPDX-License-Identifier: MPL-2.0
// Typed PDUs of SMPP 3.4 and their octets. What is read points into the frame and is valid as long as the frame is;
// what is written points to the caller's memory. The layouts are libsmpp34's installed definitions (see frames.cpp).
//
// Reading is lenient where message centres are known to be sloppy: responses may lack their body or carry more, status
// and TON/NPI may have any value, unknown TLVs are kept, and in deliver_sm and data_sm a string ends at its NUL
// wherever that is, and a text at the end of the PDU. Writing is strict: a value that does not fit is refused, never
// cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "smpp/operations.hpp"

namespace smsbridge::smpp {

using Buffer = std::vector<std::uint8_t>;
using Octets = std::span<const std::uint8_t>;

inline constexpr std::size_t header_size = 16;
// interface_version (SMPP 3.4 section 5.2.4). TLVs came with 3.4.
inline constexpr std::uint8_t version_33 = 0x33, version_34 = 0x34, version_50 = 0x50;
inline constexpr std::size_t short_message_max = 254;  // SMPP 3.4 section 5.2.22
inline constexpr std::size_t tlvs_max = 1000;          // of one PDU; what follows is not read
inline constexpr std::size_t destinations_max = 254;   // SMPP 3.4 section 5.2.24

struct Header {
  std::uint32_t length = 0;  // filled by encode()
  std::uint32_t command_id = 0;
  std::uint32_t status = 0;
  std::uint32_t sequence = 0;
};

struct Tlv {
  std::uint16_t tag = 0;
  Octets value;
};

// The TLVs that this code looks at or writes (SMPP 3.4 section 5.3.2, the last one 5.0).
namespace tag {
inline constexpr std::uint16_t additional_status_info_text = 0x001D;
inline constexpr std::uint16_t receipted_message_id = 0x001E;
inline constexpr std::uint16_t user_message_reference = 0x0204;
inline constexpr std::uint16_t sar_msg_ref_num = 0x020C;
inline constexpr std::uint16_t sar_total_segments = 0x020E;
inline constexpr std::uint16_t sar_segment_seqnum = 0x020F;
inline constexpr std::uint16_t sc_interface_version = 0x0210;
inline constexpr std::uint16_t network_error_code = 0x0423;
inline constexpr std::uint16_t message_payload = 0x0424;
inline constexpr std::uint16_t delivery_failure_reason = 0x0425;
inline constexpr std::uint16_t message_state = 0x0427;
inline constexpr std::uint16_t congestion_state = 0x0428;
}  // namespace tag

struct Address {
  std::uint8_t ton = 0;
  std::uint8_t npi = 0;
  std::string_view digits;
};

struct Bind {
  std::string_view system_id, password, system_type;
  std::uint8_t interface_version = 0x34, addr_ton = 0, addr_npi = 0;
  std::string_view address_range;
};

struct BindResp {
  std::string_view system_id;
  std::vector<Tlv> tlvs;
};

struct Outbind {
  std::string_view system_id, password;
};

// submit_sm, deliver_sm and data_sm. Fields that a PDU lacks are neutral after reading and must be neutral for writing.
struct Message {
  std::string_view service_type;
  Address source, destination;
  std::uint8_t esm_class = 0, protocol_id = 0, priority_flag = 0;
  std::string_view schedule_delivery_time, validity_period;
  std::uint8_t registered_delivery = 0, replace_if_present = 0, data_coding = 0, sm_default_msg_id = 0;
  Octets short_message;
  std::vector<Tlv> tlvs;
  std::size_t tail_size = 0;  // octets at the end that are no TLV; a damaged tail does not cost us the message

  // The text: short_message, or the message_payload TLV when short_message is empty.
  Octets payload() const;
  const Tlv* find_tlv(std::uint16_t wanted) const;
};

// Responses to submit_sm, deliver_sm and data_sm.
struct MessageResp {
  std::string_view message_id;
  std::vector<Tlv> tlvs;
};

struct MultiDestination {
  std::uint8_t dest_flag = 1;  // 1 an address, 2 the name of a distribution list
  Address address;
  std::string_view list_name;
};

struct SubmitMulti : Message {  // `destination` is unused
  std::vector<MultiDestination> destinations;
};

struct FailedDestination {
  Address address;
  std::uint32_t status = 0;
};

struct SubmitMultiResp {
  std::string_view message_id;
  std::vector<FailedDestination> failed;
  std::vector<Tlv> tlvs;
};

struct QuerySm {
  std::string_view message_id;
  Address source;
};

struct QuerySmResp {
  std::string_view message_id, final_date;
  std::uint8_t message_state = 0, error_code = 0;
  std::vector<Tlv> tlvs;
};

struct CancelSm {
  std::string_view service_type, message_id;
  Address source, destination;
};

struct ReplaceSm {
  std::string_view message_id;
  Address source;
  std::string_view schedule_delivery_time, validity_period;
  std::uint8_t registered_delivery = 0, sm_default_msg_id = 0;
  Octets short_message;
};

struct AlertNotification {
  Address source, esme;
  std::vector<Tlv> tlvs;
};

// monostate: the PDU is a header only.
using Body = std::variant<std::monostate, Message, MessageResp, Bind, BindResp, Outbind, SubmitMulti, SubmitMultiResp,
                          QuerySm, QuerySmResp, CancelSm, ReplaceSm, AlertNotification>;

struct Pdu {
  Header header;
  Body body;
};

enum class DecodeFault : std::uint8_t {
  incomplete,        // fewer octets than command_length says: wait for the rest
  bad_length,        // command_length below 16: the stream cannot be followed any further
  unknown_command,   // a request that version 3.4 does not have: generic_nack
  unknown_response,  // a response that version 3.4 does not have: ignore
  bad_body,          // the session goes on
};

struct DecodeError {
  DecodeFault fault = DecodeFault::bad_body;
  std::uint32_t code = 0;  // the command_status to answer with
  std::string detail;
};

// Nothing when there are fewer than 16 octets.
std::optional<Header> decode_header(Octets frame);

// One whole PDU. Octets behind command_length are not looked at.
std::variant<Pdu, DecodeError> decode(Octets frame);

// The body of a PDU whose type is known; `frame` begins with the header. Nothing on success.
std::optional<DecodeError> decode_body(Octets frame, Command command, Message& message);
// Of a PDU that has nothing else, in SMPP 5.0 an enquire_link_resp; what is no TLV is left out.
std::vector<Tlv> tlvs_behind_header(Octets frame);
// Never fails: what is missing stays empty.
void decode_body(Octets frame, MessageResp& response);
void decode_body(Octets frame, BindResp& response);
void decode_body(Octets frame, QuerySmResp& response);

struct EncodeError {
  std::string_view field;
  std::string_view reason;
};

// Appends one PDU; nothing on success, and nothing appended on failure. header.length is not looked at.
using EncodeResult = std::optional<EncodeError>;
void encode(Buffer& out, const Header& header);  // unbind, enquire_link, generic_nack, error responses, ...
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const Bind& bind);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const BindResp& response);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const Outbind& outbind);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const Message& message);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const MessageResp& response);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const SubmitMulti& message);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const SubmitMultiResp& response);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const QuerySm& query);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const QuerySmResp& response);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const CancelSm& cancel);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const ReplaceSm& replace);
[[nodiscard]] EncodeResult encode(Buffer& out, const Header& header, const AlertNotification& alert);
[[nodiscard]] EncodeResult encode(Buffer& out, const Pdu& pdu);

// "message_state"; empty for a tag without a name.
std::string_view tlv_name(std::uint16_t wanted);

}  // namespace smsbridge::smpp
