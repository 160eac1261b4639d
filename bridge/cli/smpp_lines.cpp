// SPDX-License-Identifier: MPL-2.0
#include "bridge/cli/smpp_lines.hpp"

#include <boost/json.hpp>
#include <cstdio>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <variant>

#include "bridge/text/gsm7.hpp"
#include "smpp/client_session.hpp"
#include "smpp/content.hpp"
#include "smpp/framer.hpp"
#include "smpp/pdu.hpp"
#include "smpp/receipt.hpp"
#include "smpp/status.hpp"
#include "smpp/text.hpp"

namespace smsbridge::bridge {
namespace {

namespace json = boost::json;
using smpp::Octets;

struct Refusal {
  std::string_view code;
  std::string detail;
  std::string_view action;
};

json::object object_of(const Refusal& refusal) {
  return {{"error", {{"code", refusal.code}, {"detail", refusal.detail}, {"action", refusal.action}}}};
}

std::string hex_of(Octets octets) {
  std::string out;
  out.reserve(2 * octets.size());
  for (const auto octet : octets) {
    out += "0123456789abcdef"[octet >> 4];
    out += "0123456789abcdef"[octet & 15];
  }
  return out;
}

std::string number_of(std::uint32_t value, int digits) {
  char text[11];
  std::snprintf(text, sizeof text, "0x%0*X", digits, static_cast<unsigned>(value));
  return text;
}

// JSON is UTF-8, a PDU is not.
std::string string_of(std::string_view text) { return smpp::utf8_from_unknown(smpp::as_octets(text)); }

std::optional<smpp::Buffer> octets_of(std::string_view line) {
  smpp::Buffer out;
  int high = -1;
  for (const char c : line) {
    if (c == ' ' || c == '\t' || c == '\r') continue;
    int digit = 0;
    if (c >= '0' && c <= '9')
      digit = c - '0';
    else if (c >= 'a' && c <= 'f')
      digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F')
      digit = c - 'A' + 10;
    else
      return std::nullopt;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0 || out.empty()) return std::nullopt;
  return out;
}

Refusal refusal_of(const smpp::DecodeError& error) {
  using enum smpp::DecodeFault;
  switch (error.fault) {
    case incomplete:
      return {"truncated", error.detail, "wait"};
    case bad_length:
      return {"bad-length", error.detail, "close"};
    case unknown_command:
      return {"unknown-command", error.detail, "nack"};
    case unknown_response:
      return {"unknown-response", error.detail, "ignore"};
    case bad_body:
      break;
  }
  return {"bad-body", error.detail + ", " + smpp::status_name(error.code), "nack"};
}

// As a session reads it: the length first, and with the limit of a session.
std::variant<smpp::Pdu, Refusal> read_pdu(const smpp::Buffer& octets) {
  const auto size_max = smpp::ClientConfig{}.pdu_size_max;
  smpp::Framer framer(size_max);
  framer.feed(octets, {});
  if (framer.is_broken() && !framer.has_next())
    return Refusal{"bad-length", "command_length is below 16 or above " + std::to_string(size_max), "close"};
  const auto frame = framer.next();
  if (!frame) return Refusal{"truncated", "fewer octets than command_length", "wait"};
  // Views point into `octets`, which outlives the framer.
  auto decoded = smpp::decode(Octets(octets).first(frame->size()));
  if (const auto* error = std::get_if<smpp::DecodeError>(&decoded)) return refusal_of(*error);
  return std::get<smpp::Pdu>(std::move(decoded));
}

void put_address(json::object& body, std::string_view prefix, std::string_view name, const smpp::Address& address) {
  body[std::string(prefix) + "_ton"] = address.ton;
  body[std::string(prefix) + "_npi"] = address.npi;
  body[name] = string_of(address.digits);
}

void put_source(json::object& body, const smpp::Address& address) {
  put_address(body, "source_addr", "source_addr", address);
}
void put_destination(json::object& body, const smpp::Address& address) {
  put_address(body, "dest_addr", "destination_addr", address);
}

void put_short_message(json::object& body, Octets short_message) {
  body["sm_length"] = short_message.size();
  body["short_message"] = hex_of(short_message);
}

// What follows the addresses in submit_sm, submit_multi and deliver_sm.
void put_message_tail(json::object& body, const smpp::Message& message) {
  body["esm_class"] = message.esm_class;
  body["protocol_id"] = message.protocol_id;
  body["priority_flag"] = message.priority_flag;
  body["schedule_delivery_time"] = string_of(message.schedule_delivery_time);
  body["validity_period"] = string_of(message.validity_period);
  body["registered_delivery"] = message.registered_delivery;
  body["replace_if_present_flag"] = message.replace_if_present;
  body["data_coding"] = message.data_coding;
  body["sm_default_msg_id"] = message.sm_default_msg_id;
  put_short_message(body, message.short_message);
}

// The fields of each type, by the names and in the order of SMPP 3.4 section 4.
struct BodyFields {
  smpp::Command command;

