// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <vector>

#include "bridge/config/gateway.hpp"
#include "bridge/delivery/channel.hpp"
#include "smpp/pdu.hpp"
#include "store/changes.hpp"

namespace smsbridge::bridge {

class SmppLink;

// One segment as it goes into a submit_sm. Owns what the PDU only points to.
struct SegmentPdu {
  std::vector<std::uint8_t> user_data;  // header and text: short_message, or message_payload
  std::vector<std::uint8_t> sar;        // the values of the sar_* TLVs: reference 2, total 1, number 1
};

// A message cut into the segments that its gateway's way of carrying long texts asks for.
struct SmppMessage : Channel::Outgoing {
  std::string source, destination, validity, service_type;
  AddressType source_type, destination_type;
  std::uint8_t esm_class = 0, data_coding = 0, registered_delivery = 0, protocol_id = 0, priority = 0;
  bool replace_if_present = false;
  std::vector<CustomTlv> tlvs;
  bool payload = false, flash_tlv = false;
  store::MessageId id = 0;
  store::WallMs expires_at = 0, validity_at = 0;  // 0: never; when `validity` was written
  std::vector<SegmentPdu> segments;
  SmppLink* link = nullptr;      // that took the segment before,
  std::uint64_t generation = 0;  // and its connection
};

// Why a message cannot be carried by this gateway at all; for people. `tenant` is the name of whose it is.
tl::expected<SmppMessage, std::string> make_outgoing(const store::Claimed& message, const GatewaySettings& gateway,
                                                     store::WallMs now, std::string_view tenant = {});

// What is left of its validity by now; for a message that waited since it was made.
void renew_validity(SmppMessage& outgoing, const SmppSettings& way, store::WallMs now);

// Views of its addresses, and of one segment; valid as long as `outgoing` is.
smpp::Address source_of(const SmppMessage& outgoing);
smpp::Address destination_of(const SmppMessage& outgoing);
smpp::Message segment_message(const SmppMessage& outgoing, std::size_t index);

}  // namespace smsbridge::bridge
