// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <string>
#include <string_view>

#include "bridge/routing/routing_table.hpp"

namespace smsbridge::bridge {

// What follows from a message of a phone.
struct Decision {
  enum class OptOutChange : std::uint8_t { none, out, in } change = OptOutChange::none;
  std::string keyword;  // that was found, as it is compared; empty: none
  InboundRulePtr rule;  // nullptr: none, or a word that is shipped
};

// The tenant's rules are asked first, then the words that are shipped: STOP and START, and what they are called in
// English, French, Spanish, Swahili and Hindi. The first word counts, whatever its case, accents and punctuation.
Decision decide(std::string_view text, std::string_view tenant, const RoutingTable& table);

}  // namespace smsbridge::bridge
