// SPDX-License-Identifier: MPL-2.0
// Delivery receipts: what became of a message, told by deliver_sm or data_sm in TLVs, in a text, or in both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smpp/dialect.hpp"
#include "smpp/pdu.hpp"

namespace smsbridge::smpp {

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

struct Receipt {
  std::string id;                          // the best candidate
  std::vector<std::string> id_candidates;  // in the order to try: TLV, text
  MessageState state = MessageState::none;
  std::string state_word;                     // as in the text; the standard's word when there is only a TLV
  bool final_state = false;                   // nothing better will follow
  bool intermediate = false;                  // esm_class 0x20: never final
  std::string error;                          // "001": the text's, or the code of network_error_code
  std::optional<std::uint8_t> error_network;  // the network type of network_error_code: 3 is GSM
  std::string submit_date, done_date;         // RFC 3339 UTC, empty if unreadable
  std::string text;                           // UTF-8
};

// Nothing for what is not a receipt: a message from a handset, or a handset's acknowledgement.
std::optional<Receipt> parse_receipt(const Message& message, const Dialect& dialect);

// Lower case, leading zeros removed; nothing but zeros is "0".
std::string canonical_id(std::string_view id);

// The same id in the other number base, canonical, for when the id of a receipt is not found. Empty when the dialect
// says that ids are strings, or when the id is no unsigned number of 64 bits.
std::vector<std::string> id_variants(std::string_view id, const Dialect& dialect);

// "DELIVRD"; the words of the standard.
std::string_view state_word(MessageState state);

}  // namespace smsbridge::smpp