  json::object operator()(std::monostate) const { return {}; }
  json::object operator()(const smpp::Bind& pdu) const {
    return {{"system_id", string_of(pdu.system_id)},
            {"password", string_of(pdu.password)},
            {"system_type", string_of(pdu.system_type)},
            {"interface_version", pdu.interface_version},
            {"addr_ton", pdu.addr_ton},
            {"addr_npi", pdu.addr_npi},
            {"address_range", string_of(pdu.address_range)}};
  }
  json::object operator()(const smpp::BindResp& pdu) const { return {{"system_id", string_of(pdu.system_id)}}; }
  json::object operator()(const smpp::Outbind& pdu) const {
    return {{"system_id", string_of(pdu.system_id)}, {"password", string_of(pdu.password)}};
  }
  json::object operator()(const smpp::Message& pdu) const {
    json::object body{{"service_type", string_of(pdu.service_type)}};
    put_source(body, pdu.source);
    put_destination(body, pdu.destination);
    if (command != smpp::Command::data_sm) {
      put_message_tail(body, pdu);
      return body;
    }
    body["esm_class"] = pdu.esm_class;
    body["registered_delivery"] = pdu.registered_delivery;
    body["data_coding"] = pdu.data_coding;
    return body;
  }
  json::object operator()(const smpp::MessageResp& pdu) const { return {{"message_id", string_of(pdu.message_id)}}; }
  json::object operator()(const smpp::SubmitMulti& pdu) const {
    json::object body{{"service_type", string_of(pdu.service_type)}};
    put_source(body, pdu.source);
    body["number_of_dests"] = pdu.destinations.size();
    json::array destinations;
    for (const auto& destination : pdu.destinations) {
      json::object entry{{"dest_flag", destination.dest_flag}};
      if (destination.dest_flag == 1)
        put_destination(entry, destination.address);
      else
        entry["dl_name"] = string_of(destination.list_name);
      destinations.push_back(std::move(entry));
    }
    body["dest_address"] = std::move(destinations);
    put_message_tail(body, pdu);
    return body;
  }
  json::object operator()(const smpp::SubmitMultiResp& pdu) const {
    json::array failed;
    for (const auto& entry : pdu.failed) {
      json::object row;
      put_destination(row, entry.address);
      row["error_status_code"] = entry.status;
      failed.push_back(std::move(row));
    }
    return {{"message_id", string_of(pdu.message_id)},
            {"no_unsuccess", pdu.failed.size()},
            {"unsuccess_sme", std::move(failed)}};
  }
  json::object operator()(const smpp::QuerySm& pdu) const {
    json::object body{{"message_id", string_of(pdu.message_id)}};
    put_source(body, pdu.source);
    return body;
  }
  json::object operator()(const smpp::QuerySmResp& pdu) const {
    return {{"message_id", string_of(pdu.message_id)},
            {"final_date", string_of(pdu.final_date)},
            {"message_state", pdu.message_state},
            {"error_code", pdu.error_code}};
  }
  json::object operator()(const smpp::CancelSm& pdu) const {
    json::object body{{"service_type", string_of(pdu.service_type)}, {"message_id", string_of(pdu.message_id)}};
    put_source(body, pdu.source);
    put_destination(body, pdu.destination);
    return body;
  }
  json::object operator()(const smpp::ReplaceSm& pdu) const {
    json::object body{{"message_id", string_of(pdu.message_id)}};
    put_source(body, pdu.source);
    body["schedule_delivery_time"] = string_of(pdu.schedule_delivery_time);
    body["validity_period"] = string_of(pdu.validity_period);
    body["registered_delivery"] = pdu.registered_delivery;
    body["sm_default_msg_id"] = pdu.sm_default_msg_id;
    put_short_message(body, pdu.short_message);
    return body;
  }
  json::object operator()(const smpp::AlertNotification& pdu) const {
    json::object body;
    put_source(body, pdu.source);
    put_address(body, "esme_addr", "esme_addr", pdu.esme);
    return body;
  }
};

json::array tlvs_of(const smpp::Body& body) {
  return std::visit(
      [](const auto& pdu) {
        json::array rows;
        if constexpr (requires { pdu.tlvs; })
          for (const auto& tlv : pdu.tlvs) {
            const auto name = smpp::tlv_name(tlv.tag);
            rows.push_back(json::object{{"tag", number_of(tlv.tag, 4)},
                                        {"name", name.empty() ? json::value(nullptr) : json::value(name)},
                                        {"length", tlv.value.size()},
                                        {"value_hex", hex_of(tlv.value)}});
          }
        return rows;
      },
      body);
}

enum class Reading { gsm7, ascii, latin1, ucs2, binary };

// SMPP 3.4 section 5.2.19, and for the forms with a message class the bits of 3GPP TS 23.038 section 4.
Reading reading_of(std::uint8_t data_coding) {
  switch (data_coding) {
    case 0:
      return Reading::gsm7;
    case 1:
      return Reading::ascii;
    case 3:
      return Reading::latin1;
    case 8:
      return Reading::ucs2;
    default:
      break;
  }
  if ((data_coding & 0xF0) == 0xF0) return (data_coding & 0x04) == 0 ? Reading::gsm7 : Reading::binary;
  if ((data_coding & 0xF0) == 0xC0 || (data_coding & 0xF0) == 0xD0) return Reading::gsm7;  // message waiting
  if ((data_coding & 0xF0) == 0xE0) return Reading::ucs2;                                  // message waiting
  if ((data_coding & 0xF0) == 0x10) {
    if ((data_coding & 0x0C) == 0x00) return Reading::gsm7;
    if ((data_coding & 0x0C) == 0x08) return Reading::ucs2;
  }
  return Reading::binary;
}

json::value text_of(const smpp::UserData& data, std::uint8_t data_coding) {
  const auto body = data.body;
  switch (reading_of(data_coding)) {
    case Reading::gsm7:
      return json::string(smpp::gsm7_decode(body, smpp::shift_of(data)));
    case Reading::ascii:
      return json::string(string_of(smpp::as_text(body)));
    case Reading::latin1:
      return json::string(smpp::utf8_from_latin1(body));
    case Reading::ucs2:
      return json::string(smpp::utf8_from_ucs2(body));
    case Reading::binary:
      break;
  }
  return nullptr;
}

json::value udh_of(const smpp::UserData& data) {
  if (!data.has_header) return nullptr;
  json::array rows;
  for (const auto& element : data.elements)
    rows.push_back(json::object{
        {"iei", number_of(element.id, 2)}, {"length", element.data.size()}, {"data_hex", hex_of(element.data)}});
  return rows;
}

json::object decode_line(const smpp::Buffer& octets) {
  const auto read = read_pdu(octets);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return object_of(*refusal);
  const auto& pdu = std::get<smpp::Pdu>(read);
  const auto& header = pdu.header;
  json::object object{{"command_length", header.length},
                      {"command_id", number_of(header.command_id, 8)},
                      {"command", smpp::command_name(header.command_id)},
                      {"command_status", header.status},
                      {"command_status_name", smpp::status_name(header.status)},
                      {"sequence_number", header.sequence},
                      {"body", std::visit(BodyFields{static_cast<smpp::Command>(header.command_id)}, pdu.body)},
                      {"tlvs", tlvs_of(pdu.body)}};
  if (const auto* message = std::get_if<smpp::Message>(&pdu.body)) {
    const auto data = smpp::split_user_data(message->payload(), message->esm_class);
    object["text"] = text_of(data, message->data_coding);
    object["udh"] = udh_of(data);
  }
  return object;
}

json::object receipt_line(const smpp::Buffer& octets) {
  const auto read = read_pdu(octets);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return object_of(*refusal);
  const auto& pdu = std::get<smpp::Pdu>(read);
  const auto* message = std::get_if<smpp::Message>(&pdu.body);
  // A submit_sm has the same fields, but its esm_class means something else.
  if (message == nullptr || pdu.header.command_id == static_cast<std::uint32_t>(smpp::Command::submit_sm))
    return {{"is_receipt", false}};
  const auto receipt = smpp::parse_receipt(*message, smpp::Dialect{});
  if (!receipt) return {{"is_receipt", false}};
  json::array ids;
  for (const auto& id : receipt->id_candidates) ids.emplace_back(string_of(id));
  return {{"is_receipt", true},
          {"id", string_of(receipt->id)},
          {"ids", std::move(ids)},
          {"state", smpp::state_word(receipt->state)},
          {"state_word", receipt->state_word},
          {"final", receipt->final_state},
          {"err", receipt->error},
          {"submit_date", receipt->submit_date},
          {"done_date", receipt->done_date},
          {"text", receipt->text}};
}

template <class Function>
int each_line(std::istream& in, std::ostream& out, Function answer) {
  for (std::string line; std::getline(in, line);) {
    const auto octets = octets_of(line);
    const auto object = octets ? answer(*octets) : object_of({"not-hex", "not the hex of a PDU", "ignore"});
    out << json::serialize(object) << '\n';
  }
  out.flush();
  return out ? 0 : 1;
}

}  // namespace

int smpp_decode_lines(std::istream& in, std::ostream& out) { return each_line(in, out, decode_line); }

int smpp_receipt_lines(std::istream& in, std::ostream& out) { return each_line(in, out, receipt_line); }

}  // namespace smsbridge::bridge
