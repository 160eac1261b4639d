// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/message.hpp"

namespace smsbridge::bridge {

// Money is whole millionths of its currency: decimal prices never pass through binary fractions.
using Micro = std::int64_t;
std::optional<Micro> parse_money(std::string_view decimal);  // "0.80"; not negative, at most six decimals
std::string money_text(Micro amount);                        // "0.8"

struct Price {
  Micro part = 0;  // for one SMS
  std::string currency;
  bool operator==(const Price&) const = default;
};

// What a gateway charges by the beginning of the number: the longest prefix that fits.
class Prices {
 public:
  // False: this gateway has a price for this prefix already.
  bool add(store::GatewayId gateway, const std::string& prefix, Price price);
  std::string currency_of(store::GatewayId gateway) const;                     // of all its prices; empty: it has none
  const Price* find(store::GatewayId gateway, std::string_view number) const;  // nullptr: not known
  bool operator==(const Prices&) const = default;

 private:
  std::map<store::GatewayId, std::map<std::string, Price, std::less<>>> by_gateway_;  // prefixes without '+'
};

}  // namespace smsbridge::bridge
