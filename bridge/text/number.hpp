// SPDX-License-Identifier: MPL-2.0
// Makes a number as people write it international (E.164), with the country of the tenant for what is left unsaid.
// Never another number than the one that was meant: what can be two numbers, or two different ones, is refused. Of what
// is left, only impossible lengths and codes are refused: plans change faster than any table of them, and a message
// that was wrongly refused costs more than one that a carrier rejects.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace smsbridge::bridge::text {

struct Number {
  std::string e164;              // '+' and 7 to 15 digits
  std::string country;           // ISO 3166 alpha-2, empty when the calling code belongs to no country
  bool pattern_matched = false;  // false: possible, but does not look like a mobile of its country; worth a warning
};

enum class NumberError {
  empty,         // nothing but spaces and punctuation
  not_a_number,  // a letter, or another character that is never part of a number
  several,       // two numbers in one field: reading on would make a third one of them
  decimal,       // a spreadsheet's 2.54712E+11, or digits behind a decimal point
  too_short,     // fewer digits than any mobile of the country has
  too_long,      // more digits than any mobile of the country, or than E.164 allows
  impossible,    // a length between those which the country uses
  unassigned,    // nobody has this calling code
  ambiguous,     // can be two numbers of two countries
};

// Whether lengths that no mobile of the country has are refused. E.164's own limits always hold.
enum class Lengths { of_mobiles, any };

std::string_view explain(NumberError error);

// Reads, in this order of preference: '+', 00 and the country's own international prefixes as international; otherwise
// national with or without the national prefix; otherwise, if the digits begin with the country's calling code and are
// no national number, international without a prefix. A national prefix after the calling code, as in +44 (0)20, is
// dropped where the plan has one, and where it stands in brackets. Decimal digits of every script count; what is
// invisible does not. A spreadsheet's ".0" at the end is cut. An empty or unknown `default_country` leaves only
// international readings. Where countries share a calling code, the default country wins if nothing in the number
// says otherwise.
tl::expected<Number, NumberError> normalise_number(std::string_view input, std::string_view default_country,
                                                   Lengths lengths = Lengths::of_mobiles);

// As numbers are compared: some write the plus, some do not.
inline std::string_view digits_of(std::string_view number) {
  return number.starts_with('+') ? number.substr(1) : number;
}

// The digits behind the calling code of a number of `country`; empty: it is one of another country, or `country` is
// none.
std::string national_digits(std::string_view e164, std::string_view country);

// Upper case ISO 3166 alpha-2.
bool is_known_country(std::string_view iso2);

}  // namespace smsbridge::bridge::text
