// SPDX-License-Identifier: MPL-2.0
// How a centre writes the id of a message in a receipt, compared with its answer to the submit. Case and leading zeros
// never matter, see canonical_id().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "smpp/dialect.hpp"

namespace smsbridge::smpp {

struct IdRule {
  enum class Base : std::uint8_t {
    same,         // no other number
    decimal,      // the receipt has the decimal form of the answer's hexadecimal number
    hexadecimal,  // and the other way round
  } base = Base::same;
  std::string receipt_prefix{};   // stands in front in receipts only, in lower case
  std::string response_prefix{};  // stands in front in answers only, in lower case
  bool has_prefix() const { return !receipt_prefix.empty() || !response_prefix.empty(); }
  bool operator==(const IdRule&) const = default;
};
constexpr std::size_t id_base_count = 3;

// The id as the answer to the submit had it, canonical but for a prefix of its own. Nothing: no receipt that is written
// by this rule has such an id. Numbers are unsigned, of 64 bits.
std::optional<std::string> response_id_of(std::string_view receipt_id, const IdRule& rule);

// The rules without a prefix by which the two ids are one message's. Of numbers below ten that is each of them.
std::vector<IdRule> rules_between(std::string_view response_id, std::string_view receipt_id);
// Those with one, where what is left has four characters or more: a shorter number stands at the end of many others.
std::vector<IdRule> prefixed_rules_between(std::string_view response_id, std::string_view receipt_id);

// The id of a receipt in the other number base, canonical, as far as the dialect leaves that open or says it. Empty
// when it says that ids are strings, or when the id is no unsigned number of 64 bits.
std::vector<std::string> id_variants(std::string_view id, const Dialect& dialect);

// Whether the dialect allows it: it names the notation on both sides, on one, or on none.
bool may_be(IdRule::Base base, const Dialect& dialect);
// The dialect leaves it open how ids are written.
bool is_open(const Dialect& dialect);

// "none", "decimal to hexadecimal", "hexadecimal to decimal": what is done to a receipt's id.
std::string_view conversion_name(IdRule::Base base);

}  // namespace smsbridge::smpp
