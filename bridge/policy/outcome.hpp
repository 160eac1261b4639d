// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>

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

// For the command_status of a submit_sm_resp, with the carrier's own meanings first.
Verdict judge(std::uint32_t command_status, const smpp::Dialect& dialect);

// "0x0000000B ESME_RINVDSTADR: invalid destination address"
std::string describe_status(std::uint32_t command_status);

store::SegmentState segment_state(smpp::MessageState state, bool final_state);

}  // namespace smsbridge::bridge
