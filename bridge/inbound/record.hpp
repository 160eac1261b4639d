// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/message.hpp"

namespace smsbridge::bridge {

// A message of a phone as it is kept: a line of its tenant's journal, found by the phone's number.
struct InboundRecord {
  std::string gateway;
  std::string from;  // E.164 where it is a number
  std::string to, text;
  int parts = 1;
  std::vector<int> missing;  // parts that did not come in time
  std::string carrier_id;    // the carrier's own; empty: it gave none
  std::string keyword, rule;
  std::string action;      // answer, forward, opt_out, opt_in; empty: none
  bool answered = false;   // by the rule
  std::string unanswered;  // why the rule's answer did not go out
};

// The journal's stream of them.
inline constexpr const char* inbound_stream = "inbound";

std::string body_of(const InboundRecord& record);
// Nothing: it is no record of ours.
std::optional<InboundRecord> read_inbound(std::string_view body);

}  // namespace smsbridge::bridge
