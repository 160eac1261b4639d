// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <vector>

#include "smpp/dialect.hpp"
#include "smpp/receipt.hpp"
#include "smpp/status.hpp"
#include "store/message.hpp"

// The one place where what a carrier says becomes what we do.
namespace smsbridge::bridge {

enum class Verdict {
  accepted,
  throttled,
  temporary,
  refused,
  account_refused,  // or this message in the same words
};

// What a peer said of the submission of a part: the word that all ways out have in common.
struct Answer {
  enum class Kind : std::uint8_t {
    accepted,
    temporary,  // surely not sent; later perhaps
    refused,    // surely not sent, and never will be
    unknown,    // perhaps sent
  } kind = Kind::unknown;
  std::vector<std::string> provider_ids;  // one, or one for each SMS that the provider made of it
  std::string error;                      // for people
  bool elsewhere = false;                 // refused: another carrier might take it
  bool with_connection = false;           // unknown: the connection was lost, with all that was under way on it
  std::string price, currency;            // decimal text, where the provider tells
};

// For the command_status of a submit_sm_resp, with the carrier's own meanings first.
Verdict judge(std::uint32_t command_status, const smpp::Dialect& dialect);

// "0x0000000B ESME_RINVDSTADR: invalid destination address"
std::string describe_status(std::uint32_t command_status);

store::SegmentState segment_state(smpp::MessageState state, bool final_state);

}  // namespace smsbridge::bridge
