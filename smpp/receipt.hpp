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

struct Receipt {
  std::string id;                          // the best candidate
  std::vector<std::string> id_candidates;  // in the order to try: TLV, text
  MessageState state = MessageState::none;
  std::string state_word;     // as in the text; the standard's word when there is only a TLV
  bool word_known = true;     // false: neither the standard nor the dialect nor our table has it
  bool final_state = false;   // nothing better will follow
  bool intermediate = false;  // esm_class 0x20: never final
  std::string error;          // "001": the text's, or the code of network_error_code
  // For people: the error, "001 (often: unknown subscriber)"; behind a vendor's word, "NOCRED err 021".
  std::string reason;
  std::optional<std::uint8_t> error_network;  // the network type of network_error_code: 3 is GSM
  std::string submit_date, done_date;         // RFC 3339 UTC, empty if unreadable
  std::string text;                           // UTF-8
};

// Nothing for what is not a receipt: a message from a handset, or a handset's acknowledgement.
std::optional<Receipt> parse_receipt(const Message& message, const Dialect& dialect);

// A message id as it is kept, of the response and of the receipt alike: without padding, as printable UTF-8, and no
// longer than 255 octets. What is no text is written as "\x9C".
std::string readable_id(std::string_view raw);

// Lower case, leading zeros removed; nothing but zeros is "0".
std::string canonical_id(std::string_view id);

// "DELIVRD"; the words of the standard.
std::string_view state_word(MessageState state);

}  // namespace smsbridge::smpp
