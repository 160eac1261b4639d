// SPDX-License-Identifier: MPL-2.0
// What differs between message centres, as data. The defaults suit most of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "smpp/status.hpp"

namespace smsbridge::smpp {

enum class IdNotation : std::uint8_t {
  automatic,    // unknown: try both number bases when the id itself is not found
  string,       // an opaque string: never converted
  decimal,      // a decimal number
  hexadecimal,  // a hexadecimal number
};

// SMPP 3.4 section 5.2.28; 0 and 9 are of 5.0.
enum class MessageState : std::uint8_t {
  scheduled = 0,      // waits for its time
  enroute = 1,        // on its way
  delivered = 2,      // on the handset
  expired = 3,        // validity ended
  deleted = 4,        // taken back
  undeliverable = 5,  // given up
  accepted = 6,       // read by customer service; carriers use it for "taken over by the operator"
  unknown = 7,        // said by the message centre, or not readable by us: see final_state
  rejected = 8,       // refused
  skipped = 9,        // left out on purpose
  none = 255,         // there is no receipt
};

// How a message is marked that the phone shows at once and does not keep. 3GPP TS 23.038 section 4; SMPP 3.4 section
// 5.2.19 has both forms of data_coding.
enum class Flash : std::uint8_t {
  dcs,      // data_coding 0x10, 0x14 and 0x18: centres pass it on to the phone as it is
  classes,  // data_coding 0xF0 and 0xF4; there is none for UCS-2, which goes as 0x18
  tlv,      // dest_addr_subunit 1, and data_coding as ever (section 5.3.2.1)
};

struct Dialect {
  // Alphabets, where they do not travel as by most.
  std::uint8_t gsm7_coding = 0;    // data_coding of text in the GSM alphabet: 0 or 1
  bool gsm7_packed = false;        // eight septets in seven octets
  std::uint8_t latin1_coding = 3;  // of text in ISO 8859-1: 3, or 0 where that is the centre's default alphabet
  std::uint8_t binary_coding = 4;  // of octets; some take 2 or 0xF5 only
  Flash flash = Flash::dcs;

  // Message ids: how they are written in the response to the submit and in the receipt.
  IdNotation response_id = IdNotation::string;
  IdNotation receipt_id = IdNotation::string;

  // Receipts.
  bool receipts_by_text = false;             // deliver_sm with esm_class 0 whose text has the form of a receipt is one
  bool sme_ack_is_receipt = false;           // esm_class 0x08, acknowledgement of the handset, is one
  bool accepted_is_final = false;            // ACCEPTD ends the waiting, as the standard says; carriers rarely mean it
  bool one_receipt_per_message = false;      // the receipt of any part speaks of all parts
  bool address_may_differ = false;           // a receipt's source address need not be the message's destination
  std::chrono::minutes time_zone_offset{0};  // of the dates in the text, which carry no zone: local time minus UTC

  // What the words of `stat:` mean here, in capitals; they go before the standard's and the ones that have been met.
  std::map<std::string, MessageState, std::less<>> receipt_words;

  // Classes that replace those of the status table, by code.
  std::map<std::uint32_t, StatusClass> status_overrides;

  StatusClass class_of(std::uint32_t status) const {
    const auto found = status_overrides.find(status);
    return found == status_overrides.end() ? status_info(status).status_class : found->second;
  }
};

}  // namespace smsbridge::smpp
