// SPDX-License-Identifier: MPL-2.0
// Makes a number as people write it international (E.164), with the country of the tenant for what is left unsaid.
// Only what cannot be a number at all is refused: plans change faster than any table of them, and a message that was
// wrongly refused costs more than one that a carrier rejects.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge::text {

struct Number {
  std::string e164;              // '+' and 7 to 15 digits
  std::string country;           // ISO 3166 alpha-2, empty when the calling code is unknown or belongs to no country
  bool pattern_matched = false;  // false: possible, but not known to be in use; worth a warning
};

enum class NumberError {
  empty,         // nothing but spaces and punctuation
  not_a_number,  // a letter, or another character that is never part of a number
  too_short,     // fewer digits than any number of the country has
  too_long,      // more digits than any number of the country, or than E.164 allows
  impossible,    // a length between those which the country does not use, or a calling code that begins with 0
};

std::string_view explain(NumberError error);

// Reads, in this order of preference: '+' and the country's international prefix (00 is understood everywhere) as
// international; otherwise national with or without the national prefix; otherwise, if the digits begin with the
// country's calling code and are no national number, international without a prefix. A national prefix after the
// calling code, as in +44 (0)20, is dropped where the plan has one. An empty or unknown `default_country` leaves only
// international readings. Where countries share a calling code, the default country wins if nothing in the number
// says otherwise.
tl::expected<Number, NumberError> normalise_number(std::string_view input, std::string_view default_country);

// Upper case ISO 3166 alpha-2.
bool is_known_country(std::string_view iso2);

}  // namespace smsbridge::bridge::text
