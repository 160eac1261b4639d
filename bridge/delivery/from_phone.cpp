// SPDX-License-Identifier: MPL-2.0
#include "bridge/delivery/from_phone.hpp"

#include "smpp/content.hpp"

namespace smsbridge::bridge {
namespace {

constexpr int parts_max = 255;  // the header has one octet for it

void put_part(FromPhone& message, std::string reference, int part, int parts) {
  if (parts < 2 || parts > parts_max || part < 1 || part > parts) return;
  message.reference = std::move(reference);
  message.part = part;
  message.parts = parts;
}

}  // namespace

FromPhone from_phone(const smpp::Message& message) {
  const auto data = smpp::split_user_data(message.payload(), message.esm_class);
  FromPhone out;
  out.from = message.source.digits;
  out.to = message.destination.digits;
  out.international = message.source.ton == 1;
  out.body = smpp::as_text(data.body);
  out.data_coding = message.data_coding;
  const auto part = smpp::part_of(message, data);
  put_part(out, std::to_string(part.reference), part.number, part.total);
  return out;
}

FromPhone from_phone(const http_gateways::InboundSms& sms) {
  FromPhone out;
  out.from = sms.from;
  out.to = sms.to;
  out.id = sms.provider_message_id;
  out.body = sms.text;
  out.opt_out = sms.opt_out;
  put_part(out, sms.part_reference, sms.part_number, sms.part_total);
  return out;
}

}  // namespace smsbridge::bridge
