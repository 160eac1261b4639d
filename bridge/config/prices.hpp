// SPDX-License-Identifier: MPL-2.0
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/config/gateway.hpp"
#include "bridge/text/money.hpp"
#include "store/message.hpp"

namespace smsbridge::bridge {

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

class ConfigSection;
// `prices` of the whole configuration, and then those of its `prices_file`.
void read_prices(ConfigSection& root, const std::vector<GatewaySettings>& gateways, Prices& prices);
void read_prices_file(ConfigSection& root, const std::vector<GatewaySettings>& gateways, Prices& prices);
std::vector<KeyInfo> price_infos();

}  // namespace smsbridge::bridge
