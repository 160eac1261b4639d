// SPDX-License-Identifier: MPL-2.0
#include "bridge/config/prices.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#include "bridge/config/keys.hpp"
#include "bridge/text/number.hpp"

namespace smsbridge::bridge {

std::string Prices::currency_of(store::GatewayId gateway) const {
  const auto it = by_gateway_.find(gateway);
  return it == by_gateway_.end() || it->second.empty() ? std::string() : it->second.begin()->second.currency;
}

bool Prices::add(store::GatewayId gateway, const std::string& prefix, Price price) {
  return by_gateway_[gateway].emplace(text::digits_of(prefix), std::move(price)).second;
}

const Price* Prices::find(store::GatewayId gateway, std::string_view number) const {
  const auto of_gateway = by_gateway_.find(gateway);
  if (of_gateway == by_gateway_.end()) return nullptr;
  const auto digits = text::digits_of(number);
  for (auto length = digits.size() + 1; length-- > 0;)
    if (const auto it = of_gateway->second.find(digits.substr(0, length)); it != of_gateway->second.end())
      return &it->second;
  return nullptr;
}

namespace {

struct PriceRow {
  std::string gateway, prefix = "*", price, currency;
};

using RefusePrice = std::function<void(const char* key, const std::string& why)>;

void add_price(const std::vector<GatewaySettings>& gateways, Prices& prices, PriceRow row, const RefusePrice& refuse) {
  const auto gateway = std::ranges::find(gateways, row.gateway, &GatewaySettings::name);
  if (gateway == gateways.end()) return refuse("gateway", "there is no gateway '" + row.gateway + "'");
  const auto id = gateway->id;
  if (row.prefix == "*") row.prefix.clear();
  const auto digits = row.prefix.starts_with('+') ? row.prefix.substr(1) : row.prefix;
  // No international number begins with 0.
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.starts_with('0') ||
      (digits.empty() && !row.prefix.empty()))
    return refuse("prefix", "'" + row.prefix + "' is not the beginning of an international number such as +2547, or *");
  const auto amount = parse_money(row.price);
  if (!amount) return refuse("price", "'" + row.price + "' is not a price such as 0.80");
  if (row.currency.size() != 3) return refuse("currency", "'" + row.currency + "' is not a currency such as KES");
  if (const auto used = prices.currency_of(id); !used.empty() && used != row.currency)
    return refuse("currency", "'" + row.gateway + "' has prices in " + used + "; its accounts have one currency");
  if (!prices.add(id, row.prefix, {.part = *amount, .currency = row.currency}))
    refuse("prefix", "'" + row.gateway + "' has a price for '" + row.prefix + "' already");
}

const Keys<PriceRow>& price_keys() {
  using P = PriceRow;
  using K = Keys<P>;
  static const K keys{K::text("gateway", &P::gateway, "Name of the gateway").needed(),
                      K::text("prefix", &P::prefix, "Beginning of the number; the longest that fits counts"),
                      K::text("price", &P::price, "For one part, decimal, at most six decimals").needed(),
                      K::text("currency", &P::currency, "Three letters").needed()};
  return keys;
}

}  // namespace

std::vector<KeyInfo> price_infos() { return price_keys().infos(); }

void read_prices(ConfigSection& root, const std::vector<GatewaySettings>& gateways, Prices& prices) {
  root.list("prices", [&](ConfigSection& s) {
    PriceRow row;
    price_keys().read(s, row);
    if (s.is_good())
      add_price(gateways, prices, row,
                [&](const char* key, const std::string& why) { s.problem(key, why, "bad-value"); });
  });
}

// gateway,prefix,price,currency; a line that begins with # is a remark.
void read_prices_file(ConfigSection& root, const std::vector<GatewaySettings>& gateways, Prices& prices) {
  std::string file;
  root.read_path("prices_file", file);
  std::ifstream in(file);
  std::string line;
  for (int number = 1; !file.empty() && std::getline(in, line); ++number) {
    if (number == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a spreadsheet's mark
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.starts_with('#') || line.starts_with("gateway,")) continue;
    std::vector<std::string> fields;
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) fields.push_back(cell);
    const auto refuse = [&](const char*, const std::string& why) {
      root.problem("prices_file", file + ":" + std::to_string(number) + ": " + why, "bad-value");
    };
    if (fields.size() != 4)
      refuse("", "has " + std::to_string(fields.size()) + " fields, not the four gateway,prefix,price,currency");
    else
      add_price(gateways, prices, {fields[0], fields[1], fields[2], fields[3]}, refuse);
  }
}

}  // namespace smsbridge::bridge
