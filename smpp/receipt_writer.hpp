// SPDX-License-Identifier: MPL-2.0
// The text of a receipt as we write it (SMPP 3.4 appendix B).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "smpp/receipt.hpp"

namespace smsbridge::smpp {

struct ReceiptWords {
  std::string_view id;
  smpp::MessageState state = smpp::MessageState::delivered;
  std::int64_t submitted = 0, done = 0;  // milliseconds since 1970, written in UTC
  std::string_view quote;                // the beginning of the message
};

// Replaces `out`, and keeps its memory.
void write_receipt_text(std::string& out, const ReceiptWords& words);

// Why it failed, as the GSM network says it; 0 when it did not fail.
std::uint16_t network_error_of(smpp::MessageState state);

}  // namespace smsbridge::smpp
